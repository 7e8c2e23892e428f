"""Temporary views and tables on a cursor, and the numbers that are asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def make_view(cursor: Cursor, name: str, sql: str, *, looks: bool = False) -> None:
    """Make rows readable under a name; `looks`: at their files, too, which otherwise the first query does."""
    how = "" if looks else " WITH (DEFER_BINDING)"
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)}{how} AS {sql}")


def make_table(cursor: Cursor, name: str, sql: str) -> None:
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {quote_identifier(name)} AS {sql}")


def numbers(cursor: Cursor, asked: str) -> tuple[int, ...]:
    """The numbers that a SELECT of one row gives."""
    return tuple(map(int, cursor.execute(f"SELECT {asked}").fetchall()[0]))


def counted(cursor: Cursor, asked: str) -> dict[int, int]:
    """How many rows there are of each number: what a SELECT of both gives."""
    return {int(at): int(count) for at, count in cursor.execute(f"SELECT {asked}").fetchall()}
