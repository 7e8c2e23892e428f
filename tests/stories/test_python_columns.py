"""What Python assets read, and that they are left alone when something else changes."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Shop

HEAD = """
import polars as pl
from typing import Annotated

from assetflow import asset, upstream

"""


@pytest.fixture
def people(empty_shop: Shop) -> Shop:
    empty_shop.write("assetflow.toml", '[sources.people]\nfiles = "data/people.csv"\n')
    write_people(empty_shop)
    empty_shop.sql("users", "SELECT id, email, username FROM people")
    return empty_shop


def write_people(shop: Shop, email: str = "a@x", name: str = "anna", more: str = "") -> None:
    shop.write("data/people.csv", f"id,email,username\n1,{email},{name}\n2,b@x,bert\n3,c@x,cleo\n{more}")


def declare(shop: Shop, body: str, signature: str = "users: pl.LazyFrame", returns: str = "pl.LazyFrame") -> None:
    shop.python("mine", f"{HEAD}\n@asset\ndef mine({signature}) -> {returns}:\n    {body}\n")


BODIES = {
    "lazy": 'return users.filter(pl.col("id") > 0).select("id", name=pl.col("username").str.to_uppercase())',
    "grouped": 'return users.group_by("username").agg(pl.len(), pl.col("id").sum())',
    "collects inside": 'return users.select("id", "username").collect().lazy()',
    "raises without rows": 'return users.select("id", "username").collect()[:1, :].select(pl.all().first()).lazy()',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_function_of_lazyframes_is_skipped_when_what_it_does_not_read_changes(people: Shop, body: str) -> None:
    declare(people, body)
    assert people.made() == ["mine", "users"]
    write_people(people, email="new@x")
    assert people.run() == {"users": "materialized", "mine": "skipped"}
    assert people.run() == {}
    write_people(people, email="new@x", name="ada")
    assert people.made() == ["mine", "users"]


def test_a_new_column_that_is_not_read_restales_nothing(people: Shop) -> None:
    declare(people, BODIES["lazy"])
    people.made()
    people.sql("users", "SELECT id, email, username, 1 AS one FROM people")
    assert people.run() == {"users": "materialized", "mine": "skipped"}


def test_a_function_that_goes_over_all_columns_sees_a_new_one(people: Shop) -> None:
    declare(people, "return users.select(pl.all().cast(pl.String))")
    people.made()
    people.sql("users", "SELECT id, email, username, 1 AS one FROM people")
    assert people.made() == ["mine", "users"]


def test_a_function_that_asks_for_the_names_of_columns_sees_a_new_one(people: Shop) -> None:
    declare(people, 'return users.select(pl.lit(len(users.collect_schema().names())).alias("n"), "id")')
    people.made()
    people.sql("users", "SELECT id, email, username, 1 AS one FROM people")
    assert people.made() == ["mine", "users"]


def test_a_frame_that_arrives_whole_reads_everything_unless_it_says_less(people: Shop) -> None:
    declare(people, 'return users.select("id")', "users: pl.DataFrame", "pl.DataFrame")
    people.made()
    write_people(people, email="new@x")
    assert people.made() == ["mine", "users"]
    narrow = 'users: Annotated[pl.DataFrame, upstream(columns=["id"])]'
    declare(people, 'return users.select("id")', narrow, "pl.DataFrame")
    people.made()
    write_people(people, email="newer@x")
    assert people.run() == {"users": "materialized", "mine": "skipped"}


def test_who_depends_on_the_order_of_rows_is_made_again_when_it_changes(people: Shop) -> None:
    people.sql("users", "SELECT id, email, username FROM people ORDER BY id")
    declare(people, 'return users.select("id").head(1)')
    people.python(
        "sums",
        f'{HEAD}\n@asset\ndef sums(users: pl.LazyFrame) -> pl.LazyFrame:\n    return users.select(pl.col("id").sum())\n',
    )
    people.made()
    people.sql("users", "SELECT id, email, username FROM people ORDER BY id DESC")
    assert people.run() == {"users": "materialized", "mine": "materialized", "sums": "skipped"}


def test_what_is_not_known_to_do_the_same_with_other_columns_is_made_again_and_not_restored(people: Shop) -> None:
    body = 'return users.select("id", n=(pl.lit(len(users.collect_schema())) + pl.col("id")).sum().over("username"))'
    declare(people, body)
    people.made()
    people.sql("users", "SELECT id, email, username, 1 AS one FROM people")
    assert people.made() == ["mine", "users"]


def test_a_function_that_calls_python_for_each_value_says_so_and_stays_right(people: Shop) -> None:
    declare(people, 'return users.select(pl.col("id").map_elements(lambda x: len(str(x)) + x, return_dtype=pl.Int64))')
    people.made()
    write_people(people, name="ada")
    assert people.made() == ["mine", "users"]


UNLIKE = """
import threading

import polars as pl

from assetflow import asset


@asset
def mine(users: pl.LazyFrame) -> pl.LazyFrame:
    in_a_run = threading.current_thread() is not threading.main_thread()
    return users.select("id", name="email" if in_a_run else "username").sort("id")
"""


def test_a_run_that_asks_for_more_than_a_call_without_rows_showed_is_believed(people: Shop) -> None:
    people.python("mine", UNLIKE)
    run = people.materialize(jobs=2)
    warned = [warning for result in run.assets for warning in result.warnings]
    assert len(warned) == 1
    assert warned[0].startswith("mine asked for email of users when it ran")
    assert people.run(jobs=2) == {}
    assert "it asked for email of users" in people.cli("explain", "mine").out
    assert json.loads(people.cli("lineage", "--json").out)["read_sets"]["mine"] == {
        "users": ["email", "id", "username"]
    }
    write_people(people, email="new@x")
    assert people.made(jobs=2) == ["mine", "users"]
    assert people.rows("SELECT name FROM mine WHERE id = 1") == [("new@x",)]


def test_a_run_that_asks_for_what_was_told_says_nothing(people: Shop) -> None:
    body = 'return users.join(users.select(n=pl.len()), how="cross").filter(pl.col("n") > 2).select("id", "n")'
    declare(people, body)
    assert not [warning for result in people.materialize().assets for warning in result.warnings]
    write_people(people, email="new@x", name="ada")
    assert people.run() == {"users": "materialized", "mine": "skipped"}
    write_people(people, email="new@x", name="ada", more="4,d@x,dora\n")
    assert people.made() == ["mine", "users"]


def test_an_upstream_that_arrives_twice_is_watched_twice(people: Shop) -> None:
    body = 'return users.select("id").collect().lazy().join(again.select("id", "username").collect().lazy(), on="id")'
    declare(people, body, 'users: pl.LazyFrame, again: Annotated[pl.LazyFrame, upstream("users")]')
    people.made()
    write_people(people, email="new@x")
    assert people.run() == {"users": "materialized", "mine": "skipped"}
    write_people(people, email="new@x", name="ada")
    assert people.made() == ["mine", "users"]


def test_what_a_join_is_held_to_counts_though_no_plan_of_polars_tells_it(shop: Shop) -> None:
    shop.python(
        "joined",
        """
        import polars as pl

        from assetflow import asset


        @asset
        def joined(sales: pl.LazyFrame, people: pl.LazyFrame) -> pl.LazyFrame:
            return sales.join(people, left_on="customer", right_on="name")
        """,
    )
    shop.run()
    shop.replace("assets/joined.py", '"name")', '"name", validate="m:1")')
    assert shop.made() == ["joined"]
    shop.replace("assets/joined.py", '"name", validate="m:1")', '"name",  # said\n        validate="m:1")')
    assert shop.made() == []
    shop.replace("assets/joined.py", '"m:1"', '"1:1"')
    assert shop.run() == {"joined": "failed"}


@pytest.mark.parametrize(
    "body",
    [
        "def rich(sales: pl.LazyFrame) -> pl.LazyFrame:\n    return sales.filter(pl.col('amount') > {}).select('id')",
        "def rich() -> Query:\n    return Query('SELECT id FROM sales WHERE amount > {}')",
    ],
)
def test_an_edit_of_a_function_does_not_claim_that_its_inputs_changed(shop: Shop, body: str) -> None:
    head = "import polars as pl\nfrom assetflow import Query, asset\n\n\n@asset\n"
    shop.python("rich", head + body.format(10) + "\n")
    shop.made()
    shop.python("rich", head + body.format(20) + "\n")
    assert [reason.kind for step in shop.plan().steps for reason in step.reasons] == ["code_changed"]
    told = shop.cli("explain", "rich").out
    assert "= input     sales" in told
    assert "x input" not in told
    shop.replace("data/orders.csv", "2,bob,Oslo,20", "2,bob,Oslo,25")
    shop.made("sales")
    steps = {step.asset: step for step in shop.plan("rich").steps}
    assert [reason.kind for reason in steps["rich"].reasons] == ["code_changed", "input_changed"]
