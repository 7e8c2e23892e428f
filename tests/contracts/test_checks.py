"""Every kind of check: it is written as its form says, runs, and takes any name and value for what it is."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Callable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetflow.check import TABLE, Check
from assetflow.checks import columns, tables
from assetflow.checks.declare import KINDS, check_from_option, check_from_tag
from assetflow.checks.tables import run_sql

NOW = "2026-11-20T02:00:00Z"
FORMS = [(name, form) for name, kind in KINDS.items() for form in kind.form.split(" or ")]
TAGS = [(name, kind.tag) for name, kind in KINDS.items() if kind.tag is not None]

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8) | st.sampled_from(
    ["{table}", "{now}", 'a"b', "it's", "copies", "$$", "--", "/*", "select", "A.b", "e'\\"]
)


def makers() -> dict[str, Callable[..., Check]]:
    found = {**vars(columns), **vars(tables)}
    return {
        name: value
        for name, value in found.items()
        if inspect.isfunction(value) and inspect.signature(value).return_annotation == "Check"
    }


def test_every_check_can_be_declared() -> None:
    assert {name.replace("imum", "") for name in makers()} == set(KINDS)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_form_that_errors_show_is_right(name: str, form: str) -> None:
    (value,) = tomllib.loads(f"check = {form}").values()
    for check in check_from_option(value, asset="sales", path="assets/sales.sql", line=3):
        assert check.sql is not None
        assert TABLE in check.sql
        assert (check.path, check.line, check.severity) == ("assets/sales.sql", 3, "error")
        duckdb.connect().execute("SELECT json_serialize_sql(?)", [run_sql(check, "sales", NOW)])


@pytest.mark.parametrize(("name", "tag"), TAGS)
def test_the_tag_that_errors_show_is_right(name: str, tag: str) -> None:
    match = re.fullmatch(r"@(\w+)(?:\((.*)\))?", tag)
    assert match is not None
    arguments = ast.literal_eval(f"({match[2]},)") if match[2] else ()
    check = check_from_tag("a", match[1], arguments, {"severity": "warn"}, path="assets/sales.sql", line=3)
    assert check is not None
    assert (check.column, check.severity) == ("a", "warn")


@settings(max_examples=60, deadline=None)
@given(name=NAMES, value=NAMES, key=NAMES)
def test_names_and_values_are_taken_for_what_they_are(name: str, value: str, key: str) -> None:
    """A table whose one row is right passes every check, and fails those that its value contradicts."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE other AS SELECT $1 AS {quoted(key)}", [value])
    connection.execute(f"CREATE TABLE staged AS SELECT $1 AS {quoted(name)}", [value])
    passing = [
        columns.not_null(name),
        columns.unique(name),
        columns.accepted_values(name, [value]),
        columns.minimum(name, value),
        columns.maximum(name, value),
        columns.relationships(name, "other", key),
        tables.expression(f"{quoted(name)} = {text(value)}"),
        tables.sql("staged", f"SELECT * FROM {{table}} WHERE {quoted(name)} <> {text(value)}"),
    ]
    failing = [
        columns.accepted_values(name, [value + "!"]),
        columns.minimum(name, value + "!"),
        tables.expression(f"{quoted(name)} <> {text(value)}"),
        tables.sql("staged", f"SELECT * FROM {{table}} WHERE {quoted(name)} = {text(value)}"),
    ]
    assert [check.name for check in passing if failures(connection, check)] == []
    assert [check.name for check in failing if not failures(connection, check)] == []


def failures(connection: duckdb.DuckDBPyConnection, check: Check) -> int:
    return len(connection.execute(run_sql(check, "(SELECT * FROM staged)", NOW)).fetchall())


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
