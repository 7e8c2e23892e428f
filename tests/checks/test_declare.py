"""How checks are declared, what they are then named, and what is said about those that are written wrong."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from assetflow.check import Check
from assetflow.checks.declare import check_from_option, check_from_tag
from assetflow.errors import DefinitionError

WRONG = [
    block.splitlines()
    for block in Path(__file__).with_name("wrong_checks.txt").read_text().split("\n\n")
    if not block.startswith("#")
]


@pytest.mark.parametrize(("written", "message", "hint"), WRONG, ids=[block[0] for block in WRONG])
def test_what_is_wrong_and_the_next_step(written: str, message: str, hint: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        tag(written) if written.startswith("@") else option(written)
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert raised.value.where == "assets/sales.sql:3"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ('{ not_null = ["revenue", "week"] }', ["not_null(revenue)", "not_null(week)"]),
        ('{ unique = ["week", "department"] }', ["unique(week, department)"]),
        ('{ unique = ["week", "week"] }', ["unique(week)"]),
        ("{ min = { column = 'revenue', value = 0 } }", ["min(revenue)"]),
        ("{ row_count = { min = 1 } }", ["row_count"]),
        (
            '{ relationships = { column = "product_id", to = "products" } }',
            ["relationships(product_id -> products.product_id)"],
        ),
        ('"margin\\n   < 1"', ["margin < 1"]),
        ('{ expression = "margin < 1", name = "margin_sane" }', ["margin_sane"]),
    ],
)
def test_names_are_readable(written: str, names: list[str]) -> None:
    assert [check.name for check in option(written)] == names


def test_a_long_condition_is_cut_in_its_name_only() -> None:
    (check,) = option('"' + " OR ".join(f"a = {number}" for number in range(40)) + '"')
    assert len(check.name) == 80
    assert check.sql is not None
    assert "a = 39" in check.sql


def test_other_tables_are_upstreams() -> None:
    (relationships,) = option('{ relationships = { column = "product_id", to = "products.id" } }')
    (query,) = option('{ sql = "FROM {table} ANTI JOIN products USING (id)", upstreams = ["products"] }')
    assert relationships.upstreams == ("products",)
    assert query.upstreams == ("products",)


def test_a_tag_that_is_no_check_is_a_plain_tag() -> None:
    assert tag("@pii()") is None
    assert tag("@minor()") is None


def test_a_tag_says_the_same_as_the_table_of_its_kind() -> None:
    pairs = {
        "@not_null()": '{ not_null = "a" }',
        "@unique()": '{ unique = "a" }',
        "@min(0.5)": '{ min = { column = "a", value = 0.5 } }',
        "@max(value=3)": '{ max = { column = "a", value = 3 } }',
        "@accepted_values('x', 'y')": '{ accepted_values = { column = "a", values = ["x", "y"] } }',
        "@relationships('products.id')": '{ relationships = { column = "a", to = "products.id" } }',
        "@freshness('2 days', severity='warn')": (
            '{ freshness = { column = "a", within = "2 days" }, severity = "warn" }'
        ),
        "@expression('a > b', name='more')": '{ expression = "a > b", name = "more" }',
    }
    for written, other in pairs.items():
        check, (same,) = tag(written), option(other)
        assert check is not None
        assert (check.name, check.sql, check.severity) == (same.name, same.sql, same.severity)
        assert check.column == "a"


def option(written: str) -> tuple[Check, ...]:
    (value,) = tomllib.loads(f"check = {written}").values()
    return check_from_option(value, asset="sales", path="assets/sales.sql", line=3)


def tag(written: str) -> Check | None:
    """`@min(0, severity="warn")`, read as a Python call."""
    call = ast.parse(written[1:], mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    arguments = [ast.literal_eval(argument) for argument in call.args]
    options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return check_from_tag("a", call.func.id, arguments, options, path="assets/sales.sql", line=3)
