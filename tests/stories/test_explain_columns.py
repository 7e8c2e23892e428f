"""`explain` proves what it says: what is read, that it is the same, and which rows changed besides."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.fixture
def customers(empty_shop: Shop) -> Shop:
    empty_shop.write("assetflow.toml", '[sources.customers]\nfiles = "data/customers.csv"\n')
    empty_shop.write("data/customers.csv", "id,city,email\n17,Rome,a@x\n18,Oslo,b@x\n")
    empty_shop.sql("by_city", "SELECT city, count(id) AS n FROM customers GROUP BY city")
    empty_shop.made()
    return empty_shop


def test_fresh_although_another_column_changed(customers: Shop) -> None:
    customers.write("data/customers.csv", "id,city,email\n17,Rome,b@x\n18,Oslo,b@x\n")
    assert customers.run() == {"by_city": "skipped"}
    told = customers.cli("explain", "by_city").out
    assert "The next run leaves it alone: customers changed, but not in what it reads." in told
    assert "= input     customers: it reads city, id, and that is the same in its new version" in told
    assert "`assetflow explain by_city --rows` shows the rows that changed" in told
    assert "It becomes stale when its code changes, or what it reads: city, id of customers." in told
    rows = customers.cli("explain", "by_city", "--rows").out
    assert "customers: 1 row changed, only in email" in rows
    assert "e.g. id 17: email a@x -> b@x" in rows


def test_the_same_values_in_json(customers: Shop) -> None:
    customers.write("data/customers.csv", "id,city,email\n17,Rome,b@x\n18,Oslo,b@x\n")
    customers.run()
    told = customers.cli("explain", "by_city", "--rows", "--json").json
    [found] = [each for each in told["compared"] if each["what"] == "input"]
    assert (found["columns"], found["same"], found["then"] == found["now"]) == (["city", "id"], True, True)
    assert found["snapshot_then"] != found["snapshot_now"]
    assert told["differences"]["customers"]["changed_by_column"] == {"email": 1}


def test_stale_because_a_column_that_is_read_changed(customers: Shop) -> None:
    customers.sql("upper", "SELECT id, upper(city) AS city, email FROM customers")
    customers.sql("by_city", "SELECT city, count(id) AS n FROM upper GROUP BY city")
    customers.made()
    customers.sql("upper", "SELECT id, lower(city) AS city, email FROM customers")
    customers.made("upper")
    [step] = customers.plan().steps
    [reason] = step.reasons
    assert (reason.kind, reason.upstream, reason.columns) == ("input_changed", "upper", ("city", "id"))
    told = customers.cli("explain", "by_city", "--rows").out
    assert "what it reads of upper changed (city, id)" in told
    assert "x input     upper: it reads city, id, and that changed" in told
    assert "e.g. id 17: city ROME -> rome" in told


def test_code_that_is_written_otherwise_and_means_the_same(customers: Shop) -> None:
    customers.sql("by_city", "WITH c AS (SELECT * FROM customers) SELECT c.city, count(c.id) AS n FROM c GROUP BY 1")
    assert customers.run() == {}
    told = customers.cli("explain", "by_city").out
    assert "The next run leaves it alone: its code changed, but not in what it does." in told
    assert "it is written otherwise, and means the same" in told
    customers.write("data/customers.csv", "id,city,email\n17,Rome,z@x\n18,Oslo,b@x\n")
    told = customers.cli("explain", "by_city").out
    assert "by_city may be stale" in told
    assert "The next run makes it again only if what it reads comes out otherwise:\n  - " in told


def test_a_new_column_under_a_star_is_told(customers: Shop) -> None:
    customers.sql("all_of_it", "SELECT * FROM by_city")
    customers.made()
    customers.sql("by_city", "SELECT city, count(id) AS n, 1 AS one FROM customers GROUP BY city")
    steps = {step.asset: step.reasons for step in customers.plan().steps}
    assert "it gets column one by what by_city looks like now" in steps["all_of_it"][0].detail
