"""Rows that an ORDER BY does not tell apart: what is refreshed must not depend on which of them came first."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import Shop

QUERIES = {
    "latest": "SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY seen DESC) = 1",
    "numbered": "SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY seen) AS n FROM events",
    "one_each": "SELECT DISTINCT ON (user_id) * FROM events ORDER BY user_id, seen",
}
WHY = {
    "latest": "row_number with an ORDER BY that leaves ties, line 1",
    "numbered": "row_number with an ORDER BY that leaves ties, line 1",
    "one_each": "DISTINCT ON with an ORDER BY that leaves ties, line 1",
}


@pytest.fixture
def events(empty_shop: Shop) -> Shop:
    empty_shop.write("assetflow.toml", '[sources.events]\nfiles = "data/*.csv"\n')
    deliver(empty_shop, "5", "1,10,a", "2,10,b")
    for name, sql in QUERIES.items():
        empty_shop.sql(name, sql)
    empty_shop.run()
    return empty_shop


def deliver(shop: Shop, name: str, *rows: str) -> None:
    shop.write(f"data/{name}.csv", "\n".join(["user_id,seen,what", *rows]) + "\n")


def modes(shop: Shop) -> dict[str, tuple[str | None, str | None]]:
    """Run; how each table was made. It holds what a rebuild gives, but for ties, of which each may take another row."""
    result = shop.materialize()
    assert not result.warnings
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE events AS FROM '{shop.root}/data/*.csv'")
        tied = "SELECT user_id FROM events GROUP BY user_id, seen HAVING count(DISTINCT what) > 1"
        users = ", ".join(str(user) for (user,) in connection.execute(tied).fetchall()) or "NULL"
        shown = f"SELECT * EXCLUDE (what), if(user_id IN ({users}), NULL, what) AS what"
        for name, sql in QUERIES.items():
            rebuilt = connection.execute(f"{shown} FROM ({sql}) ORDER BY ALL").fetchall()
            assert shop.rows(f"{shown} FROM {name} ORDER BY ALL") == rebuilt
    return {each.asset: (each.mode, each.mode_reason) for each in result.assets}


def test_a_tie_among_the_rows_that_came_is_nobodys_choice(events: Shop) -> None:
    deliver(events, "6", "1,10,z")
    assert modes(events) == {name: ("full", why) for name, why in WHY.items()}


def test_rows_that_are_told_apart_are_refreshed(events: Shop) -> None:
    deliver(events, "6", "1,11,z", "3,10,z")
    assert {mode for mode, _ in modes(events).values()} == {"incremental"}


def test_a_row_that_is_there_twice_is_no_tie(events: Shop) -> None:
    deliver(events, "6", "1,10,a")
    assert {mode for mode, _ in modes(events).values()} == {"incremental"}


def test_ties_of_other_keys_do_not_matter(events: Shop) -> None:
    # A full refresh, made to be compared, may take the other one of two rows that are tied.
    ties = [f"{user},10,{what}" for user in range(100, 400) for what in "xyz"]
    deliver(events, "6", "1,10,z", *ties)
    modes(events)
    deliver(events, "4", "2,11,z", *reversed(ties))
    modes(events)
    deliver(events, "7", "2,12,z")
    assert {mode for mode, _ in modes(events).values()} == {"incremental"}


def test_a_run_and_the_list_of_runs_say_why_it_is_made_in_full(events: Shop) -> None:
    deliver(events, "6", "1,10,z")
    said = f"in full, {WHY['numbered']}: what it reads of events changed"
    run = events.cli("materialize")
    assert said in run.err
    newest = events.cli("runs", "--json").json["runs"][0]["run_id"]
    assert said in events.cli("runs", newest).out


IN_ORDER = {
    "greatest": "SELECT arg_max(x, k) AS v FROM numbers",
    "one": "SELECT x AS v FROM numbers QUALIFY row_number() OVER (ORDER BY k) = 1",
    "so_far": "SELECT x, sum(x) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) AS v FROM numbers",
}


def test_the_same_rows_in_another_order_are_another_choice(empty_shop: Shop) -> None:
    empty_shop.sql("numbers", "SELECT x, 1 AS k FROM range(6) t(x) ORDER BY x")
    empty_shop.sql("told_apart", "SELECT x, sum(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) AS v FROM numbers")
    for name, sql in IN_ORDER.items():
        empty_shop.sql(name, sql)
    empty_shop.run()
    empty_shop.replace("assets/numbers.sql", "ORDER BY x", "ORDER BY x DESC")
    modes = {each.asset: each.mode for each in empty_shop.materialize().assets}
    assert modes == {"numbers": "full", "told_apart": "incremental"} | dict.fromkeys(IN_ORDER, "full")
    made = empty_shop.tables(IN_ORDER)
    empty_shop.run(full_refresh=True)
    assert made == empty_shop.tables(IN_ORDER)
