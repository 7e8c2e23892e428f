"""Older versions: looking at them, and what changed between two of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetflow.cli.screen import age
from assetflow.project.versions.at_version import with_versions
from assetflow.project.versions.versions import among, moment_named, time_meant
from assetflow.warehouse.ledger.records import Version
from tests.conftest import Shop

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def doubled(shop: Shop) -> Shop:
    shop.made()
    shop.sql("sales", "SELECT id, customer, city, amount * 2 AS amount FROM orders WHERE amount > 5 AND id < 3")
    shop.made()
    return shop


def test_diff_tells_rows_apart_by_a_key_that_it_finds(doubled: Shop) -> None:
    told = doubled.cli("diff", "sales").out
    assert "3 rows -> 2 rows: 0 added, 1 removed, 2 changed, told apart by id" in told
    assert "amount: 2 changes" in told
    assert "~ id 1: amount 10 -> 20" in told
    assert "- id 3, customer ann, city Rome, amount 30" in told


def test_amounts_that_happen_to_differ_do_not_tell_rows_apart_and_a_check_of_what_is_unique_does(shop: Shop) -> None:
    shop.sql("by_city", "SELECT sum(amount)::DECIMAL(10, 2) AS total, city FROM sales GROUP BY city")
    shop.made()
    shop.sql("by_city", "SELECT sum(amount + 1)::DECIMAL(10, 2) AS total, city FROM sales GROUP BY city")
    shop.made()
    assert shop.cli("diff", "by_city", "--json").json["key"] == ["city"]
    check = "/* @asset\nchecks = [{ unique = ['city', 'day'] }]\n*/\n"
    shop.sql("totals", check + "SELECT city, 1 AS day, sum(amount) AS total FROM sales GROUP BY city")
    shop.made()
    shop.sql("totals", check + "SELECT city, 1 AS day, sum(amount + 1) AS total FROM sales GROUP BY city")
    shop.made()
    found = shop.cli("diff", "totals", "--json").json
    assert (found["key"], found["changed"], found["added"]) == (["city", "day"], 2, 0)


def test_diff_without_a_key_counts_rows_that_came_and_went(doubled: Shop) -> None:
    doubled.sql("cities", "SELECT city FROM sales")
    doubled.made()
    doubled.sql("cities", "SELECT city FROM sales UNION ALL SELECT city FROM sales")
    doubled.made()
    told = doubled.cli("diff", "cities", "--json").json
    assert (told["key"], told["added"], told["removed"], told["changed"]) == ([], 2, 0, 0)


def test_diff_tells_columns_that_came_went_and_changed_their_type(doubled: Shop) -> None:
    doubled.sql("sales", "SELECT id::VARCHAR AS id, city, amount, 1 AS one FROM orders")
    doubled.made()
    told = doubled.cli("diff", "sales").out
    assert "+ column one INTEGER" in told
    assert "- column customer VARCHAR" in told
    assert "~ column id BIGINT -> VARCHAR" in told


def test_show_at_a_version_shows_the_rows_of_then(doubled: Shop) -> None:
    assert "30" in doubled.cli("show", "sales", "--at", "-1").out
    assert "30" not in doubled.cli("show", "sales").out
    printed = doubled.cli("show", "sales", "--at", "1999-01-01")
    assert printed.code == 2
    assert "sales has no version '1999-01-01'" in printed.err


@pytest.mark.parametrize(
    "versions",
    [("sales",), ("sales", "-1"), ("sales@-1",), ("sales@-1", "current"), ("sales@-1", "sales@current"),
     ("sales", "sales@-1", "sales@prod"), ("Sales@-1",), ("sales@-1", "sales")],
)  # fmt: skip
def test_diff_takes_versions_behind_the_name(doubled: Shop, versions: tuple[str, ...]) -> None:
    found = doubled.cli("diff", *versions, "--json").json
    assert (found["asset"], found["removed"], found["changed"]) == ("sales", 1, 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "sales@-1", "by_city@-1"), "by_city@-1 is a version of by_city, and sales is compared"),
        (("diff", "sales@-1", "-1", "-1"), "too many versions"),
        (("diff", "sales@"), "'sales@' names no version of a table"),
        (("diff", "nothing@-1"), "there is no asset named nothing"),
        (("show", "sales@-9"), "sales has no version '-9'"),
        (("show", "sales@0001-01-01"), "sales has no version '0001-01-01'"),
        (("show", "sales", "--at", f"{9**99} days ago"), "sales has no version"),
        (("show", "sales", "--at", ""), "sales has no version ''"),
        (("show", "sales@-1", "--at", "-2"), "only one version can be shown"),
        (("show", "sales", "--at", "-1", "--failed"), "only one version can be shown"),
        (("show", "sales", "--at", "9999-12-31T23:59-12:00"), "sales has no version"),
    ],
)
def test_a_version_that_cannot_be_meant_is_refused(doubled: Shop, arguments: tuple[str, ...], said: str) -> None:
    printed = doubled.cli(*arguments)
    assert (printed.code, said in printed.err) == (2, True), printed.err


@pytest.mark.parametrize(
    "when", ["just now", "0 s ago", "0 min ago", "0 h ago", "0 d ago", "0 seconds ago", "0 weeks ago", "0MIN ago"]
)
def test_a_time_is_taken_as_commands_print_it(doubled: Shop, when: str) -> None:
    assert len(doubled.cli("show", "sales", "--at", when, "--json").json["rows"]) == 2


@pytest.mark.parametrize("seconds", [0, 7, 59.9, 95, 3599, 5500, 86_399, 130_000, 10_000_000])
def test_the_time_that_commands_print_of_a_version_finds_it(seconds: float) -> None:
    now = datetime.now(UTC)
    then = now - timedelta(seconds=seconds)
    moment = moment_named(age(then.isoformat()), now)
    assert moment is not None
    assert moment >= then


def test_show_takes_a_version_behind_the_name(doubled: Shop) -> None:
    assert len(doubled.cli("show", "sales@-1", "--json").json["rows"]) == 3
    assert len(doubled.cli("show", "sales", "--json").json["rows"]) == 2


@pytest.mark.parametrize(
    "text",
    ["'sales@-1'", "$$sales@-1$$", "$a$sales@-1$a$", r"E'it\'s sales@-1'", "'' -- sales@-1", "'' /* sales@-1 */"],
)
def test_text_and_comments_are_left_as_they_are(text: str) -> None:
    assert with_versions(f"SELECT {text}") == (f"SELECT {text}", ())
    assert with_versions(f"SELECT {text}\nFROM sales@-1") == (f'SELECT {text}\nFROM "sales@-1"', ("sales@-1",))


def version(number: int, at: datetime) -> Version:
    told = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Version("sales", None, f"m{number}", f"{number:020x}", f"run{number}", told, number == 0, 1, 1, "c", "d")


@given(st.integers(0, 10_000), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_a_time_means_what_was_current_then(count: int, unit: str) -> None:
    versions = [version(number, NOW - timedelta(days=number)) for number in range(5)]
    moment = time_meant(f"{count} {unit}s ago", NOW)
    assert moment is not None
    found = among(versions, f"{count} {unit}s ago", NOW)
    current = [each for each in versions if datetime.fromisoformat(each.published_at) <= moment]
    assert found == (current[0] if current else None)


def test_a_version_is_meant_by_its_snapshot_its_run_or_how_far_back_it_is() -> None:
    versions = [version(number, NOW - timedelta(days=number)) for number in range(5)]
    assert among(versions, "current", NOW) == versions[0]
    assert among(versions, "-2", NOW) == versions[2]
    assert among(versions, "run3", NOW) == versions[3]
    assert among(versions, f"{4:020x}", NOW) == versions[4]
    assert among(versions, "-9", NOW) is None
    assert among(versions, "2026-11-19", NOW) == versions[2]
