"""Shows on a cursor what a table was, and which of its rows came and went, as far as these are read.

t__assetflow_old      what it held
t__assetflow_plus     the rows that came; those that went: minus
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetflow.incremental.refused import Refused
from assetflow.materialization import Column, Input, ReadSet, Snapshot, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.running.partitions.moved import MOST_ROWS, Side, gaps, numbers_of, rows_moved
from assetflow.running.refreshes.difference import bag_difference, is_inexact_inside
from assetflow.running.tasks.changes import difference, readable_path
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.scans import scan_files
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.answer import Change, Version


@dataclass(frozen=True)
class Versions:
    """Tables then and now on one cursor; `now` are the snapshots that they hold, by name."""

    warehouse: Warehouse
    snapshot: Callable[[str], Snapshot]
    now: Mapping[str, str]
    cursor: Cursor

    def show(self, then: Input, read: ReadSet) -> Change:
        """Show one of the tables that were read, and tell whether rows of it came or went."""
        name = then.upstream
        if not then.snapshot:
            raise Refused(f"what {name} held is not known")
        before, today = self.snapshot(then.snapshot), self.snapshot(self.now[name])
        if before.sql is not None or today.sql is not None:
            raise Refused(f"{name} is a view")
        if [column[:2] for column in before.columns] != [column[:2] for column in today.columns]:
            raise Refused(f"{name} has other columns than before")
        self.view(name, "old", self.rows(before, before.files, today))
        if read.ordered:
            return self.in_order(before, today, read)
        came, went = difference(before.files, today.files)
        plus, minus = self.rows(today, came, today), self.rows(before, went, today)
        seen = columns_read(today, read)
        if came and went and can_be_counted(seen):
            plus, minus = self.net(name, today.columns, seen, plus, minus)
        return self.show_changes(name, plus, minus)

    def in_order(self, before: Snapshot, today: Snapshot, read: ReadSet) -> Change:
        """The same of a table whose rows are read in their order: one that stands elsewhere now went, and came."""
        changed = gaps(before.files, today.files)
        went, came = ([file for gap in changed for file in gap[side]] for side in (0, 1))
        plus, minus = self.rows(today, came, today), self.rows(before, went, today)
        seen = columns_read(today, read)
        is_small = sum(file.rows for file in (*went, *came)) <= MOST_ROWS
        if came and went and is_small and can_be_counted(seen) and tells_order(today.columns):
            then, now = (
                Side(columns_read(of, read), self.paths(of, files, today), numbers_of(changed, side))
                for side, (of, files) in enumerate(((before, went), (today, came)))
            )
            moved = quote_identifier(f"{today.asset}__assetflow_moved")
            self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {moved} AS {rows_moved(then, now)}")
            rows = f"SELECT {with_nulls(today.columns, seen)} FROM {moved} WHERE assetflow_sign"
            plus, minus = f"{rows} > 0", f"{rows} < 0"
        return self.show_changes(today.asset, plus, minus)

    def net(self, name: str, columns: Sequence[Column], seen: Sequence[Column], plus: str, minus: str) -> list[str]:
        """The rows that came and those that went without those that did both, as far as these columns tell."""
        listed = ", ".join(quote_identifier(column.name) for column in seen)
        terms = [(f"SELECT {listed} FROM ({sql})", sign) for sql, sign in ((plus, 1), (minus, -1))]
        counted = quote_identifier(f"{name}__assetflow_counted")
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {counted} AS {bag_difference(seen, terms)}")
        rows = f"SELECT {with_nulls(columns, seen)} FROM {counted}, range(abs(assetflow_times)) WHERE assetflow_times"
        return [f"{rows} > 0", f"{rows} < 0"]

    def rows(self, of: Snapshot, files: Sequence[SnapshotFile], today: Snapshot) -> str:
        """The SELECT of the rows of some files of a table, as it is today or was."""
        if files:
            return scan_files(of.columns, self.paths(of, files, today))
        listed = ", ".join(f"NULL::{column.type} AS {quote_identifier(column.name)}" for column in of.columns)
        return f"SELECT {listed} WHERE false"

    def paths(self, of: Snapshot, files: Sequence[SnapshotFile], today: Snapshot) -> list[str]:
        there = {file.sha256: file.path for file in today.files}
        return [readable_path(of.asset, file, there, self.warehouse) for file in files]

    def show_changes(self, name: str, plus: str, minus: str) -> Change:
        from assetflow.incremental.answer import Change

        self.view(name, "plus", plus)
        self.view(name, "minus", minus)
        return Change(self.has_rows(name, "plus"), self.has_rows(name, "minus"))

    def view(self, name: str, version: Version, sql: str) -> None:
        from assetflow.incremental.answer import version_of

        called = quote_identifier(version_of(name, version))
        self.cursor.execute(f"CREATE OR REPLACE TEMP VIEW {called} AS {sql}")

    def has_rows(self, name: str, version: Version) -> bool:
        from assetflow.incremental.answer import version_of

        asked = f"SELECT EXISTS(FROM {quote_identifier(version_of(name, version))})"
        return bool(self.cursor.execute(asked).fetchall()[0][0])


def columns_read(today: Snapshot, read: ReadSet) -> list[Column]:
    return [column for column in today.columns if read.columns is None or column.name in read.columns]


def can_be_counted(columns: Sequence[Column]) -> bool:
    """True for columns of which there are some, and of which equal values are the same."""
    return bool(columns) and not any(is_inexact_inside(column.type) for column in columns)


def with_nulls(columns: Sequence[Column], seen: Sequence[Column]) -> str:
    """A select list of all columns, with NULL for those that nobody reads."""
    names = {column.name for column in seen}
    return ", ".join(
        quote_identifier(column.name)
        if column.name in names
        else f"NULL::{column.type} AS {quote_identifier(column.name)}"
        for column in columns
    )
