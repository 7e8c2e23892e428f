"""What a query or a function is given to make one partition: its key, and the rows of upstreams that it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.duck import described
from assetflow.engines import PartitionKey, Table
from assetflow.lineage.sql.tokens import with_values
from assetflow.materialization import Column
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns
from assetflow.partitions.parameters import named, start_and_end, variables
from assetflow.partitions.partitioning import Link, Partitioning
from assetflow.partitions.ranges import NONE, POINT, widened
from assetflow.partitions.slices import Key, Slice
from assetflow.running.partitions.links import columns_linked, link_of, link_picked
from assetflow.running.partitions.own_keys import refuse_wrong
from assetflow.running.tasks.task import Columns, Task
from assetflow.warehouse.views import with_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Reads = tuple[tuple[str, Columns], ...]


def narrowed(task: Task, keys: Sequence[Key], cursor: Cursor) -> Task:
    """The task for one partition: its SQL with the key put in, or upstreams with only the rows that it is given."""
    asset, cut = task.asset, partitioning(task.asset.partition)
    (key,) = keys
    if asset.kind == "sql":
        return replace(task, asset=asset._replace(sql=with_values(asset.sql or "", variables(cut, key))))
    tables = tuple(
        slice_table(asset, cut, table, key, cursor) if table.name in asset.upstreams else table
        for table in by_themselves(task.tables)
    )
    return replace(task, tables=tables, partition=PartitionKey(named(cut, key), *start_and_end(cut, key)))


def by_themselves(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Each view with the tables that it reads before it: it shows all of their rows, also where these are narrowed."""
    found: dict[str, Table] = {}
    for table in tables:
        words = set() if table.files else {*re.findall(r"\w+", table.sql.lower())}
        read = {name: one.sql for name, one in found.items() if name.lower() in words}
        found[table.name] = replace(table, sql=with_tables(read, table.sql))
    return tuple(found.values())


def with_keys(task: Task, reads: Reads, cursor: Cursor) -> Reads:
    """What a function was seen to read, with the columns by which it was given its rows."""
    asset, cut = task.asset, partitioning(task.asset.partition)
    tables = {table.name: table for table in task.tables}
    found = []
    for name, columns in reads:
        keys = None if columns is None else linked(asset, cut, tables[name], cursor)
        picked = () if keys is None else (column[0] for column in keys.columns if column is not None)
        found.append((name, None if columns is None else tuple(sorted({*columns, *picked}))))
    return tuple(found)


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


def linked(asset: Asset, cut: Partitioning, table: Table, cursor: Cursor) -> KeyColumns | None:
    """The columns of an upstream that tell which of its rows a partition is given; None: all of them."""
    columns = [Column(name, kind) for name, kind in described(cursor, table.sql)]
    link = link_of(asset, cut, table.name) or link_told(asset, cut, table.name, columns)
    found = columns_linked(cut, link, columns)
    if found is not None:
        for dimension, column in found.pairs:
            if column is not None:
                refuse_wrong(asset, dimension, column, f"{table.name}.{column[0]}")
    elif link.columns and not link.is_all:
        raise asset.error(
            f"{table.name} has no column {link.columns[0][1]}, by which its partitions are told",
            hint=f"It has {', '.join(column.name for column in columns)}.",
        )
    return found


def link_told(asset: Asset, cut: Partitioning, upstream: str, columns: Sequence[Column]) -> Link:
    """The columns of an upstream that SQL, which speaks of its partition, compares with it."""
    from assetflow.incremental.picked import picked

    return link_picked(cut, picked(asset.sql or "", {upstream: [column.name for column in columns]})[upstream])
