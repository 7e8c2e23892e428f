"""Every night adds a small file; there are never many of them, and rows stay in their order for who reads them so."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

READER = """
import polars as pl

from assetflow import asset


@asset
def steps(sales: pl.DataFrame) -> pl.DataFrame:
    return sales.select(pl.col("amount").diff().alias("step"))


@asset
def changes(days: pl.DataFrame) -> pl.DataFrame:
    return days.select(pl.col("middle").diff().alias("change"))
"""
NIGHTS = 11


@pytest.fixture
def nights(empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr("assetflow.running.refreshes.rewriting.MOST_SMALL", 3)
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must make nothing full
    empty_shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.csv"\n')
    deliver(empty_shop, 0)
    empty_shop.sql("sales", "SELECT day, amount * 2 AS amount FROM orders WHERE amount > 0")
    empty_shop.sql("days", "SELECT day, median(amount)::INTEGER AS middle FROM sales GROUP BY day")
    empty_shop.python("steps", READER)
    empty_shop.run()
    return empty_shop


def deliver(shop: Shop, night: int) -> None:
    rows = [f"2024-01-{night + 1:02},{100 - night * 3 + number % 2}" for number in range(3)]
    shop.write(f"data/{night:02}.csv", "\n".join(["day,amount", *rows]) + "\n")


def test_many_nights_are_all_added(nights: Shop) -> None:
    for night in range(1, NIGHTS):
        deliver(nights, night)
        made = {each.asset: (each.mode, each.mode_reason) for each in nights.materialize().assets}
        assert made["sales"] == ("incremental", "added"), night
        assert made["days"] == ("incremental", 'keyed by "day"'), night
    in_order = nights.rows("FROM sales")
    assert in_order == [(day, 2 * amount) for day, amount in nights.rows("FROM orders WHERE amount > 0")]
    views = nights.rows("SELECT sql FROM duckdb_views() WHERE view_name IN ('sales', 'days')")
    assert max(sql.count(".parquet") for (sql,) in views) <= 4
