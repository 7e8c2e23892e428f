"""One asset that will (or may) be made, and what there is to know of the world when that is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from assetflow.errors import SourceError
from assetflow.materialization import Partition
from assetflow.planning.columns import ColumnsChange
from assetflow.planning.staleness import Knowledge, Made
from assetflow.reason import Reason

if TYPE_CHECKING:
    from assetflow.planning.parts import Parts

Action = Literal["build", "restore", "maybe"]

Find = Callable[[str, str], Made | None]
"""An older materialization of an asset (by name) with a fingerprint (by hash) whose files are all there."""


class State(Struct, frozen=True):
    """What the planner needs to know of the world: what is current, what sources hold, what could be restored.

    `sources` gives the data version of each source, or the error of one that cannot be read. `find` looks for what
    was made from the same whole upstreams, `find_read` for what was made from the same columns of them; `was_made`
    tells whether an asset was made at all, ever.
    """

    made: Mapping[str, Made]
    sources: Mapping[str, str | SourceError]
    find: Find
    find_read: Find
    known: Knowledge
    was_made: Callable[[str], bool]


class Listed(Struct, frozen=True):
    """A range of partitions to be made; `number` is None where it is not known how many they are.

    `keys` are these, one by one, where they are not too many. `is_published`: they are those of the rows that are
    published, and others may come or go with what an upstream gets before.
    """

    range: str
    number: int | None
    reasons: tuple[Reason, ...]
    keys: tuple[str, ...] = ()
    is_published: bool = False


class Estimate(Struct, frozen=True):
    """How much a step is about, where manifests tell: rows in files of its upstreams that changed, rows that these
    upstreams have, and rows that its own table holds. None: known when something has been made or read.
    """

    changed: int | None = None
    there: int | None = None
    held: int | None = None


UNTOLD = Estimate()


class Step(Struct, frozen=True):
    """One asset that will (or may) be made, with the reasons. `restores` is the materialization to point to again.

    `unchanged` are the columns that will hold the same tuples as before, as far as the code tells. `spared` says why
    the asset cannot be affected by what is made before it; the step then only proves that. `seconds` is what it took
    the last time in the same mode, `seconds_in_full` what a full refresh took. `columns` tells how those of the table
    change, where that was asked. `parts` tell which partitions are to be made, and `listed` the same in words, where
    it is known. `estimate` tells how many rows it is about.
    """

    asset: str
    action: Action
    reasons: tuple[Reason, ...]
    partition: Partition = None
    mode: Literal["full", "incremental"] | None = "full"
    mode_reason: str | None = None
    restores: Made | None = None
    upstreams: tuple[str, ...] = ()
    unchanged: frozenset[str] | None = None
    spared: str = ""
    columns: ColumnsChange | None = None
    seconds: float | None = None
    seconds_in_full: float | None = None
    parts: Parts | None = None
    listed: tuple[Listed, ...] | None = None
    estimate: Estimate = UNTOLD

    def to_dicts(self) -> list[dict[str, Any]]:
        """The step as scripts read it: one for each partition, or for each range of them where there are many."""
        if not self.listed:
            return [self.to_dict()]
        return [
            {
                **self.to_dict(),
                "partition": text,
                "by_what_is_published": each.is_published,
                "reasons": [reason.to_dict() for reason in each.reasons],
            }
            for each in self.listed
            for text in each.keys or (each.range,)
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            "asset": self.asset,
            "partition": self.partition,
            "by_what_is_published": False,
            "action": self.action,
            "mode": self.mode,
            "mode_reason": self.mode_reason,
            "seconds": self.seconds,
            "seconds_in_full": self.seconds_in_full,
            **{f"rows_{name}": rows for name, rows in asdict(self.estimate).items()},
            "reasons": [reason.to_dict() for reason in self.reasons],
            "columns": None if self.columns is None else self.columns.to_dict(),
        }
