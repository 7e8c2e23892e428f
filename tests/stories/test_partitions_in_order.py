"""Partitions of what reads rows in their order: one that stands elsewhere counts, and no other partition is made."""

from __future__ import annotations

import pytest

from tests.conftest import Shop
from tests.stories.test_partitions import parts

FUNCTION = """
import polars as pl

from assetflow import asset


@asset(partition="day(day)")
def firsts(sold: pl.LazyFrame) -> pl.LazyFrame:
    return sold.group_by("day", maintain_order=True).first()
"""
MINE = """/* @asset
partition = "day(day)"
*/
SELECT $partition_start::DATE AS day, list(x) AS xs FROM sold WHERE day >= $partition_start AND day < $partition_end
"""
GROUPED = '/* @asset\npartition = "day(day)"\n*/\nSELECT day, list(x) AS xs FROM sold GROUP BY day'
DAYS = {"a": [(1, 1), (2, 2), (2, 3), (3, 4)], "b": [(2, 5), (3, 6), (4, 7)]}
"""Rows of files: day of January, and x."""


@pytest.fixture
def ordered(empty_shop: Shop) -> Shop:
    """sold, as its files say, and three tables of it that depend on the order of its rows."""
    empty_shop.write("assetflow.toml", '[sources.sold]\nfiles = "data/*.csv"\n')
    empty_shop.python("functions", FUNCTION)
    empty_shop.sql("mine", MINE)
    deliver(empty_shop, DAYS)
    parts(empty_shop)
    return empty_shop


def deliver(shop: Shop, files: dict[str, list[tuple[int, int]]]) -> None:
    for path in (shop.root / "data").glob("*.csv"):
        path.unlink()
    for name, rows in files.items():
        shop.write(f"data/{name}.csv", "day,x\n" + "".join(f"2024-01-0{day},{x}\n" for day, x in rows))


@pytest.mark.parametrize(
    ("files", "made"),
    [
        ({**DAYS, "a": [(1, 1), (2, 3), (2, 2), (3, 4)]}, [2]),
        ({**DAYS, "a": [(2, 2), (1, 1), (2, 3), (3, 4)]}, [1, 2]),
        ({**DAYS, "a": [(1, 1), (2, 9), (2, 2), (2, 3), (3, 4)]}, [2]),
        ({**DAYS, "a": [(1, 1), (2, 2), (2, 3), (3, 4), (3, 4)]}, [3]),
        ({**DAYS, "a": [(1, 1), (2, 2), (2, 8), (3, 4)], "c": [(4, 7)]}, [2, 4]),
        ({"a": DAYS["b"], "b": DAYS["a"]}, [1, 2, 3, 4]),
        ({"a0": DAYS["a"][:2], "a1": DAYS["a"][2:], "b": DAYS["b"]}, []),
    ],
    ids=["swapped", "two days", "between", "again", "edited and more", "other files first", "cut otherwise"],
)
def test_rows_in_another_order_make_the_partitions_that_hold_them(
    ordered: Shop, files: dict[str, list[tuple[int, int]]], made: list[int]
) -> None:
    deliver(ordered, files)
    found = parts(ordered)
    days = [f"2024-01-0{day}" for day in made]
    assert found.get("firsts", []) == found.get("mine", []) == days
    rows = [row for name in sorted(files) for row in files[name]]
    expected = {day: [x for at, x in rows if at == day] for day, _ in rows}
    assert dict(ordered.rows("SELECT day(day), xs FROM mine")) == expected
    assert dict(ordered.rows("SELECT day(day), x FROM firsts")) == {day: xs[0] for day, xs in expected.items()}
    assert parts(ordered) == {}


def test_rows_whose_order_is_not_told_are_made_anew_with_their_files(empty_shop: Shop) -> None:
    """A column hides where DuckDB found a row."""
    empty_shop.write("assetflow.toml", '[sources.sold]\nfiles = "data/*.csv"\n')
    empty_shop.python("functions", FUNCTION)
    for rows in ("2024-01-01,1\n2024-01-02,2\n2024-01-02,3\n", "2024-01-01,1\n2024-01-02,3\n2024-01-02,2\n"):
        empty_shop.write("data/a.csv", f"day,file_index\n{rows}")
        assert parts(empty_shop)["firsts"] == ["2024-01-01", "2024-01-02"]
    assert empty_shop.rows("SELECT file_index FROM firsts ORDER BY day") == [(1,), (3,)]


def test_a_query_that_lists_rows_in_their_order_is_made_anew(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", '[sources.sold]\nfiles = "data/*.csv"\n')
    empty_shop.sql("grouped", GROUPED)
    deliver(empty_shop, DAYS)
    parts(empty_shop)
    deliver(empty_shop, {**DAYS, "a": [(1, 1), (2, 3), (2, 2), (3, 4)]})
    parts(empty_shop)
    assert empty_shop.rows("SELECT xs FROM grouped WHERE day(day) = 2") == [([3, 2, 5],)]
