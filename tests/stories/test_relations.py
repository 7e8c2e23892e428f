"""Functions that put DuckDB relations together read what their query reads; those that look at rows, everything."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Shop

HEAD = """
import duckdb

from assetflow import asset

LEAST = 0


@asset
def mine({signature}) -> duckdb.DuckDBPyRelation:
    {body}
"""
TWO = "users: duckdb.DuckDBPyRelation, towns: duckdb.DuckDBPyRelation, least: int = 0"


@pytest.fixture
def people(empty_shop: Shop) -> Shop:
    empty_shop.write(
        "assetflow.toml",
        '[sources.people]\nfiles = "data/people.csv"\n[sources.towns]\nfiles = "data/towns.csv"\n',
    )
    write_people(empty_shop)
    empty_shop.write("data/towns.csv", "town,size\nRome,3\nOslo,1\n")
    empty_shop.sql("users", "SELECT id, email, name, town FROM people")
    return empty_shop


def write_people(shop: Shop, email: str = "a@x", name: str = "anna") -> None:
    shop.write("data/people.csv", f"id,email,name,town\n1,{email},{name},Rome\n2,b@x,bert,Oslo\n3,c@x,cleo,Rome\n")


def declare(shop: Shop, body: str, signature: str = TWO) -> None:
    shop.python("mine", HEAD.format(signature=signature, body=body))


def read_set(shop: Shop) -> dict[str, list[str] | None]:
    return json.loads(shop.cli("lineage", "--json").out)["read_sets"]["mine"]


BUILT = {
    "filter": 'return users.filter("id > 0").project("id, upper(name) AS loud")',
    "config": 'return users.filter(f"id > {least} + {LEAST}").select("id", "name")',
    "aggregate": 'return users.aggregate("name, max(id) AS last", "name")',
    "steps": 'some = users.filter("id > 0")\n    more = some.distinct()\n    return more.order("id").project("name, id")',
    "join": 'return users.set_alias("u").join(towns.set_alias("t"), "u.id = t.size").project("u.name, u.id, t.size")',
    "union": 'return users.project("id, name").union(towns.project("size, town"))',
    "query": 'return users.filter("id > 0").query("kept", "SELECT name, count(id) AS n FROM kept GROUP BY name")',
    "query by its name": 'return users.query("users", "SELECT id, name FROM users")',
    "expressions": (
        'return users.filter(duckdb.ColumnExpression("id") > duckdb.ConstantExpression(0))'
        '.select(duckdb.ColumnExpression("name").alias("who"))'
    ),
}


@pytest.mark.parametrize("body", BUILT.values(), ids=list(BUILT))
def test_a_function_that_only_builds_is_skipped_when_what_it_does_not_read_changes(people: Shop, body: str) -> None:
    declare(people, body)
    assert people.made() == ["mine", "users"]
    assert set(read_set(people)["users"] or ["everything"]) <= {"id", "name"} or "distinct" in body
    if "distinct" not in body:
        write_people(people, email="new@x")
        assert people.run() == {"users": "materialized", "mine": "skipped"}
    write_people(people, email="new@x", name="ada")
    assert people.made() == ["mine", "users"]
    assert people.run() == {}


LOOKS = {
    "len": 'return users.filter(f"id > {len(users)}")',
    "printed": "return users.filter(f\"'{towns}' <> ''\")",
    "branch": 'return users.project("id") if towns else users.project("name")',
    "fetch": 'return users.filter(f"id > {towns.fetchall()[0][1]}").project("id")',
    "frame": 'frame = users.pl()\n    return users.project("id")',
    "own query": 'return duckdb.sql("SELECT id FROM users")',
    "loop": 'for each in range(2):\n        users = users.filter("id > 0")\n    return users',
    "clock": 'return users.project("id, {} AS x".format(least))',
}


@pytest.mark.parametrize("body", LOOKS.values(), ids=list(LOOKS))
def test_one_that_may_look_at_rows_reads_everything_and_says_why(people: Shop, body: str) -> None:
    declare(people, body)
    document = json.loads(people.cli("lineage", "--json").out)
    assert document["read_sets"]["mine"] == {"users": None, "towns": None}
    assert "towns, users arrives as a whole" in document["opaque"]["mine"]


def test_what_is_declared_of_one_stays_when_the_other_is_not_known(people: Shop) -> None:
    signature = 'users: Annotated[duckdb.DuckDBPyRelation, upstream(columns=["id"])], towns: duckdb.DuckDBPyRelation'
    declare(people, 'return users.filter(f"id > {len(towns)}")', signature)
    people.replace("assets/mine.py", "import duckdb\n", "import duckdb\nfrom typing import Annotated\n")
    people.replace("assets/mine.py", "import asset", "import asset, upstream")
    assert read_set(people) == {"users": ["id"], "towns": None}


def test_its_columns_are_known_before_it_runs(people: Shop) -> None:
    declare(people, BUILT["filter"])
    people.sql("loud", "SELECT lowd FROM mine")
    printed = people.cli("plan")
    assert printed.code == 0  # a function could do otherwise when it runs, so nothing is refused
    assert people.cli("lineage", "mine.loud", "--up").out.splitlines()[:3] == [
        "mine.loud",
        "├── users.name  transformation",
        "│   └── people.name  identity",
    ]
