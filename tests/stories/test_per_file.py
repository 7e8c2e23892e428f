"""A function that is called file by file, or for new rows only: what it made of the others is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Shop

NOTES = """
import json
from pathlib import Path

import polars as pl

from assetflow import Context, asset

SEEN = Path(__file__).parent.parent / "seen.json"


def note(name):
    calls = json.loads(SEEN.read_text()) if SEEN.exists() else []
    SEEN.write_text(json.dumps([*calls, name]))


@asset(per="file", volatile="ignore")
def words(notes: Path, least: int = 1) -> pl.DataFrame:
    note(notes.name)
    text = notes.read_text()
    if "broken" in text:
        raise ValueError("cannot read that")
    return pl.DataFrame({"file": [notes.name], "words": [len(text.split()) * least]})
"""


@pytest.fixture
def notes(empty_shop: Shop) -> Shop:
    """notes: files that are no tables."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.notes]\nfiles = "notes/*.txt"\nformat = "file"\n')
    for name, text in {"a": "one", "b": "one two", "c": "one two three"}.items():
        shop.write(f"notes/{name}.txt", text)
    shop.python("words", NOTES)
    assert mode(shop) == ("materialized", "full", "never made")
    assert called(shop) == ["a.txt", "b.txt", "c.txt"]
    return shop


def mode(shop: Shop, **options: object) -> tuple[str, str | None, str | None]:
    [result] = shop.materialize(**options).assets  # type: ignore[arg-type]
    return result.outcome, result.mode, result.mode_reason


def called(shop: Shop) -> list[str]:
    """The files that the function was called with since it was asked last."""
    path = shop.root / "seen.json"
    found = json.loads(path.read_text()) if path.exists() else []
    path.unlink(missing_ok=True)
    return list(found)


def words(shop: Shop) -> list[tuple[object, ...]]:
    return shop.rows("FROM words ORDER BY file")


def test_a_new_file_is_the_only_one_that_is_read(notes: Shop) -> None:
    notes.write("notes/d.txt", "four")
    assert mode(notes) == ("materialized", "incremental", "1 of 4 files made")
    assert called(notes) == ["d.txt"]
    assert words(notes) == [("a.txt", 1), ("b.txt", 2), ("c.txt", 3), ("d.txt", 1)]
    assert notes.run() == {}


def test_what_is_not_counted_is_not_told_as_nothing_read(notes: Shop) -> None:
    notes.write("notes/d.txt", "four")
    printed = notes.cli("materialize")
    assert "1 of 4 files made" in printed.err
    assert "rows read" not in printed.err


def test_a_changed_file_is_read_again_and_the_rows_of_one_that_went_go(notes: Shop) -> None:
    notes.write("notes/b.txt", "changed")
    notes.remove("notes/c.txt")
    assert mode(notes) == ("materialized", "incremental", "1 of 2 files made")
    assert called(notes) == ["b.txt"]
    assert words(notes) == [("a.txt", 1), ("b.txt", 1)]
    notes.write("notes/c.txt", "one two three")
    assert mode(notes)[1] == "incremental"
    assert called(notes) == []
    assert words(notes) == [("a.txt", 1), ("b.txt", 1), ("c.txt", 3)]


def test_a_renamed_file_is_another_one_for_who_is_told_its_name(notes: Shop) -> None:
    (notes.root / "notes/a.txt").rename(notes.root / "notes/z.txt")
    assert mode(notes)[1] == "incremental"
    assert called(notes) == ["z.txt"]
    assert words(notes) == [("b.txt", 2), ("c.txt", 3), ("z.txt", 1)]


def test_two_files_of_the_same_bytes_are_two(notes: Shop) -> None:
    notes.write("notes/d.txt", "one")
    mode(notes)
    assert words(notes) == [("a.txt", 1), ("b.txt", 2), ("c.txt", 3), ("d.txt", 1)]


def test_code_and_config_make_all_files_again(notes: Shop) -> None:
    notes.replace("assets/words.py", "least: int = 1", "least: int = 2")
    assert mode(notes) == ("materialized", "full", "least: 1 -> 2")
    assert len(called(notes)) == 3
    notes.write("notes/d.txt", "four")
    assert mode(notes, full_refresh=True) == ("materialized", "full", "--full-refresh was given")
    assert len(called(notes)) == 4
    notes.replace("assets/words.py", "per=", 'incremental="off", per=')
    notes.write("notes/e.txt", "five")
    assert mode(notes) == ("materialized", "full", 'it is declared incremental = "off"')


def test_a_file_that_cannot_be_read_is_named_and_publishes_nothing(notes: Shop) -> None:
    notes.write("notes/d.txt", "broken")
    notes.write("notes/e.txt", "five")
    [result] = notes.materialize().assets
    assert result.outcome == "failed"
    assert "notes/d.txt: ValueError: cannot read that" in str(result.error)
    assert len(words(notes)) == 3
    assert called(notes) == ["d.txt", "e.txt"]
    notes.write("notes/d.txt", "mended")
    assert mode(notes)[1] == "incremental"
    assert called(notes) == ["d.txt"]
    assert words(notes)[-2:] == [("d.txt", 1), ("e.txt", 1)]


def test_what_was_made_of_other_files_is_there_the_next_time(notes: Shop) -> None:
    notes.replace("assets/words.py", "least: int = 1", "least: int = 2")
    for number in range(8):
        notes.write(f"notes/n{number}.txt", "broken" if number in (3, 5) else f"number {number}")
    [result] = notes.materialize().assets
    assert "notes/n3.txt: ValueError: cannot read that (1 more file failed)" in str(result.error)
    assert len(called(notes)) == 11
    notes.write("notes/n3.txt", "mended")
    notes.write("notes/n5.txt", "mended, too")
    assert mode(notes)[0] == "materialized"
    assert called(notes) == ["n3.txt", "n5.txt"]
    assert len(words(notes)) == 11
    notes.replace("assets/words.py", "least: int = 2", "least: int = 3")
    notes.write("notes/a.txt", "broken")
    notes.materialize()
    assert called(notes) == ["a.txt"]  # nothing worked before it: the function may be what is broken


def test_plan_and_explain_say_so(notes: Shop) -> None:
    notes.write("notes/d.txt", "four")
    [step] = notes.cli("plan", "--json").json["steps"]
    assert (step["mode"], step["mode_reason"]) == ("incremental", "new files")
    assert "new files" in notes.cli("explain", "words").out


def test_sql_reads_the_list_of_files(notes: Shop) -> None:
    notes.sql("sizes", "SELECT name, bytes, length(sha256) AS hash FROM notes")
    notes.made("sizes")
    assert notes.rows("FROM sizes ORDER BY ALL") == [
        ("notes/a.txt", 3, 64),
        ("notes/b.txt", 7, 64),
        ("notes/c.txt", 13, 64),
    ]


@pytest.fixture
def days(empty_shop: Shop) -> Shop:
    """days: a CSV file a day."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.days]\nfiles = "days/*.csv"\n')
    for number in range(3):
        deliver(shop, number, number, number + 10)
    return shop


def deliver(shop: Shop, day: int, *values: int) -> None:
    shop.write(f"days/{day}.csv", "x\n" + "".join(f"{value}\n" for value in values))


FRAMES = """
import polars as pl

from assetflow import Context, asset


@asset(per="file")
def tops(days: pl.DataFrame, context: Context) -> pl.DataFrame:
    return pl.DataFrame({"day": [context.file.name], "top": [days["x"].max()]})
"""


def test_the_rows_of_a_file_and_its_name(days: Shop) -> None:
    days.python("tops", FRAMES)
    days.made()
    deliver(days, 3, 7)
    deliver(days, 1, 1, 100)
    assert mode(days)[1:] == ("incremental", "2 of 4 files made")
    right = [("days/0.csv", 10), ("days/1.csv", 100), ("days/2.csv", 12), ("days/3.csv", 7)]
    assert days.rows("FROM tops ORDER BY ALL") == right
    (days.root / "days/0.csv").rename(days.root / "days/9.csv")
    assert mode(days)[1:] == ("incremental", "1 of 4 files made")
    assert days.rows("FROM tops ORDER BY ALL")[-1] == ("days/9.csv", 10)
    assert days.run() == {}


ROWS = """
import polars as pl

from assetflow import asset


@asset(per="row")
def doubled(sales: pl.LazyFrame, rates: pl.DataFrame) -> pl.LazyFrame:
    return sales.select(x=pl.col("x") * rates["rate"][0], half=pl.col("x") / 3)
"""


def test_row_by_row_over_an_asset_reads_its_new_files_only(days: Shop) -> None:
    days.write("assetflow.toml", days.read("assetflow.toml") + '\n[sources.rates]\nfiles = "rates.csv"\n')
    days.write("rates.csv", "rate\n2\n")
    days.sql("sales", "SELECT x FROM days WHERE x >= 0")
    days.python("doubled", ROWS)
    days.made()
    deliver(days, 3, 7)
    result = {each.asset: each for each in days.materialize().assets}
    assert (result["doubled"].mode, result["doubled"].mode_reason) == ("incremental", "1 of 2 parts made")
    assert days.rows("SELECT x FROM doubled ORDER BY ALL") == [(0,), (2,), (4,), (14,), (20,), (22,), (24,)]
    days.remove("days/1.csv")
    days.made()
    assert days.rows("SELECT x FROM doubled ORDER BY ALL") == [(0,), (4,), (14,), (20,), (24,)]
    days.write("rates.csv", "rate\n3\n")
    assert mode(days) == ("materialized", "full", "rates changed, which it is given whole")


def test_many_files_are_put_together_and_taken_apart(days: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assetflow.running.refreshes.piecewise.FILES_OF_PART", 5)
    monkeypatch.setattr("assetflow.running.refreshes.piecewise.MOST_SMALL", 3)
    days.python("tops", FRAMES)
    for number in range(12):
        deliver(days, number, number)
    days.made()
    assert parts(days) == 3
    for number in range(12, 18):
        deliver(days, number, number)
        days.made()
    assert parts(days) <= 6
    for number in range(0, 18, 3):
        days.remove(f"days/{number}.csv")
    assert mode(days)[2] == "0 of 12 files made"
    assert days.rows("SELECT top FROM tops ORDER BY ALL") == [(number,) for number in range(18) if number % 3]


def parts(shop: Shop) -> int:
    project = shop.project()
    return len(project.ledger.snapshot(project.current["tops"].snapshot).files)


MIXED = """
import polars as pl

from assetflow import asset


@asset(per="file")
def mixed(days: pl.DataFrame) -> pl.DataFrame:
    if days["x"].max() > 1000:
        return pl.DataFrame({"x": ["text"], "y": [None]})
    if days["x"].max() > 500:
        return pl.DataFrame({"y": [3], "x": [1]})
    return pl.DataFrame({"x": days["x"], "y": [None] * len(days)})
"""


def test_files_have_the_same_columns_and_nulls_have_any_type(days: Shop) -> None:
    days.python("mixed", MIXED)
    deliver(days, 4, 501)
    days.made()
    assert days.rows("FROM mixed WHERE y IS NOT NULL") == [(1, 3)]
    before = days.rows("FROM mixed ORDER BY ALL")
    deliver(days, 3, 1001)
    [result] = days.materialize().assets
    assert result.outcome == "failed"
    assert "what it makes of days/3.csv has x as VARCHAR" in str(result.error)
    assert days.rows("FROM mixed ORDER BY ALL") == before
    deliver(days, 3, 4)
    assert mode(days)[1] == "incremental"


def test_parquet_is_read_file_by_file_where_it_lies(empty_shop: Shop, tmp_path: Path) -> None:
    import duckdb

    empty_shop.write("assetflow.toml", '[sources.days]\nfiles = "days/*.parquet"\n')
    (tmp_path / "days").mkdir()
    for number in range(2):
        duckdb.sql(f"COPY (SELECT {number}::HUGEINT AS x) TO '{tmp_path}/days/{number}.parquet'")
    empty_shop.python("tops", FRAMES)
    empty_shop.made()
    duckdb.sql(f"COPY (SELECT 2::HUGEINT AS x) TO '{tmp_path}/days/2.parquet'")
    assert mode(empty_shop)[1:] == ("incremental", "1 of 3 files made")
    assert [top for _, top in empty_shop.rows("FROM tops ORDER BY ALL")] == [0, 1, 2]


def test_verify_calls_it_with_every_file_again(days: Shop) -> None:
    days.python("tops", FRAMES)
    days.made()
    printed = days.cli("verify", "--skips", "5", "--json")
    assert (printed.json["ok"], printed.json["skips_checked"]) == (True, 1)
    deliver(days, 1, 5)
    days.made()
    assert "files as they were then are not kept" in days.cli("diff", "tops", "--why").out


def test_processes_do_it_as_threads_do(notes: Shop) -> None:
    notes.write("assetflow.toml", 'executor = "processes"\n' + notes.read("assetflow.toml"))
    notes.write("notes/d.txt", "four")
    assert mode(notes, jobs=2)[1:] == ("incremental", "1 of 4 files made")


def test_what_was_swept_away_is_made_again(notes: Shop) -> None:
    """What older snapshots hold of it is still good."""
    notes.write("notes/d.txt", "four")
    notes.made()
    notes.remove("notes/a.txt")
    notes.made()
    project = notes.project()
    for file in project.ledger.snapshot(project.current["words"].snapshot).files:
        (notes.root / "warehouse" / file.path).unlink()
    project.ledger.close()
    called(notes)
    assert mode(notes)[0] == "materialized"
    assert called(notes) == ["d.txt"]
    assert words(notes) == [("b.txt", 2), ("c.txt", 3), ("d.txt", 1)]


def test_another_branch_and_back_keeps_what_it_made(notes: Shop) -> None:
    """The results of other code stay beside."""
    code = notes.read("assets/words.py")
    notes.replace("assets/words.py", "len(text.split())", "len(text)")
    notes.made()
    called(notes)
    notes.write("notes/d.txt", "four")
    notes.write("assets/words.py", code)
    assert mode(notes) == ("materialized", "incremental", "1 of 4 files made")
    assert called(notes) == ["d.txt"]


def test_a_function_that_returns_nothing_or_sql_for_a_file(days: Shop) -> None:
    days.python("tops", FRAMES.replace("return pl", "pl"))
    [result] = days.materialize().assets
    assert "days/0.csv: tops returned nothing" in str(result.error)
    days.python("tops", FRAMES.replace("return pl", "from assetflow import Query as Q; return Q('FROM days') or pl"))
    [result] = days.materialize().assets
    assert "it is called per file and returned a Query" in str(result.error)


VIEWED = """
import polars as pl

from assetflow import asset


@asset(per="row")
def rowwise(sales: pl.DataFrame) -> pl.DataFrame:
    return sales.with_columns(y=pl.col("x") + 1)
"""


def test_a_view_is_one_part(days: Shop) -> None:
    days.sql("sales", '/* @asset\nmaterialized = "view"\n*/\nSELECT x FROM days')
    days.python("rowwise", VIEWED)
    days.made()
    deliver(days, 3, 7)
    days.made()
    assert days.rows("SELECT sum(y) FROM rowwise") == days.rows("SELECT sum(x + 1) FROM sales")


def test_rows_are_counted_where_two_files_give_the_same(days: Shop) -> None:
    days.python("rowwise", VIEWED.replace("sales", "days"))
    days.made()
    days.write("days/7.csv", days.read("days/1.csv"))
    deliver(days, 8, 8)
    result = days.materialize().assets[0]
    assert (result.rows, result.same_content) == (9, False)
    assert days.rows("SELECT count(*) FROM rowwise") == [(9,)]
    days.write("days/9.csv", days.read("days/8.csv"))
    assert days.materialize().assets[0].rows == 10
