"""A column comes, goes or gets wider: `plan` says so by name and type, no table is half old, other readers are left alone."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.conftest import Shop


@pytest.fixture
def columns(empty_shop: Shop) -> Shop:
    """orders (a file a day) -> sales -> by_city, which reads city and amount alone."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.csv"\n')
    shop.write("data/1.csv", "id,city,amount\n1,Rome,10\n2,Oslo,20\n")
    shop.sql("sales", "SELECT id, city, amount FROM orders")
    shop.sql("by_city", "SELECT city, sum(amount) AS amount FROM sales GROUP BY city")
    shop.made()
    return shop


def step(shop: Shop, name: str) -> dict[str, Any]:
    return next(each for each in shop.cli("plan", "--json").json["steps"] if each["asset"] == name)


def test_columns_that_come_go_and_get_wider_are_told_by_name_and_type(columns: Shop) -> None:
    columns.sql("sales", "SELECT city, amount::HUGEINT AS amount, amount * 2.5 AS twice FROM orders")
    assert step(columns, "sales")["columns"] == {
        "added": [{"name": "twice", "type": "DECIMAL(21,1)"}],
        "removed": [{"name": "id", "type": "BIGINT"}],
        "changed": [{"name": "amount", "before": "BIGINT", "after": "HUGEINT"}],
    }
    said = "columns: + twice DECIMAL(21,1), - id BIGINT, amount BIGINT -> HUGEINT"
    assert said in columns.cli("plan").out
    assert "Its columns change: + twice" in columns.cli("explain", "sales").out
    columns.made()
    assert columns.cli("plan", "--json").json["steps"] == []


def test_who_does_not_read_a_new_column_is_left_alone(columns: Shop) -> None:
    columns.sql("sales", "SELECT id, city, amount, upper(city) AS shouted FROM orders")
    printed = columns.cli("plan")
    assert "+ shouted VARCHAR" in printed.out
    assert "unaffected" in printed.out
    assert columns.made() == ["sales"]


def test_an_edit_and_a_delivery_at_once_make_one_whole_table(columns: Shop) -> None:
    columns.sql("sales", "SELECT id, city, amount, amount + 1 AS more FROM orders")
    columns.write("data/2.csv", "id,city,amount\n3,Rome,30\n")
    assert columns.made() == ["by_city", "sales"]
    right = duckdb.sql(f"SELECT id, city, amount, amount + 1 FROM '{columns.root}/data/*.csv' ORDER BY id").fetchall()
    assert columns.rows("FROM sales ORDER BY id") == right


def test_an_edit_that_fails_leaves_the_table_as_it_was(columns: Shop) -> None:
    before = columns.rows("FROM sales ORDER BY id")
    columns.sql("sales", "SELECT id, city, amount, CAST(city AS INTEGER) AS wrong FROM orders")
    assert columns.run()["sales"] == "failed"
    assert columns.rows("FROM sales ORDER BY id") == before


def test_columns_of_a_source_and_of_all_that_hands_them_on_are_told(columns: Shop) -> None:
    columns.sql("sales", "SELECT * FROM orders")
    columns.made()
    columns.write("data/2.csv", "id,city,amount,email\n3,Rome,30.5,x\n")
    plan = columns.cli("plan", "--json").json
    told = {
        "added": [{"name": "email", "type": "VARCHAR"}],
        "removed": [],
        "changed": [{"name": "amount", "before": "BIGINT", "after": "DOUBLE"}],
    }
    assert plan["inputs"][0]["columns"] == told
    assert next(each for each in plan["steps"] if each["asset"] == "sales")["columns"] == told
    columns.made()
    assert columns.rows("FROM sales ORDER BY id")[0] == (1, "Rome", 10.0, None)


def test_a_column_that_is_taken_back_is_told_as_well(columns: Shop) -> None:
    columns.sql("sales", "SELECT id, city, amount, 1 AS one FROM orders")
    columns.made()
    columns.sql("sales", "SELECT id, city, amount FROM orders")
    found = step(columns, "sales")
    assert found["action"] == "restore"
    assert found["columns"]["removed"] == [{"name": "one", "type": "INTEGER"}]


def test_a_history_keeps_what_its_query_drops_and_says_so(columns: Shop) -> None:
    front = '/* @asset\nhistory = "scd2"\nunique_key = "id"\n*/\n'
    columns.sql("kept", f"{front}SELECT id, city, amount FROM orders")
    columns.made()
    columns.sql("kept", f"{front}SELECT id, amount, 'x' AS extra FROM orders")
    found = step(columns, "kept")
    assert found["columns"] == {"added": [{"name": "extra", "type": "VARCHAR"}], "removed": [], "changed": []}
    assert found["mode"] == "incremental"


def test_a_declared_type_may_be_written_in_any_way(empty_shop: Shop) -> None:
    declared = '{ price = "DECIMAL(6, 2)", id = "int" }'
    empty_shop.write("assetflow.toml", f'[sources.orders]\nfiles = "orders.csv"\ncolumns = {declared}\n')
    empty_shop.write("orders.csv", "id,price\n1,2.50\n")
    empty_shop.sql("prices", "SELECT * FROM orders")
    empty_shop.made()
    empty_shop.write("orders.csv", "id,price\n1,2.50\n2,3.00\n")
    assert "columns" not in empty_shop.cli("plan").out


def modes(shop: Shop) -> dict[str, tuple[str | None, str | None]]:
    return {each.asset: (each.mode, each.mode_reason) for each in shop.materialize().assets}


def test_who_reads_other_columns_is_refreshed_by_the_rows_that_came_with_a_new_one(columns: Shop) -> None:
    columns.sql("all_of_them", "SELECT * FROM orders")
    columns.sql("by_city", "SELECT city, sum(amount) AS amount FROM all_of_them GROUP BY city")
    columns.made()
    columns.write("data/2.csv", "id,city,amount,note\n3,Rome,5,x\n")
    planned = step(columns, "all_of_them")
    assert (planned["mode"], planned["mode_reason"]) == ("full", "its columns are others than before")
    assert modes(columns) == {
        "all_of_them": ("full", "orders has other columns than before"),
        "by_city": ("incremental", "merged by city"),
        "sales": ("incremental", "added"),
    }
    assert columns.rows("FROM by_city ORDER BY ALL") == [("Oslo", 20), ("Rome", 15)]
    columns.write("data/2.csv", "id,city,amount\n3,Rome,7\n")
    assert modes(columns)["by_city"] == ("incremental", "merged by city")
    assert columns.rows("FROM by_city ORDER BY ALL") == [("Oslo", 20), ("Rome", 17)]


def test_a_name_that_means_another_column_since_one_is_gone_makes_it_in_full(columns: Shop) -> None:
    columns.write("data/1.csv", "id,city,amount,note\n1,Rome,10,1\n2,Oslo,20,2\n")
    columns.write("notes.csv", "id,note\n1,1\n2,3\n")
    columns.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.csv"\n[sources.notes]\nfiles = "notes.csv"\n')
    columns.sql(
        "noted", "SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM notes n WHERE n.id = o.id AND note = o.note)"
    )
    columns.made()
    assert columns.rows("FROM noted") == [(1,)]
    columns.write("notes.csv", "id\n1\n2\n")
    assert modes(columns)["noted"][0] == "full"
    assert columns.rows("FROM noted ORDER BY id") == [(1,), (2,)]
