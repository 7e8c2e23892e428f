"""Checks of a table to which a night brings little: what passed is not asked again, and nothing that fails gets past."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

SALES = """/* @asset
checks = [
  { unique = ["basket", "line"] },
  { freshness = { column = "day", within = "20000 days" } },
  "sales.amount < 100 -- whatever it is",
  { expression = "amount < 50", severity = "warn", name = "dear" },
]
*/
SELECT day, basket, line, amount -- @not_null @min(0)
FROM receipts WHERE basket IS NOT NULL
"""


@pytest.fixture
def tills(empty_shop: Shop) -> Shop:
    """receipts (a file a night) -> sales, with checks of all kinds; two nights have passed."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.receipts]\nfiles = "data/*.csv"\n')
    shop.sql("sales", SALES)
    arrive(shop, 1, "2024-01-01,a,1,10", "2024-01-01,a,2,20", "2024-01-01,b,1,60")
    assert failures(shop) == {"dear": 1}
    arrive(shop, 2, "2024-01-02,c,1,30")
    assert failures(shop) == {"dear": 1}, "what a warning found is found again"
    return shop


def arrive(shop: Shop, night: int, *rows: str) -> None:
    shop.write(f"data/{night}.csv", "\n".join(["day,basket,line,amount", *rows, ""]))


def failures(shop: Shop) -> dict[str, int]:
    """Run; how many rows each check found that found some."""
    (result,) = shop.materialize("sales").assets
    assert [check.error for check in result.checks] == [None] * len(result.checks)
    return {check.name: check.failures for check in result.checks if check.failures}


def test_a_key_that_comes_again_later_is_found_beside_the_old_one(tills: Shop) -> None:
    arrive(tills, 3, "2024-01-03,a,2,5", "2024-01-03,d,1,5")
    assert failures(tills) == {"unique(basket, line)": 1, "dear": 1}
    assert tills.rows("SELECT count(*) FROM sales") == [(4,)], "nothing was published"
    shown = tills.cli("check", "sales", "--show-failures", "--json").json["failures"]
    assert [one["sample"]["rows"] for one in shown if one["check"].startswith("unique")] == [[["a", 2, 2]]]


def test_a_key_that_comes_twice_at_once_is_found(tills: Shop) -> None:
    arrive(tills, 3, "2024-01-03,e,1,5", "2024-01-03,e,1,6", "2024-01-03,e,,7", "2024-01-03,e,,8")
    assert failures(tills) == {"unique(basket, line)": 1, "dear": 1}, "a key without a value is no key"


def test_rows_that_fail_are_found_among_the_new_ones(tills: Shop) -> None:
    arrive(tills, 3, "2024-01-03,f,1,-5", "2024-01-03,f,2,500", "2024-01-03,f,3,70")
    assert failures(tills) == {"sales.amount < 100 -- whatever it is": 1, "min(amount)": 1, "dear": 3}
    arrive(tills, 3, "2024-01-03,f,1,5")
    assert failures(tills) == {"dear": 1}


def test_what_was_refused_says_how_it_was_made(tills: Shop) -> None:
    arrive(tills, 3, "2024-01-03,f,1,-5")
    [refused] = tills.cli("materialize", "--json").json["assets"]
    assert (refused["outcome"], refused["mode"], refused["mode_reason"]) == ("failed", "incremental", "added")
    [refused] = tills.cli("materialize", "--json", "--full-refresh").json["assets"]
    assert (refused["outcome"], refused["mode"], refused["mode_reason"]) == (
        "failed",
        "full",
        "--full-refresh was given",
    )


def test_old_news_do_not_make_a_table_stale_that_was_fresh(tills: Shop) -> None:
    arrive(tills, 3, "1901-01-01,g,1,5")
    assert failures(tills) == {"dear": 1}
    tills.remove("data/1.csv")
    tills.remove("data/2.csv")
    assert failures(tills) == {"freshness(day)": 1}


def test_a_check_that_is_wrong_says_so_by_itself(tills: Shop) -> None:
    tills.replace("assets/sales.sql", "sales.amount < 100 -- whatever it is", "amount::VARCHAR::DATE IS NOT NULL")
    arrive(tills, 3, "2024-01-03,h,1,5")
    (result,) = tills.materialize("sales").assets
    assert [check.name for check in result.checks if check.error] == ["amount::VARCHAR::DATE IS NOT NULL"]
    assert {check.name: check.failures for check in result.checks if check.failures} == {"dear": 1}
