"""What changed in a table that others read, as values: what became of its files, and rows where they are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from assetflow.planning.columns import ColumnsChange

How = Literal["came", "grew", "rewritten", "moved", "went"]


class FileChange(Struct, frozen=True):
    """One file of a source: what became of it.

    `bytes` is its size, of a file that went the size that it had, of one that grew by how much; `rows` likewise. `path`
    is empty where nobody remembers it, `before` is the path of one that moved.
    """

    how: How
    path: str
    bytes: int | None = None
    rows: int | None = None
    before: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class InputChange(Struct, frozen=True):
    """How a table differs from what was recorded of it, or from what was read of it.

    `files`: how many it has now. `came`: those that came or were written anew; `went`: how many went or were. Of an
    asset `changes` is empty: its files have no names that mean anything. `rows_added` and `rows_removed` count the rows
    in these files; None: not known before they are read. `is_whole`: no file stayed. `as_of`: it is again what it was
    at that time. `columns` tells how those of a source changed. `through`: the views through which an asset reads the
    table, its own upstream first. `is_reordered`: the same files stand in another order.
    """

    source: str
    files: int
    came: tuple[str, ...]
    went: int
    kind: Literal["source", "asset"] = "source"
    changes: tuple[FileChange, ...] = ()
    rows_added: int | None = None
    rows_removed: int | None = None
    is_whole: bool = False
    as_of: str | None = None
    columns: ColumnsChange | None = None
    through: tuple[str, ...] = ()
    is_reordered: bool = False

    def to_dict(self) -> dict[str, Any]:
        found = asdict(self)
        columns = None if self.columns is None else self.columns.to_dict()
        changes = [each.to_dict() for each in self.changes]
        return {**found, "came": list(self.came), "changes": changes, "columns": columns,
                "through": list(self.through)}  # fmt: skip

    def of(self, how: How) -> Iterator[FileChange]:
        """The files of which this became."""
        return (each for each in self.changes if each.how == how)
