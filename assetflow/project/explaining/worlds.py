"""Makes an asset as it would be had only some of its causes changed, in a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetflow.engines import Table
from assetflow.errors import AssetflowError, WarehouseError
from assetflow.materialization import Input, Snapshot
from assetflow.project.explaining.ends import CannotTellError, Ends, has_snapshot
from assetflow.running.clock import now
from assetflow.running.computing.compute import compute
from assetflow.running.tasks.tables import table_of
from assetflow.running.tasks.task import Task
from assetflow.warehouse.content.scans import scan

if TYPE_CHECKING:
    from assetflow.project.project import Project


@dataclass(slots=True)
class Worlds:
    """Makes the asset by the code of one side from inputs of either side, each world once."""

    project: Project
    ends: Ends
    folder: str
    made: dict[tuple[int, frozenset[str]], Snapshot | AssetflowError] = field(default_factory=dict)

    def world(self, code: int, changed: frozenset[str]) -> Snapshot:
        """The rows by this code with these inputs as in the second version, the others as in the first."""
        key = (code, changed)
        if key not in self.made:
            try:
                self.made[key] = self.build(code, changed)
            except CannotTellError:
                raise
            except AssetflowError as error:
                self.made[key] = error
        found = self.made[key]
        if isinstance(found, AssetflowError):
            raise found
        return found

    def build(self, code: int, changed: frozenset[str]) -> Snapshot:
        asset = self.ends.assets[code]
        assert asset is not None, "worlds are made by code that is there"
        tables = tuple(self.table(name, int(name in changed)) for name in asset.upstreams if self.is_kept(name))
        of_tables = asset._replace(upstreams=tuple(table.name for table in tables))
        staging = os.path.join(self.folder, str(len(self.made)))
        built = compute(Task(of_tables, "diff", now(), staging, tables), self.project.workplace)
        for kept in self.ends.snapshots:
            if kept.digest == built.digest and kept.columns == built.columns:
                return kept  # so that nobody compares what is known to be the same
        return Snapshot("scratch", asset.name, built.digest or "", built.columns, built.files, built.rows, built.bytes)

    def is_kept(self, name: str) -> bool:
        """False for a file that SQL reads where it lies: the text of the query finds it."""
        return has_snapshot(self.ends.input(name, 0))

    def table(self, name: str, side: int) -> Table:
        read = self.ends.input(name, side)
        snapshot = self.project.ledger.snapshot(read.snapshot)
        if snapshot.sql is not None:
            return Table(name, self.rows_of_view(read))
        return table_of(name, self.found(snapshot), self.project.settings.warehouse)

    def rows_of_view(self, read: Input) -> str:
        """The rows that a view showed then, as one SELECT, which brings what the view read."""
        views = self.project.warehouse.views
        for snapshot in views.tables_behind([read]):
            self.found(snapshot)
        try:
            return views.as_it_was(read)
        except WarehouseError as error:
            raise CannotTellError(error.message) from error

    def found(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot in files that can be read."""
        found = self.project.found(snapshot)
        if found is None:
            raise CannotTellError(f"the files of {snapshot.asset}@{snapshot.id[:12]}, which it was made from, are gone")
        return found

    def sql(self, snapshot: Snapshot) -> str:
        return scan(snapshot, self.project.settings.warehouse)
