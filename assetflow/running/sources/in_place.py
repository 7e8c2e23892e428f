"""What SQL reads of the files that it opens by itself: their columns, and digests of those that it reads.

A file that is read in place is nobody's snapshot. What stands for one is a name made of the version of its bytes and of
the words by which the query opens it, since other options read other rows; digests are kept under that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.duck import described
from assetflow.errors import SourceError, WarehouseError
from assetflow.lineage.plans.scans import scan_of
from assetflow.materialization import Column, ReadSet
from assetflow.planning.staleness import IN_PLACE
from assetflow.running.sources.steady import refuse_other_files
from assetflow.source import Observed
from assetflow.warehouse.ledger.ledger import Ledger

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class InPlace:
    """Answers for the files as they are now, each scan once. `observe` looks at a file by the text that names it."""

    def __init__(
        self,
        observe: Callable[[str], Observed | SourceError],
        ledger: Callable[[], Ledger],
        open_cursor: Callable[[], Cursor],
        root: str,
    ) -> None:
        self.observe = observe
        self.ledger = ledger
        self.open_cursor = open_cursor
        self.root = root
        self._scans: dict[str, tuple[str, Observed]] = {}
        self._columns: dict[str, tuple[Column, ...]] = {}

    def name(self, asset: Asset, file: str) -> str | None:
        """What stands for the file as the asset reads it now; None where only all of it can be compared."""
        observed = self.observe(file)
        scan = scan_of(asset.sql, file) if asset.kind == "sql" and asset.sql else None
        if scan is None or not isinstance(observed, Observed):
            return None
        name = f"{IN_PLACE}{observed.version} {hashlib.sha256(scan.encode()).hexdigest()[:16]}"
        self._scans[name] = (scan, observed)
        return name

    def columns(self, name: str) -> tuple[Column, ...]:
        """The columns of the file, as the query opens it; none where it is gone, or cannot be read."""
        if name not in self._columns and name in self._scans:
            from assetflow.duck import duckdb

            scan, observed = self._scans[name]
            cursor = self.open_cursor()
            try:
                columns = tuple(Column(column, kind) for column, kind in described(cursor, scan))
                refuse_other_files(observed, self.root)
            except (duckdb.Error, SourceError):  # who runs the query is told
                return ()
            finally:
                cursor.close()
            self._columns[name] = columns
        return self._columns.get(name, ())

    def project(self, name: str, read: ReadSet) -> str | None:
        """The digest of some columns; None where it is not known, and the file is not there any more."""
        from assetflow.warehouse.content.digest import is_comparable

        if read.ordered or read.columns is None:
            return None
        ledger = self.ledger()
        kept = ledger.projection(name, read)
        if kept is not None and is_comparable(kept):
            return kept
        digest = self._digest(name, read)
        if digest is not None:
            with suppress(WarehouseError):  # a warehouse that may only be read: it is computed again next time
                ledger.record_projection(name, read, digest)
        return digest

    def _digest(self, name: str, read: ReadSet) -> str | None:
        from assetflow.duck import duckdb
        from assetflow.warehouse.content.digest import digests

        columns = self.columns(name)
        if not {column.name for column in columns}.issuperset(read.columns or ()):
            return None
        scan, observed = self._scans[name]
        cursor = self.open_cursor()
        try:
            _, (digest,) = digests(cursor, f"({scan})", columns, [read])
            refuse_other_files(observed, self.root)
        except (duckdb.Error, SourceError):
            return None
        finally:
            cursor.close()
        return digest
