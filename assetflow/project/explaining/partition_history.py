"""Which partitions each run made, of tables that are cut into some: what `history` and `explain --partition` tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from assetflow.asset import Asset
from assetflow.partitions.declared import partitioning
from assetflow.partitions.partitioning import Partitioning, WrongPartitionError
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Slice

if TYPE_CHECKING:
    from assetflow.project.project import Project

DONE = ("materialized", "restored", "failed")


class PartsOfRun(Struct, frozen=True):
    """The partitions that a run made of one asset, took over from an earlier run, or could not make, as ranges in
    words; `count`: how many it made or took over.
    """

    materialized: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    count: int = 0
    keys: Slice = field(default_factory=Slice)

    def to_dict(self) -> dict[str, Any]:
        return {
            "materialized": list(self.materialized),
            "restored": list(self.restored),
            "failed": list(self.failed),
            "count": self.count,
        }


def parts_of_runs(project: Project, asset: Asset, run_ids: Iterable[str]) -> dict[str, PartsOfRun]:
    """By run, as far as runs made partitions of the asset."""
    cut = partitioning(asset.partition)
    texts: dict[str, dict[str, list[str]]] = {}
    for run_id, outcome, text in project.ledger.partitions_made(asset.name, run_ids):
        texts.setdefault(run_id, {}).setdefault(outcome, []).append(text)
    return {run_id: parts_of(cut, by_outcome) for run_id, by_outcome in texts.items()}


def parts_of(cut: Partitioning, by_outcome: dict[str, list[str]]) -> PartsOfRun:
    slices = {outcome: keys_of(cut, texts) for outcome, texts in by_outcome.items()}
    # Keys of a time when the table was cut otherwise stay as they were written.
    told = {
        outcome: tuple(text for text, _ in cut.ranges_shown(keys)) if keys is not None else tuple(by_outcome[outcome])
        for outcome, keys in slices.items()
    }
    good = [keys for outcome in ("materialized", "restored") if (keys := slices.get(outcome)) is not None]
    count = sum(len(by_outcome.get(outcome, ())) for outcome in ("materialized", "restored"))
    keys = good[0] | good[1] if len(good) > 1 else good[0] if good else Slice()
    materialized, restored, failed = (told.get(outcome, ()) for outcome in DONE)
    return PartsOfRun(materialized, restored, failed, count, keys)


def keys_of(cut: Partitioning, texts: Iterable[str]) -> Slice | None:
    """The keys of some texts, declared or not any more; None where one is none of a table that is cut like today's."""
    try:
        return read_keys(cut.unbounded, ",".join(texts))
    except WrongPartitionError:
        return None
