"""Between which values the columns of a file lie, as told by its writer: which files a condition need not look into.

What is not known may be anything: a file that nobody spoke of, a column of another type than was asked for, values that
are not compared as they are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from assetflow.materialization import Bounds, Column
from assetflow.quoting import quote_identifier, quote_literal

INTEGERS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
})  # fmt: skip
TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS"})
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?)?")
"""A day or a time of four digits for the year, of which the texts stand in the order of the times."""

MOST = 32
"""Columns of which it is kept: a few tell which files to pass over, and thousands are as many words in the ledger."""

Value = Any
"""An int, a Decimal or a text: those of one type are compared with each other."""
Told = Mapping[str, Mapping[str, str]]
"""What DuckDB's COPY tells of a file (RETURN_STATS): by the quoted name of a column its statistics, as text."""


class Between(Struct, frozen=True):
    """The least and the greatest value of a column, as DuckDB writes them, and their type."""

    type: str
    least: str
    greatest: str

    @property
    def low(self) -> str:
        """The least one, as SQL."""
        return f"{quote_literal(self.least)}::{self.type}"

    @property
    def high(self) -> str:
        return f"{quote_literal(self.greatest)}::{self.type}"


class Compared(NamedTuple):
    """The least and greatest value of a file, and those that are asked for."""

    least: Value
    greatest: Value
    low: Value
    high: Value


def is_ordered(kind: str) -> bool:
    """True for a type whose text is a literal of the same value.

    Text itself is left out: statistics of long ones are of their first bytes. So are lists, `DECIMAL(9,2)[]`, too.
    """
    return kind in INTEGERS or kind in TIMES or (kind.startswith("DECIMAL(") and kind.endswith(")"))


def bounds_told(columns: Sequence[Column], told: Told) -> dict[str, Bounds]:
    """What there is to remember of a file that was written with these columns."""
    ordered = [(name, kind) for name, kind, stored_as in columns if stored_as is None and is_ordered(kind)]
    said = {name: told.get(quote_identifier(name), {}) for name, _ in ordered[:MOST]}
    return {
        name: Bounds(kind, said[name].get("min"), said[name].get("max"), int(said[name]["null_count"]))
        for name, kind in ordered[:MOST]
        if "null_count" in said[name]
    }


def may_hold(bounds: Bounds | None, between: Between) -> bool:
    """False where no value of a file lies between two values."""
    known = comparable(bounds, between)
    return known is None or not (known.greatest < known.low or known.high < known.least)


def holds_nothing_else(bounds: Bounds | None, between: Between) -> bool:
    """True where all values of a file lie between two values, and none is NULL."""
    known = comparable(bounds, between)
    if bounds is None or known is None:
        return False
    return bounds.nulls == 0 and known.low <= known.least and known.greatest <= known.high


def all_may_hold(bounds: Mapping[str, Bounds], box: Iterable[tuple[str, Between]]) -> bool:
    """False for a file in which no row lies between two values each in all of these columns."""
    return all(may_hold(bounds.get(name), between) for name, between in box)


def all_hold_nothing_else(bounds: Mapping[str, Bounds], box: Iterable[tuple[str, Between]]) -> bool:
    """True for a file of which each row lies between two values each in all of these columns."""
    return all(holds_nothing_else(bounds.get(name), between) for name, between in box)


def comparable(bounds: Bounds | None, between: Between) -> Compared | None:
    """The values of both, by which they are compared; None where that is not understood."""
    if bounds is None or bounds.type != between.type or bounds.least is None or bounds.greatest is None:
        return None
    texts = (bounds.least, bounds.greatest, between.least, between.greatest)
    least, greatest, low, high = (value_of(between.type, text) for text in texts)
    if least is None or greatest is None or low is None or high is None:
        return None
    return Compared(least, greatest, low, high)


def value_of(kind: str, text: str) -> Value | None:
    """What texts of a type are compared by; None for one that is not understood."""
    if kind in INTEGERS:
        return int(text)
    if kind in TIMES:
        return text if PLAIN_TIME.fullmatch(text) else None
    return Decimal(text)
