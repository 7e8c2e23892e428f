"""Checks of what a column holds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time

from assetflow.check import TABLE, Check
from assetflow.quoting import quote_identifier, quote_literal

Value = str | int | float | bool | date | datetime | time
"""What TOML and tags can write as a value to compare with; a text is read as the column's type."""


def not_null(column: str) -> Check:
    """No row lacks a value."""
    return Check(f"not_null({column})", _rows_where(f"{quote_identifier(column)} IS NULL"), column=column)


def unique(*columns: str) -> Check:
    """No two rows agree in all of the columns; as in SQL, a row with a NULL among them agrees with none.

    A failing row is one set of values with the number of its rows.
    """
    column = columns[0] if len(columns) == 1 else None
    return Check(f"unique({', '.join(columns)})", _copies(columns, TABLE), column=column)


def unique_columns(check: Check) -> tuple[str, ...]:
    """The columns of which `unique` made a check; none for another check."""
    keys = (check.sql or "").removeprefix("SELECT ").partition(", count(*) AS copies FROM ")[0]
    columns = tuple(name[1:-1].replace('""', '"') for name in re.findall(r'"(?:[^"]|"")*"', keys))
    return columns if columns and check.upstreams == () and unique(*columns).sql == check.sql else ()


def unique_for(columns: Sequence[str], some: str) -> str:
    """The same query for those keys alone that stand in the table `some`."""
    keys = ", ".join(map(quote_identifier, columns))
    return _copies(
        columns, f"{TABLE} AS checked SEMI JOIN (SELECT DISTINCT {keys} FROM {some}) AS those USING ({keys})"
    )


def accepted_values(column: str, values: Sequence[Value]) -> Check:
    """Every value is one of these."""
    accepted = ", ".join(map(literal, values))
    return Check(
        f"accepted_values({column})", _rows_where(f"{quote_identifier(column)} NOT IN ({accepted})"), column=column
    )


def minimum(column: str, value: Value) -> Check:
    """No value is below this one."""
    return Check(f"min({column})", _rows_where(f"{quote_identifier(column)} < {literal(value)}"), column=column)


def maximum(column: str, value: Value) -> Check:
    """No value is above this one."""
    return Check(f"max({column})", _rows_where(f"{quote_identifier(column)} > {literal(value)}"), column=column)


def relationships(column: str, table: str, key: str) -> Check:
    """Every value is found in the column `key` of another table."""
    # Each side has its own name in what DuckDB says of a column that is not there; no table is called like the first.
    mine, other = quote_identifier("its rows"), quote_identifier(table)
    value = f"{mine}.{quote_identifier(column)}"
    return Check(
        f"relationships({column} -> {table}.{key})",
        f"SELECT {mine}.* FROM {TABLE} AS {mine} ANTI JOIN {other} ON {other}.{quote_identifier(key)} = {value} "
        f"WHERE {value} IS NOT NULL",
        upstreams=(table,),
        column=column,
    )


def literal(value: Value) -> str:
    """A value as SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        # Infinity and NaN have no literal of their own.
        return f"CAST({quote_literal(str(value))} AS DOUBLE)"
    if isinstance(value, int | float):
        return repr(value)
    return quote_literal(value if isinstance(value, str) else value.isoformat())


def _copies(columns: Sequence[str], table: str) -> str:
    names = [quote_identifier(column) for column in columns]
    keys, present = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
    return f"SELECT {keys}, count(*) AS copies FROM {table} WHERE {present} GROUP BY {keys} HAVING count(*) > 1"


def _rows_where(condition: str) -> str:
    return f"SELECT * FROM {TABLE} WHERE {condition}"
