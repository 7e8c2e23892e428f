"""An edit of how a source or a table is declared, while its files, and what was made of them, stay where they are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.conftest import Shop

BY_FILE = """
import polars as pl

from assetflow import asset


@asset(per="file")
def t(orders: pl.DataFrame) -> pl.DataFrame:
    return orders
"""
READ_OTHERWISE = "orders has other columns than before, or is read otherwise"


def declare_source(shop: Shop, said: str) -> None:
    shop.write("assetflow.toml", f"[sources.orders]\n{said}\n")


def foreseen(shop: Shop) -> tuple[str | None, str | None]:
    project = shop.project()
    [step] = project.foresee(project.plan()).steps
    return step.mode, step.mode_reason


def test_files_that_are_read_otherwise_are_given_to_a_function_again(empty_shop: Shop) -> None:
    shop = empty_shop
    declare_source(shop, 'files = "data/*.csv"')
    shop.write("data/a.csv", "id,city\n1,NA\n2,Rome\n")
    shop.write("data/b.csv", "id,city\n3,NA\n")
    shop.python("t", BY_FILE)
    assert shop.made() == ["t"]
    declare_source(shop, 'files = "data/*.csv"\noptions = { nullstr = "NA" }')
    planned = foreseen(shop)
    [result] = shop.materialize().assets
    assert planned == (result.mode, result.mode_reason) == ("full", READ_OTHERWISE)
    assert shop.rows("FROM t ORDER BY id") == [(1, None), (2, "Rome"), (3, None)]
    # Which files there are is no way of reading them.
    shop.write("more/c.csv", "id,city\n4,NA\n")
    declare_source(shop, 'files = ["data/*.csv", "more/*.csv"]\noptions = { nullstr = "NA" }')
    assert foreseen(shop) == ("incremental", "new files")
    assert [result.mode for result in shop.materialize().assets] == ["incremental"]
    assert shop.rows("FROM t ORDER BY id") == [(1, None), (2, "Rome"), (3, None), (4, None)]


def test_a_promise_to_be_refreshed_by_new_files_is_broken_by_an_edit_of_how_all_are_read(empty_shop: Shop) -> None:
    """What the function is given beside the file counts as well; a file with another column is read otherwise."""
    shop = empty_shop
    shop.write("data/a.csv", "id,city\n1,NA\n")
    shop.write("more/rates.csv", "rate\n2\n")
    sources = '[sources.orders]\nfiles = "data/*.csv"\n{}[sources.rates]\nfiles = "more/*.csv"\n'
    shop.write("assetflow.toml", sources.format(""))
    given = BY_FILE.replace('per="file"', 'per="file", incremental="require"')
    shop.python("t", given.replace("orders: pl.DataFrame", "orders: pl.DataFrame, rates: pl.DataFrame"))
    assert shop.made() == ["t"]
    shop.write("data/b.csv", "id,city\n2,Rome\n")
    assert foreseen(shop) == ("incremental", "new files")
    assert shop.made() == ["t"]
    shop.write("data/c.csv", "id,city,at\n3,Bern,4\n")
    assert_refused(shop)
    shop.remove("data/c.csv")
    shop.write("assetflow.toml", sources.format('options = { nullstr = "NA" }\n'))
    assert_refused(shop)


def assert_refused(shop: Shop) -> None:
    refused = shop.cli("plan")
    assert refused.code == 2
    assert READ_OTHERWISE in refused.err


def test_another_part_of_the_names_of_files_is_the_key(empty_shop: Shop) -> None:
    """The same files, of which the same columns are read, with other values in them."""
    shop = empty_shop
    shop.write("data/sales-1-2.csv", "n\n10\n")
    shop.write("data/sales-2-1.csv", "n\n20\n")
    shop.python("t", BY_FILE)
    shop.sql("sums", "SELECT shop, sum(n) AS n FROM orders GROUP BY shop")
    shop.sql("cut", '/* @asset\npartition = "shop"\n*/\nSELECT shop, n FROM orders')
    for pattern, expected in {
        "data/sales-{shop}-*.csv": [(1, 10), (2, 20)],
        "data/sales-*-{shop}.csv": [(1, 20), (2, 10)],
    }.items():
        declare_source(shop, f'files = "{pattern}"')
        assert {"cut", "sums", "t"} <= set(shop.made())
        for table in ("t", "sums", "cut"):
            assert shop.rows(f"SELECT shop, n FROM {table} ORDER BY shop") == expected
        assert shop.run() == {}


@pytest.mark.parametrize("instead", ["", ', "Kiel"'], ids=["fewer values", "others"])
def test_a_backfill_fails_like_a_whole_run_where_rows_belong_to_no_partition_any_more(
    empty_shop: Shop, instead: str
) -> None:
    shop = empty_shop
    declare_source(shop, 'files = "data/orders.csv"')
    shop.write("data/orders.csv", "city,n\nRome,1\nOslo,2\nBonn,3\n")
    values = '{ column = "city", values = ["Rome", "Oslo", "Bonn"] }'
    shop.sql("t", f"/* @asset\npartition = {values}\n*/\nSELECT city, n FROM orders")
    shop.materialize()
    shop.replace("assets/t.sql", ', "Bonn"', instead)
    for partition in ("Rome", None):
        [result] = shop.materialize(partition=partition).assets
        assert "1 row belongs to no partition of it: city is Bonn" in str(result.error)
        assert shop.rows("SELECT sum(n) FROM t") == [(6,)]
    shop.replace("assets/t.sql", "FROM orders", "FROM orders WHERE city <> 'Bonn'")
    assert shop.run(partition="Rome") == {"t": "materialized"}
    assert shop.run() == {"t": "materialized"}
    assert shop.rows("FROM t ORDER BY n") == [("Rome", 1), ("Oslo", 2)]
    assert shop.run() == {}


def test_values_that_are_listed_beside_others_that_are_not(empty_shop: Shop) -> None:
    shop = empty_shop
    declare_source(shop, 'files = "data/orders.csv"')
    shop.write("data/orders.csv", "city,shop,n\nRome,a,1\nOslo,b,2\nBonn,a,3\n")
    cut = '{ city = { column = "city", values = ["Bonn", "Oslo", "Rome"] }, shop = { column = "shop" } }'
    shop.sql("t", f"/* @asset\npartition = {cut}\n*/\nSELECT city, shop, n FROM orders")
    shop.materialize()
    shop.replace("assets/t.sql", '"Bonn", ', "")
    for partition in (None, "Rome/a"):
        [result] = shop.materialize(partition=partition).assets
        assert "1 row belongs to no partition of it: city and shop are Bonn/a" in str(result.error)
    shop.write("data/orders.csv", "city,shop,n\nRome,a,1\nOslo,b,2\n")
    assert shop.run() == {"t": "materialized"}
    assert shop.rows("FROM t ORDER BY n") == [("Rome", "a", 1), ("Oslo", "b", 2)]
    assert shop.run() == {}


def test_partitions_that_share_a_file_with_one_that_is_no_longer_listed_stay(empty_shop: Shop) -> None:
    """Many small partitions lie in one file, which bears the keys of all of them, also of those without rows."""
    shop = empty_shop
    declare_source(shop, 'files = "data/orders.csv"')
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(180)]
    rows = "".join(f"{day},{city},1\n" for day in days for city in ("Oslo", "Rome"))
    shop.write("data/orders.csv", f"day,city,n\n{rows}")
    cut = (
        '{ day = { time = "day", column = "day", start = "2024-01-01", end = "2024-06-28" }, '
        'city = { column = "city", values = ["Bonn", "Oslo", "Rome"] } }'
    )
    shop.sql("t", f"/* @asset\npartition = {cut}\n*/\nSELECT day, city, n FROM orders")
    assert len(shop.materialize().assets) == 540
    shop.replace("assets/t.sql", '"Bonn", ', "")
    for command in ("explain", "history"):
        assert shop.cli(command, "t", "--partition", "2024-01-05/Oslo").code == 0
    assert shop.run() == {"t": "materialized"}
    assert shop.rows("SELECT city, sum(n) FROM t GROUP BY city ORDER BY city") == [("Oslo", 180), ("Rome", 180)]
    shop.write("data/orders.csv", f"day,city,n\n{rows}2024-01-01,Oslo,5\n")
    assert [one.partition for one in shop.materialize().assets] == ["2024-01-01/Oslo"]
    assert shop.rows("SELECT city, sum(n) FROM t GROUP BY city ORDER BY city") == [("Oslo", 185), ("Rome", 180)]


WITH_DEFAULT = """
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl

from assetflow import asset


@asset
def t(since: object = {default}) -> pl.DataFrame:
    return pl.DataFrame({{"since": [repr(since)]}})
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(1, 2)", "[1, 2]"),
        ("date(2024, 1, 1)", "'2024-01-01'"),
        ("datetime(2024, 1, 1)", "'2024-01-01T00:00:00'"),
        ("Decimal('1.5')", "'1.5'"),
        ("{'a': [(1,)]}", "{'a': [[1]]}"),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    ],
)
def test_a_default_of_another_type_that_is_written_alike(empty_shop: Shop, before: str, after: str) -> None:
    shop = empty_shop
    for default in (before, after):
        shop.python("t", WITH_DEFAULT.format(default=default))
        assert shop.made() == ["t"]
        # What it says of itself is what the function was given.
        given = eval(default, {"date": date, "datetime": datetime, "Decimal": Decimal})
        assert shop.rows("FROM t") == [(repr(given),)]
        assert shop.run() == {}


def test_the_order_of_keys_in_a_setting_is_part_of_it(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.python("t", WITH_DEFAULT.format(default="None"))
    for said in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        shop.write("assetflow.toml", f"[assets.t]\nsince = {{ {', '.join(f'{k} = {v}' for k, v in said.items())} }}\n")
        assert shop.made() == ["t"]
        assert shop.rows("FROM t") == [(repr(said),)]
        assert shop.run() == {}


PROMISED = """
import polars as pl

from assetflow import asset


@asset({columns})
def t(orders: pl.DataFrame) -> pl.DataFrame:
    return orders
"""


@pytest.mark.parametrize("cut", ["", 'partition="id"'], ids=["a table", "partitions"])
def test_an_older_table_that_breaks_a_promise_made_since_is_not_restored(empty_shop: Shop, cut: str) -> None:
    shop = empty_shop
    declare_source(shop, 'files = "data/orders.csv"')
    shop.python("t", PROMISED.format(columns=cut))
    for amount in ("1.5", "1"):
        shop.write("data/orders.csv", f"id,amount\n1,{amount}\n")
        assert shop.made() == ["t"]
    shop.python("t", PROMISED.format(columns=", ".join(filter(None, [cut, 'columns={"amount": "BIGINT"}']))))
    assert shop.run() == {}
    shop.write("data/orders.csv", "id,amount\n1,1.5\n")
    [result] = shop.materialize().assets
    assert result.outcome == "failed"
    assert "column amount is DOUBLE, but `columns` promises BIGINT" in str(result.error)
    assert shop.rows("FROM t") == [(1, 1)]
