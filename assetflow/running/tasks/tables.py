"""The upstreams of a step as a worker sees them: for each name the SELECT that gives its rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.engines import Table
from assetflow.materialization import Snapshot

if TYPE_CHECKING:
    from assetflow.warehouse.views import Shown

MANY_ROWS_IN_FILE = 100_000


class Tables:
    """Makes tables of snapshots, each once.

    `snapshot_of` gives the content that counts for whoever asks, `shown` what a view among them shows. `sources` are
    those that somebody else makes.
    """

    def __init__(
        self,
        snapshot_of: Callable[[str], Snapshot],
        shown: Callable[[str], Shown],
        root: str,
        sources: Container[str] = (),
    ) -> None:
        self.sources = sources
        self.snapshot_of = snapshot_of
        self.shown = shown
        self.root = root
        self._tables: dict[str, Table] = {}

    def upstream_of(self, asset: Asset) -> tuple[Table, ...]:
        """What the asset reads, in an order in which it can be attached: a view comes after what it reads itself."""
        return self.named(asset.upstreams)

    def read_whole(self, tables: Iterable[Table]) -> tuple[Table, ...]:
        """The same tables for a body that reads all of their rows."""
        return tuple(self._read_whole(table) for table in tables)

    def _read_whole(self, table: Table) -> Table:
        from assetflow.warehouse.content.scans import scan_large

        snapshot = self.snapshot_of(table.name)
        # A source may lie in files of several forms. Looking into small files takes as long as reading them.
        is_large = len(table.files) > 1 and (snapshot.rows or 0) > len(table.files) * MANY_ROWS_IN_FILE
        if not is_large or table.name in self.sources:
            return table
        return replace(table, sql=scan_large(snapshot, self.root))

    def named(self, names: Iterable[str]) -> tuple[Table, ...]:
        found: dict[str, Table] = {}
        for name in names:
            self._add(name, found)
        return tuple(found.values())

    def _add(self, name: str, found: dict[str, Table]) -> None:
        if name in found:
            return
        snapshot = self.snapshot_of(name)
        if snapshot.sql is not None:
            found[name] = self._view(name, found)
            return
        if name not in self._tables:
            self._tables[name] = table_of(name, snapshot, self.root)
        found[name] = self._tables[name]

    def _view(self, name: str, found: dict[str, Table]) -> Table:
        """A view, after what it reads; it is looked at each time, since that can move on without it."""
        shown = self.shown(name)
        for upstream in shown.reads:
            self._add(upstream, found)
        return table_of(name, shown.snapshot, self.root)


def table_of(name: str, snapshot: Snapshot, root: str) -> Table:
    """The table of one snapshot. Its files, read one after the other, give the same rows; a view has none."""
    from assetflow.warehouse.content.scans import scan_files

    if snapshot.sql is not None:
        return Table(name, snapshot.sql, ())
    files = tuple([os.path.join(root, file.path) for file in snapshot.files])
    return Table(name, scan_files(snapshot.columns, files), files)
