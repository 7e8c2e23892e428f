"""Finds which partitions there are, where that is not known: those for which there are rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.engines import Where
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import key_of_row
from assetflow.partitions.slices import Key, Slice
from assetflow.running.bodies.body import evaluate
from assetflow.running.partitions.failures import wrong_rows
from assetflow.running.partitions.own_keys import keys_of
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.upstream_keys import Counted, keys_of_upstreams
from assetflow.running.tasks.task import Task, where_of
from assetflow.running.workshop import Workplace, Workshop, workshop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class SurveyTask(Struct, frozen=True):
    """A look for the keys that an asset has in a slice."""

    task: Task
    keys: Slice


class Survey(Struct, frozen=True):
    """The keys that there are, each with its number of rows, and how many rows lie outside of the declared time."""

    keys: tuple[tuple[Key, int], ...]
    outside: int = 0


def survey(wanted: SurveyTask, place: Workplace) -> Survey:
    """Find the keys; AssetError for rows that can belong to no partition."""
    task, shop = wanted.task, workshop(place)
    asset, cut = task.asset, partitioning(task.asset.partition)
    where = where_of(asset, place.root)
    cursor = shop.session.cursor()
    try:
        shop.session.attach(task.tables, cursor)
        keys = (
            keys_of_query(task, shop, cursor, where)
            if is_batched(asset)
            else keys_of_upstreams(asset, task.tables, cursor)
        )
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
