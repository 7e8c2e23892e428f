"""`diff --why`: how much of a change its code made, and how much each input; or why there is no telling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Shop

RATES = "city,rate\nRome,1\nOslo,2\n"


@pytest.fixture
def priced(shop: Shop) -> Shop:
    """orders, rates -> priced (SQL), made twice: with other code, another order, another rate."""
    shop.write(
        "assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n[sources.rates]\nfiles = "data/rates.csv"\n'
    )
    shop.write("data/rates.csv", RATES)
    shop.sql("priced", "SELECT id, amount * rate AS price FROM orders JOIN rates USING (city)")
    shop.made()
    shop.sql("priced", "SELECT id, amount * rate AS price FROM orders JOIN rates USING (city) WHERE amount <> 30")
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Rome,7\n6,eve,Rome,8\n")
    shop.write("data/rates.csv", RATES.replace("Oslo,2", "Oslo,3"))
    shop.made()
    return shop


def why(shop: Shop, *arguments: str) -> Any:
    printed = shop.cli("diff", *arguments, "--why", "--json")
    assert printed.code == 0, printed.err
    return printed.json["why"]


def parts(told: Any) -> dict[str, int]:
    return {part["name"]: part["rows"] for part in told["parts"]}


def test_each_row_goes_to_the_code_or_the_input_that_changed_it(priced: Shop) -> None:
    told = why(priced, "priced")
    assert parts(told) == {"assets/priced.sql": 1, "orders": 2, "rates": 1}
    assert (told["several"], told["together"], told["refused"], told["note"]) == (0, 0, None, None)
    assert [part["kind"] for part in told["parts"]] == ["code", "input", "input"]


def test_it_is_printed_with_what_each_does_alone(priced: Shop) -> None:
    told = priced.cli("diff", "priced", "--why").out
    assert "why, of 4 rows:" in told
    assert "code assets/priced.sql  1 ( 25%)  alone: 1 removed" in told
    assert "orders                  2 ( 50%)  alone: 2 added" in told
    assert "rates                   1 ( 25%)  alone: 1 changed" in told


def test_it_leaves_nothing_behind_and_publishes_nothing(priced: Shop) -> None:
    before = sorted(path for path in (priced.root / "warehouse").rglob("*.parquet"))
    history = priced.cli("history", "--json").json
    why(priced, "priced")
    assert sorted(path for path in (priced.root / "warehouse").rglob("*.parquet")) == before
    assert priced.cli("history", "--json").json == history
    assert not list((priced.root / "warehouse" / "staging").glob("scratch-*"))
    assert priced.run() == {}


def test_the_other_way_round_and_between_environments(priced: Shop) -> None:
    assert parts(why(priced, "priced", "current", "-1")) == {"assets/priced.sql": 1, "orders": 2, "rates": 1}
    priced.cli("env", "create", "dev")
    priced.replace("assets/priced.sql", "amount <> 30", "amount <> 20")
    priced.run(env="dev")
    assert parts(why(priced, "priced", "prod", "dev")) == {"assets/priced.sql": 2}


def test_rows_that_need_several_causes_and_rows_that_each_would_make(priced: Shop) -> None:
    priced.sql("priced", "SELECT id, amount * rate AS price FROM orders JOIN rates USING (city) WHERE amount > 7")
    priced.write("data/orders.csv", priced.read("data/orders.csv").replace("5,dan,Rome,7\n", ""))
    priced.write("data/rates.csv", RATES.replace("Rome,1", "Rome,4").replace("Oslo,2", "Oslo,3"))
    priced.made()
    told = why(priced, "priced")
    assert told["several"] == 1, "the order of dan is left out by the code, and gone by itself"
    assert parts(told) == {"assets/priced.sql": 0, "orders": 0, "rates": 2}
    assert told["together"] == 1, "the order of 30 comes back by the code, at the new rate"


def test_without_a_key_copies_are_counted(priced: Shop) -> None:
    priced.sql("cities", "SELECT city FROM orders WHERE city IS NOT NULL")
    priced.made()
    priced.sql("cities", "SELECT city FROM orders WHERE city IS NOT NULL UNION ALL SELECT 'Rome'")
    priced.write("data/orders.csv", priced.read("data/orders.csv") + "7,gus,Oslo,1\n")
    priced.made()
    told = why(priced, "cities")
    assert parts(told) == {"assets/cities.sql": 1, "orders": 1}


def test_code_that_needs_the_new_input_cannot_be_made_without_it(priced: Shop) -> None:
    priced.write("data/rates.csv", "city,rate,extra\nRome,1,0\nOslo,3,100\n")
    priced.sql("priced", "SELECT id, amount * rate + extra AS price FROM orders JOIN rates USING (city)")
    priced.made()
    told = why(priced, "priced")
    (code,) = [part for part in told["parts"] if part["kind"] == "code"]
    assert "extra" in code["error"]
    assert (parts(told), told["together"]) == ({"assets/priced.sql": 0, "rates": 0}, 2)
    assert "cannot be made with this alone" in priced.cli("diff", "priced", "--why").out


def test_a_column_that_comes_with_the_code(priced: Shop) -> None:
    priced.sql(
        "priced", "SELECT id, amount * rate AS price, city FROM orders JOIN rates USING (city) WHERE amount <> 30"
    )
    priced.made()
    assert "alone: + column city" in priced.cli("diff", "priced", "--why").out


def test_through_a_view_it_sees_what_the_view_read_then(priced: Shop) -> None:
    priced.sql("rome", "/* @asset\nmaterialized = \"view\"\n*/\nSELECT * FROM orders WHERE city = 'Rome'")
    priced.sql("romans", "SELECT id, amount FROM rome")
    priced.made()
    priced.sql("romans", "SELECT id, amount FROM rome WHERE id <> 1")
    priced.write("data/orders.csv", priced.read("data/orders.csv") + "8,gus,Rome,1\n")
    priced.made()
    assert parts(why(priced, "romans")) == {"assets/romans.sql": 1, "rome": 1}


def test_the_rows_of_a_view_change_though_its_text_does_not(priced: Shop) -> None:
    priced.sql(
        "rome", "/* @asset\nmaterialized = \"view\"\n*/\nWITH o AS (FROM orders) SELECT * FROM o WHERE city = 'Rome'"
    )
    priced.sql("first", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM rome WHERE id > 0')
    priced.sql("romans", "SELECT id, amount FROM first")
    priced.made()
    priced.write("data/orders.csv", priced.read("data/orders.csv") + "8,gus,Rome,1\n")
    priced.made()
    assert parts(why(priced, "romans")) == {"first": 1}


def function(shop: Shop, body: str) -> None:
    shop.python(
        "big",
        f"""
        import polars as pl

        from assetflow import asset


        @asset
        def big(sales: pl.LazyFrame, least: int = 20) -> pl.LazyFrame:
            return {body}
        """,
    )


def test_a_parameter_of_a_function_is_a_cause(shop: Shop) -> None:
    shop.made()
    settings = shop.read("assetflow.toml")
    shop.write("assetflow.toml", settings + "[assets.big]\nleast = 30\n")
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    told = why(shop, "big")
    assert parts(told) == {"assets/big.py": 1, "sales": 1}
    assert [part["kind"] for part in told["parts"]] == ["config", "input"]


@pytest.mark.parametrize("ends", [("-1", "current"), ("current", "-1")])
def test_a_function_that_was_edited_is_there_only_as_it_is_today(shop: Shop, ends: tuple[str, str]) -> None:
    shop.made()
    function(shop, 'sales.filter((pl.col("amount") >= least) & (pl.col("id") != 2))')
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    told = why(shop, "big", *ends)
    assert parts(told) == {"assets/big.py": 1, "sales": 1}
    assert "a function is there only as it is today" in told["note"]


def test_functions_of_then_are_not_kept(shop: Shop) -> None:
    shop.made()
    function(shop, 'sales.filter(pl.col("amount") >= least + 1)')
    shop.made()
    function(shop, 'sales.filter(pl.col("amount") >= least + 2)')
    assert "functions of then are not kept" in why(shop, "big")["refused"]


def test_what_reads_the_clock_is_not_made_of_its_inputs_alone(shop: Shop) -> None:
    shop.sql("clock", "SELECT now() AS at, count(*) AS n FROM sales")
    shop.made()
    shop.made()
    told = shop.cli("diff", "clock", "--why")
    assert told.code == 0
    assert "why: there is no telling: it is not made of its inputs alone" in told.out


def test_what_does_not_come_out_the_same_twice_is_not_split(shop: Shop) -> None:
    """The clock is declared harmless, and is not: nothing but making it again can tell."""
    shop.sql("clock", '/* @asset\nvolatile = "ignore"\n*/\nSELECT id, now() AS at FROM sales')
    shop.made()
    shop.sql("clock", '/* @asset\nvolatile = "ignore"\n*/\nSELECT id, now() AS at FROM sales WHERE id > 1')
    shop.made()
    assert "made again from what it was made from, holds other rows" in why(shop, "clock")["refused"]


def test_a_file_that_is_read_where_it_lies_is_not_kept(shop: Shop) -> None:
    shop.sql("raw", "SELECT id, amount FROM 'data/orders.csv'")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    assert "data/orders.csv where it lies, and what was in it then is not kept" in why(shop, "raw")["refused"]


def test_what_it_was_made_from_may_be_gone(priced: Shop) -> None:
    project = priced.project()
    before = project.ledger.history("prod", "orders")[1]
    for file in project.ledger.snapshot(before.snapshot).files:
        (priced.root / "warehouse" / file.path).unlink()
    assert "which it was made from, are gone" in why(priced, "priced")["refused"]


def test_there_is_nothing_to_tell_of_sources_and_of_what_is_the_same(priced: Shop) -> None:
    assert "orders is no asset: somebody else makes it" in why(priced, "orders")["refused"]
    assert why(priced, "priced", "current", "current")["parts"] == []
