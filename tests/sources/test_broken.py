"""What is said about files that cannot be read, or would be read wrong; the pairs are in broken.txt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from assetflow.errors import SourceError
from assetflow.source import Source
from assetflow.sources.files import Files, files
from assetflow.sources.files.explain import explain_read_error

CONNECTION = duckdb.connect()
BLOCKS = [
    block.split("\n")
    for block in Path(__file__).with_name("broken.txt").read_text().rstrip().split("\n\n")
    if not block.startswith("#")
]


def failure(root: Path, location: Files) -> SourceError:
    """What a person is told who reads all rows of the source."""
    source = Source("orders", location, "pyproject.toml", 7)
    with pytest.raises((duckdb.Error, SourceError)) as raised:
        read_all(root, location)
    return explain_read_error(raised.value, source)


def read_all(root: Path, location: Files) -> None:
    cursor = CONNECTION.cursor()
    paths = tuple(file.path for file in location.stat_files(str(root)))
    types = location.sniff(cursor, paths)
    for path in paths:
        cursor.execute(location.read(cursor, (path,), types)).fetchall()


@pytest.mark.parametrize(("file", "line", "message", "hint"), BLOCKS, ids=[block[0].split()[0] for block in BLOCKS])
def test_broken_files(tmp_path: Path, file: str, line: str, message: str, hint: str) -> None:
    name, _, text = file.partition("  ")
    (tmp_path / name).write_bytes(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    error = failure(tmp_path, files(name))
    assert error.message == f"source orders: {message}"
    assert error.hint == hint
    assert (error.path, error.line) == (str(tmp_path / name), None if line == "-" else int(line))


@pytest.mark.parametrize(
    ("text", "words", "line", "message"),
    [
        ("id\n1\nx\n", {"columns": {"id": "BIGINT"}}, 3, "column id: could not convert string \"x\" to 'BIGINT'"),
        (
            "id\n1\n2.5\n",
            {"columns": {"id": "INTEGER"}},
            None,
            "column id is declared INTEGER but holds 2.5, which would be rounded",
        ),
        ("id\n1\n", {"columns": {"id": "BIGINTT"}}, None, "unknown column type BIGINTT"),
        ("id\n1\n", {"options": {"delimm": ";"}}, None, 'unknown option "delimm" for csv files'),
        (
            "id,name\n" + "1,a\n" * 30_000 + "2,b,c\n",
            {},
            30_002,
            "this line has another number of values than the first",
        ),
    ],
)
def test_files_that_contradict_what_is_declared(
    tmp_path: Path, text: str, words: dict[str, Any], line: int | None, message: str
) -> None:
    (tmp_path / "a.csv").write_text(text)
    error = failure(tmp_path, files("a.csv", **words))
    assert (error.line if error.path != "pyproject.toml" else None, error.message) == (
        line,
        f"source orders: {message}",
    )
    assert error.path in (str(tmp_path / "a.csv"), "pyproject.toml")
    assert error.hint


def test_whole_numbers_may_be_written_with_a_point(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1.0\n2.0\n")
    location = files("a.csv", columns={"id": "BIGINT"})
    cursor = CONNECTION.cursor()
    paths = (str(tmp_path / "a.csv"),)
    assert cursor.execute(location.read(cursor, paths, location.sniff(cursor, paths))).fetchall() == [(1,), (2,)]


def test_days_written_in_two_ways_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("day\n25/02/2024\n")
    (tmp_path / "b.csv").write_text("day\n02/25/2024\n")
    error = failure(tmp_path, files("*.csv"))
    assert "%m/%d/%Y" in error.message
    assert "dateformat" in (error.hint or "")


def test_a_file_of_days_that_could_be_either_is_not_read_against_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("day\n02/25/2024\n")
    (tmp_path / "b.csv").write_text("day\n03/04/2024\n")
    assert "dateformat" in (failure(tmp_path, files("*.csv")).hint or "")
    cursor = CONNECTION.cursor()
    location = files("*.csv", options={"dateformat": "%m/%d/%Y"})
    paths = tuple(file.path for file in location.stat_files(str(tmp_path)))
    rows = cursor.execute(location.read(cursor, paths, location.sniff(cursor, paths))).fetchall()
    assert [str(row[0]) for row in rows] == ["2024-02-25", "2024-03-04"]


def test_a_header_alone_that_could_be_values_is_no_row(tmp_path: Path) -> None:
    """DuckDB takes the `t` of a delivery without rows for true, and so its header for a row."""
    (tmp_path / "1.csv").write_text("id,t\n1,a\n")
    (tmp_path / "2.csv").write_text("id,t\n")
    error = failure(tmp_path, files("*.csv"))
    with_header = tmp_path / "1.csv"
    assert error.message == f'source orders: the first line is taken for values, while "{with_header}" has a header'
    assert (error.path, error.line) == (str(tmp_path / "2.csv"), 1)
    assert error.hint and "options = { header = true }" in error.hint
    read_all(tmp_path, files("*.csv", options={"header": True}))
    read_all(tmp_path, files("1.csv"))


def test_the_broken_one_of_many_files_is_named(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.csv").write_text("id,name\n1,a\n")
    (tmp_path / "2.csv").write_text("id,name\n1,a\n2,b,c\n")
    error = failure(tmp_path, files("*.csv"))
    assert (error.path, error.line) == (str(tmp_path / "2.csv"), 3)


def test_numbers_here_and_words_there_ask_for_a_declared_type(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("flag\n0\n")
    (tmp_path / "b.csv").write_text("flag\nFalse\n")
    error = failure(tmp_path, files("*.csv"))
    assert (error.path, error.line) == (str(tmp_path / "b.csv"), 2)
    assert 'columns = { "flag" = "VARCHAR" }' in (error.hint or "")
    read_all(tmp_path, files("*.csv", columns={"flag": "VARCHAR"}))


@pytest.mark.parametrize("cut", [8, 40, 200])
def test_a_parquet_file_that_was_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.parquet"
    CONNECTION.cursor().execute(f"COPY (SELECT range AS id FROM range(1000)) TO '{path}' (FORMAT parquet)")
    path.write_bytes(path.read_bytes()[:-cut])
    error = failure(tmp_path, files("a.parquet"))
    assert error.path == str(path)
    assert "Parquet" in error.message


def test_a_parquet_file_with_other_bytes_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    CONNECTION.cursor().execute(f"COPY (SELECT range AS id, 'x' || range AS t FROM range(9000)) TO '{path}'")
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    assert "Parquet" in failure(tmp_path, files("a.parquet")).message


def test_a_file_that_goes_away_between_the_look_and_the_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1}\n')
    location = files("a.jsonl")
    query = location.scan((str(path),), {"id": "BIGINT"})
    path.unlink()
    with pytest.raises(duckdb.Error) as raised:
        CONNECTION.cursor().execute(query)
    error = explain_read_error(raised.value, Source("orders", location, "pyproject.toml", 7))
    assert error.message == "source orders: the file went away while it was read"
    assert error.path == str(path)
