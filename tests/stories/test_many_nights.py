"""A folder that gets a small file every night: its parts are put together now and then, and nobody notices."""

from __future__ import annotations

import random

import duckdb
import pytest

from assetflow.running.sources import parts
from tests.conftest import Shop

SALES = "SELECT day, product, amount * 2 AS twice FROM orders WHERE amount > 3"
DAILY = "SELECT day, count(*) AS n, sum(twice) AS twice FROM sales GROUP BY day"
NIGHTS = 10


@pytest.fixture
def nights(empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(parts, "MANY_SMALL", 3)
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    shop.sql("sales", SALES)
    shop.sql("daily", DAILY)
    deliver(shop, 0)
    shop.made()
    return shop


def deliver(shop: Shop, night: int, times: int = 1) -> None:
    day = f"2024-{night // 28 + 1:02}-{night % 28 + 1:02}"
    rows = "".join(f"{day},{product},{(night * 7 + product) % 11 * times},\n" for product in range(5))
    shop.write(f"data/orders/{night:03}.csv", "day,product,amount,note\n" + rows)


def files_of(shop: Shop, name: str) -> tuple[str, ...]:
    project = shop.project()
    return tuple(file.path for file in project.ledger.snapshot(project.ledger.current("prod")[name].snapshot).files)


def expected(shop: Shop, name: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE orders AS FROM read_csv('{shop.root}/data/orders/*.csv')")
        connection.execute(f"CREATE TABLE sales AS {SALES}")
        return connection.execute(f"SELECT * FROM ({ {'sales': SALES, 'daily': DAILY}[name] }) ORDER BY ALL").fetchall()


def run(shop: Shop) -> dict[str, str]:
    """How each table was made, for those that were."""
    results = shop.materialize().assets
    return {each.asset: str(each.mode) for each in results if each.outcome == "materialized"}


def test_small_parts_are_put_together_and_only_new_rows_are_computed(nights: Shop) -> None:
    counts, modes = [], []
    for night in range(1, NIGHTS):
        deliver(nights, night)
        made = run(nights)
        assert made.keys() == {"sales", "daily"}
        modes += made.values()
        counts.append(len(files_of(nights, "orders")))
    assert max(counts) <= 4
    assert "incremental" in modes, "a full one is taken where it is quicker"
    assert counts.count(2) >= 2, "one of all nights before, and the new one"
    for name in ("sales", "daily"):
        assert nights.rows(f"FROM {name} ORDER BY ALL") == expected(nights, name)
    assert nights.run() == {}
    assert nights.cli("verify", "--deep").code == 0


def test_a_night_that_is_delivered_again_is_found_in_what_was_put_together(nights: Shop) -> None:
    chance = random.Random(3)
    for night in range(1, NIGHTS):
        deliver(nights, night)
        if night % 4 == 0:
            deliver(nights, chance.randrange(night), times=chance.choice([2, 3]))
        if night % 4 == 3:
            nights.remove(f"data/orders/{chance.choice([night - 1, night - 2]):03}.csv")
        run(nights)
        for name in ("sales", "daily"):
            assert nights.rows(f"FROM {name} ORDER BY ALL") == expected(nights, name), (night, name)
        if night % 3 == 0:
            assert nights.cli("gc", "--grace", "0", "--keep", "1").code == 0
    assert nights.run() == {}
    assert nights.cli("verify", "--deep").code == 0


def test_a_full_refresh_that_gives_the_same_rows_leaves_their_files(nights: Shop) -> None:
    """However many they are: what nights have put apart stays apart, and readers have nothing to open anew."""
    deliver(nights, 1)
    assert run(nights)["sales"] == "incremental"
    before = files_of(nights, "sales")
    assert len(before) == 2
    full = {each.asset: each for each in nights.materialize(full_refresh=True).assets}
    assert full["sales"].same_content
    assert files_of(nights, "sales") == before
