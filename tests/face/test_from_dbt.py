"""What the page for people who come from dbt shows works as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import Shop

PAGE = (Path(__file__).parents[2] / "docs" / "from_dbt.md").read_text(encoding="utf-8")
CHECKS = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return next(iter(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)))


def test_a_macro_and_a_variable(empty_shop: Shop) -> None:
    shop = empty_shop
    sources = '[sources.raw_payments]\nfiles = "data/payments.csv"\n'
    shop.write("data/payments.csv", "order_id,amount_cents,paid_on\n1,1250,2026-11-02\n2,300,2026-11-20\n")
    shop.write("assetflow.toml", sources)
    shop.write("assets/reports.py", block("python"))
    shop.made()
    assert shop.rows("SELECT order_id, amount::DOUBLE FROM recent_payments ORDER BY ALL") == [(1, 12.5), (2, 3.0)]
    shop.write("assetflow.toml", sources + block("toml").replace("tool.assetflow.", ""))
    assert shop.made() == ["recent_payments"]
    assert shop.rows("SELECT order_id FROM recent_payments") == [(2,)]


def test_a_template_that_is_left_is_named_with_its_line(shop: Shop) -> None:
    shop.write("assets/left.sql", "SELECT *\nFROM {{ ref('sales') }}")
    printed = shop.cli("plan")
    assert printed.code == 2
    assert "assets/left.sql:2: " in printed.err
    assert "SQL has no templates here" in printed.err


def test_every_form_of_a_check_that_is_listed_is_one(empty_shop: Shop) -> None:
    shop = empty_shop
    listed = CHECKS.partition("## Checks")[2].partition("##")[0]
    found = re.findall(r"`(\{ [a-z_]+ = .*? \})`", listed)
    # The short form of not_null is in the long one: a check has one name.
    forms = [form for form in found if "..." not in form and form != '{ not_null = "a" }']
    assert len(forms) >= 8
    shop.sql("products", "SELECT 1 AS id")
    columns = "SELECT 1 AS a, 'x' AS b, now()::TIMESTAMP AS day"
    options = f'/* @asset\nvolatile = "ignore"\nchecks = [{", ".join(forms)}]\n*/\n'
    shop.write("assets/checked.sql", options.replace('["x", "y"]', "[1]").replace('"a > b"', '"a > 0"') + columns)
    assert shop.made() == ["checked", "products"]
