"""Makes partitions: a worker's work for an asset that is cut into some.

PartTask(keys)  --survey-->   which keys there are
                --compute-->  one PartBuilt for each key: staged files, digest, what the checks found
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.check import Check, CheckResult, looks_at_rows_alone
from assetflow.engines import PartitionKey, Table, Where
from assetflow.errors import AssetError
from assetflow.incremental.refused import Refused
from assetflow.lineage.sql_tokens import with_values
from assetflow.materialization import Column, SnapshotFile
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import AT, LABEL, KeyColumns, WrongColumnError, key_of_row, refuse_kind
from assetflow.partitions.parameters import start_and_end, variables
from assetflow.partitions.partitioning import Dimension, Link, Partitioning
from assetflow.partitions.ranges import NONE, POINT, widened
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.quoting import quote_literal
from assetflow.running.body import evaluate
from assetflow.running.checking import Subject, check_rows
from assetflow.running.partition_changes import columns_linked, is_parametrized, key_columns, link_of, link_picked
from assetflow.running.promised import keep_contract
from assetflow.running.seen import Seen, confirmed
from assetflow.running.task import Built, Task, finished, where_of
from assetflow.running.workshop import Workplace, Workshop, workshop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.warehouse.snapshots import Staged

ROWS = "assetflow_rows"
SHOWN = 3
"""Wrong keys that an error names."""


@dataclass(frozen=True, slots=True)
class PartTask:
    """Some partitions of one asset. `task` is what would be done for all of it.

    `is_packed`: they have few rows, and are put into one file together.
    """

    task: Task
    keys: tuple[Key, ...]
    is_packed: bool = False


@dataclass(frozen=True, slots=True)
class PartBuilt:
    """What was made of one partition, or of several that share a file: `rows` are those of each."""

    keys: tuple[Key, ...]
    built: Built
    rows: tuple[int, ...]


Found = dict[tuple[Key, ...], "Staged"]
"""What was staged, by the partitions that stand in it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The keys that there are, each with its number of rows, and how many rows lie outside of the declared time."""

    keys: tuple[tuple[Key, int], ...]
    outside: int = 0


@dataclass(frozen=True, slots=True)
class SurveyTask:
    """A look for the keys that an asset has in a slice."""

    task: Task
    keys: Slice


def is_batched(asset: Asset) -> bool:
    """True for SQL that knows nothing of partitions: many of them are made by one query."""
    return asset.kind == "sql" and not is_parametrized(asset)


# Which keys there are


def survey(wanted: SurveyTask, place: Workplace) -> Survey:
    """Find the keys; AssetError for rows that can belong to no partition."""
    task, shop = wanted.task, workshop(place)
    asset, cut = task.asset, partitioning(task.asset.partition)
    where = where_of(asset, place.root)
    cursor = shop.session.cursor()
    try:
        shop.session.attach(task.tables, cursor)
        keys = keys_of_query(task, shop, cursor, where) if is_batched(asset) else keys_of_upstreams(task, cursor)
        found = list(keys)
    finally:
        cursor.close()
    rows: dict[Key, int] = {}
    outside, wrong = 0, []
    for row, count in found:
        key = key_of_row(row)
        if key is not None and cut.holds(key):
            rows[key] = count
        elif key is not None and cut.is_before_or_after(key):
            outside += count
        elif is_batched(asset) or key is not None:
            wrong.append((row, count))
    if wrong:
        raise wrong_rows(asset, cut, wrong)
    domain = cut.domain
    rows = {key: count for key, count in rows.items() if key in wanted.keys}
    if domain.is_finite:
        rows = {**dict.fromkeys(domain & wanted.keys, 0), **rows}
    return Survey(tuple(sorted(rows.items())), outside)


Counted = Iterator[tuple[tuple[object, ...], int]]


def keys_of_query(task: Task, shop: Workshop, cursor: Cursor, where: Where) -> Counted:
    """The keys of the rows of a query: DuckDB makes no more of them than that takes."""
    from assetflow.engines.duckdb import sql_errors

    sql = task.asset.sql or ""
    with sql_errors(cursor, sql, where):
        result = evaluate(task, shop, cursor, where)
        keys = keys_of(task.asset, result, where)
        asked = f"SELECT {keys.names}, count(*) FROM (SELECT {keys.listed} FROM ({result.sql}\n)) GROUP BY ALL"
        for *row, count in result.cursor.execute(asked).fetchall():
            yield tuple(row), int(count)


def keys_of_upstreams(task: Task, cursor: Cursor) -> Counted:
    """The keys of the rows that functions, and SQL that is run for each partition, are given."""
    asset, cut = task.asset, partitioning(task.asset.partition)
    known = False
    for table in task.tables:
        if table.name not in asset.upstreams:
            continue
        columns = linked(asset, cut, table, cursor)
        if columns is None or None in columns.columns:
            continue
        known = True
        asked = f"SELECT {columns.names}, count(*) FROM (SELECT {columns.listed} FROM ({table.sql})) GROUP BY ALL"
        for *row, count in cursor.execute(asked).fetchall():
            if None not in row:
                yield tuple(row), int(count)
    if not known and not cut.domain.is_finite:
        raise AssetError(
            f"nothing tells which partitions it has: no upstream has {' and '.join(d.column for d in cut.dimensions)}",
            path=asset.path,
            line=asset.line,
            hint="Say where they end (end = ..., values = [...]), or which column of an upstream tells: "
            'upstreams = { sales = { column = "sold_at" } }.',
        )


def linked(asset: Asset, cut: Partitioning, table: Table, cursor: Cursor) -> KeyColumns | None:
    """The columns of an upstream that tell which of its rows a partition is given; None: all of them."""
    relation = cursor.sql(table.sql)
    columns = [Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
    link = link_of(asset, cut, table.name) or link_told(asset, cut, table.name, columns)
    found = columns_linked(cut, link, columns)
    if found is not None:
        for dimension, column in found.pairs:
            if column is not None:
                refuse_wrong(asset, dimension, column, f"{table.name}.{column[0]}")
    elif link.columns and not link.is_all:
        raise AssetError(
            f"{table.name} has no column {link.columns[0][1]}, by which its partitions are told",
            path=asset.path,
            line=asset.line,
            hint=f"It has {', '.join(column.name for column in columns)}.",
        )
    return found


def link_told(asset: Asset, cut: Partitioning, upstream: str, columns: Sequence[Column]) -> Link:
    """The columns of an upstream that SQL, which speaks of its partition, compares with it."""
    from assetflow.incremental.picked import picked

    return link_picked(cut, picked(asset.sql or "", {upstream: [column.name for column in columns]})[upstream])


def refuse_wrong(asset: Asset, dimension: Dimension, column: tuple[str, str], name: str) -> None:
    """AssetError for a column whose type cannot be part of a key."""
    try:
        refuse_kind(dimension, column[1])
    except WrongColumnError as error:
        raise AssetError(f"the column {name} {error}", path=asset.path, line=asset.line) from None


def keys_of(asset: Asset, result: Result, where: Where) -> KeyColumns:
    """The key columns of what an asset made; AssetError where it has not got them."""
    relation = result.cursor.sql(result.sql or "")
    made = [Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
    cut = partitioning(asset.partition)
    try:
        found = key_columns(asset, cut, made)
    except Refused as refused:
        listed = ", ".join(column.name for column in made)
        raise AssetError(
            f"{refused.what}, by which it is cut into partitions", path=where.path, line=where.line,
            hint=f"It has {listed}.",
        ) from None  # fmt: skip
    for dimension, column in found.pairs:
        if column is not None:
            refuse_wrong(asset, dimension, column, column[0])
    return found


def wrong_rows(asset: Asset, cut: Partitioning, wrong: Sequence[tuple[tuple[object, ...], int]]) -> AssetError:
    """The error for rows whose keys belong to no partition, or to others than were made."""
    count = sum(rows for _, rows in wrong)
    columns = [each.column for each in cut.dimensions]
    said = ", ".join(key_told(cut, row) for row, _ in wrong[:SHOWN])
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    nulls = any(key_of_row(row) is None for row, _ in wrong)
    hint = f"Filter such rows out, or give them a value with coalesce({columns[0]}, ...)." if nulls else None
    listed = any(each.values is not None for each in cut.dimensions)
    return AssetError(
        f"{count:,} row{'s' * (count != 1)} belong{'s' * (count == 1)} to no partition of it: "
        f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} {said}{more}",
        path=asset.path,
        line=asset.line,
        hint=hint or ("List these values in its partition, too, or leave `values` out." if listed else
                      "What is made for one partition must lie in it; rows are never dropped."),
    )  # fmt: skip


def key_told(cut: Partitioning, row: Sequence[object]) -> str:
    key = key_of_row(row)
    return "NULL" if key is None else cut.shown(key)


# Making them


def compute_parts(wanted: PartTask, place: Workplace) -> tuple[PartBuilt, ...]:
    """Make the rows of some partitions, one file each, and check them; AssetError when that fails for any of them."""
    began = time.perf_counter()
    task, shop = wanted.task, workshop(place)
    os.makedirs(task.staging, exist_ok=True)
    attempts = task.asset.retries + 1
    for attempt in range(1, attempts + 1):
        try:
            parts = compute_once(wanted, shop)
        except AssetError:
            if attempt == attempts or shop.stopping.wait(task.asset.retry_delay):
                raise
        else:
            took = (time.perf_counter() - began) / max(len(parts), 1)
            return tuple(replace(part, built=finished(part.built, took, attempt)) for part in parts)
    raise AssertionError("the last attempt returns or raises")


def compute_once(wanted: PartTask, shop: Workshop) -> tuple[PartBuilt, ...]:
    from assetflow.engines.limit import time_limit

    task, asset = wanted.task, wanted.task.asset
    where = where_of(asset, shop.place.root)
    cursor = shop.session.cursor()
    seen: dict[str, Seen] = {}
    try:
        with time_limit(asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
            given = task if is_batched(asset) else narrowed(task, wanted.keys, cursor)
            shop.session.attach(given.tables, cursor)
            result = evaluate(given, shop, cursor, where, seen)
            limit.also(result.cursor.interrupt)
            staged, rows = stage_parts(result, wanted, where)
        for one in staged.values():
            keep_contract(asset, one.columns, cursor)
            break
        found = checked(wanted, staged, shop)
    finally:
        cursor.close()
    read = confirmed(asset.name, seen, task.watching)
    return tuple(
        PartBuilt(
            keys,
            Built(
                one.columns, one.files, one.rows, one.bytes, one.digest, 0.0,
                checks=found.get(keys, ()), projections=one.projections, reads=read.reads, surprises=read.surprises,
                warnings=read.warnings, sums=one.sums if one.rows else (),
            ),
            tuple(rows.get(key, 0) for key in keys),
        )
        for keys, one in staged.items()
    )  # fmt: skip


def narrowed(task: Task, keys: Sequence[Key], cursor: Cursor) -> Task:
    """The task for one partition: its SQL with the key put in, or upstreams with only the rows that it is given."""
    asset, cut = task.asset, partitioning(task.asset.partition)
    (key,) = keys
    if asset.kind == "sql":
        return replace(task, asset=asset._replace(sql=with_values(asset.sql or "", variables(cut, key))))
    tables = tuple(
        slice_table(asset, cut, table, key, cursor) if table.name in asset.upstreams else table for table in task.tables
    )
    return replace(task, tables=tables, partition=PartitionKey(cut.shown(key), *start_and_end(cut, key)))


def slice_table(asset: Asset, cut: Partitioning, table: Table, key: Key, cursor: Cursor) -> Table:
    """Those rows of an upstream that one partition is given."""
    columns = linked(asset, cut, table, cursor)
    if columns is None:
        return table
    link = link_of(asset, cut, table.name) or Link()
    at, label = key
    places = widened(((at, at + 1),), link.low, link.high) if cut.time else POINT
    read = Slice(NONE, {label: places})
    return Table(table.name, f"SELECT * FROM ({table.sql}) WHERE {columns.within(read)}")


def stage_parts(result: Result, wanted: PartTask, where: Where) -> tuple[Found, dict[Key, int]]:
    """Write the rows of the partitions, and count those of each; AssetError for rows of others."""
    from assetflow.engines.duckdb import sql_errors
    from assetflow.engines.python import user_errors
    from assetflow.warehouse.snapshots import scan_of

    task, cursor = wanted.task, result.cursor
    if result.file is not None:
        result = replace(result, sql=f"SELECT * FROM {scan_of([result.file])}", file=None)
    sql = result.sql or ""
    cut = partitioning(task.asset.partition)
    with user_errors(where), sql_errors(cursor, sql, where):
        keys = keys_of(task.asset, result, where)
        within = f" WHERE {keys.within(slice_of(wanted.keys))}" if is_batched(task.asset) else ""
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {ROWS} AS SELECT *, {keys.listed} FROM ({sql}\n){within}")
        counted = cursor.execute(f"SELECT {keys.names}, count(*) FROM {ROWS} GROUP BY ALL").fetchall()
        there = [(tuple(row), int(count)) for *row, count in counted]
        own = frozenset(wanted.keys)
        wrong = [(row, count) for row, count in there if key_of_row(row) not in own]
        if wrong:
            raise wrong_rows(task.asset, cut, wrong)
        rows = {key: count for row, count in there if (key := key_of_row(row)) is not None}
        found = stage_packed(wanted, keys, cursor) if wanted.is_packed else stage_each(wanted, keys, rows, cursor)
        cursor.execute(f"DROP TABLE {ROWS}")
    return found, rows


def stage_packed(wanted: PartTask, keys: KeyColumns, cursor: Cursor) -> Found:
    """Write the rows of all partitions into one file."""
    from assetflow.warehouse.snapshots import stage_query

    task = wanted.task
    all_rows = f"SELECT * EXCLUDE ({keys.names}) FROM {ROWS}"
    return {wanted.keys: stage_query(cursor, all_rows, task.staging, "parts.parquet", reads=task.read_sets)}


def stage_each(wanted: PartTask, keys: KeyColumns, rows: Mapping[Key, int], cursor: Cursor) -> Found:
    """Write the rows of each partition into a file of its own; those without rows share one."""
    from assetflow.warehouse.snapshots import stage_query

    task = wanted.task
    found: Found = {}
    empty: Staged | None = None
    for number, key in enumerate(wanted.keys):
        condition = same_key(keys, key) if key in rows else "false"
        own = f"SELECT * EXCLUDE ({keys.names}) FROM {ROWS} WHERE {condition}"
        if key in rows:
            found[(key,)] = stage_query(cursor, own, task.staging, f"part-{number}.parquet", reads=task.read_sets)
        else:
            empty = empty or stage_query(cursor, own, task.staging, "empty.parquet", reads=task.read_sets)
            found[(key,)] = empty
    return found


def same_key(keys: KeyColumns, key: Key) -> str:
    at, label = key
    said = [f"{AT} = {at}", *(f"{LABEL}{number} = {quote_literal(value)}" for number, value in enumerate(label))]
    return " AND ".join(said)


# Checks


def checked(wanted: PartTask, staged: Found, shop: Workshop) -> dict[tuple[Key, ...], tuple[CheckResult, ...]]:
    """What the checks say of each partition. They are run over all at once; only where one fails, over each."""
    asset = wanted.task.asset
    checks = tuple(check for check in asset.checks if tells_of_parts(check))
    if not checks or not staged:
        return {}
    whole = check_staged(wanted, list(staged.values()), checks, shop, "all")
    if all(result.ok for result in whole) or len(staged) == 1:
        return dict.fromkeys(staged, whole)
    return {
        key: check_staged(wanted, [one], checks, shop, str(number)) for number, (key, one) in enumerate(staged.items())
    }


def tells_of_parts(check: Check) -> bool:
    """True for a check that fails for the whole table when it fails for a part of it."""
    return looks_at_rows_alone(check) or check.name.startswith("unique")


def check_staged(
    wanted: PartTask, staged: Sequence[Staged], checks: tuple[Check, ...], shop: Workshop, folder: str
) -> tuple[CheckResult, ...]:
    from assetflow.warehouse.snapshots import scan_files

    task = wanted.task
    paths = [file.path for one in staged for file in one.files]
    sql = scan_files(staged[0].columns, paths)
    subject = Subject(
        task.asset.name, sql, checks, os.path.join(task.staging, f"checks-{folder}"), task.now, task.run_id,
    )  # fmt: skip
    return check_rows(subject, (*task.tables, *task.check_tables), shop)


def table_of_files(name: str, columns: Sequence[Column], files: Sequence[SnapshotFile], root: str) -> Table:
    """A table that is put together and not published yet."""
    from assetflow.warehouse.snapshots import scan_files

    paths = tuple(os.path.join(root, file.path) for file in files)
    return Table(name, scan_files(columns, paths), paths, any(column.stored_as for column in columns))
