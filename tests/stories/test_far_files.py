"""A refresh looks into those files alone in which rows may stand that it concerns: files say between what theirs lie."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from assetflow.materialization import ReadSet
from tests.conftest import Shop

DAYS = 6
READERS = {
    "keyed": "SELECT day, median(x) AS x, count(*) AS n FROM sales GROUP BY day",
    "merged": "SELECT day, max(x) AS x, count(*) AS n, sum(x) AS s FROM sales GROUP BY day",
    "called otherwise": "SELECT s.DAY, quantile_disc(x, 0.3) AS x FROM sales AS s WHERE x > 0 GROUP BY s.Day",
    "added up": "SELECT day, coalesce(sum(x), 0)::BIGINT AS s, count(*) AS n FROM sales GROUP BY ALL",
}


@pytest.fixture(autouse=True)
def few_count_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done with tables of many files and rows is done with those of a few."""
    monkeypatch.setattr("assetflow.running.tasks.changes.MANY_FILES", 1)
    monkeypatch.setattr("assetflow.running.tasks.telling.MANY_ROWS", 0)
    monkeypatch.setattr("assetflow.running.tasks.telling.FEW_ROWS", 0)
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must make nothing full
    monkeypatch.setattr("assetflow.running.tasks.refresh.has_its_turn", lambda _: False)  # to be compared with all rows


@pytest.fixture
def days(empty_shop: Shop) -> Shop:
    """facts (a Parquet file a day) -> sales (row by row, a file a day) -> readers (by day)."""
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    empty_shop.sql("sales", "SELECT day, x + 1 AS x FROM facts WHERE x > 10")
    for day in range(DAYS):
        deliver(empty_shop, day)
        empty_shop.run()
    return empty_shop


def deliver(shop: Shop, day: int, rows: int = 30, first: int = 0) -> None:
    path = shop.root / "data" / f"{day}.parquet"
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    read = f"SELECT DATE '2024-01-01' + {day} AS day, {day} * 100 + {first} + i AS x FROM range({rows}) t(i)"
    duckdb.sql(f"COPY ({read}) TO '{new}' (FORMAT parquet)")
    new.replace(path)


def files_of(shop: Shop, table: str) -> list[Path]:
    ledger = shop.project().warehouse.ledger
    snapshot = ledger.snapshot(ledger.current("prod")[table].snapshot)
    return [shop.root / "warehouse" / file.path for file in snapshot.files]


def without_far_files(shop: Shop, table: str, day: int) -> dict[Path, bytes]:
    """Make unreadable all files of a table but the first one, which tells its columns, and those of a day."""
    hidden = {}
    for path in files_of(shop, table)[1:]:
        held = duckdb.sql(f"SELECT DISTINCT day FROM '{path}'").fetchall()
        if held != duckdb.sql(f"SELECT DATE '2024-01-01' + {day}").fetchall():
            hidden[path] = path.read_bytes()
            path.chmod(0o644)
            path.write_bytes(b"nobody looks here")
    return hidden


def refreshed(shop: Shop, hidden: dict[Path, bytes]) -> dict[str, str | None]:
    """Run, and let the files be what they were."""
    result = shop.materialize()
    made = {each.asset: each.mode for each in result.assets if each.outcome == "materialized"}
    for path, held in hidden.items():
        path.write_bytes(held)
    return made


def equals_a_rebuild(shop: Shop, query: str | None = None) -> bool:
    sales = f"SELECT day, x + 1 AS x FROM '{shop.root}/data/*.parquet' WHERE x > 10"
    made = {"sales": shop.rows("FROM sales ORDER BY ALL")}
    right = {"sales": duckdb.sql(f"{sales} ORDER BY ALL").fetchall()}
    if query is not None:
        made["reader"] = shop.rows("FROM reader ORDER BY ALL")
        right["reader"] = duckdb.sql(f"WITH sales AS ({sales}) {query} ORDER BY ALL").fetchall()
    return made == right


@pytest.mark.parametrize("rows", [20, 45], ids=["fewer rows of a day", "more rows of a day"])
def test_rows_that_go_are_looked_for_near_them(days: Shop, rows: int) -> None:
    hidden = without_far_files(days, "sales", 4)
    assert len(hidden) == DAYS - 2
    deliver(days, 4, rows)
    assert refreshed(days, hidden) == {"sales": "incremental"}
    assert equals_a_rebuild(days)


def test_a_day_that_comes_again_is_looked_for_near_it(days: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assetflow.running.refreshes.deletes.MANY_GONE", 10)
    monkeypatch.setattr("assetflow.running.refreshes.rewriting.MANY_REPLACED", 10)
    hidden = without_far_files(days, "sales", 3)
    deliver(days, 3, 12)
    assert refreshed(days, hidden) == {"sales": "incremental"}
    assert equals_a_rebuild(days)


@pytest.fixture
def replaced(days: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Of few rows, too, some are drawn to see whether hardly one stayed."""
    monkeypatch.setattr("assetflow.running.refreshes.deletes.MANY_GONE", 10)
    monkeypatch.setattr("assetflow.running.refreshes.rewriting.MANY_REPLACED", 10)
    monkeypatch.setattr("assetflow.running.refreshes.difference.ONE_DRAWN_OF", 1)
    monkeypatch.setattr("assetflow.running.refreshes.difference.ENOUGH_DRAWN", 10)
    return days


def test_a_day_that_stands_alone_goes_without_a_look(replaced: Shop) -> None:
    hidden = without_far_files(replaced, "sales", day=-1)
    assert len(hidden) == DAYS - 1, "that of the day, too"
    deliver(replaced, 3, first=50)
    assert refreshed(replaced, hidden) == {"sales": "incremental"}
    assert equals_a_rebuild(replaced)


@pytest.mark.parametrize("column", ["CASE WHEN x % 100 > 20 THEN day END", "day + (x % 100 > 70)::INTEGER"])
def test_a_day_that_does_not_stand_alone_is_looked_for(replaced: Shop, column: str) -> None:
    """Where its file holds other rows, too: those without a day, and those of the next one."""
    replaced.sql("sales", f"SELECT {column} AS day, x + 1 AS x FROM facts WHERE x > 10")
    for day in range(DAYS):
        deliver(replaced, day, first=60)
        replaced.run()
    for first in (80, 40, 65):
        deliver(replaced, 3, first=first)
        assert replaced.run() == {"sales": "materialized"}
        right = f"SELECT {column} AS day, x + 1 AS x FROM '{replaced.root}/data/*.parquet' WHERE x > 10 ORDER BY ALL"
        assert replaced.rows("FROM sales ORDER BY ALL") == duckdb.sql(right).fetchall()


@pytest.mark.parametrize("reader", READERS)
def test_what_reads_a_table_looks_near_the_keys_that_changed(days: Shop, reader: str) -> None:
    query = READERS[reader]
    days.sql("reader", query)
    days.run()
    deliver(days, 1, 33)
    days.run()  # its first refresh is compared with all rows
    hidden = without_far_files(days, "sales", 4)
    deliver(days, 4, 20)
    assert refreshed(days, hidden) == {"sales": "incremental", "reader": "incremental"}
    assert equals_a_rebuild(days, query)


def test_a_file_of_which_nothing_is_known_is_looked_into(days: Shop) -> None:
    """As those of a warehouse are that an older assetflow wrote."""
    ledger = days.project().warehouse.ledger
    with ledger.connection.writing() as connection:
        connection.execute("DELETE FROM file_bounds")
    days.sql("reader", READERS["merged"])
    days.run()
    deliver(days, 4, 20)
    assert refreshed(days, {}) == {"sales": "incremental", "reader": "incremental"}
    assert equals_a_rebuild(days, READERS["merged"])


def test_a_key_that_has_no_value_is_looked_for_everywhere(days: Shop) -> None:
    days.sql("sales", "SELECT CASE WHEN x % 100 > 15 THEN day END AS day, x + 1 AS x FROM facts WHERE x > 10")
    query = READERS["merged"]
    days.sql("reader", query)
    days.run()
    deliver(days, 4, 20)
    assert refreshed(days, {}) == {"sales": "incremental", "reader": "incremental"}
    assert days.rows("FROM reader ORDER BY ALL") == days.rows(f"{query} ORDER BY ALL")


@pytest.mark.parametrize("reader", ["keyed", "merged"])
def test_what_reads_a_partitioned_table_looks_near_the_keys_that_changed(days: Shop, reader: str) -> None:
    days.sql("sales", '/* @asset\npartition = "day(day)"\n*/\nSELECT day, x + 1 AS x FROM facts WHERE x > 10')
    query = READERS[reader]
    days.sql("reader", query)
    days.run()
    deliver(days, 1, 33)
    days.run()  # its first refresh is compared with all rows
    hidden = without_far_files(days, "sales", 4)
    assert len(hidden) == DAYS - 2
    deliver(days, 4, 20)
    assert refreshed(days, hidden)["reader"] == "incremental"
    assert equals_a_rebuild(days, query)


@pytest.mark.parametrize("reader", ["keyed", "merged"])
def test_what_reads_a_folder_of_csv_files_looks_near_the_keys_that_changed(empty_shop: Shop, reader: str) -> None:
    query = READERS[reader].replace("sales", "lines")
    empty_shop.write("assetflow.toml", '[sources.lines]\nfiles = "data/*.csv"\n')
    empty_shop.sql("reader", query)
    for day in (0, 1, 2, 3, 1):
        deliver_csv(empty_shop, day)
        empty_shop.run()
    hidden = without_far_files(empty_shop, "lines", 2)
    assert len(hidden) == 2
    deliver_csv(empty_shop, 2, rows=20)
    assert refreshed(empty_shop, hidden)["reader"] == "incremental"
    rows = duckdb.sql(query.replace("lines", f"'{empty_shop.root}/data/*.csv'") + " ORDER BY ALL").fetchall()
    assert empty_shop.rows("FROM reader ORDER BY ALL") == rows


def deliver_csv(shop: Shop, day: int, rows: int = 30) -> None:
    lines = [f"2024-01-0{day + 1},{day * 100 + at}\n" for at in range(rows)]
    shop.write(f"data/{day}.csv", "".join(["day,x\n", *lines]))


def test_rows_that_hold_lists_of_decimals_are_found(days: Shop) -> None:
    """A list is not compared by its least and greatest value, whatever it is a list of."""
    days.sql("sales", "SELECT day, x + 1 AS x, [x / 10]::DECIMAL(9,1)[] AS l FROM facts WHERE x > 10")
    query = "SELECT l, max(x) AS x, count(*) AS n FROM sales GROUP BY l"
    days.sql("reader", query)
    days.run()
    deliver(days, 4, 20)
    assert refreshed(days, {}) == {"sales": "incremental", "reader": "incremental"}
    assert days.rows("FROM reader ORDER BY ALL") == days.rows(f"{query} ORDER BY ALL")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ä.day AS d, median(x) AS x, count(*) AS n FROM sales AS Ä GROUP BY ä.day",
        "SELECT *, count(*) OVER (PARTITION BY ä.day) AS n FROM sales AS Ä",
    ],
    ids=["groups", "behind a star"],
)
def test_a_key_of_a_struct_that_is_called_nearly_like_the_table(days: Shop, query: str) -> None:
    """Letters beyond ASCII are two to DuckDB, small and large: "ä".day is no column of the table "Ä"."""
    days.sql("sales", "SELECT day, x + 1 AS x, {'day': day + 3} AS ä FROM facts WHERE x > 10")
    days.sql("reader", query)
    for day in (6, 7, 4):
        days.run()
        deliver(days, day, 20)
    assert refreshed(days, {}) == {"sales": "incremental", "reader": "incremental"}
    assert days.rows("FROM reader ORDER BY ALL") == days.rows(f"{query} ORDER BY ALL")


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT x, day FROM sales ORDER BY x DESC, day LIMIT 3", ["day", "x"]),
        ("SELECT x FROM sales ORDER BY x DESC LIMIT 3", ["x"]),
        ("SELECT x % 7 AS k, x FROM sales QUALIFY row_number() OVER (PARTITION BY x % 7 ORDER BY x DESC) = 1", ["x"]),
    ],
)
def test_what_is_read_in_its_order_is_digested_by_the_new_files_alone(
    days: Shop, query: str, columns: list[str]
) -> None:
    days.sql("reader", query)
    days.run()
    deliver(days, DAYS)
    days.run()  # its first refresh is compared with all rows
    hidden = without_far_files(days, "sales", DAYS)
    deliver(days, DAYS + 1)
    assert refreshed(days, hidden) == {"sales": "incremental", "reader": "incremental"}
    assert equals_a_rebuild(days, f"SELECT * FROM ({query})")
    ledger = days.project().warehouse.ledger
    snapshot = ledger.current("prod")["sales"].snapshot
    assert ledger.projection(snapshot, ReadSet(tuple(columns), ordered=True)) is not None
