"""Which cause made which row change: counted over tables in which one cause alone was at work.

before -> after      the change, row by row (a row is told apart by a key; without one, by all of its values)
base   -> world      what a single cause does: it accounts for a row when it takes it from how it was to how it is
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.materialization import Column
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

DIGITS = {"FLOAT": 5, "DOUBLE": 9}
"""Digits behind the first that count: those behind them depend on the order in which numbers were added up."""


class Cause(Struct, frozen=True):
    """A table without one cause and with it, as SELECTs; None where it could not be made."""

    base: str | None
    world: str | None


class Split(Struct, frozen=True):
    """Changed rows, counted: those that each cause alone accounts for (`rows`, in the order of the causes), those that
    `several` causes do, each by itself, and those that need some of them `together`.
    """

    rows: tuple[int, ...]
    several: int
    together: int

    @property
    def total(self) -> int:
        return sum(self.rows) + self.several + self.together


def split(
    cursor: Cursor, before: str, after: str, causes: Sequence[Cause], columns: Sequence[Column], key: Sequence[str]
) -> Split:
    """Count the rows of a change by what made them change; a row counts once."""
    ends = (before, after)
    others_made = dict.fromkeys(sql for one in causes for sql in (one.base, one.world) if sql and sql not in ends)
    tables = (*ends, *others_made)
    at = {sql: number for number, sql in enumerate(tables)}
    told_apart = tuple(key) or tuple(column.name for column in columns)
    others = [column.name for column in columns if column.name not in told_apart]
    for number, sql in enumerate(tables):
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {table(number)} AS {with_few_digits(sql, columns)}")
    note_moved(cursor, told_apart, columns)
    seen = " UNION ALL ".join(rows_of(number, told_apart, others) for number in range(len(tables)))
    state = "list(__state ORDER BY __state)" if key else "count(*)"
    states = ", ".join(f"{state} FILTER (WHERE __side = {number}) AS s{number}" for number in range(len(tables)))
    grouped = f"SELECT {states} FROM ({seen}) GROUP BY {', '.join(map(quote_identifier, told_apart))}"
    weight = "1" if key else "abs(s1 - s0)"
    suffice = [suffices(one, at, keyed=bool(key)) for one in causes]
    alone = " + ".join(f"({each})::INT" for each in suffice) or "0"
    counts = [f"coalesce(sum(weight) FILTER (alone = 1 AND by{n}), 0)" for n in range(len(suffice))]
    flags = "".join(f", {each} AS by{n}" for n, each in enumerate(suffice))
    told = cursor.execute(
        f"SELECT coalesce(sum(weight) FILTER (alone > 1), 0), coalesce(sum(weight) FILTER (alone = 0), 0)"
        f"{''.join(f', {each}' for each in counts)} FROM (SELECT {weight} AS weight, {alone} AS alone{flags} "
        f"FROM ({grouped}) WHERE s0 IS DISTINCT FROM s1)"
    ).fetchall()[0]
    several, together, *by = map(int, told)
    return Split(tuple(by), several, together)


def is_alike(cursor: Cursor, one: str, other: str, columns: Sequence[Column]) -> bool:
    """True for tables of the same rows but for the last digits of floating-point numbers."""
    return split(cursor, one, other, (), columns, ()).total == 0


def table(number: int) -> str:
    return f"__split_{number}"


def with_few_digits(sql: str, columns: Sequence[Column]) -> str:
    """The columns that are compared, with floating-point numbers as text of the digits that count."""
    listed = []
    for column in columns:
        name, digits = quote_identifier(column.name), DIGITS.get(column.type)
        listed.append(name if digits is None else f"format('{{:.{digits}e}}', {name}) AS {name}")
    return f"SELECT {', '.join(listed)} FROM ({sql})"


def note_moved(cursor: Cursor, told_apart: Sequence[str], columns: Sequence[Column]) -> None:
    """Keep the hashes of what tells changed rows apart: only these rows need be looked at in the other tables.

    A hash takes NULL for NULL, which a join does not; a few rows too many do no harm.
    """
    listed = ", ".join(quote_identifier(column.name) for column in columns)
    keys = ", ".join(map(quote_identifier, told_apart))
    gone, come = (
        f"SELECT {listed} FROM {table(one)} EXCEPT ALL SELECT {listed} FROM {table(other)}"
        for one, other in ((0, 1), (1, 0))
    )
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE __split_moved AS "
        f"SELECT DISTINCT hash({keys}) AS h FROM (({gone}) UNION ALL ({come}))"
    )


def rows_of(number: int, told_apart: Sequence[str], others: Sequence[str]) -> str:
    keys = ", ".join(map(quote_identifier, told_apart))
    state = f"row({', '.join(map(quote_identifier, others))})" if others else "1"
    moved = f"hash({keys}) IN (SELECT h FROM __split_moved)"
    return f"SELECT {number} AS __side, {keys}, {state} AS __state FROM {table(number)} WHERE {moved}"


def suffices(cause: Cause, at: dict[str, int], *, keyed: bool) -> str:
    """True where a row is as before without the cause, and as after with it.

    Of a row that goes, it counts that it goes: without the cause it may hold other values than before.
    """
    if cause.base is None or cause.world is None:
        return "false"
    base, world = f"s{at[cause.base]}", f"s{at[cause.world]}"
    goes = f" OR (s1 IS NULL AND s0 IS NOT NULL AND {base} IS NOT NULL)" if keyed else ""
    return f"(({base} IS NOT DISTINCT FROM s0{goes}) AND {world} IS NOT DISTINCT FROM s1)"
