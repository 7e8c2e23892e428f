"""A file that got rows at its end: only these are read, and nothing is compared row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from assetflow.running.refreshes.growth import rows_that_came
from tests.conftest import Shop

Row = tuple[Any, ...]
DAYS = {day: [(day, i, float(i)) for i in range(30)] for day in range(4)}
SHOWN = {
    "sales": "SELECT day, x + 1 AS x, y FROM facts WHERE x > 10",
    "edges": "SELECT day, max(x) - min(x) AS width, count(*) AS n FROM sales GROUP BY day",
    "signs": "SELECT signbit(y) AS sign, count(*) AS n FROM facts GROUP BY ALL",
    "days": "SELECT day FROM facts",
}


@pytest.fixture
def facts(empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """facts (a file a day) -> sales (row by row) -> edges (by day); days (reads one column); signs."""
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must make nothing full
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    for day, rows in DAYS.items():
        deliver(empty_shop, day, rows)
    for name, sql in SHOWN.items():
        empty_shop.sql(name, sql)
    empty_shop.run()
    return empty_shop


def deliver(shop: Shop, day: int, rows: list[Row], kind: str = "parquet") -> None:
    path = shop.root / "data" / f"{day}.{kind}"
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    values = ", ".join(f"({day}, {x}, {y!r}::DOUBLE)" for day, x, y in rows)
    duckdb.sql(f"COPY (FROM (VALUES {values}) t(day, x, y)) TO '{new}' (FORMAT {kind})")
    new.replace(path)


def modes(shop: Shop, kind: str = "parquet") -> dict[str, str | None]:
    """Run; how each table was made: not in full. All are right, and the next run makes nothing."""
    result = shop.materialize()
    facts = f"facts AS (FROM '{shop.root}/data/*.{kind}')"
    for name, sql in SHOWN.items():
        tables = facts if name == "sales" else f"{facts}, sales AS ({SHOWN['sales']})"
        assert shop.rows(f"FROM {name} ORDER BY ALL") == duckdb.sql(f"WITH {tables} {sql} ORDER BY ALL").fetchall()
    assert shop.run() == {}
    made = {each.asset: each.mode for each in result.assets if each.outcome == "materialized"}
    assert set(made.values()) == {"incremental"}, "what is refreshed and wrong is made in full as well"
    return made


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which tables were compared row by row, or drawn from."""
    seen: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        from assetflow.running.refreshes import refreshing

        real = getattr(refreshing, name)

        def call(*given: Any, **options: Any) -> Any:
            seen.append(name)
            return real(*given, **options)

        return call

    for name in ("difference_of", "share_alike"):
        monkeypatch.setattr(f"assetflow.running.refreshes.refreshing.{name}", noted(name))
    return seen


INCREMENTAL = dict.fromkeys(SHOWN, "incremental")


def test_a_row_at_the_end_of_a_file_is_found_without_a_look_at_the_others(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 2, [*DAYS[2], (2, 500, -0.0)])
    assert modes(facts) == INCREMENTAL
    assert comparing == []


def test_several_files_grow_and_a_new_one_comes(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 1, [*DAYS[1], (1, 7, 1.0), (1, 700, 1.0)])
    deliver(facts, 3, DAYS[3] * 2)
    deliver(facts, 9, [(9, 11, 0.0)])
    assert modes(facts) == INCREMENTAL
    assert comparing == []


def test_rows_that_only_changed_their_order_before_the_end_are_the_same_rows(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 2, [*reversed(DAYS[2]), (2, 500, 0.0)])
    assert modes(facts) == INCREMENTAL
    assert comparing == []


@pytest.mark.parametrize(
    "rows",
    [
        [(2, 500, 0.0), *DAYS[2]],
        [*DAYS[2][:-1], (2, 29, 7.5), (2, 500, 0.0)],
        [*DAYS[2][:15], (2, 14, 14.0), *DAYS[2][15:]],
        [*DAYS[2][1:], (2, 500, 0.0), (2, 501, 0.0)],
        [(2, 0, -0.0), *DAYS[2][1:], (2, 500, 0.0)],
    ],
    ids=["at the front", "another last row", "in the middle", "one for two", "a zero of another sign"],
)
def test_a_file_that_does_not_begin_with_its_old_rows_is_compared(
    facts: Shop, comparing: list[str], rows: list[Row]
) -> None:
    deliver(facts, 2, rows)
    assert modes(facts).keys() >= {"sales", "signs"}
    assert "difference_of" in comparing


def test_what_is_not_read_may_change_before_the_end(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 2, [*((day, x, y + 0.5) for day, x, y in DAYS[2]), (2, 5, 5.5)])
    asked = facts.materialize("days")
    assert [(each.asset, each.mode) for each in asked.assets] == [("days", "incremental")]
    assert comparing == []
    assert facts.rows("SELECT count(*) FROM days WHERE day = 2") == [(31,)]
    modes(facts)


def test_one_file_that_grew_does_not_hide_another_that_was_replaced(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 1, [*DAYS[1], (1, 700, 1.0)])
    deliver(facts, 2, [(2, x + 100, y) for _, x, y in DAYS[2]])
    modes(facts)
    assert "difference_of" in comparing


def test_a_file_that_lost_its_last_row_is_compared(facts: Shop, comparing: list[str]) -> None:
    deliver(facts, 2, DAYS[2][:-1])
    modes(facts)
    assert "difference_of" in comparing


def test_the_last_of_csv_files_that_are_parsed_together_grows(empty_shop: Shop, comparing: list[str]) -> None:
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.csv"\n')
    for day, rows in DAYS.items():
        deliver(empty_shop, day, rows, "csv")
    for name, sql in SHOWN.items():
        empty_shop.sql(name, sql)
    empty_shop.run()
    deliver(empty_shop, 3, [*DAYS[3], (3, 500, 0.5)], "csv")
    assert modes(empty_shop, "csv") == INCREMENTAL
    assert comparing == []


def test_the_table_of_a_function_that_only_grew_is_compared_with_nothing(
    empty_shop: Shop, comparing: list[str]
) -> None:
    empty_shop.write("rows.csv", "n\n20\n")
    empty_shop.write("assetflow.toml", '[sources.wanted]\nfiles = "rows.csv"\n')
    empty_shop.python(
        "made",
        "import polars as pl\nfrom assetflow import asset\n\n\n@asset\ndef made(wanted: pl.DataFrame) -> pl.DataFrame:\n"
        "    return pl.DataFrame({'x': range(wanted['n'][0])})\n",
    )
    empty_shop.sql("large", "SELECT x FROM made WHERE x > 5")
    empty_shop.run()
    empty_shop.write("rows.csv", "n\n25\n")
    result = empty_shop.materialize()
    assert {each.asset: each.mode for each in result.assets}["large"] == "incremental"
    assert comparing == []
    assert empty_shop.rows("SELECT count(*), max(x) FROM large") == [(19, 24)]


def test_where_sums_do_not_tell_rows_are_compared(facts: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assetflow.running.contents.Contents.sums_of", lambda *_: {})
    found = []
    monkeypatch.setattr(
        "assetflow.running.refreshes.refreshing.rows_that_came",
        lambda *given: found.append(rows_that_came(*given)),
    )
    deliver(facts, 2, [*DAYS[2], (2, 500, -0.0)])
    modes(facts)
    assert set(found) == {None}


def test_a_file_that_grew_does_not_hide_another_that_is_gone(facts: Shop) -> None:
    deliver(facts, 1, [*DAYS[1], (1, 700, 1.0)])
    (facts.root / "data" / "3.parquet").unlink()
    modes(facts)
    assert facts.rows("SELECT count(*) FROM days") == [(91,)]
