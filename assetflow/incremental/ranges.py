"""Between which values keys lie: a condition that lets DuckDB pass over whole row groups, and changes nothing else.

keys 2024-01-05, 2024-01-07    "day" BETWEEN '2024-01-05'::DATE AND '2024-01-07'::DATE
of date_trunc('month', sold)   sold >= '2024-01-01' - 1 us AND sold < '2024-03-01'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.incremental.tree import without_alias
from assetflow.lineage.sql.tree import Tree, parse
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.bounds import Between, is_ordered

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

MOST = 32
"""Columns of which the values are looked at: a few tell which files to pass over, and thousands take seconds."""
UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute")


def ranges(cursor: Cursor, table: str, columns: Sequence[tuple[str, str]]) -> list[Between | None]:
    """The least and greatest value of each of the first columns.

    None for other types, for NULLs, without rows, and for the columns beyond MOST.
    """
    return counted_ranges(cursor, table, columns)[1]


def counted_ranges(cursor: Cursor, table: str, columns: Sequence[tuple[str, str]]) -> tuple[int, list[Between | None]]:
    """How many rows a table has, and between which values they lie."""
    names = [quote_identifier(name) for name, _ in columns[:MOST]]
    asked = ", ".join(f"min({name})::VARCHAR, max({name})::VARCHAR, count({name})" for name in names)
    total, *found = cursor.execute(f"SELECT count(*), {asked} FROM {quote_identifier(table)}").fetchall()[0]
    made: list[Between | None] = []
    for at, (_, kind) in enumerate(columns[:MOST]):
        least, greatest, count = found[3 * at : 3 * at + 3]
        if not is_ordered(kind) or total == 0 or count < total:
            made.append(None)
        else:
            made.append(Between(kind, least, greatest))
    return total, made + [None] * len(columns[MOST:])


def conditions(expression: Tree, between: Between | None) -> list[Tree]:
    """What holds of the rows whose key lies between two values, said of columns as far as possible."""
    if between is None:
        return []
    least, greatest = between.low, between.high
    if expression["class"] == "COLUMN_REF":
        return [_with("x BETWEEN " + f"{least} AND {greatest}", expression)]
    truncated = _truncated(expression)
    if truncated is None:
        return []
    inner, unit = truncated
    # A time of less than half a microsecond before the day counts as one of that day.
    at_least = _with(f"x >= {least} - INTERVAL '1 microsecond'", inner)
    # Nothing is less than infinity, however long after.
    return [at_least] if "infinity" in greatest else [at_least, _with(f"x < {greatest} + INTERVAL '1 {unit}'", inner)]


def _truncated(expression: Tree) -> tuple[Tree, str] | None:
    """The column and the unit of `date_trunc('month', sold)` and `sold::DATE`; None for all else."""
    if expression["class"] == "CAST" and not expression.get("try_cast"):
        child = expression["child"]
        kind = str((expression.get("type_expr") or {}).get("type_name", ""))
        return (child, "day") if kind.lower() == "date" and child["class"] == "COLUMN_REF" else None
    if expression["class"] != "FUNCTION" or expression["function_name"] != "date_trunc":
        return None
    unit, inner = (each["expression"] for each in expression["arguments"])
    text = str((unit.get("literal") or {}).get("text", "")).lower()
    return (inner, text) if inner["class"] == "COLUMN_REF" and text in UNITS else None


def _with(condition: str, column: Tree) -> Tree:
    """A condition on the column x, said of another expression."""
    tree: Tree = parse(f"SELECT 1 WHERE {condition}").statements[0]["node"]["where_clause"]
    key = "input" if "input" in tree else "left"
    return {**tree, key: without_alias(column)}
