"""What is kept stays: under the name of its bytes, once, in a warehouse that may lie anywhere."""

from __future__ import annotations

import os
import stat

import pytest

from assetflow.warehouse.content.keep import keep
from assetflow.warehouse.content.scans import scan, scan_files
from assetflow.warehouse.content.staging import stage_query
from tests.warehouse import told


def test_no_rows_are_rows_too(cursor, warehouse):
    snapshot = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a, 'x' AS b WHERE false")
    assert snapshot.rows == 0
    assert cursor.sql(scan(snapshot, warehouse.root)).columns == ["a", "b"]


def test_names_are_quoted(cursor, warehouse):
    sql = '''SELECT 1 AS "select", 2 AS "a ""b""", 3::HUGEINT AS "'; DROP", 4 AS "É" '''
    snapshot = told.keep(warehouse, cursor, "sales", sql)
    read = cursor.sql(scan(snapshot, warehouse.root))
    assert (read.columns, read.fetchall()) == (["select", 'a "b"', "'; DROP", "É"], [(1, 2, 3, 4)])


@pytest.mark.parametrize("folder", ["env=prod/2024", "old [1]", "what?*", "it's", 'the "new" one', "sp ace", "été"])
def test_a_warehouse_may_lie_anywhere(cursor, tmp_path, folder):
    root = str(tmp_path / folder)
    for neighbour in ("old 1", "whatever"):  # which a pattern would find
        stage_query(cursor, "SELECT 2 AS a FROM range(2)", str(tmp_path / neighbour / "staging"))
    staged = stage_query(cursor, "SELECT 1 AS a", f"{root}/staging")
    kept = keep(root, staged.files)
    read = scan_files(staged.columns, [f"{root}/{file.path}" for file in kept])
    assert cursor.sql(read).columns == ["a"]
    assert cursor.execute(read).fetchall() == [(1,)]


def test_a_kept_file_is_named_by_its_bytes_and_cannot_be_written(cursor, warehouse):
    snapshot = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    (file,) = snapshot.files
    assert file.path == f"objects/{file.sha256[:2]}/{file.sha256}.parquet"
    assert stat.S_IMODE(os.stat(f"{warehouse.root}/{file.path}").st_mode) == 0o444


def test_the_same_bytes_are_kept_once(cursor, warehouse):
    first = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    before = os.stat(f"{warehouse.root}/{first.files[0].path}").st_ino
    second = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    assert (second.id, second.files) == (first.id, first.files)
    assert os.stat(f"{warehouse.root}/{first.files[0].path}").st_ino == before
    assert os.listdir(f"{warehouse.root}/staging/run/sales") == []


def test_a_truncated_file_is_replaced(cursor, warehouse):
    first = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    path = f"{warehouse.root}/{first.files[0].path}"
    os.chmod(path, 0o644)
    os.truncate(path, 10)
    told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    assert cursor.execute(scan(first, warehouse.root)).fetchall() == [(1,)]
