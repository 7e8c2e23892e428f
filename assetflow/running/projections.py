"""Digests of some columns of a snapshot: remembered, found in the ledger, or computed from the stored files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from assetflow.errors import WarehouseError
from assetflow.materialization import ReadSet, Snapshot
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class Projections:
    """Answers what a snapshot holds in some columns. `open_cursor` gives a DuckDB cursor where files must be read."""

    def __init__(self, warehouse: Warehouse, open_cursor: Callable[[], Cursor]) -> None:
        self.warehouse = warehouse
        self.open_cursor = open_cursor
        self._known: dict[tuple[str, ReadSet], str | None] = {}

    def add(self, snapshot: str, projections: Iterable[tuple[ReadSet, str]]) -> None:
        """Take over what was computed when a snapshot was written."""
        for read, digest in projections:
            self._known[snapshot, read] = digest

    def of(self, snapshot: Snapshot, read: ReadSet) -> str | None:
        """The digest; None for a view, for columns that are not there, and when the files are gone or unreadable."""
        key = (snapshot.id, read)
        if key not in self._known:
            self._known[key] = self._find(snapshot, read)
        return self._known[key]

    def _find(self, snapshot: Snapshot, read: ReadSet) -> str | None:
        from assetflow.warehouse.content.digest import is_comparable

        ledger = self.warehouse.ledger
        kept = ledger.projection(snapshot.id, read)
        if kept is not None and is_comparable(kept):
            return kept
        # Where other files lie in their places by now, they tell nothing of this snapshot.
        there = self.warehouse.found(snapshot) if snapshot.sql is None else None
        if there is None:
            return None
        from assetflow.duck import duckdb
        from assetflow.warehouse.content.anew import project

        known = ledger.file_sums(file.sha256 for file in there.files)
        try:
            digest, sums = project(self.open_cursor, there, self.warehouse.root, read, known)
        except (duckdb.IOException, duckdb.InvalidInputException):
            # Then all of it counts, and whoever is made of it says what is wrong with the file.
            return None
        if digest is not None:
            with suppress(WarehouseError):  # a warehouse that may only be read: it is computed again next time
                ledger.record_projection(snapshot.id, read, digest, sums)
        return digest
