"""How commands end and what they print where: exit codes, --quiet, --log-format json."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Shop


def test_materialize_ends_with_0_when_it_made_something_and_when_there_was_nothing(shop: Shop) -> None:
    first = shop.cli("materialize")
    assert (first.code, first.out) == (0, "")
    assert "4 made" in first.err
    again = shop.cli("materialize")
    assert (again.code, again.out, again.err) == (0, "", "Nothing is stale: 4 assets fresh.\n")


WRONG = {
    "an option": (["materialize", "--no-such"], "No such option"),
    "a command": (["materialise"], "Did you mean materialize?"),
    "a selection": (["materialize", "-s", "sals"], "sales"),
    "an asset": (["explain", "sals"], "Did you mean sales?"),
    "a source for an asset": (["explain", "orders"], "orders is a source"),
    "an executor": (["materialize", "--executor", "thread"], "threads"),
    "a partition of none": (["materialize", "--partition", "a..b"], "no selected asset is partitioned"),
    "a run": (["runs", "nothing"], "no run begins with 'nothing'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage_ends_with_2_and_says_what_is_meant(shop: Shop, what: str) -> None:
    arguments, said = WRONG[what]
    printed = shop.cli(*arguments)
    assert printed.code == 2
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_plan_check_ends_with_3_while_something_is_stale(shop: Shop) -> None:
    assert shop.cli("plan").code == 0
    assert shop.cli("plan", "--check").code == 3
    shop.made()
    assert shop.cli("plan", "--check").code == 0


def test_dry_run_makes_nothing(shop: Shop) -> None:
    printed = shop.cli("materialize", "--dry-run")
    assert printed.code == 0
    assert "4 to make, 0 fresh" in printed.out
    assert not list(shop.root.glob("warehouse/*.duckdb"))
    assert not shop.project().ledger.runs()


def test_quiet_prints_errors_and_warnings_only(shop: Shop) -> None:
    printed = shop.cli("materialize", "--quiet")
    assert (printed.code, printed.out, printed.err) == (0, "", "")
    assert shop.cli("materialize", "-q").err == ""
    shop.sql("people", "/* @asset\nchecks = [{ expression = 'id > 5', severity = 'warn' }]\n*/\nSELECT 2 AS id")
    shop.sql("sales", "SELECT no_such_column FROM orders")
    printed = shop.cli("materialize", "--quiet")
    assert printed.code == 1
    assert printed.err.count("no_such_column") <= 3, "told once, with the line of the query"
    assert "assets/sales.sql:1" in printed.err
    assert "warning: people: check id > 5" in printed.err
    assert "made" not in printed.err


def test_the_log_in_json_has_an_event_a_line_and_published_after_all_is_built(shop: Shop) -> None:
    printed = shop.cli("materialize", "--log-format", "json", "-s", "sales+", "-j", "1")
    assert printed.code == 0
    events = [json.loads(line) for line in printed.err.splitlines()]
    keys = {"event", "run_id", "asset", "partition", "snapshot", "seconds", "rows", "error"}
    assert all(event.keys() == keys for event in events)
    kinds = [event["event"] for event in events]
    assert kinds.count("started") == kinds.count("finished") == kinds.count("published") == 3
    assert kinds[-3:] == ["published"] * 3
    assert len({event["run_id"] for event in events}) == 1


def test_published_is_said_only_when_the_ledger_has_it(shop: Shop) -> None:
    project = shop.project()
    seen: dict[str, int] = {}
    for event in project.run(project.plan()):
        current = shop.project().ledger.current("prod")
        if event.event == "published":
            assert current[event.asset].snapshot == event.snapshot
        elif event.event == "finished":
            assert event.asset not in current
        seen[event.event] = seen.get(event.event, 0) + 1
    assert seen == {"started": 4, "finished": 4, "published": 4}


def test_fail_fast_starts_nothing_more_and_what_is_finished_is_published(empty_shop: Shop) -> None:
    shop = empty_shop
    for name in ("a", "c"):
        shop.sql(name, "SELECT 1 AS n")
    shop.sql("b", "SELECT error('no') AS n")
    assert shop.cli("materialize", "--fail-fast", "-j", "1").code == 1
    [run] = shop.project().ledger.runs()
    steps = {step.asset: step.outcome for step in shop.project().ledger.steps(run.id)}
    assert steps == {"a": "materialized", "b": "failed", "c": "blocked"}
    assert shop.rows("FROM a") == [(1,)]
