"""Holds the rows that were made to the columns that their asset promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.duck import type_in_full
from assetflow.materialization import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def keep_contract(asset: Asset, columns: tuple[Column, ...], cursor: Cursor) -> None:
    """Refuse rows that break what `columns = {...}` promises: each named column is there, with that type."""
    found = {column.name.lower(): column for column in columns}
    for name, declared in asset.columns.items():
        column = found.get(name.lower())
        if column is None:
            raise asset.error(
                f"it has no column {name}, which `columns` promises",
                hint=f"It has {', '.join(column.name for column in columns)}.",
            )
        try:
            expected = type_in_full(cursor, declared)
        except Exception as error:
            raise asset.error(f"`columns` says that {name} is {declared!r}, which is no DuckDB type") from error
        if expected != column.type:
            raise asset.error(
                f"column {name} is {column.type}, but `columns` promises {expected}",
                hint=f"Cast it in the query, or change the promise to {column.type}.",
            )
