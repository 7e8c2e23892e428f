"""What is written of a column follows it through the tables that hand its values on."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop

SETTINGS = """
[sources.orders]
files = "data/orders.csv"
columns = { id = "BIGINT", customer = { description = "Who paid", tags = ["pii"] }, amount = { type = "BIGINT", description = "Money, in euros" } }
"""


@pytest.fixture
def told(shop: Shop) -> Shop:
    shop.write("assetflow.toml", SETTINGS)
    shop.sql("renamed", "SELECT customer AS who, amount AS money, amount * 2 AS twice FROM sales")
    return shop


def words(shop: Shop, ask: Ask) -> dict[str, tuple[str, str]]:
    said = ask(shop, "lineage", "--json").json["descriptions"]
    return {column: (each["description"], each["declared_on"]) for column, each in said.items()}


def test_a_description_follows_as_long_as_values_are_handed_on(told: Shop, ask: Ask) -> None:
    assert words(told, ask) == {
        "orders.customer": ("Who paid", "orders.customer"),
        "orders.amount": ("Money, in euros", "orders.amount"),
        "sales.customer": ("Who paid", "orders.customer"),
        "sales.amount": ("Money, in euros", "orders.amount"),
        "big.customer": ("Who paid", "orders.customer"),
        "big.amount": ("Money, in euros", "orders.amount"),
        "renamed.who": ("Who paid", "orders.customer"),
        "renamed.money": ("Money, in euros", "orders.amount"),
    }


def test_its_own_description_wins_and_follows_from_there(told: Shop, ask: Ask) -> None:
    told.sql(
        "sales",
        """
        /* @asset
        columns = { amount = { description = "Money of large orders" }, id = { type = "BIGINT" } }
        */
        SELECT id, customer, city, amount FROM orders WHERE amount > 5
        """,
    )
    said = words(told, ask)
    assert said["sales.amount"] == ("Money of large orders", "sales.amount")
    assert said["renamed.money"] == ("Money of large orders", "sales.amount")
    assert said["renamed.who"] == ("Who paid", "orders.customer")
    assert told.made() == ["big", "by_city", "people", "renamed", "sales"]
    told.replace("assets/sales.sql", "large orders", "the larger orders")
    assert told.run() == {}


def test_a_function_and_a_source_in_python_describe_their_columns(shop: Shop, ask: Ask) -> None:
    shop.write("assetflow.toml", "")
    shop.python(
        "big",
        """
        import polars as pl

        from assetflow import asset, files, source

        source("orders", files("data/orders.csv"), columns={"city": {"description": "Where", "tags": ["place"]}})


        @asset(columns={"amount": {"description": "Money", "tags": ["secret"]}})
        def big(sales: pl.LazyFrame) -> pl.LazyFrame:
            return sales.filter(pl.col("amount") >= 20)
        """,
    )
    assert words(shop, ask)["big.amount"] == ("Money", "big.amount")
    assert words(shop, ask)["by_city.city"] == ("Where", "orders.city")
    assert ask(shop, "lineage", "--tag", "secret").out == "big.amount  declared here\n"
    assert "sales.city  from orders.city" in ask(shop, "lineage", "--tag", "place").out
    shop.made()
    shop.replace("assets/big.py", '"Money"', '"Much money"')
    assert shop.run() == {}


def test_a_union_takes_the_words_that_all_of_it_agree_on(told: Shop, ask: Ask) -> None:
    told.sql("alike", "SELECT amount AS a FROM sales UNION ALL SELECT amount FROM orders")
    told.sql("other", '/* @asset\ncolumns = { a = { description = "Else" } }\n*/\nSELECT id AS a FROM sales')
    told.sql("unlike", "SELECT amount AS a FROM sales UNION ALL SELECT a FROM other")
    told.sql("mixed", "SELECT amount AS a FROM sales UNION ALL SELECT amount + 1 FROM sales")
    said = words(told, ask)
    assert said["alike.a"] == ("Money, in euros", "orders.amount")
    assert not {"unlike.a", "mixed.a"} & said.keys()


def test_every_face_shows_it(told: Shop, ask: Ask) -> None:
    shown = ask(told, "lineage", "renamed.money").out.splitlines()
    assert shown[:3] == ["Money, in euros  (as orders.amount)", "", "renamed.money"]
    assert ask(told, "lineage", "orders.amount", "--down").out.splitlines()[0] == "Money, in euros"
    of_column = ask(told, "lineage", "renamed.money", "--up", "--json").json["descriptions"]
    assert sorted(of_column) == ["orders.amount", "renamed.money", "sales.amount"]
    page = ask(told, "lineage", "--format", "html").out
    assert '<td>money</td><td>Money, in euros <span class="kind">as orders.amount</span></td>' in page
    assert "    money: Money, in euros (as orders.amount)" in ask(told, "explain", "renamed").out.splitlines()
    document = json.loads(ask(told, "explain", "renamed", "--json").out)
    assert document["descriptions"]["who"] == {"description": "Who paid", "declared_on": "orders.customer"}


def test_a_tag_of_a_source_follows_too(told: Shop, ask: Ask) -> None:
    assert ask(told, "lineage", "--tag", "pii").out.splitlines() == [
        "big.customer  from orders.customer",
        "orders.customer  declared here",
        "renamed.who  from orders.customer",
        "sales.customer  from orders.customer",
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('{ amont = { description = "Money" } }', "sales has no column amont, which `columns` describes"),
        ('{ amount = { descripton = "Money" } }', "Did you mean description?"),
        ("{ amount = { description = 3 } }", "has the column amount, whose description must be text, not 3"),
        ("{ amount = 3 }", "must give each column a DuckDB type"),
    ],
)
def test_words_about_nothing_are_refused(told: Shop, ask: Ask, columns: str, said: str) -> None:
    told.sql("sales", f"/* @asset\ncolumns = {columns}\n*/\nSELECT id, customer, city, amount FROM orders")
    printed = ask(told, "plan")
    assert printed.code == 2
    assert said in printed.err
