"""What a view shows: its query over what it was made from, as a table holds the rows that it was made with.

While that is what is published, its query stands as it was written, and finds tables by their names. What moved on
without it (it was not selected, a check refused what it would show, it was rolled back) stands before it as it was:

    WITH sales AS NOT MATERIALIZED (SELECT * FROM read_parquet(...)) SELECT * FROM (SELECT ... FROM sales)

Some views are live: they show what lies behind them now. They name a table with its schema, or read a source that is
read where it lies, and whose files of then are gone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetflow.errors import WarehouseError
from assetflow.materialization import Input, Materialization, Snapshot
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.digest import leaves_order_out
from assetflow.warehouse.content.links import found_again
from assetflow.warehouse.content.scans import scan
from assetflow.warehouse.ledger.answers import Answers
from assetflow.warehouse.ledger.records import Current

WITH_SCHEMA = r'(?is)\bmain"?(\s|/\*.*?\*/|--[^\n]*\n)*\.'
"""`main.sales` in a query, also with a comment within: no WITH before it stands in for that."""

Scan = Callable[[Snapshot, str], str]


class Published(Struct, frozen=True):
    """What stands behind a name now: a snapshot, and the digest of what it was made into."""

    snapshot: str
    digest: str


NowAt = Callable[[str], Published | None]
"""Gives what stands behind a name now; None: nothing, or nothing that is known yet."""


def nothing_at(name: str) -> Published | None:
    """For whoever wants a view as it was, whatever is published."""
    return None


class Behind(Struct, frozen=True):
    """A table as it was read (None: a file that a query names itself), and the views before it, the reader's first."""

    read: Input
    table: Snapshot | None
    through: tuple[str, ...] = ()


class Shown(Struct, frozen=True):
    """A view with all that it brings itself, and the names that it reads beside."""

    snapshot: Snapshot
    reads: tuple[str, ...]
    is_older: bool = False


class Views:
    """Tells of views of one warehouse what they show, by what the ledger knows."""

    def __init__(self, ledger: Answers, root: str) -> None:
        self.ledger = ledger
        self.root = root

    def shown(self, snapshot: Snapshot, made: Materialization, now_at: NowAt, scan: Scan = scan) -> Shown:
        """A view as it is shown where this is what stands behind the names that it reads."""
        names = tuple(one.upstream for one in made.inputs)
        if self.is_live(snapshot, made, now_at):
            return Shown(snapshot, names)
        moved = [one for one in made.inputs if not self.stands(one, now_at(one.upstream))]
        older = {one.upstream: self.as_it_was(one, scan) for one in moved}
        reads = tuple(name for name in names if name not in older)
        return Shown(replace(snapshot, sql=with_tables(older, snapshot.sql or "")), reads, is_older=bool(older))

    def is_live(self, snapshot: Snapshot, made: Materialization, now_at: NowAt) -> bool:
        """True for a view that can be shown only over what lies behind it now, whatever it was made from."""
        if re.search(WITH_SCHEMA, snapshot.sql or ""):
            return True
        return any(self._shows_now(one, now_at) for one in made.inputs)

    def stands(self, read: Input, now: Published | None) -> bool:
        """True where what was read is what stands there now, of a source perhaps in other files."""
        then = self._recorded(read)
        if now is None or then is None:
            return False
        if then.sql is not None:
            return Published(read.snapshot, read.digest) == now
        # The same rows in other files may have another order, which a view can show.
        return read.snapshot == now.snapshot or (then.digest == now.digest and not leaves_order_out(then.digest))

    def as_it_was(self, read: Input, scan: Scan = scan) -> str:
        """The rows that were read as one SELECT: that of a view brings what it read then itself."""
        snapshot = self.ledger.snapshot(read.snapshot)
        if snapshot.sql is None:
            return scan(self._found_again(snapshot) or snapshot, self.root)
        made = self.ledger.made_into(snapshot.id, read.digest)
        if made is None:
            raise WarehouseError(f"what the view {read.upstream} showed then is not known")
        older = {one.upstream: self.as_it_was(one, scan) for one in made.inputs}
        return scan(replace(snapshot, sql=with_tables(older, snapshot.sql)), self.root)

    def behind(self, reads: Iterable[Input], through: tuple[str, ...] = ()) -> Iterator[Behind]:
        """What was read, and of views what they were made from, as far as the ledger knows it."""
        for read in reads:
            snapshot = self._recorded(read)
            if snapshot is None or snapshot.sql is None:
                yield Behind(read, snapshot, through)
            elif made := self.ledger.made_into(snapshot.id, read.digest):
                yield from self.behind(made.inputs, (*through, read.upstream))

    def tables_behind(self, reads: Iterable[Input]) -> Iterator[Snapshot]:
        """The tables that were read, also through views, as far as the ledger knows them."""
        return (each.table for each in self.behind(reads) if each.table is not None)

    def needed(self, current: Iterable[Current]) -> set[str]:
        """The snapshots of tables that views among these were made from, beside those that are current themselves."""
        current = list(current)
        here = {one.snapshot for one in current if one.paths}
        views = [one.materialization for one in current if one.rows is None and not one.paths]
        made = self.ledger.materializations(views).values() if views else ()
        older = (one for each in made for one in each.inputs if one.snapshot not in here)
        return {snapshot.id for snapshot in self.tables_behind(older)}

    def _shows_now(self, read: Input, now_at: NowAt) -> bool:
        """True for what can be read only as it is now: it is not kept as it was, or is itself a view that is live."""
        if not self.stands(read, now_at(read.upstream)):
            return not self._is_kept(read)
        view = self._recorded(read)
        made = None if view is None or view.sql is None else self.ledger.made_into(view.id, read.digest)
        return view is not None and made is not None and self.is_live(view, made, now_at)

    def _recorded(self, read: Input) -> Snapshot | None:
        """What was read; None for a file that a query names itself."""
        return self.ledger.snapshots([read.snapshot]).get(read.snapshot)

    def _is_kept(self, read: Input) -> bool:
        """True for what can be shown as it was when it was read."""
        snapshot = self._recorded(read)
        if snapshot is None:
            return False
        if snapshot.sql is None:
            return self._found_again(snapshot) is not None
        made = self.ledger.made_into(snapshot.id, read.digest)
        return made is not None and not self.is_live(snapshot, made, nothing_at)

    def _found_again(self, snapshot: Snapshot) -> Snapshot | None:
        """A table in files that stay as they are; None where they lay outside of the warehouse, and are gone."""
        files = []
        for file in snapshot.files:
            path = found_again(self.root, file) if os.path.isabs(file.path) else file.path
            if path is None:
                return None
            files.append(replace(file, path=path))
        return replace(snapshot, files=tuple(files))


def with_tables(tables: Mapping[str, str], sql: str) -> str:
    """A query with these tables, as SELECTs by name, standing before it."""
    if not tables:
        return sql
    named = ", ".join(f"{quote_identifier(name)} AS NOT MATERIALIZED ({select}\n)" for name, select in tables.items())
    return f"WITH {named} SELECT * FROM ({sql}\n)"
