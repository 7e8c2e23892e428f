"""Which partitions there are of what is made one partition at a time: those for which its upstreams have rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.engines import Table
from assetflow.partitions.declared import partitioning
from assetflow.running.partitions.given import linked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Counted = Iterator[tuple[tuple[object, ...], int]]
"""Keys, as `KeyColumns.listed` gives them, each with its number of rows."""


def keys_of_upstreams(asset: Asset, tables: Iterable[Table], cursor: Cursor) -> Counted:
    """The keys of the rows that functions, and SQL that is run for each partition, are given."""
    cut = partitioning(asset.partition)
    known = False
    for table in tables:
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
        raise asset.error(
            f"nothing tells which partitions it has: no upstream has {' and '.join(d.column for d in cut.dimensions)}",
            hint="Say where they end (end = ..., values = [...]), or which column of an upstream tells: "
            'upstreams = { sales = { column = "sold_at" } }.',
        )
