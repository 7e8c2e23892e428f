"""The difference of two bags of rows: how often a row is there more in one than in the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.incremental.exact import is_inexact
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.bounds import is_ordered

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

FLOATS = ("FLOAT", "DOUBLE")
ONE_DRAWN_OF, ENOUGH_DRAWN = 64, 100
MOST_REPLACED, LEAST_STAYING = 0.1, 0.5
"""Shares of rows that are there before and after."""
OURS = "assetflow_"
"""How the columns begin that are put beside those of a table."""


class Difference(Struct, frozen=True):
    """SELECTs of the rows that came and of those that went, each as often as it did; None: none.

    `is_of_single_rows`: each did once.
    """

    came: str | None
    went: str | None
    is_of_single_rows: bool = False


def difference_of(
    cursor: Cursor, table: str, columns: Sequence[Column], plus: str, minus: str, *, is_aligned: bool = False
) -> Difference:
    """Make a temporary table of the difference of two SELECTs, and say how to read it.

    `is_aligned`: most rows stand in the same place of both. That takes less time then, and gives the same otherwise.
    """
    made = aligned_difference if is_aligned else plain_difference
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {made(columns, plus, minus)}")
    most, least = cursor.execute(f"SELECT max(assetflow_times), min(assetflow_times) FROM {table}").fetchall()[0]
    listed = ", ".join(quote_identifier(column.name) for column in columns)
    most, least = most or 0, -(least or 0)
    return Difference(
        repeated(listed, table, "assetflow_times", most),
        repeated(listed, table, "-assetflow_times", least),
        max(most, least) <= 1,
    )


def is_replaced(alike: float | None) -> bool:
    """True where hardly a row stayed: netting what came and what went would be in vain."""
    return alike is not None and alike < MOST_REPLACED


def mostly_stays(alike: float | None) -> bool:
    """True where most rows stayed, and so mostly stand where they stood."""
    return alike is not None and alike > LEAST_STAYING


def share_alike(
    cursor: Cursor, columns: Sequence[Column], plus: str, minus: str, rows: int | None = None
) -> float | None:
    """How large a share of the rows of two SELECTs is in both, as a sample tells; None where there are too few `rows`.

    They are drawn by their hashes, so that equal ones are drawn from both, wherever these stand.
    """
    if rows is not None and rows < ONE_DRAWN_OF * ENOUGH_DRAWN:
        return None
    names = ", ".join(quote_identifier(column.name) for column in columns if is_ordered(column.type))
    if not names:
        return None
    hashes = " UNION ALL ".join(
        f"(SELECT hash({names}) AS hash, {sign} AS sign FROM ({sql}))" for sql, sign in ((plus, 1), (minus, -1))
    )
    drawn = f"SELECT sum(sign) AS times FROM ({hashes}) WHERE hash % {ONE_DRAWN_OF} = 0 GROUP BY hash"
    found = cursor.execute(f"SELECT count(*), count(*) FILTER (times = 0) FROM ({drawn})").fetchall()
    kinds, alike = map(int, found[0])
    return alike / kinds if kinds >= ENOUGH_DRAWN else None


def repeated(listed: str, table: str, count: str, most: int) -> str | None:
    """SQL of the rows of a table, each as often as a column counts it, which is at `most` so often; None: no rows."""
    if most <= 0:
        return None
    if most == 1:  # the usual case, at half the price
        return f"SELECT {listed} FROM {table} WHERE {count} > 0"
    return f"SELECT {listed} FROM {table}, range({count}) AS times(assetflow_nth) WHERE {count} > 0"


def plain_difference(columns: Sequence[Column], plus: str, minus: str) -> str:
    return bag_difference(columns, [(plus, 1), (minus, -1)])


def aligned_difference(columns: Sequence[Column], plus: str, minus: str) -> str:
    """`plain_difference` of the rows alone that differ from the one in the same place; the others cancel each other."""
    refuse_like_ours(columns)
    sides, terms, told = [], [], []
    for side, sql, sign in (("plus", plus, 1), ("minus", minus, -1)):
        renamed = [Column(f"assetflow_{side}_{at}", column.type) for at, column in enumerate(columns)]
        pairs = [(quote_identifier(old.name), new.name) for old, new in zip(columns, renamed, strict=True)]
        shown = ", ".join(f"{old} AS {new}" for old, new in pairs)
        sides.append(f"(SELECT true AS assetflow_is_{side}, {shown} FROM ({sql}))")
        back = ", ".join(f"{new} AS {old}" for old, new in pairs)
        terms.append((f"SELECT {back} FROM assetflow_pairs WHERE assetflow_is_{side}", sign))
        told.append([f"assetflow_is_{side}", *compared(renamed)])
    differ = " OR ".join(f"{one} IS DISTINCT FROM {other}" for one, other in zip(*told, strict=True))
    pairs_of = f"SELECT * FROM {sides[0]} POSITIONAL JOIN {sides[1]} WHERE {differ}"
    return f"WITH assetflow_pairs AS MATERIALIZED ({pairs_of}) {bag_difference(columns, terms)}"


def bag_difference(columns: Sequence[Column], terms: Sequence[tuple[str, int]]) -> str:
    """SQL of the rows of all terms, and how often each is there when those of a negative sign are taken off.

    Zeros of either sign are equal to DuckDB, and still two values.
    """
    refuse_like_ours(columns)
    names = ", ".join(quote_identifier(column.name) for column in columns)
    groups = ", ".join(compared(columns))
    union = " UNION ALL ".join(f"(SELECT *, {sign} AS assetflow_sign FROM ({sql}))" for sql, sign in terms)
    return (
        f"SELECT {names}, sum(assetflow_sign)::BIGINT AS assetflow_times FROM ({union}) "
        f"GROUP BY {groups} HAVING sum(assetflow_sign) <> 0"
    )


def refuse_like_ours(columns: Sequence[Column]) -> None:
    """Refuse a column that would be counted in the place of one of ours."""
    for column in columns:
        if column.name.lower().startswith(OURS):
            raise Refused(f"column {column.name} is called like one by which rows are counted")


def compared(columns: Sequence[Column], table: str = "") -> list[str]:
    """What makes two rows the same, as SQL: the values, and the sign of each number."""
    names = [f"{table}{quote_identifier(column.name)}" for column in columns]
    return [*names, *(f"signbit({name})" for column, name in zip(columns, names, strict=True) if column.type in FLOATS)]


def is_inexact_inside(kind: str) -> bool:
    """True for types of which two values can be equal and not the same; of plain floats the sign is looked at."""
    return kind not in FLOATS and is_inexact(kind)
