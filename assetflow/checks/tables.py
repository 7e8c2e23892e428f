"""Checks of a table as a whole, and checks written in SQL; `run_sql` makes any check's final query."""

from __future__ import annotations

import re

from assetflow.check import TABLE, Check
from assetflow.quoting import quote_identifier, quote_literal

NOW = "{now}"
"""Where a check's SQL names the time of the run; replaced by a TIMESTAMPTZ."""

# A quoted text, a quoted name, a comment: braces in these are the user's own.
_QUOTED = r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(?P<tag>\$\w*\$).*?(?P=tag)"""
_PLACEHOLDER = re.compile(rf"{_QUOTED}|(?P<placeholder>\{{table\}}|\{{now\}})", re.DOTALL)


def run_sql(check: Check, table_sql: str, now: str) -> str:
    """The query that returns the failing rows of a check in SQL.

    `table_sql` stands where the check says `{table}`: a table's quoted name, or a SELECT in parentheses. `now` is UTC
    text such as `2026-11-20T02:00:00Z`. ValueError for a check that is a Python function.
    """
    if check.sql is None:
        raise ValueError(f"the check {check.name} is a function, it has no SQL")
    filled = {TABLE: table_sql, NOW: f"CAST({quote_literal(now)} AS TIMESTAMPTZ)"}
    return _PLACEHOLDER.sub(lambda match: filled.get(match[0], match[0]), check.sql)


def row_count(minimum: int | None = None, maximum: int | None = None) -> Check:
    """The table has at least, and at most, so many rows; the failing row is the count."""
    bounds = []
    if minimum is not None:
        bounds.append(f"count(*) < {minimum}")
    if maximum is not None:
        bounds.append(f"count(*) > {maximum}")
    return Check("row_count", f"SELECT count(*) AS row_count FROM {TABLE} HAVING {' OR '.join(bounds)}")


def freshness(column: str, within: str) -> Check:
    """The newest value lies within a time (`2 days`) before the run; the failing row is the newest value.

    A table without any value is not fresh. Times without a zone are UTC, as everywhere in a warehouse.
    """
    newest = f"max(CAST({quote_identifier(column)} AS TIMESTAMPTZ))"
    oldest = f"{NOW} - CAST({quote_literal(within)} AS INTERVAL)"
    return Check(
        f"freshness({column})",
        f"SELECT {newest} AS newest, {oldest} AS expected_after FROM {TABLE} "
        f"HAVING {newest} IS NULL OR {newest} < {oldest}",
        column=column,
    )


def is_freshness(check: Check) -> bool:
    """True for what `freshness` made: some rows that are fresh enough make the whole table so."""
    if check.sql is None or check.column is None or check.name != f"freshness({check.column})":
        return False
    return check.sql.startswith(f"SELECT max(CAST({quote_identifier(check.column)} AS TIMESTAMPTZ)) AS newest, {NOW} -")


def expression(condition: str) -> Check:
    """Every row satisfies an SQL condition; as in SQL's own CHECK, a condition that is NULL is satisfied."""
    # The line breaks keep a comment at the end of the condition from swallowing the parenthesis.
    return Check(_one_line(condition), f"SELECT * FROM {TABLE} WHERE NOT (\n{condition}\n)")


def sql(asset: str, query: str, upstreams: tuple[str, ...] = ()) -> Check:
    """A query of the user's own returns no rows; it may say `{table}` or the asset's name, and other tables' names."""
    body = query.strip().rstrip(";")
    return Check(
        _one_line(query),
        f"WITH {quote_identifier(asset)} AS (SELECT * FROM {TABLE})\nSELECT * FROM (\n{body}\n)",
        upstreams=upstreams,
    )


def _one_line(text: str) -> str:
    """A condition as a name: on one line, and not longer than a screen is wide."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
