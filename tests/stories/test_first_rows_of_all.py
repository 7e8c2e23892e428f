"""ORDER BY ... LIMIT: the first rows are chosen among those that are there and those that came."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import Shop

LATEST = "SELECT id, sent, score\nFROM events\nORDER BY sent DESC, id\nLIMIT 3"
Mode = tuple[str | None, str | None]


@pytest.fixture
def events(empty_shop: Shop) -> Shop:
    """events (a file for each delivery) -> latest (the last three); 1 is delivered first, then 2 and 3."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.events]\nfiles = "data/*.csv"\n')
    deliver(shop, 1, [(1, 10, 0.5), (2, 11, 0.25), (3, 12, 4.0)])
    deliver(shop, 2, [(4, 20, 1.5), (5, 21, 0.25)])
    deliver(shop, 3, [(6, 21, 2.5)])
    shop.sql("latest", LATEST)
    assert shop.made() == ["latest"]
    return shop


def deliver(shop: Shop, number: int, rows: list[tuple[int, int, float]]) -> None:
    lines = "".join(f"{id},{sent},{score}\n" for id, sent, score in rows)
    shop.write(f"data/{number}.csv", f"id,sent,score\n{lines}")


def night(shop: Shop, name: str = "latest") -> Mode:
    """Run: the mode of the one table, and why; it holds what its query gives from nothing, in its order."""
    [result] = [each for each in shop.materialize().assets if each.asset == name]
    sql = shop.read(f"assets/{name}.sql")
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE events AS FROM '{shop.root}/data/*.csv'")
        expected = connection.execute(sql).fetchall()
    found = shop.rows(f"FROM {name}")
    assert found == expected if "LIMIT" in sql else sorted(found) == sorted(expected)
    assert shop.run() == {}
    return result.mode, result.mode_reason


def test_rows_that_come_are_first_or_are_not(events: Shop) -> None:
    deliver(events, 4, [(7, 30, 1.0), (8, 1, 1.0)])
    assert night(events) == ("incremental", "first rows")
    assert events.rows("FROM latest") == [(7, 30, 1.0), (5, 21, 0.25), (6, 21, 2.5)]
    deliver(events, 5, [(9, 2, 1.0)])
    assert night(events) == ("incremental", "first rows")


def test_rows_that_go_from_behind_change_nothing(events: Shop) -> None:
    deliver(events, 1, [(1, 10, 0.5), (3, 12, 7.0), (9, 40, 1.0)])
    assert night(events) == ("incremental", "first rows")


def test_a_row_that_goes_from_among_the_first_brings_back_another(events: Shop) -> None:
    events.remove("data/3.csv")
    assert night(events) == ("full", "LIMIT, and one of the first rows went, line 4")
    deliver(events, 2, [(4, 20, 1.75), (5, 21, 0.25)])
    assert night(events) == ("full", "LIMIT, and one of the first rows went, line 4")


def test_ties_at_the_end_are_nobodys_choice(events: Shop) -> None:
    events.sql("latest", "SELECT id, sent\nFROM events\nORDER BY sent DESC\nLIMIT 2")
    events.made()
    deliver(events, 4, [(7, 21, 1.0)])
    [result] = events.materialize().assets
    why = "LIMIT that cuts between rows which ORDER BY does not tell apart, line 4"
    assert (result.mode, result.mode_reason) == ("full", why)
    deliver(events, 5, [(8, 40, 1.0), (9, 41, 1.0)])
    assert night(events) == ("incremental", "first rows")


def test_rows_that_are_the_same_may_tie(events: Shop) -> None:
    events.sql("latest", "SELECT sent FROM events ORDER BY sent DESC LIMIT 2")
    events.made()
    deliver(events, 4, [(7, 21, 1.0), (8, 21, 2.0)])
    assert night(events) == ("incremental", "first rows")
    events.sql("latest", "SELECT score, sent FROM events ORDER BY score LIMIT 1")
    events.made()
    deliver(events, 5, [(9, 50, 0.125)])
    assert night(events) == ("incremental", "first rows")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM events QUALIFY row_number() OVER (ORDER BY score DESC, id) <= 3",
        "SELECT id, sent FROM events WHERE sent < 100 ORDER BY ALL DESC LIMIT 4",
        "SELECT e.id, f.id AS other, e.sent + f.sent AS both FROM events e JOIN events f ON e.sent = f.sent\nORDER BY 3 DESC, 1, 2\nLIMIT 3",
    ],
)
def test_other_words_for_it(events: Shop, sql: str) -> None:
    events.sql("best", sql)
    events.made()
    deliver(events, 4, [(7, 30, 3.0), (8, 1, 0.0)])
    assert night(events, "best") == ("incremental", "first rows")


def test_the_same_rows_in_another_order(events: Shop) -> None:
    """Which of the rows that tie is among the first follows from their order then."""
    events.sql("latest", "SELECT sent, id FROM events ORDER BY sent DESC LIMIT 1")
    events.made()
    events.sql("all_told", "SELECT sent, id FROM events ORDER BY sent DESC, id LIMIT 1")
    events.made()
    events.remove("data/2.csv")
    events.remove("data/3.csv")
    deliver(events, 2, [(6, 21, 2.5), (5, 21, 0.25), (4, 20, 1.5)])
    results = {each.asset: (each.outcome, each.mode_reason) for each in events.materialize().assets}
    assert results["latest"][1] == "LIMIT that cuts between rows which ORDER BY does not tell apart, line 1"
    assert results["all_told"][1] == "added", "nothing was"


def test_it_may_be_required(events: Shop) -> None:
    events.sql("latest", f'/* @asset\nincremental = "require"\n*/\n{LATEST}')
    events.made()
    deliver(events, 4, [(7, 30, 1.0)])
    planned = events.cli("plan")
    assert planned.code == 0
    assert "by rule: first rows" in planned.out
    assert night(events) == ("incremental", "first rows")
    events.sql("latest", f'/* @asset\nincremental = "require"\n*/\n{LATEST} OFFSET 1')
    events.run(full_refresh=True)
    deliver(events, 5, [(8, 31, 1.0)])
    refused = events.cli("plan")
    assert refused.code == 2
    assert "would be made in full: LIMIT with OFFSET, line 7" in refused.err
