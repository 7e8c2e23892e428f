"""A partitioned table that is declared to be cut otherwise: the same key stands for other rows, so that none stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Shop

ROWS = [("x", "y", 1), ("y", "x", 2), ("x", "y", 3), ("y", "x", 4)]
QUERY = "SELECT a, b, n FROM orders"


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    """A table that was cut by one column, and is to be cut by another one, which has the same values."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    deliver(shop, ROWS)
    declare(shop, '"a"')
    shop.materialize()
    declare(shop, '"b"')
    return shop


def declare(shop: Shop, cut: str, query: str = QUERY) -> None:
    shop.sql("t", f"/* @asset\npartition = {cut}\n*/\n{query}")


def deliver(shop: Shop, rows: list[tuple[str, str, int]]) -> None:
    shop.write("data/orders.csv", "a,b,n\n" + "".join(f"{a},{b},{n}\n" for a, b, n in rows))


def made(shop: Shop, **options: Any) -> list[tuple[str | None, str]]:
    return [(one.partition, one.outcome) for one in shop.materialize("t", **options).assets]


def table(shop: Shop) -> list[tuple[str, str, int]]:
    return shop.rows("FROM t ORDER BY n")


def test_the_same_rows_lie_in_files_of_other_partitions(shop: Shop) -> None:
    assert made(shop) == [("x", "materialized"), ("y", "materialized")]
    deliver(shop, [*ROWS, ("z", "y", 5)])
    assert made(shop) == [("y", "materialized")]
    assert table(shop) == [*ROWS, ("z", "y", 5)]
    assert made(shop) == []


def test_what_a_backfill_leaves_out_keeps_the_table_as_it_was(shop: Shop) -> None:
    [_, failed] = shop.materialize("t", partition="y").assets
    assert failed.outcome == "failed"
    assert "t is cut by b now, other than what is published" in str(failed.error)
    assert table(shop) == ROWS
    assert made(shop) == [("x", "materialized"), ("y", "restored")]
    assert table(shop) == ROWS


def test_a_check_of_the_whole_table_is_not_asked_of_a_part_of_it(shop: Shop) -> None:
    shop.sql("t", f"/* @asset\npartition = 'b'\nchecks = [{{ row_count = {{ min = 4 }} }}]\n*/\n{QUERY}")
    printed = shop.cli("materialize", "--partition", "y")
    assert printed.code == 1
    assert "t is cut by b now" in printed.err
    assert made(shop)[0] == ("x", "materialized")


def test_what_fails_keeps_the_table_as_it_was(shop: Shop) -> None:
    declare(shop, '"b"', "SELECT a, b, CASE WHEN b = 'x' THEN error('bad') ELSE n + 10 END AS n FROM orders")
    assert made(shop) == [("x", "failed"), ("y", "materialized"), (None, "failed")]
    assert table(shop) == ROWS
    declare(shop, '"b"')
    assert made(shop) == [("x", "materialized"), ("y", "materialized")]
    assert table(shop) == ROWS


def test_a_plan_says_why_all_are_made(shop: Shop) -> None:
    steps = json.loads(shop.cli("plan", "--json").out)["steps"]
    assert [one["partition"] for one in steps] == ["x", "y"]
    assert {one["reasons"][0]["detail"] for one in steps} == {'partition by: "a" -> "b"'}
    refused = shop.cli("plan", "--partition", "y")
    assert (refused.code, "assets/t.sql:4: t is cut by b now" in refused.err) == (2, True), refused.err


def test_days_of_another_time_zone_are_other_days(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    shop.write("data/orders.csv", "ts,n\n2024-01-01 23:30:00,1\n2024-01-02 23:30:00,2\n2024-01-02 12:00:00,3\n")
    query = "SELECT ts, n FROM orders"
    declare(shop, '"day(ts)"', query)
    shop.materialize()
    declare(shop, '{ time = "day", column = "ts", zone = "Europe/Berlin" }', query)
    assert made(shop, partition="2024-01-02")[0] == ("2024-01-02", "materialized")
    assert shop.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,)]
    assert made(shop) == [("2024-01-02", "restored"), ("2024-01-03", "materialized")]
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "2024-01-02 22:30:00,4\n")
    assert made(shop) == [("2024-01-02", "materialized")]
    assert shop.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(
    "cut",
    ['{ column = "a", values = ["x", "y", "z"] }', '{ by = { column = "a" }, upstreams = { orders = "all" } }'],
    ids=["more values", "reads all of what it is made from"],
)
def test_a_table_that_is_cut_alike_keeps_what_a_backfill_leaves_out(shop: Shop, cut: str) -> None:
    declare(shop, cut, f"{QUERY} WHERE n > 0")
    assert made(shop, partition="y") == [("y", "materialized")]
    assert table(shop) == ROWS


def test_a_table_that_was_not_cut_and_is_and_is_not_again(shop: Shop) -> None:
    shop.sql("t", QUERY)
    assert made(shop) == [(None, "materialized")]
    declare(shop, '"b"')
    assert made(shop) == [("x", "materialized"), ("y", "materialized")]
    shop.sql("t", QUERY)
    shop.materialize("t")
    deliver(shop, [*ROWS, ("z", "z", 5)])
    assert made(shop) == [(None, "materialized")]
    assert table(shop) == [*ROWS, ("z", "z", 5)]
