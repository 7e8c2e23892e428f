"""The files of a table that changed, then and now: which of them a rule need not look into, as their bounds tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from assetflow.incremental.tree import column_in
from assetflow.lineage.sql.tree import Tree
from assetflow.materialization import Bounds, Column
from assetflow.quoting import folded
from assetflow.warehouse.content.bounds import Between, all_may_hold
from assetflow.warehouse.content.scans import scan_files

Box = Sequence[tuple[str, Between]]
"""Columns, and between which values each of them lies."""


class Files(Struct, frozen=True):
    """Those that a table had, and those that it has, by absolute paths; `bounds` are of some of them, by path."""

    columns: tuple[Column, ...]
    before: tuple[str, ...]
    now: tuple[str, ...]
    bounds: Mapping[str, Mapping[str, Bounds]] = field(default_factory=dict)

    def near(self, paths: Sequence[str], box: Box) -> str | None:
        """A SELECT of the rows of those files in which some may lie in a box; None where these are all, or none."""
        own = {folded(column.name): column.name for column in self.columns}
        named = [(own[folded(name)], between) for name, between in box if folded(name) in own]
        near = [path for path in paths if all_may_hold(self.bounds.get(path, {}), named)]
        return scan_files(self.columns, near) if 0 < len(near) < len(paths) else None

    def are_never_null(self, table: Tree, values: Iterable[Tree]) -> bool:
        """True where the files say that none of these values, columns of the table after FROM, is NULL now."""
        own = {folded(column.name): column.name for column in self.columns}
        names = [own.get(folded(column_in(table, value) or "")) for value in values]
        return all(name is not None and self._has_no_null(path, name) for path in self.now for name in names)

    def _has_no_null(self, path: str, column: str) -> bool:
        found = self.bounds.get(path, {}).get(column)
        return found is not None and found.nulls == 0
