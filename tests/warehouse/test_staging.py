"""What is read back of what was staged is what was made, and what cannot be kept as it is is refused."""

from __future__ import annotations

import os

import duckdb
import polars as pl
import pytest

from assetflow.errors import AssetError, WarehouseError
from assetflow.warehouse.content.reading import read_back
from assetflow.warehouse.content.scans import scan_files
from assetflow.warehouse.content.staging import stage_parquet, stage_query


def test_rows_come_back_in_the_order_of_the_query(cursor, tmp_path):
    sql = "SELECT range AS id, range::HUGEINT AS wide FROM range(300_000) ORDER BY (range * 7919) % 300_007 -- no end"
    staged = stage_query(cursor, sql, str(tmp_path))
    read = scan_files(staged.columns, [file.path for file in staged.files])
    differing = f"SELECT count(*) FROM ({sql}\n) AS made POSITIONAL JOIN ({read}) AS read WHERE made.id <> read.id"
    assert cursor.execute(differing).fetchall() == [(0,)]
    assert staged.rows == 300_000


@pytest.mark.parametrize("sql", ["SELECT 1 AS a, 2 AS a", "SELECT 1 AS week, 2 AS Week", "SELECT 1 AS a, 2, 3 AS a"])
def test_two_columns_of_one_name_are_refused(cursor, tmp_path, sql):
    with pytest.raises(AssetError, match="two columns are named"):
        stage_query(cursor, sql, str(tmp_path))
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]


def test_an_error_of_the_query_is_the_query_s(cursor, tmp_path):
    with pytest.raises(duckdb.BinderException, match="nothing"):
        stage_query(cursor, "SELECT nothing FROM range(3)", str(tmp_path))
    with pytest.raises(duckdb.ConversionException, match="LINE 2"):
        stage_query(cursor, "SELECT 1::HUGEINT AS h,\n  CAST(x AS INTEGER) FROM (VALUES ('a')) AS t(x)", str(tmp_path))
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]


def test_the_digest_does_not_depend_on_the_writer(cursor, tmp_path):
    made = stage_query(cursor, "SELECT range AS id, 'x' || range AS name FROM range(5000)", str(tmp_path / "duckdb"))
    pl.DataFrame({"id": range(5000), "name": [f"x{n}" for n in range(5000)]}).sample(
        fraction=1, shuffle=True, seed=1
    ).write_parquet(tmp_path / "sunk.parquet", row_group_size=700)
    taken = stage_parquet(cursor, str(tmp_path / "sunk.parquet"), str(tmp_path / "polars"))
    assert (taken.digest, taken.rows, taken.columns) == (made.digest, made.rows, made.columns)


def test_a_file_whose_types_survive_is_taken_as_it_is(cursor, tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "e": pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"]))})
    frame.write_parquet(tmp_path / "sunk.parquet")
    before = (tmp_path / "sunk.parquet").read_bytes()
    staged = stage_parquet(cursor, str(tmp_path / "sunk.parquet"), str(tmp_path / "staging"))
    with open(staged.files[0].path, "rb") as file:
        assert file.read() == before
    assert not (tmp_path / "sunk.parquet").exists()


def test_a_file_with_an_untyped_column_is_written_anew(cursor, tmp_path):
    path = tmp_path / "part-0.parquet"
    pl.DataFrame({"a": [1, 2], "n": [None, None]}).write_parquet(path)
    staged = stage_parquet(cursor, str(path), str(tmp_path))
    assert [(column.name, column.type) for column in staged.columns] == [("a", "BIGINT"), ("n", "INTEGER")]
    assert os.listdir(tmp_path) == ["part-0.parquet"]


def test_a_file_with_two_columns_of_one_name_is_refused(cursor, tmp_path):
    path = tmp_path / "old [1].parquet"
    pl.DataFrame({"s": [{"x": 1}], "a": [1], "A": [2]}).write_parquet(path)
    with pytest.raises(AssetError, match="'a' and 'A'"):
        stage_parquet(cursor, str(path), str(tmp_path / "staging"))


def test_names_that_end_in_a_number_are_no_duplicates(cursor, tmp_path):
    pl.DataFrame({"s": [{"x": 1, "y": {"a": 1}}], "a": [1], "a_1": [2]}).write_parquet(tmp_path / "sunk.parquet")
    staged = stage_parquet(cursor, str(tmp_path / "sunk.parquet"), str(tmp_path / "staging"))
    assert [column.name for column in staged.columns] == ["s", "a", "a_1"]


@pytest.mark.parametrize("damage", ["truncated", "emptied", "short of a row"])
def test_what_cannot_be_read_back_is_refused(cursor, tmp_path, damage):
    staged = stage_query(cursor, "SELECT range AS a FROM range(100)", str(tmp_path))
    path = staged.files[0].path
    written = 101 if damage == "short of a row" else 100
    if written == 100:
        os.truncate(path, 0 if damage == "emptied" else 200)
    with pytest.raises(WarehouseError, match="read back"):
        read_back(cursor, staged.columns, [path], written)


FORESEEN = [
    ("SELECT range AS id, 'a' || range AS name FROM range(10)", [("id", "BIGINT"), ("name", "VARCHAR")]),
    ("SELECT range AS id, range / 2 AS half FROM range(5000)", [("id", "BIGINT"), ("half", "DOUBLE")]),
    ("SELECT 1 AS a WHERE false", [("a", "INTEGER")]),
    ("SELECT 1 AS assetflow_row, 2 AS b", [("assetflow_row", "INTEGER"), ("b", "INTEGER")]),
]
WRONG = [
    [("id", "INTEGER"), ("name", "VARCHAR")],
    [("id", "BIGINT"), ("Name", "VARCHAR")],
    [("name", "VARCHAR"), ("id", "BIGINT")],
    [("id", "BIGINT")],
    [("id", "BIGINT"), ("name", "VARCHAR"), ("more", "VARCHAR")],
    [("id", "HUGEINT"), ("name", "VARCHAR")],
]


@pytest.mark.parametrize(("sql", "columns"), FORESEEN)
def test_what_is_foreseen_of_columns_changes_nothing(cursor, tmp_path, sql, columns):
    asked = stage_query(cursor, sql, str(tmp_path / "asked"))
    spared = stage_query(cursor, sql, str(tmp_path / "spared"), foreseen=columns)
    assert [(column.name, column.type) for column in asked.columns] == columns
    assert (spared.columns, spared.digest, spared.rows) == (asked.columns, asked.digest, asked.rows)


@pytest.mark.parametrize("columns", WRONG)
@pytest.mark.parametrize("rows", [10, 5000])
def test_what_is_foreseen_wrongly_is_found_out_in_the_file(cursor, tmp_path, columns, rows):
    sql = f"SELECT range AS id, 'a' || range AS name FROM range({rows})"
    asked = stage_query(cursor, sql, str(tmp_path / "asked"))
    wrong = stage_query(cursor, sql, str(tmp_path / "wrong"), foreseen=columns)
    assert (wrong.columns, wrong.digest, wrong.rows) == (asked.columns, asked.digest, asked.rows)


def test_a_type_that_no_file_keeps_is_kept_also_where_it_is_foreseen(cursor, tmp_path):
    staged = stage_query(cursor, "SELECT 1::HUGEINT AS h", str(tmp_path), foreseen=[("h", "HUGEINT")])
    assert [(column.type, column.stored_as) for column in staged.columns] == [("HUGEINT", "DECIMAL(38,0)")]
