"""Why an asset is stale: a value, so that the screen, the notebook, the log and the test show the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from msgspec import Struct

ReasonKind = Literal[
    "never_made",
    "code_changed",
    "config_changed",
    "upstreams_changed",
    "input_changed",
    "partition_missing",
    "files_missing",
    "volatile",
    "forced",
]


class Reason(Struct, frozen=True):
    """One cause of staleness; `columns` are those of `upstream` that changed, where that is known."""

    kind: ReasonKind
    upstream: str | None = None
    columns: tuple[str, ...] = ()
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "upstream": self.upstream, "columns": list(self.columns), "detail": self.detail}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Self:
        return cls(value["kind"], value["upstream"], tuple(value["columns"]), value["detail"])


def in_short(reasons: Sequence[Reason]) -> str:
    """The first of the reasons, and how many more there are, for a line: `never made (+1 more)`."""
    first = (reasons[0].detail or reasons[0].kind) if reasons else ""
    return first if len(reasons) < 2 else f"{first} (+{len(reasons) - 1} more)"


def listed(names: Sequence[str], most: int = 20) -> str:
    """`a, b, c`, or of many `a, b and 1,998 more`, for a sentence."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
