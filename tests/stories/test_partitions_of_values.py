"""A table that is cut by values of a column, of which there are many: they share files, and are made one by one."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

MANY = 600
"""More than those that have a file of their own."""
TEXTS = ["a/b", "a,b", 'a"b', "a'b", "..", "x..y", "*", "a=b", "ünïcode ☃", " lead", "trail ", "\\", "a\tb", "x" * 500]


@pytest.fixture
def customers(empty_shop: Shop) -> Shop:
    """orders -> by_customer, cut by customer; by_both, cut by customer and day."""
    shop = empty_shop
    shop.write("assetflow.toml", "[sources.orders]\nfiles = 'data/*.json'\n")
    names = [*TEXTS, *(f"c{number}" for number in range(MANY - len(TEXTS)))]
    deliver(shop, 1, [(name, number, "2024-01-01") for number, name in enumerate(names)])
    head = "SELECT customer, amount, day::DATE AS day FROM orders"
    shop.sql("by_customer", f"/* @asset\npartition = 'customer'\n*/\n{head}")
    shop.sql("by_both", f"/* @asset\npartition = ['day(day)', 'customer']\n*/\n{head}")
    return shop


def deliver(shop: Shop, number: int, rows: list[tuple[str, int, str]]) -> None:
    import json

    lines = [json.dumps({"customer": name, "amount": amount, "day": day}) for name, amount, day in rows]
    shop.write(f"data/{number}.json", "\n".join(lines) + "\n")


def made(shop: Shop, name: str) -> list[str | None]:
    results = shop.materialize().assets
    assert {each.outcome for each in results} == {"materialized"}, results
    return [each.partition for each in results if each.asset == name]


def files(shop: Shop, name: str) -> int:
    project = shop.project()
    return len(project.ledger.snapshot(project.ledger.current("prod")[name].snapshot).files)


def same_as_at_once(shop: Shop) -> None:
    at_once = shop.rows("SELECT customer, amount, day::DATE FROM orders ORDER BY ALL")
    for name in ("by_customer", "by_both"):
        assert shop.rows(f"SELECT customer, amount, day FROM {name} ORDER BY ALL") == at_once


def test_many_values_share_files_and_one_of_them_is_made_alone(customers: Shop) -> None:
    shop = customers
    assert len(made(shop, "by_customer")) == MANY
    assert files(shop, "by_customer") == files(shop, "by_both") == 1
    same_as_at_once(shop)
    assert shop.run() == {}
    deliver(shop, 2, [("a,b", 1000, "2024-01-01"), ("c7", 1000, "2024-01-02")])
    assert made(shop, "by_customer") == ['"a,b"', "c7"]
    assert files(shop, "by_customer") == 3, "the shared file is written without them, and each has one of its own"
    same_as_at_once(shop)
    assert shop.run() == {}


def test_what_goes_from_a_shared_file_and_comes_back(customers: Shop) -> None:
    shop = customers
    made(shop, "by_customer")
    deliver(shop, 2, [("..", 5, "2024-01-03"), ("new", 5, "2024-01-03")])
    assert made(shop, "by_both") == ['2024-01-03/".."', "2024-01-03/new"]
    same_as_at_once(shop)
    shop.remove("data/2.json")
    assert set(shop.run().values()) == {"restored"}
    same_as_at_once(shop)
    assert shop.cli("verify", "--deep").code == 0
    assert shop.run() == {}
