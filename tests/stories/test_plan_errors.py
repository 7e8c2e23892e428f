"""What cannot work is told by `plan`, before anything runs: where, why, and who broke it."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


def refused(shop: Shop, *told: str) -> None:
    """`plan` refuses with these words, and so does a dry run."""
    for arguments in (["plan"], ["materialize", "--dry-run"]):
        planned = shop.cli(*arguments)
        assert planned.code == 2, planned.err
        assert "Traceback" not in planned.err
        for words in told:
            assert words in planned.err


def test_a_column_that_is_not_there(shop: Shop) -> None:
    shop.sql("wrong", "SELECT\n  id,\n  nope\nFROM sales")
    refused(shop, "assets/wrong.sql:3", "nope", "cannot run")
    made = shop.cli("materialize")
    assert made.code == 1
    assert "assets/wrong.sql:3" in made.err
    assert shop.rows("SELECT count(*) FROM by_city") == [(2,)]


def test_an_edit_upstream_that_takes_away_a_column_names_who_uses_it(shop: Shop) -> None:
    shop.made()
    shop.sql("sales", "SELECT id, customer, amount FROM orders")
    refused(shop, "by_city reads city of sales, which will not be there", "assets/by_city.sql:1", "by assets/sales.sql")


def test_a_type_that_does_not_fit(shop: Shop) -> None:
    shop.sql("wrong", "SELECT sum(customer) AS s FROM sales")
    refused(shop, "assets/wrong.sql:1", "sum(VARCHAR)")


def test_two_columns_of_one_name(shop: Shop) -> None:
    shop.sql("wrong", "SELECT a.id, b.city, b.id AS ID FROM sales a JOIN sales b USING (city)")
    refused(shop, "assets/wrong.sql:1", "two columns are named 'id' and 'ID'", "rename one of them with AS")


def test_a_promise_that_the_query_breaks(shop: Shop) -> None:
    shop.sql("kept", '/* @asset\ncolumns = { id = "VARCHAR", more = "INTEGER" }\n*/\nSELECT id FROM sales')
    refused(shop, "column id of kept is BIGINT, but `columns` promises VARCHAR", "no column more")


def test_a_key_that_names_no_column(shop: Shop) -> None:
    shop.sql("keyed", '/* @asset\nunique_key = ["idd"]\n*/\nSELECT id FROM sales')
    refused(shop, "no column idd, which `unique_key` names", "Did you mean id?")


def test_a_parameter_that_asks_for_a_column_its_upstream_lacks(shop: Shop) -> None:
    shop.python(
        "narrow",
        """
        from typing import Annotated

        import polars as pl

        from assetflow import asset, upstream


        @asset
        def narrow(sales: Annotated[pl.DataFrame, upstream(columns=["id", "town"])]) -> pl.DataFrame:
            return sales
        """,
    )
    refused(shop, "narrow asks for town of sales, which has no such column")


def test_an_upstream_that_is_not_selected_counts_as_it_was_published(shop: Shop) -> None:
    shop.made()
    shop.sql("sales", "SELECT id, customer, amount FROM orders")
    shop.sql("by_city", "SELECT city, max(amount) AS total FROM sales GROUP BY city")
    assert shop.run("by_city") == {"by_city": "materialized"}


@pytest.mark.parametrize("body", ["return sales.select(sales.columns[0])", 'return sales.pivot("city", index="id")'])
def test_columns_that_are_not_known_before_a_function_ran_are_no_error(shop: Shop, body: str) -> None:
    shop.python(
        "free",
        f"""
        import polars as pl

        from assetflow import asset


        @asset
        def free(sales: pl.DataFrame) -> pl.DataFrame:
            {body}
        """,
    )
    shop.sql("after", "SELECT id FROM free")
    assert shop.cli("plan").code == 0


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ('columns = { id = "BIGNIT" }', "unknown column type BIGNIT"),
        ('options = { delimm = ";" }', 'unknown option "delimm" for csv files'),
        ('options = { header = "perhaps" }', "the option \"header\" takes a BOOLEAN, not 'perhaps'"),
    ],
)
def test_words_of_a_source_that_mean_nothing(shop: Shop, declared: str, told: str) -> None:
    shop.write("assetflow.toml", f'[sources.orders]\nfiles = "data/orders.csv"\n{declared}\n')
    refused(shop, "assetflow.toml:3: source orders", told)


def test_words_of_a_source_that_duckdb_knows(shop: Shop) -> None:
    shop.write(
        "assetflow.toml",
        "[sources.orders]\n"
        'files = "data/orders.csv"\n'
        'columns = { id = "DECIMAL(10, 2)", note = "STRUCT(a ENUM(\'x\'))" }\n'
        'options = { delim = ",", nullstr = ["", "NA"], header = true }\n',
    )
    assert shop.cli("plan").code == 0


def test_a_file_whose_name_holds_no_date(shop: Shop) -> None:
    shop.write("data/days/sales-2024-01-31.csv", "id\n1\n")
    shop.write("data/days/sales-total.csv", "id\n1\n")
    shop.write(
        "assetflow.toml",
        '[sources.orders]\nfiles = "data/orders.csv"\n'
        '[sources.days]\nfiles = "data/days/sales-{day}.csv"\ncolumns = { day = "DATE" }\n',
    )
    shop.sql("daily", "FROM days")
    refused(shop, '"total" in the name of sales-total.csv is no date like 2024-01-31', "Rename the file")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("SELECT * FROM {{ ref('sales') }}", "write the name itself, FROM sales."),
        ("SELECT * FROM {{ source('shop', 'orders') }}", "write the name itself, FROM orders."),
        ("{{ config(materialized='view') }}\nFROM sales", '/* @asset materialized = "view" */'),
        ("FROM sales\n{% if is_incremental() %} WHERE id > 3 {% endif %}", "write the whole query"),
        ("{% set x = 1 %}\nFROM sales", "write plain SQL"),
        ("MODEL (name x);\nFROM sales", '/* @asset tags = ["nightly"] */'),
    ],
)
def test_the_habits_of_other_tools(shop: Shop, written: str, told: str) -> None:
    shop.sql("habit", written)
    printed = shop.cli("plan")
    assert printed.code == 2
    assert told in printed.err


def test_what_the_hints_say_works(shop: Shop) -> None:
    shop.sql("habit", '/* @asset materialized = "view" */\nFROM sales')
    assert shop.cli("plan").code == 0


@pytest.mark.parametrize(("command", "told"), [("run", "assetflow materialize"), ("test", "assetflow check")])
def test_the_commands_of_other_tools(shop: Shop, command: str, told: str) -> None:
    printed = shop.cli(command)
    assert (printed.code, printed.out) == (2, "")
    assert told in printed.err
