"""The columns of a table that has no partition yet, and a file that has them and no rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.duck import type_in_full
from assetflow.lineage.sql.tokens import with_values
from assetflow.materialization import Column, SnapshotFile
from assetflow.partitions.parameters import example_key, variables
from assetflow.quoting import quote_identifier
from assetflow.running.partitions.order import PartOrder
from assetflow.running.partitions.sql_forms import is_parametrized
from assetflow.running.tasks.task import where_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def tells_columns(asset: Asset) -> bool:
    """True for an asset whose columns are known without any of its rows."""
    return asset.kind == "sql" or bool(asset.columns)


def columns_declared(order: PartOrder, cursor: Cursor) -> tuple[Column, ...]:
    """As its query tells, or as a function promises; AssetError for a function that promises none."""
    asset = order.asset
    if asset.kind == "sql":
        return columns_of_query(order, cursor)
    if not asset.columns:
        raise asset.error(
            "there is no partition to make: no upstream of it has rows",
            hint="Promise its columns, columns = {...}, and it is an empty table until there is one.",
        )
    return tuple(Column(name, type_in_full(cursor, kind)) for name, kind in asset.columns.items())


def columns_of_query(order: PartOrder, cursor: Cursor) -> tuple[Column, ...]:
    from assetflow.engines.duckdb import sql_errors
    from assetflow.warehouse.content.staging import stage_query

    for table in order.task.tables:
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(table.name)} AS {table.sql}")
    sql = order.asset.sql or ""
    if is_parametrized(order.asset):
        sql = with_values(sql, variables(order.cut, example_key(order.cut)))
    with sql_errors(cursor, sql, where_of(order.asset, order.keeping.order.place.root)):
        folder = os.path.join(order.task.staging, "columns")
        return stage_query(cursor, f"SELECT * FROM ({sql}\n) WHERE false", folder).columns


def empty_file(order: PartOrder, columns: tuple[Column, ...], cursor: Cursor) -> SnapshotFile:
    """A file without rows: a table has columns though none of its partitions has rows."""
    from assetflow.warehouse.content.staging import stage_query

    listed = ", ".join(f"NULL::{one.type} AS {quote_identifier(one.name)}" for one in columns)
    (file,) = stage_query(cursor, f"SELECT {listed} WHERE false", os.path.join(order.task.staging, "empty")).files
    return file
