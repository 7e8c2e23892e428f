"""Refreshes an asset by the rows that changed in what it reads: a worker's other way of making it.

changed files  --views of what was, came and went-->  incremental.refresh  --new files, and those that stay-->  Built
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from assetflow.asset import Asset
from assetflow.incremental.blocks import Parts, take_apart
from assetflow.incremental.ranges import ranges
from assetflow.incremental.refresh import Answer, Change, is_inexact, refresh, version_of
from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import select_all, text
from assetflow.materialization import Column, FileSums, ReadSet, SnapshotFile, Sums
from assetflow.quoting import quote_identifier
from assetflow.running.changes import Refresh, TableChange
from assetflow.running.task import Tried
from assetflow.warehouse.digest import digest_of, digests, sums, sums_key
from assetflow.warehouse.snapshots import (
    Staged,
    columns_made,
    readable,
    scan_files,
    scan_of,
    scan_with_file,
    stage_query,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

FLOATS = ("FLOAT", "DOUBLE")
MOST_SMALL = 32
"""Small files of a table beyond which they are put together."""
SMALL = 50_000
"""Rows of a file that is small."""
MOST_KEYS = 0.5
"""The share of a table's rows beyond which making only the keys concerned costs as much as making all."""
FEW_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What an incremental refresh made: all files of the table, new and old, and in words what was done.

    `keeps_order`: rows that were there stand where they stood, and new ones behind them; or all are sorted.
    """

    staged: Staged
    how: str
    keeps_order: bool


def refresh_rows(
    sql: str, upstreams: Sequence[str], given: Refresh, cursor: Cursor, folder: str, reads: Sequence[ReadSet]
) -> Refreshed:
    """Make the rows of a query out of those it had; Refused where that cannot be done, or would not pay."""
    parts = take_apart(sql, frozenset(upstreams))
    if columns_made(cursor, sql) != [column[:2] for column in given.columns]:
        raise Refused("its columns are others than before")
    changes = {change.name: show(change, cursor) for change in given.changes}
    changes = {name: change for name, change in changes.items() if change.plus or change.minus}
    answer = refresh(cursor, parts, changes)
    rows = Rows(given, cursor, folder, tuple(reads))
    return rows.ordered(answer, parts) if parts.orders else rows.applied(answer)


def attempt(asset: Asset, given: Refresh, cursor: Cursor, folder: str, reads: Sequence[ReadSet]) -> Tried:
    """Refresh, and compare with a full refresh where asked to; whatever hinders it is a reason for a full one."""
    sql = asset.sql or ""
    try:
        made = refresh_rows(sql, asset.upstreams, given, cursor, folder, reads)
        if given.is_quick:
            refuse_reordered(made, given, cursor, reads)
    except Refused as refused:
        line = refused.line(sql)
        return Tried(why=refused.what if line is None else f"{refused.what}, line {asset.line + line - 1}")
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return Tried(why=f"DuckDB: {str(error).splitlines()[0]}")
    if not given.compare:
        return Tried(made.staged, made.how)
    began = time.perf_counter()
    if is_same(made.staged, sql, given, cursor, os.path.join(folder, "full")):
        return Tried(made.staged, made.how, is_right=True, seconds=time.perf_counter() - began)
    said = "an incremental refresh gave other rows than a full one; from now on it is made in full"
    return Tried(why=said, is_right=False, warnings=(f"{said}: please report its SQL",))


def refuse_reordered(made: Refreshed, given: Refresh, cursor: Cursor, reads: Sequence[ReadSet]) -> None:
    """Refuse what puts rows into another order for somebody who reads them in their order."""
    if made.keeps_order:
        return
    if given.read_in_order:
        raise Refused("a function reads its rows in their order, which a full refresh keeps")
    narrow = [ReadSet(read.columns) for read in readable(given.columns, reads) if read.ordered]
    if not narrow:
        return
    before, after = (
        digests(cursor, scan_of([os.path.join(given.root, file.path) for file in files]), given.columns, narrow)[1]
        for files in (given.files, made.staged.files)
    )
    if any(one == other for one, other in zip(before, after, strict=True)):
        raise Refused("others read columns that did not change in the order of its rows, which a full refresh keeps")


def is_same(made: Staged, sql: str, given: Refresh, cursor: Cursor, folder: str) -> bool:
    """True when a full refresh gives the same rows; sums of floats may differ by the order in which they are added."""
    whole = stage_query(cursor, sql, folder)
    if whole.digest == made.digest:
        return True
    if whole.columns != made.columns or whole.rows != made.rows:
        return False
    paths = [os.path.join(given.root, file.path) for file in made.files]
    return is_alike(cursor, given.columns, paths, [file.path for file in whole.files])


def is_alike(cursor: Cursor, columns: Sequence[Column], ours: Sequence[str], others: Sequence[str]) -> bool:
    """True for files with the same rows but for the last digits of floating-point numbers, by the sums of these."""
    floats = [column.name for column in columns if column.type in FLOATS]
    if not floats:
        return False
    exact = ReadSet(tuple(column.name for column in columns if column.name not in floats))
    one, other = (digests(cursor, scan_of(paths), columns, [exact])[1] for paths in (ours, others))
    totals = ", ".join(f"sum({quote_identifier(name)}), count({quote_identifier(name)})" for name in floats)
    sums_of = [cursor.execute(f"SELECT {totals} FROM {scan_of(paths)}").fetchall()[0] for paths in (ours, others)]
    return one == other and all(is_near(mine, theirs) for mine, theirs in zip(*sums_of, strict=True))


def is_near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def show(change: TableChange, cursor: Cursor) -> Change:
    """Make what was, came and went of a table visible on the cursor."""
    view(cursor, version_of(change.name, "old"), scan_files(change.columns, change.before))
    none = f"SELECT * FROM ({scan_files(change.columns, change.came or change.went)}) WHERE false"
    plus = scan_files(change.columns, change.came) if change.came else none
    minus = scan_files(change.columns, change.went) if change.went else none
    if change.came and change.went and not any(is_inexact_inside(column.type) for column in change.columns):
        net(change, plus, minus, cursor)
    else:
        view(cursor, version_of(change.name, "plus"), plus)
        view(cursor, version_of(change.name, "minus"), minus)
    return Change(has_rows(cursor, version_of(change.name, "plus")), has_rows(cursor, version_of(change.name, "minus")))


def net(change: TableChange, plus: str, minus: str, cursor: Cursor) -> None:
    """The difference of files row by row: a file that was written anew differs in few of its rows."""
    names = [quote_identifier(column.name) for column in change.columns]
    counted = f"{quote_identifier(change.name + '__assetflow_counted')}"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {counted} AS {bag_difference(change.columns, [(plus, 1), (minus, -1)])}"
    )
    rows = f"SELECT {', '.join(names)} FROM {counted}, range(abs(assetflow_times)) WHERE assetflow_times"
    view(cursor, version_of(change.name, "plus"), f"{rows} > 0")
    view(cursor, version_of(change.name, "minus"), f"{rows} < 0")


def bag_difference(columns: Sequence[Column], terms: Sequence[tuple[str, int]]) -> str:
    """SQL of the rows of all terms, and how often each is there when those of a negative sign are taken off.

    Zeros of either sign are equal to DuckDB, and still two values.
    """
    names = [quote_identifier(column.name) for column in columns]
    signs = [f"signbit({name})" for column, name in zip(columns, names, strict=True) if column.type in FLOATS]
    union = " UNION ALL ".join(f"(SELECT *, {sign} AS assetflow_sign FROM ({sql}))" for sql, sign in terms)
    groups = ", ".join([*names, *signs])
    return (
        f"SELECT {', '.join(names)}, sum(assetflow_sign)::BIGINT AS assetflow_times FROM ({union}) "
        f"GROUP BY {groups} HAVING sum(assetflow_sign) <> 0"
    )


def is_inexact_inside(kind: str) -> bool:
    """True for types of which two values can be equal and not the same; of plain floats the sign is looked at."""
    return kind not in FLOATS and is_inexact(kind)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that are there, and how an answer is put into their files."""

    given: Refresh
    cursor: Cursor
    folder: str
    reads: tuple[ReadSet, ...]

    @property
    def all_rows(self) -> int:
        return sum(file.rows for file in self.given.files)

    def applied(self, answer: Answer) -> Refreshed:
        """Put in what came and take out what went; files in which nothing changes stay."""
        if answer.keys is not None:
            return self.by_keys(answer)
        if answer.minus is not None:
            return self.by_rows(answer)
        return self.put(answer.plus, "added")

    def ordered(self, answer: Answer, parts: Parts) -> Refreshed:
        """A table with an order is written anew out of its rows: only their making is spared."""
        for order in parts.orders:
            if order["expression"]["class"] not in ("COLUMN_REF", "CONSTANT"):
                raise Refused("ORDER BY of an expression")
            if order["expression"].get("column_names", [""])[1:]:
                raise Refused("ORDER BY of a column of a table")
        rows = self.remaining(answer, self.given.files)
        view(self.cursor, "assetflow_all_rows", rows)
        node = select_all("assetflow_all_rows")
        node = {**node, "modifiers": [{"type": "ORDER_MODIFIER", "orders": list(parts.orders)}]}
        return self.staged_with(text(node), (), f"{words(answer)}, and sorted again", in_order=True)

    def remaining(self, answer: Answer, files: Sequence[SnapshotFile]) -> str:
        """The rows of some files after the answer was put in."""
        old = scan_files(self.given.columns, self.paths(files)) if files else f"SELECT * FROM ({answer.plus}) LIMIT 0"
        if answer.keys is not None:
            others = f"SELECT old.* FROM ({old}) AS old ANTI JOIN {answer.keys} AS keys ON {self.match(answer)}"
            return f"({others}) UNION ALL ({answer.plus})"
        if answer.minus is None:
            return f"({old}) UNION ALL ({answer.plus})"
        self.refuse_unmatchable(answer)
        return self.without(old, answer)

    def without(self, old: str, answer: Answer) -> str:
        """Rows without those that went, each as often as it went, and with those that came.

        Only rows that are like one that went are counted; all others pass by.
        """
        columns = self.given.columns
        names = [quote_identifier(column.name) for column in columns]
        listed = ", ".join(names)
        self.make("assetflow_net", bag_difference(columns, [(answer.plus, 1), (answer.minus or "", -1)]))
        self.make("assetflow_minus", f"SELECT {listed} FROM assetflow_net WHERE assetflow_times < 0")
        near = self.near("assetflow_minus", [column.name for column in columns])
        match = " AND ".join(f"old.{name} IS NOT DISTINCT FROM keys.{name}" for name in names)
        alike = f"SELECT {listed} FROM ({old}) AS old SEMI JOIN assetflow_minus AS keys ON {match} WHERE {near}"
        gone = f"SELECT {listed} FROM assetflow_net, range(-assetflow_times) WHERE assetflow_times < 0"
        self.make("assetflow_counted", bag_difference(columns, [(alike, 1), (gone, -1)]))
        if has_rows(self.cursor, "assetflow_counted", "assetflow_times < 0"):
            raise Refused("rows to take out are not there")
        others = f"SELECT {listed} FROM ({old}) AS old ANTI JOIN assetflow_minus AS keys ON {match}"
        came = f"SELECT {listed} FROM assetflow_net, range(assetflow_times) WHERE assetflow_times > 0"
        left = f"SELECT {listed} FROM assetflow_counted, range(assetflow_times)"
        return f"({others}) UNION ALL ({left}) UNION ALL ({came})"

    def make(self, name: str, sql: str) -> None:
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def refuse_unmatchable(self, answer: Answer) -> None:
        """Refuse to look for rows by values that are not made the same twice, or are equal and not the same."""
        computed = any(rule.name in ("keyed", "rows") for rule in answer.rules)
        for column in self.given.columns:
            if is_inexact(column.type) if computed else is_inexact_inside(column.type):
                raise Refused(f"rows would have to be found by column {column.name}, a {column.type}")

    def by_keys(self, answer: Answer) -> Refreshed:
        touched, rows = self.files_with(answer)
        if rows > MOST_KEYS * self.all_rows and self.all_rows > FEW_ROWS:
            raise Refused(f"most of its rows are concerned: {rows:,} of {self.all_rows:,}")
        touched = self.with_small(touched)
        if not touched:
            return self.put(answer.plus, words(answer))
        stay = [file for file in self.given.files if file not in touched]
        return self.staged_with(self.remaining(answer, touched), stay, words(answer))

    def by_rows(self, answer: Answer) -> Refreshed:
        """Take out row by row: all files in which one of the rows stands are written anew."""
        self.refuse_unmatchable(answer)
        self.make("assetflow_came", answer.plus)
        self.make("assetflow_went", answer.minus or "")
        exact = Answer("FROM assetflow_came", "FROM assetflow_went", rules=answer.rules)
        names = [quote_identifier(column.name) for column in self.given.columns]
        touched = self.files_where(
            "assetflow_went",
            [column.name for column in self.given.columns],
            [f"old.{name} IS NOT DISTINCT FROM keys.{name}" for name in names],
        )[0]
        touched = self.with_small(touched)
        if not touched and self.given.files:
            touched = [self.given.files[-1]]
        stay = [file for file in self.given.files if file not in touched]
        return self.staged_with(self.remaining(exact, touched), stay, words(answer))

    def put(self, plus: str, how: str) -> Refreshed:
        """Add rows as a file of their own, or together with small ones, where there are many of these."""
        small = self.with_small([])
        if small:
            rows = f"({scan_files(self.given.columns, self.paths(small))}) UNION ALL ({plus})"
            return self.staged_with(rows, [file for file in self.given.files if file not in small], how)
        return self.staged_with(plus, self.given.files, how, keeps_order=True)

    def with_small(self, touched: Sequence[SnapshotFile]) -> list[SnapshotFile]:
        """The files to write anew, and the small ones with them where there are too many files."""
        small = [file for file in self.given.files if file.rows < SMALL and file not in touched]
        if len(small) < MOST_SMALL:
            return list(touched)
        return [file for file in self.given.files if file in touched or file in small]

    def files_with(self, answer: Answer) -> tuple[list[SnapshotFile], int]:
        return self.files_where(answer.keys or "", answer.key_columns, [self.match(answer)])

    def near(self, keys: str, names: Sequence[str]) -> str:
        """A condition that rows which match a row of `keys` fulfil, and by which DuckDB passes over row groups.

        `names` are the columns of the table that stand for those of `keys`.
        """
        relation = self.cursor.sql(f"FROM {keys}")
        columns = [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
        found = zip(names, ranges(self.cursor, keys, columns), strict=True)
        said = [f"old.{quote_identifier(name)} BETWEEN {each[0]} AND {each[1]}" for name, each in found if each]
        return " AND ".join(said) or "true"

    def files_where(self, keys: str, names: Sequence[str], conditions: Sequence[str]) -> tuple[list[SnapshotFile], int]:
        """The files in which rows stand that match a row of `keys`, and how many rows these are."""
        if not self.given.files:
            return [], 0
        scan = scan_with_file(self.given.columns, self.paths(self.given.files))
        found = dict(
            self.cursor.execute(
                f"SELECT assetflow_file, count(*) FROM (SELECT * FROM ({scan}) AS old WHERE {self.near(keys, names)}) "
                f"AS old SEMI JOIN {keys} AS keys ON {' AND '.join(conditions)} GROUP BY ALL"
            ).fetchall()
        )
        touched = [file for at, file in enumerate(self.given.files) if at in found]
        return touched, sum(found.values())

    def match(self, answer: Answer) -> str:
        keys = [row[0] for row in self.cursor.execute(f"DESCRIBE {answer.keys}").fetchall()]
        return " AND ".join(
            f"old.{quote_identifier(name)} IS NOT DISTINCT FROM keys.{key}"
            for name, key in zip(answer.key_columns, keys, strict=True)
        )

    def paths(self, files: Sequence[SnapshotFile]) -> list[str]:
        return [os.path.join(self.given.root, file.path) for file in files]

    def staged_with(
        self, sql: str, stay: Sequence[SnapshotFile], how: str, *, in_order: bool = False, keeps_order: bool = False
    ) -> Refreshed:
        """Write rows, and put the new file together with those that stay."""
        staged = stage_query(self.cursor, sql, self.folder, reads=self.reads, spread=not in_order)
        if staged.columns != self.given.columns:
            raise Refused("its rows are stored otherwise than before")
        if staged.rows == 0 and stay:
            new: tuple[SnapshotFile, ...] = ()
        else:
            new = staged.files
        return Refreshed(self.combined(staged, stay, new), how, in_order or keeps_order)

    def combined(self, staged: Staged, stay: Sequence[SnapshotFile], new: Sequence[SnapshotFile]) -> Staged:
        """The digests of old and new files together, without a look into the old ones where their sums are known."""
        columns = self.given.columns
        known = {**self.given.sums, **{(one.file, one.key): one.sums for one in staged.sums}}
        found: list[FileSums] = list(staged.sums)
        files = [*stay, *new]
        narrow = [read for read in readable(columns, self.reads) if not read.ordered]
        for file in stay:
            if (file.sha256, sums_key(columns, ReadSet())) not in known:
                found += self.sum_up(file, known)
        digests = []
        for read in (ReadSet(), *narrow):
            key = sums_key(columns, read)
            if all((file.sha256, key) in known for file in files):
                total = sum((known[file.sha256, key] for file in files), Sums(0, 0, 0))
                digests.append((read, digest_of(columns, read, total)))
        (_, digest), *projections = digests
        return replace(
            staged, files=tuple(files), rows=sum(file.rows for file in files), bytes=sum(file.bytes for file in files),
            digest=digest, projections=tuple(projections), sums=tuple(found),
        )  # fmt: skip

    def sum_up(self, file: SnapshotFile, known: dict[tuple[str, str], Sums]) -> list[FileSums]:
        columns = self.given.columns
        wanted = [read for read in (ReadSet(), *readable(columns, self.reads)) if not read.ordered]
        _, totals = sums(self.cursor, scan_of(self.paths([file])), columns, wanted, about=file.rows)
        found = [FileSums(file.sha256, sums_key(columns, read), one) for read, one in zip(wanted, totals, strict=True)]
        known.update({(one.file, one.key): one.sums for one in found})
        return found


def words(answer: Answer) -> str:
    """What was done, as a person says it."""
    for rule in reversed(answer.rules):
        if rule.name != "unchanged":
            return {"append": "added", "linear": "added and taken out"}.get(rule.name, str(rule))
    return "unchanged"


def view(cursor: Cursor, name: str, sql: str) -> None:
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} AS {sql}")


def has_rows(cursor: Cursor, name: str, condition: str = "true") -> bool:
    asked = f"SELECT EXISTS(FROM {quote_identifier(name)} WHERE {condition})"
    return bool(cursor.execute(asked).fetchall()[0][0])
