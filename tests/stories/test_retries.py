"""Retries and timeouts: an attempt that fails is made again, one that takes too long is stopped."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

FLAKY = """
from pathlib import Path

import polars as pl

from assetflow import asset

TRIES = Path("{tries}")


@asset({options})
def flaky() -> pl.DataFrame:
    TRIES.write_text(TRIES.read_text() + "x")
    if len(TRIES.read_text()) < 3:
        raise ConnectionError("not yet")
    return pl.DataFrame({{"tries": [len(TRIES.read_text())]}})
"""


@pytest.fixture
def flaky(empty_shop: Shop) -> Shop:
    """An asset that fails twice and then works; `tries` holds a letter for each attempt."""
    empty_shop.write("tries", "")
    return empty_shop


def declare(shop: Shop, options: str) -> None:
    shop.python("flaky", FLAKY.format(options=options, tries=shop.root / "tries"))


def test_an_asset_is_tried_again_as_often_as_it_says(flaky: Shop) -> None:
    declare(flaky, "retries=2")
    assert flaky.made() == ["flaky"]
    assert flaky.rows("FROM flaky") == [(3,)]


def test_too_few_retries_fail_with_the_last_error(flaky: Shop) -> None:
    declare(flaky, "retries=1")
    [result] = flaky.materialize().assets
    assert result.outcome == "failed"
    assert "ConnectionError: not yet" in str(result.error)
    assert flaky.read("tries") == "xx"


def test_a_blocking_check_is_no_reason_to_try_again(flaky: Shop) -> None:
    declare(flaky, "retries=5, checks=['tries < 3']")
    [result] = flaky.materialize().assets
    assert result.outcome == "failed"
    assert flaky.read("tries") == "xxx", "the third attempt worked: its rows are wrong, not its luck"


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "return Query('SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b')"],
)
def test_a_function_that_takes_too_long_is_stopped(empty_shop: Shop, body: str) -> None:
    empty_shop.python("slow", f"from assetflow import Query, asset\n@asset(timeout=0.3)\ndef slow():\n    {body}\n")
    empty_shop.sql("quick", "SELECT 1 AS n")
    result = {each.asset: each for each in empty_shop.materialize(jobs=2).assets}
    assert result["slow"].outcome == "failed"
    assert "0.3 s" in str(result["slow"].error)
    assert result["quick"].outcome == "materialized"


def test_sql_that_takes_too_long_is_stopped_and_the_last_table_stays(shop: Shop) -> None:
    shop.made()
    shop.write(
        "assets/people.sql",
        "/* @asset\ntimeout = 0.3\n*/\nSELECT sum(a.range * b.range) AS id FROM range(1000000) a, range(1000000) b",
    )
    printed = shop.cli("materialize", "-s", "people")
    assert printed.code == 1
    assert "assets/people.sql" in printed.err
    assert "0.3 s" in printed.err
    assert shop.rows("SELECT id FROM people") == [(1,)]


def test_how_long_a_failure_took_is_told(shop: Shop) -> None:
    shop.sql("slow", "SELECT error('no') AS x FROM orders")
    (failed,) = shop.materialize("slow").assets
    assert (failed.outcome, failed.seconds > 0) == ("failed", True)
