"""Averages, shares, ROLLUP and the ten best are refreshed out of groups that are kept beside the table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import Shop

QUERIES = {
    "means": "SELECT product, avg(amount) AS mean, stddev(amount) AS spread FROM orders GROUP BY product",
    "overall": "SELECT avg(amount) AS mean, approx_count_distinct(product) AS products FROM orders",
    "shares": "WITH p AS (SELECT product, sum(amount) AS s FROM orders GROUP BY ALL)\nSELECT product, s / sum(s) OVER () AS share FROM p",
    "cube": "SELECT day, product, sum(amount) AS s, avg(amount) AS m FROM orders GROUP BY ROLLUP (day, product)",
    "best": "SELECT product, sum(amount) AS s FROM orders GROUP BY product ORDER BY s DESC LIMIT 2",
}  # fmt: skip
FIRST = "nothing that it could be added to is kept yet"


@pytest.fixture
def nights(empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must not make anything full
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    deliver(shop, 1, "1,10", "2,21", "3,5")
    for name, sql in QUERIES.items():
        shop.sql(name, sql)
    shop.run()
    deliver(shop, 2, "1,7", "2,2", "4,1")
    assert {mode for mode, _ in modes(shop).values()} == {"full"}
    return shop


def deliver(shop: Shop, number: int, *rows: str) -> None:
    lines = [f"2024-01-{number:02},{row}" for row in rows]
    shop.write(f"data/orders/{number}.csv", "\n".join(["day,product,amount", *lines]) + "\n")


def modes(shop: Shop) -> dict[str, tuple[str | None, str | None]]:
    """Run; the mode of each asset that was made, and why. What is there is what a rebuild gives."""
    result = shop.materialize()
    assert not any(each.warnings for each in result.assets)
    for name, sql in QUERIES.items():
        assert rounded(shop.rows(f"FROM {name} ORDER BY ALL")) == rounded(from_nothing(shop, sql)), name
    return {each.asset: (each.mode, each.mode_reason) for each in result.assets if each.outcome == "materialized"}


def from_nothing(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE orders AS FROM '{shop.root}/data/orders/*.csv'")
        return connection.execute(f"FROM ({sql}) ORDER BY ALL").fetchall()


def rounded(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]


def kept(shop: Shop) -> list[Path]:
    return sorted((shop.root / "warehouse" / "cache" / "kept").rglob("*.duckdb"))


EVERY_ONE = {
    "means": ("incremental", "kept by product"),
    "overall": ("incremental", "kept"),
    "shares": ("incremental", "kept by product, whole"),
    "cube": ("incremental", 'kept by "day", product'),
    "best": ("incremental", "kept by product"),
}


def test_what_comes_is_added_to_what_is_kept(nights: Shop) -> None:
    deliver(nights, 3, "1,100", "5,3", "2,")
    assert modes(nights) == EVERY_ONE
    assert nights.rows("FROM best") == [(1, 117), (2, 23)]
    deliver(nights, 4, "5,1000")
    assert modes(nights) == EVERY_ONE
    assert nights.run() == {}


def test_rows_that_go_are_taken_off_or_their_groups_made_anew(nights: Shop) -> None:
    deliver(nights, 3, "1,100", "5,3")
    modes(nights)
    nights.remove("data/orders/2.csv")
    assert modes(nights) == {
        **EVERY_ONE,
        "overall": ("full", "rows went from a total that does not tell what it is without them"),
    }


def test_what_is_kept_can_be_lost(nights: Shop) -> None:
    for path in kept(nights):
        path.unlink()
    deliver(nights, 3, "1,100")
    assert modes(nights) == dict.fromkeys(QUERIES, ("full", FIRST))
    deliver(nights, 4, "1,100")
    assert modes(nights) == EVERY_ONE


def test_what_is_kept_can_be_damaged(nights: Shop) -> None:
    for path in kept(nights):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    deliver(nights, 3, "1,100")
    assert modes(nights) == dict.fromkeys(QUERIES, ("full", "what is kept is damaged"))


def test_what_another_engine_kept_is_not_used(nights: Shop) -> None:
    for path in kept(nights):
        code, _, content, suffix = path.name.split(".")
        path.rename(path.with_name(f"{code}.1-9-9.{content}.{suffix}"))
    deliver(nights, 3, "1,100")
    assert modes(nights) == dict.fromkeys(QUERIES, ("full", "what is kept is of another version of DuckDB"))


def test_after_a_rollback_nothing_is_added_twice(nights: Shop) -> None:
    deliver(nights, 3, "1,100", "5,3")
    modes(nights)
    assert nights.cli("rollback", "means", "-1").code == 0
    assert nights.cli("rollback", "means", "--release").code == 0
    deliver(nights, 4, "5,7", "1,1")
    assert modes(nights)["means"] == ("incremental", "kept by product")


def test_ties_at_the_end_of_limit_are_nobodys_choice(nights: Shop) -> None:
    nights.sql("best", "SELECT product, sum(amount) AS s FROM orders GROUP BY product ORDER BY s DESC\nLIMIT 2")
    nights.run()
    nights.run()
    deliver(nights, 3, "5,17")
    nights.run("means")
    made = {each.asset: each.mode_reason for each in nights.materialize("best").assets}
    assert made["best"] == "LIMIT that cuts between rows which ORDER BY does not tell apart, line 2"


def test_an_asset_that_has_to_be_incremental_is_made_once_and_then_added_to(nights: Shop) -> None:
    nights.sql("means", f'/* @asset\nincremental = "require"\n*/\n{QUERIES["means"]}')
    for path in kept(nights):
        path.unlink()
    deliver(nights, 3, "1,100")
    assert modes(nights)["means"] == ("incremental", f"kept by product, out of all rows: {FIRST}")
    deliver(nights, 4, "1,100")
    assert modes(nights)["means"] == ("incremental", "kept by product")


def test_the_plan_says_that_nothing_is_kept(nights: Shop) -> None:
    for path in kept(nights):
        path.unlink()
    deliver(nights, 3, "1,100")
    steps = nights.cli("plan", "--json").json["steps"]
    assert {(step["mode"], step["mode_reason"]) for step in steps if step["asset"] in QUERIES} == {("full", FIRST)}


def test_the_plan_names_the_rule(nights: Shop) -> None:
    deliver(nights, 3, "1,100")
    steps = nights.cli("plan", "--json").json["steps"]
    assert {
        step["asset"]: (step["mode"], step["mode_reason"]) for step in steps if step["asset"] in QUERIES
    } == EVERY_ONE
