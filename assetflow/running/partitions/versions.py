"""Shows on a cursor what a table is and was, and which of its rows came and went, as far as these are read.

    t                     what it holds now
    t__assetflow_old      what it held
    t__assetflow_plus     the rows that came; those that went: minus

A view is shown like a table: what came to it follows from what came to the tables behind it, by the rules of
incremental refresh. It brings along what it reads, since these names may stand for something else beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.lineage.columns import Lineage
from assetflow.materialization import Column, Input, Materialization, ReadSet, Snapshot, SnapshotFile
from assetflow.planning.decide import view_digest
from assetflow.planning.staleness import Content, reads_of
from assetflow.quoting import quote_identifier
from assetflow.running.partitions.moved import MOST_ROWS, Side, gaps, rows_moved
from assetflow.running.refreshes.difference import bag_difference, is_inexact_inside
from assetflow.running.tasks.changes import difference, readable_path
from assetflow.running.tasks.reading import refuse_view, said
from assetflow.warehouse.content.columns import columns_made
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.scans import scan, scan_files
from assetflow.warehouse.views import with_tables
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.answer import Change, Version

CAME, WENT = "came", "went"


class Shown(NamedTuple):
    """A table that is shown: whether rows came or went, its columns, and the SELECT of what it holds now."""

    change: Change
    columns: Sequence[Column]
    rows: str


@dataclass(frozen=True)
class Versions:
    """Tables then and now on one cursor; `contents` says what each of them holds now, `lineage` what a view reads."""

    warehouse: Warehouse
    snapshot: Callable[[str], Snapshot]
    lineage: Callable[[Asset], Lineage | None]
    assets: Mapping[str, Asset]
    contents: Mapping[str, Content | None]
    cursor: Cursor

    def show_all(self, then: Iterable[Input], reads: Mapping[str, ReadSet]) -> dict[str, Shown]:
        """Show tables, each as far as it is read; views first, which show what they read themselves meanwhile."""
        outer_first = sorted(then, key=lambda one: -len(self.behind(one.upstream)))
        return {one.upstream: self.show(one, reads[one.upstream]) for one in outer_first}

    def behind(self, name: str) -> set[str]:
        """All that a view reads, also through others; nothing for a table."""
        view = self.assets.get(name)
        if view is None or not view.is_view:
            return set()
        return {*view.upstreams, *(each for upstream in view.upstreams for each in self.behind(upstream))}

    def show(self, then: Input, read: ReadSet) -> Shown:
        """Show one table; Refused where it cannot be told what came to it, and what went."""
        from assetflow.incremental.answer import VERSIONS

        if VERSIONS in then.upstream:
            raise Refused(f"{then.upstream} is called like what assetflow itself names so")
        if not then.snapshot:
            raise Refused(f"what {then.upstream} held is not known")
        before = self.snapshot(then.snapshot)
        shown = self.table(before, read) if before.sql is None else self.view(then, before, read)
        self.name(then.upstream, "new", shown.rows)
        return shown

    # Tables

    def table(self, before: Snapshot, read: ReadSet) -> Shown:
        name = before.asset
        content = self.contents.get(name)
        if content is None or not content.snapshot:
            raise Refused(f"what {name} holds is known when it has been {'made' if name in self.assets else 'read'}")
        today = self.snapshot(content.snapshot)
        if today.sql is not None:
            raise Refused(f"{name} was no view before")
        if [column[:2] for column in before.columns] != [column[:2] for column in today.columns]:
            raise Refused(f"{name} has other columns than before")
        self.name(name, "old", self.rows(before, before.files, today))
        plus, minus = self.in_order(before, today, read) if read.ordered else self.in_any_order(before, today, read)
        return Shown(self.changed(name, plus, minus), today.columns, scan(today, self.warehouse.root))

    def in_any_order(self, before: Snapshot, today: Snapshot, read: ReadSet) -> tuple[str, str]:
        """SELECTs of the rows that came, and of those that went."""
        came, went = difference(before.files, today.files)
        plus, minus = self.rows(today, came, today), self.rows(before, went, today)
        return self.net(today.asset, today.columns, read, plus, minus) if came and went else (plus, minus)

    def in_order(self, before: Snapshot, today: Snapshot, read: ReadSet) -> tuple[str, str]:
        """The same where the order of rows counts: one that stands elsewhere now went, and came."""
        changed = gaps(before.files, today.files)
        went, came = ([file for gap in changed for file in gap[side]] for side in (0, 1))
        seen = columns_read(today.columns, read)
        is_small = sum(file.rows for file in (*went, *came)) <= MOST_ROWS
        if not (came and went and is_small and can_be_counted(seen) and tells_order(today.columns)):
            return self.rows(today, came, today), self.rows(before, went, today)
        then, now = (
            Side(columns_read(of.columns, read), [self.counted(of, gap[side], today) for gap in changed])
            for side, of in enumerate((before, today))
        )
        moved = quote_identifier(f"{today.asset}__assetflow_moved")
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {moved} AS {rows_moved(self.cursor, then, now)}")
        rows = f"SELECT {with_nulls(today.columns, seen)} FROM {moved} WHERE assetflow_sign"
        return f"{rows} > 0", f"{rows} < 0"

    def rows(self, of: Snapshot, files: Sequence[SnapshotFile], today: Snapshot) -> str:
        """The SELECT of the rows of some files of a table, as it is today or was."""
        return scan_files(of.columns, self.paths(of, files, today)) if files else no_rows(of.columns)

    def paths(self, of: Snapshot, files: Sequence[SnapshotFile], today: Snapshot) -> list[str]:
        there = {file.sha256: file.path for file in today.files}
        return [readable_path(of.asset, file, there, self.warehouse) for file in files]

    def counted(self, of: Snapshot, files: Sequence[SnapshotFile], today: Snapshot) -> list[tuple[str, int]]:
        """Where files can be read, each with its number of rows."""
        return [(path, file.rows) for path, file in zip(self.paths(of, files, today), files, strict=True)]

    # Views

    def view(self, then: Input, before: Snapshot, read: ReadSet) -> Shown:
        """A view, over the tables behind it as they were when it was read, and as they are now."""
        name, content = then.upstream, self.contents.get(then.upstream)
        if content is not None and then.digest in (content.digest, content.exact):
            return Shown(unchanged(), before.columns, self.warehouse.views.as_it_was(then))
        view, made = self.made_from(then, before)
        inner = reads_of(view, self.lineage(view), made)
        if read.ordered:
            inner = {one: replace(found, ordered=True) for one, found in inner.items()}
        shown = self.show_all(made.inputs, inner)
        plus, minus = self.followed(view, {each: one.change for each, one in shown.items()}, read)
        rows = with_tables({each: one.rows for each, one in shown.items()}, view.sql or "")
        if columns_made(self.cursor, rows) != [column[:2] for column in before.columns]:
            raise Refused(f"{name} has other columns than before")
        self.name(name, "old", self.warehouse.views.as_it_was(then))
        plus, minus = self.kept(name, CAME, before.columns, plus), self.kept(name, WENT, before.columns, minus)
        if not read.ordered:
            plus, minus = self.net(name, before.columns, read, plus, minus)
        return Shown(self.changed(name, plus, minus), before.columns, rows)

    def made_from(self, then: Input, before: Snapshot) -> tuple[Asset, Materialization]:
        """A view that shows the tables behind it as they are now, and what it showed when it was read."""
        name, content = then.upstream, self.contents.get(then.upstream)
        view = self.assets.get(name)
        if view is None or not view.is_view or view.sql != before.sql:
            raise Refused(f"{name} is a view, whose query changed")
        refuse_view(view)
        made = self.warehouse.ledger.made_into(before.id, then.digest)
        if made is None:
            raise Refused(f"what the view {name} showed is not known")
        if content is None or content.digest != view_digest(view, self.contents):
            raise Refused(f"the view {name} shows older rows than those that stand behind it now")
        return view, made

    def followed(self, view: Asset, changes: Mapping[str, Change], read: ReadSet) -> tuple[str | None, str | None]:
        """SELECTs of the rows that came to a view and that went, by the rules of incremental refresh; None: none."""
        from assetflow.incremental.blocks import keeps_order, take_apart
        from assetflow.incremental.refresh import refresh

        try:
            parts = take_apart(view.sql or "", frozenset(view.upstreams))
            if read.ordered and not keeps_order(parts):
                raise Refused("the order of rows, which is read,")
            changes = {name: change for name, change in changes.items() if change.plus or change.minus}
            answer = refresh(self.cursor, parts, changes)
        except Refused as refused:
            raise Refused(f"{said(refused, view, ())} of the view {view.name}") from refused
        return answer.plus, answer.minus

    def kept(self, name: str, what: str, columns: Sequence[Column], rows: str | None) -> str:
        """The SELECT of some rows that are kept while other tables are shown under the names that they come from."""
        listed = ", ".join(quote_identifier(column.name) for column in columns)
        table = quote_identifier(f"{name}__assetflow_{what}")
        made = no_rows(columns) if rows is None else f"SELECT * FROM ({rows}) AS x({listed})"
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {made}")
        return f"FROM {table}"

    # Both

    def net(self, name: str, columns: Sequence[Column], read: ReadSet, plus: str, minus: str) -> tuple[str, str]:
        """The rows that came and those that went without those that did both, as far as they are read."""
        seen = columns_read(columns, read)
        if not can_be_counted(seen):
            return plus, minus
        listed = ", ".join(quote_identifier(column.name) for column in seen)
        terms = [(f"SELECT {listed} FROM ({sql})", sign) for sql, sign in ((plus, 1), (minus, -1))]
        counted = quote_identifier(f"{name}__assetflow_counted")
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {counted} AS {bag_difference(seen, terms)}")
        rows = f"SELECT {with_nulls(columns, seen)} FROM {counted}, range(abs(assetflow_times)) WHERE assetflow_times"
        return f"{rows} > 0", f"{rows} < 0"

    def changed(self, name: str, plus: str, minus: str) -> Change:
        """Show the rows that came and those that went, and tell whether there are any."""
        from assetflow.incremental.answer import Change

        self.name(name, "plus", plus)
        self.name(name, "minus", minus)
        return Change(self.has_rows(plus), self.has_rows(minus))

    def name(self, name: str, version: Version, rows: str) -> None:
        from assetflow.incremental.answer import version_of

        called = quote_identifier(version_of(name, version))
        self.cursor.execute(f"CREATE OR REPLACE TEMP VIEW {called} AS {rows}")

    def has_rows(self, rows: str) -> bool:
        return bool(self.cursor.execute(f"SELECT EXISTS({rows})").fetchall()[0][0])


def unchanged() -> Change:
    from assetflow.incremental.answer import Change

    return Change(plus=False, minus=False)


def columns_read(columns: Sequence[Column], read: ReadSet) -> list[Column]:
    return [column for column in columns if read.columns is None or column.name in read.columns]


def can_be_counted(columns: Sequence[Column]) -> bool:
    """True for columns of which there are some, and of which equal values are the same."""
    return bool(columns) and not any(is_inexact_inside(column.type) for column in columns)


def no_rows(columns: Sequence[Column]) -> str:
    return f"SELECT {with_nulls(columns, ())} WHERE false"


def with_nulls(columns: Sequence[Column], seen: Sequence[Column]) -> str:
    """A select list of all columns, with NULL for those that nobody reads."""
    names = {column.name for column in seen}
    return ", ".join(
        quote_identifier(column.name)
        if column.name in names
        else f"NULL::{column.type} AS {quote_identifier(column.name)}"
        for column in columns
    )
