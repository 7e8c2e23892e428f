"""Writes the rows of partitions into files: one for each, or one for many that have few rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.engines import Where
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import AT, LABEL, KeyColumns, key_of_row
from assetflow.partitions.slices import Key, slice_of
from assetflow.quoting import quote_literal
from assetflow.running.partitions.failures import wrong_rows
from assetflow.running.partitions.own_keys import keys_of
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.tasks import PartTask

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.warehouse.content.reading import Staged

ROWS = "assetflow_rows"

Found = dict[tuple[Key, ...], "Staged"]
"""What was staged, by the partitions that stand in it."""


def stage_parts(result: Result, wanted: PartTask, where: Where) -> tuple[Found, dict[Key, int]]:
    """Write the rows of the partitions, and count those of each; AssetError for rows of others."""
    from assetflow.engines.frames import read_errors
    from assetflow.warehouse.content.scans import scan_of

    task, cursor = wanted.task, result.cursor
    if result.file is not None:
        result = replace(result, sql=f"SELECT * FROM {scan_of([result.file])}", file=None)
    sql = result.sql or ""
    cut = partitioning(task.asset.partition)
    with read_errors(result, where):
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
    from assetflow.warehouse.content.staging import stage_query

    task = wanted.task
    all_rows = f"SELECT * EXCLUDE ({keys.names}) FROM {ROWS}"
    staged = stage_query(cursor, all_rows, task.staging, "parts.parquet", reads=task.read_sets, with_bounds=True)
    return {wanted.keys: staged}


def stage_each(wanted: PartTask, keys: KeyColumns, rows: Mapping[Key, int], cursor: Cursor) -> Found:
    """Write the rows of each partition into a file of its own; those without rows share one."""
    from assetflow.warehouse.content.staging import stage_query

    task = wanted.task
    found: Found = {}
    empty: Staged | None = None
    for number, key in enumerate(wanted.keys):
        condition = same_key(key) if key in rows else "false"
        own = f"SELECT * EXCLUDE ({keys.names}) FROM {ROWS} WHERE {condition}"
        if key in rows:
            found[(key,)] = stage_query(
                cursor, own, task.staging, f"part-{number}.parquet", reads=task.read_sets, with_bounds=True
            )
        else:
            empty = empty or stage_query(cursor, own, task.staging, "empty.parquet", reads=task.read_sets)
            found[(key,)] = empty
    return found


def same_key(key: Key) -> str:
    at, label = key
    said = [f"{AT} = {at}", *(f"{LABEL}{number} = {quote_literal(value)}" for number, value in enumerate(label))]
    return " AND ".join(said)
