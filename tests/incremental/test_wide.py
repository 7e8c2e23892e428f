"""A table of thousands of columns: what a refresh costs grows in step with them, and not with their square."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any, cast

import duckdb
import pytest

from assetflow.incremental.answer import SHOWN, Change, version_of
from assetflow.incremental.blocks import take_apart
from assetflow.incremental.ranges import MOST, ranges
from assetflow.incremental.refresh import refresh
from assetflow.lineage.scratch import scratch
from assetflow.warehouse.content.bounds import Between

SHAPES = {
    "sums": ("k", "sum({0}) AS {0}", "GROUP BY k"),
    "sums and how many rows": ("k, count(*) AS n", "sum({0}) AS {0}", "GROUP BY k"),
    "sums that are never NULL": ("k, count(*) AS n", "coalesce(sum({0}), 0)::BIGINT AS {0}", "GROUP BY k"),
    "sums with their counts": ("k", "sum({0}) AS {0}, count({0}) AS n_{0}", "GROUP BY k"),
    "averages": ("k", "avg({0}) AS {0}", "GROUP BY k"),
    "least": ("k", "min({0}) + 1 AS {0}", "GROUP BY k"),
    "keys": ("count(*) AS n", "{0}", "GROUP BY ALL"),
    "windows": ("k, id", "lag({0}) OVER (PARTITION BY k ORDER BY id) AS {0}", ""),
}


class Counted:
    """A cursor whose `execute` is seen by `sys.setprofile`, which does not see DuckDB's own."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.cursor.execute(sql)

    def fetchall(self) -> list[Any]:
        return self.cursor.fetchall()


def cost(shape: str, width: int, *, went: bool) -> tuple[int, int]:
    """How many functions a refresh of so many columns calls, and how often it asks DuckDB."""
    first, each, last = SHAPES[shape]
    names = [f"c{at}" for at in range(width)]
    query = f"SELECT {first}, {', '.join(each.format(name) for name in names)} FROM wide {last}"
    cursor = scratch()
    columns = ", ".join(f"{name} INTEGER" for name in ("id", "k", *names))
    for version in ("new", "old", "plus", "minus"):
        cursor.execute(f"CREATE TEMP TABLE {version_of('wide', version)} ({columns})")
        values = ", ".join(map(str, range(width)))
        for row in {"new": (1, 2, 3), "old": (1, 2, 4), "plus": (3,), "minus": (4,)}[version]:
            cursor.execute(f"INSERT INTO {version_of('wide', version)} VALUES ({row}, {row % 2}, {values})")
    cursor.execute(f"CREATE TEMP TABLE {SHOWN} AS {query}")
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        counts["calls"] += event in ("call", "c_call")
        counts["asked"] += event == "call" and frame.f_code is Counted.execute.__code__

    changes = {"wide": Change(plus=True, minus=went)}
    parts = take_apart(query, frozenset({"wide"}))
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        refresh(cast("duckdb.DuckDBPyConnection", Counted(cursor)), parts, changes, shown=SHOWN, kept=())
    finally:
        sys.setprofile(before)
        cursor.close()
    return counts["calls"], counts["asked"]


@pytest.mark.parametrize(("shape", "went"), [*((shape, False) for shape in SHAPES), ("sums and how many rows", True)])
def test_what_a_refresh_costs_grows_in_step_with_the_columns(shape: str, *, went: bool) -> None:
    cost(shape, 10, went=went)  # what is remembered for good is not counted
    (few, asked_of_few), (many, asked_of_many) = (cost(shape, width, went=went) for width in (20, 80))
    assert many < 6 * few, f"four times the columns: {many / few:.1f} times the work"
    assert asked_of_many == asked_of_few


def test_only_some_columns_tell_which_files_to_pass_over() -> None:
    cursor = scratch()
    names = [f"c{at}" for at in range(2 * MOST)]
    cursor.execute(f"CREATE TEMP TABLE keys AS SELECT {', '.join(f'1 AS {name}' for name in names)}")
    found = ranges(cursor, "keys", [(name, "INTEGER") for name in names])
    assert found == [Between("INTEGER", "1", "1")] * MOST + [None] * MOST
