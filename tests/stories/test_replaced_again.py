"""What changed lately changes again: rows that came in the place of others stand in files of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from assetflow.incremental.rules.merged import Merge
from tests.conftest import Shop

EDGES = "SELECT day, max(x) - min(x) AS width, count(*) AS n FROM sales GROUP BY day"


@pytest.fixture
def days(empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """facts (a Parquet file a day) -> sales (row by row) -> edges (by day)."""
    monkeypatch.setattr("assetflow.running.refreshes.deletes.MANY_GONE", 10)
    monkeypatch.setattr("assetflow.running.refreshes.rewriting.MANY_REPLACED", 10)
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must make nothing full
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    for day in range(4):
        deliver(empty_shop, day)
    empty_shop.sql("sales", "SELECT day, x + 1 AS x FROM facts WHERE x > 10")
    empty_shop.sql("edges", EDGES)
    empty_shop.run()
    return empty_shop


def deliver(shop: Shop, day: int, time: int = 0, rows: int = 30) -> None:
    path = shop.root / "data" / f"{day}.parquet"
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    read = f"SELECT {day} AS day, {time} * 100 + i + 10 AS x FROM range({rows}) t(i)"
    duckdb.sql(f"COPY ({read}) TO '{new}' (FORMAT parquet)")
    new.replace(path)


def sizes_after(shop: Shop) -> list[int]:
    """Run; how many rows the new files of `sales` hold. All is refreshed, and right."""
    before = files_of(shop)
    made = {each.asset: each.mode for each in shop.materialize().assets if each.outcome == "materialized"}
    assert made == {"sales": "incremental", "edges": "incremental"}
    read = f"SELECT day, x + 1 AS x FROM '{shop.root}/data/*.parquet' WHERE x > 10"
    right = duckdb.sql(f"{read} ORDER BY ALL").fetchall()
    assert shop.rows("FROM sales ORDER BY ALL") == right
    assert shop.rows("FROM edges ORDER BY ALL") == duckdb.sql(f"WITH sales AS ({read}) {EDGES} ORDER BY ALL").fetchall()
    assert shop.run() == {}
    return sorted(size for path, size in files_of(shop).items() if path not in before)


def files_of(shop: Shop) -> dict[str, int]:
    files = shop.project().warehouse.ledger.current("prod")["sales"].snapshot
    snapshot = shop.project().warehouse.ledger.snapshot(files)
    return {file.path: file.rows for file in snapshot.files}


def test_a_day_that_comes_again_and_again_is_written_alone(days: Shop) -> None:
    deliver(days, 2, time=1)
    assert sizes_after(days) == [30, 87], "the day, and the others that stood with it"
    deliver(days, 2, time=2, rows=28)
    assert sizes_after(days) == [28]
    deliver(days, 2, time=3, rows=28)
    assert sizes_after(days) == [28]
    assert sorted(files_of(days).values()) == [28, 87]


def test_a_day_of_which_a_little_stays_is_written_as_a_whole(days: Shop) -> None:
    deliver(days, 2, time=1)
    sizes_after(days)
    path = days.root / "data" / "2.parquet"
    new = path.with_suffix(".new")
    duckdb.sql(
        f"COPY (SELECT day, CASE WHEN x < 115 THEN x ELSE x + 100 END AS x FROM '{path}') TO '{new}' (FORMAT parquet)"
    )
    new.replace(path)
    assert sizes_after(days) == [30]


def test_a_day_that_is_taken_away_leaves_the_other_files_as_they_are(days: Shop) -> None:
    deliver(days, 2, time=1)
    sizes_after(days)
    (days.root / "data" / "2.parquet").unlink()
    assert sizes_after(days) == []
    assert list(files_of(days).values()) == [87]


def test_two_days_that_came_together_are_written_together(days: Shop) -> None:
    for time in (1, 2, 3):
        deliver(days, 1, time)
        deliver(days, 2, time)
        assert sizes_after(days) == ([58, 60] if time == 1 else [60])


def test_rows_that_are_there_twice_are_taken_out_as_often_as_they_went(days: Shop) -> None:
    path: Path = days.root / "data" / "2.parquet"
    for times in (2, 3, 1):
        duckdb.sql(
            f"COPY (SELECT 2 AS day, 100 + i AS x FROM range(20) t(i), range({times})) TO '{path}.new' (FORMAT parquet)"
        )
        Path(f"{path}.new").replace(path)
        sizes_after(days)


@pytest.fixture
def drawn(days: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Of few rows, too, some are drawn to see whether hardly one stayed."""
    monkeypatch.setattr("assetflow.running.refreshes.difference.ONE_DRAWN_OF", 1)
    monkeypatch.setattr("assetflow.running.refreshes.difference.ENOUGH_DRAWN", 10)
    return days


@pytest.fixture
def uncompared(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on it is an error to hold rows against each other."""

    def compared(*_: object, **__: object) -> None:
        raise AssertionError("rows were compared")

    def forbid() -> None:
        for module in ("deletes", "rewriting", "refreshing"):
            monkeypatch.setattr(f"assetflow.running.refreshes.{module}.difference_of", compared)

    return forbid


def test_a_day_of_other_rows_is_compared_with_nothing_row_by_row(drawn: Shop, uncompared: Callable[[], None]) -> None:
    uncompared()
    deliver(drawn, 2, time=1)
    assert sizes_after(drawn) == [30, 87], "the day, and the others that stood with it"
    deliver(drawn, 2, time=2)
    assert sizes_after(drawn) == [30]


def test_readers_of_a_day_of_other_rows_compare_it_with_nothing_either(
    drawn: Shop, uncompared: Callable[[], None]
) -> None:
    drawn.sql("doubled", "SELECT day, 2 * x AS x FROM sales")
    drawn.sql("doubled_again", "SELECT day, 2 * x AS x FROM doubled")
    drawn.run()
    uncompared()
    for time in (1, 2):
        deliver(drawn, 2, time)
        found = {each.asset: each.mode for each in drawn.materialize().assets if each.outcome == "materialized"}
        assert found == dict.fromkeys(("sales", "edges", "doubled", "doubled_again"), "incremental")
        assert drawn.rows("FROM doubled_again ORDER BY ALL") == drawn.rows("SELECT day, 4 * x FROM sales ORDER BY ALL")


def test_a_day_that_brings_rows_of_another_one_is_right(drawn: Shop) -> None:
    """What comes is then like what stays, and two files of the table are alike."""
    for day in (2, 3):
        (drawn.root / "data" / f"{day}.parquet").unlink()
    sizes_after(drawn)
    first, second = (drawn.root / "data" / f"{day}.parquet" for day in (0, 1))
    new = second.with_suffix(".new")
    new.write_bytes(first.read_bytes())
    new.replace(second)
    assert sizes_after(drawn) == [29], "one file, which is there twice"
    assert drawn.rows("SELECT day, count(*) FROM sales GROUP BY day") == [(0, 58)]


def test_a_day_of_which_a_table_shows_what_stayed_concerns_few_of_its_readers_rows(drawn: Shop) -> None:
    drawn.sql("last_digit", "SELECT day, x % 10 AS k FROM facts")
    drawn.sql("by_digit", "SELECT k, median(day) AS middle, count(*) AS n FROM last_digit GROUP BY k")
    drawn.run()
    deliver(drawn, 2, time=1, rows=31)
    found = {each.asset: each for each in drawn.materialize().assets}
    assert found["last_digit"].mode == found["by_digit"].mode == "incremental"
    saved = found["by_digit"].saved
    assert saved is not None
    assert saved.rows_read == 1, "the row that is new; all others have the digits that they had"
    assert drawn.rows("SELECT n FROM by_digit WHERE k = 0") == [(13,)]


def test_what_shows_what_was_replaced_is_not_looked_at_once_more(drawn: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("rows of the answer were drawn")

    monkeypatch.setattr("assetflow.running.refreshes.deletes.share_alike", looked)
    drawn.sql("sales", "SELECT day, x FROM facts WHERE x > 10")
    drawn.sql("shown", "SELECT x, x * 2 AS double, day FROM sales")
    drawn.sql("edges", "SELECT 1 AS x")
    drawn.run()
    for time in (1, 2):
        deliver(drawn, 2, time)
        found = {each.asset: each.mode for each in drawn.materialize().assets if each.outcome == "materialized"}
        assert found == {"sales": "incremental", "shown": "incremental"}
        right = duckdb.sql(
            f"SELECT x, x * 2, day FROM '{drawn.root}/data/*.parquet' WHERE x > 10 ORDER BY ALL"
        ).fetchall()
        assert drawn.rows("FROM shown ORDER BY ALL") == right


def test_a_reader_of_columns_that_stayed_of_a_replaced_table_stays(drawn: Shop) -> None:
    """All rows of `numbered` are others every night, and no row of what reads it but for their numbers."""
    for day in range(4):
        deliver_numbered(drawn, day, time=0)
    drawn.sql("sales", "FROM facts")
    drawn.sql("edges", "SELECT day, x, x + day AS y FROM sales")
    drawn.sql("by_day", "SELECT day, median(y) AS y FROM edges GROUP BY day")
    drawn.run()
    for time in (1, 2):
        deliver_numbered(drawn, 2, time, more=time)
        found = {each.asset: each for each in drawn.materialize().assets}
        assert found["edges"].mode == found["by_day"].mode == "incremental"
        assert found["by_day"].saved is not None
        assert found["by_day"].saved.rows_read == 1, "the row that is new"
        assert drawn.rows("SELECT count(*), count(DISTINCT x) FROM edges") == [(120 + time, 30 + time)]


def deliver_numbered(shop: Shop, day: int, time: int, more: int = 0) -> None:
    """30 rows, of which the numbers differ from one time to the next."""
    path = shop.root / "data" / f"{day}.parquet"
    new = path.with_suffix(".new")
    read = f"SELECT {day} AS day, i AS x, {time} * 1000 + i AS id FROM range({30 + more}) t(i)"
    duckdb.sql(f"COPY ({read}) TO '{new}' (FORMAT parquet)")
    new.replace(path)


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often rows that came or went are gathered by groups, to be combined with what is there."""
    found: list[str] = []
    of_rows = Merge.of_rows

    def noted(merge: Merge, rows: str) -> str:
        found.append(rows)
        return of_rows(merge, rows)

    monkeypatch.setattr(Merge, "of_rows", noted)
    return found


def test_groups_of_which_all_rows_were_replaced_are_made_anew_at_once(drawn: Shop, gathered: list[str]) -> None:
    greatest = "SELECT day, max(x) AS x, count(*) AS n FROM sales GROUP BY day"
    drawn.sql("greatest", greatest)
    drawn.run()
    for time in (1, 2, 3):
        deliver(drawn, 2, time)
        made = {each.asset: each for each in drawn.materialize().assets}
        assert made["greatest"].mode_reason == 'merged by "day"'
        assert drawn.rows("FROM greatest ORDER BY ALL") == drawn.rows(f"{greatest} ORDER BY ALL")
    assert gathered == []


def test_groups_of_which_few_rows_were_replaced_are_combined(drawn: Shop, gathered: list[str]) -> None:
    query = "SELECT x % 2 AS odd, max(x) AS x, count(*) AS n, sum(day) AS days FROM sales GROUP BY ALL"
    drawn.sql("parity", query)
    drawn.run()
    for time in (1, 2, 3):
        deliver(drawn, 2, time)
        made = {each.asset: each.mode for each in drawn.materialize("+parity").assets}
        assert made["parity"] == "incremental"
        assert drawn.rows("FROM parity ORDER BY ALL") == drawn.rows(f"{query} ORDER BY ALL")
    assert len(gathered) == 6, "those that came, and those that went"
