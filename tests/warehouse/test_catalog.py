"""The catalog: any client reads it, nobody is in its way, and it can always be made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import duckdb
import pytest

from assetflow.errors import WarehouseError
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told


def publish(warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection, run_id: str, **queries: str) -> int:
    told.run(warehouse, run_id)
    made = [told.built(told.keep(warehouse, cursor, name, sql), run_id) for name, sql in queries.items()]
    return told.publish(warehouse, run_id, 1, *made)


def read(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(warehouse.catalog_path("prod"), read_only=True) as reader:
        return reader.execute(sql).fetchall()


def test_any_client_reads_what_is_published(cursor, warehouse):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a", other="SELECT 2::HUGEINT AS b")
    assert warehouse.patch_catalog("prod")
    assert read(warehouse, "SELECT a, b FROM sales, other") == [(1, 2)]
    assert read(warehouse, "FROM assetflow_info") == [(1, told.at(1), warehouse.root)]
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{warehouse.catalog_path('prod')}' AS shop (READ_ONLY)")
        assert reader.execute("SELECT a FROM shop.sales").fetchall() == [(1,)]


def test_clients_of_duckdb_1_can_open_it(cursor, warehouse):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{warehouse.catalog_path('prod')}' AS shop (READ_ONLY)")
        ((tags,),) = reader.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'shop'").fetchall()
    assert tags["storage_version"].startswith("v1.0.0")


def test_a_publish_changes_what_it_published_and_nothing_else(cursor, warehouse):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a", other="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    publish(warehouse, cursor, "two", sales="SELECT 'x' AS other_schema")
    warehouse.patch_catalog("prod")
    assert read(warehouse, "SELECT s.*, o.* FROM sales s, other o") == [("x", 1)]
    warehouse.ledger.publish("prod", "two", {"other": None}, {"other": "one.other"}, told.at(3))
    warehouse.patch_catalog("prod")
    assert read(warehouse, "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1") == [
        ("assetflow_info",), ("sales",)
    ]  # fmt: skip


def test_publishes_that_were_not_shown_are_shown_by_the_next(cursor, warehouse):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a", other="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    publish(warehouse, cursor, "two", sales="SELECT 2 AS a")
    publish(warehouse, cursor, "three", other="SELECT 3 AS a")
    warehouse.patch_catalog("prod")
    assert read(warehouse, "SELECT s.a, o.a FROM sales s, other o") == [(2, 3)]


def test_nothing_to_show_is_nothing_to_do(cursor, warehouse):
    assert not warehouse.patch_catalog("prod")
    assert not os.path.exists(warehouse.root)
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    assert warehouse.patch_catalog("prod")
    before = os.stat(warehouse.catalog_path("prod"))
    assert not warehouse.patch_catalog("prod")
    assert os.stat(warehouse.catalog_path("prod")) == before


def test_a_view_reads_other_views_under_any_name_of_the_file(cursor, warehouse, tmp_path):
    told.run(warehouse, "one")
    sales = told.keep(warehouse, cursor, "sales", "SELECT 21 AS a")
    view = warehouse.make_view("aaa", "WITH s AS (FROM sales) SELECT a * 2 AS b FROM s -- twice", (), "digest")
    below = warehouse.make_view("aa", "SELECT b FROM aaa", (), "digest")
    built = [
        told.built(below, "one", inputs=("aaa",)),
        told.built(view, "one", inputs=("sales",)),
        told.built(sales, "one"),
    ]
    told.publish(warehouse, "one", 1, *built)
    warehouse.patch_catalog("prod")
    assert read(warehouse, "FROM aa") == [(42,)]
    shutil.copy(warehouse.catalog_path("prod"), tmp_path / "renamed.duckdb")
    with duckdb.connect(tmp_path / "renamed.duckdb", read_only=True) as reader:
        assert reader.execute("FROM aa").fetchall() == [(42,)]


@pytest.mark.parametrize("loss", ["missing", "foreign", "garbage", "forgotten", "edited"])
def test_what_was_lost_or_damaged_is_made_anew(cursor, warehouse, loss):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    path = warehouse.catalog_path("prod")
    if loss == "forgotten":
        shutil.rmtree(f"{warehouse.root}/cache")
    elif loss == "edited":
        with duckdb.connect(path) as owner:
            owner.execute("DROP VIEW sales")
    else:
        os.unlink(path)
    if loss == "foreign":
        duckdb.connect(path).close()
    elif loss == "garbage":
        with open(path, "w") as file:
            file.write("garbage")
    assert warehouse.patch_catalog("prod")
    assert read(warehouse, "FROM sales") == [(1,)]


def test_a_moved_warehouse_is_readable_after_the_next_command(cursor, warehouse, tmp_path):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    warehouse.close()
    moved = Warehouse(shutil.move(warehouse.root, tmp_path / "moved"))
    with pytest.raises(duckdb.IOException):
        read(moved, "FROM sales")
    assert moved.patch_catalog("prod")
    assert read(moved, "SELECT a, root FROM sales, assetflow_info") == [(1, moved.root)]
    moved.close()


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
if sys.argv[2] == "writer":
    connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
print(connection.execute("SELECT a FROM sales").fetchall(), flush=True)
for line in sys.stdin:
    if sys.argv[2] == "writer":
        connection.execute("INSERT INTO mine VALUES (2)")
    print(connection.execute("SELECT a FROM sales").fetchall(), flush=True)
"""


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_a_client_in_another_process_is_in_nobody_s_way(cursor, warehouse, who):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    command = [sys.executable, "-c", HOLD, warehouse.catalog_path("prod"), who]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        assert client.stdout.readline() == "[(1,)]\n"
        for number in (2, 3):
            publish(warehouse, cursor, f"run{number}", sales=f"SELECT {number} AS a")
            warehouse.patch_catalog("prod")
            assert read(warehouse, "FROM sales") == [(number,)]
            assert read(warehouse, "FROM duckdb_tables()") == []
            client.stdin.write("again\n")
            client.stdin.flush()
            # One consistent set of tables, for as long as it is held open.
            assert client.stdout.readline() == "[(1,)]\n"
        client.stdin.close()


def test_a_client_in_this_process_is_in_nobody_s_way(cursor, warehouse):
    publish(warehouse, cursor, "one", sales="SELECT 1 AS a")
    warehouse.patch_catalog("prod")
    with duckdb.connect(warehouse.catalog_path("prod"), read_only=True) as client:
        publish(warehouse, cursor, "two", sales="SELECT 2 AS a")
        warehouse.patch_catalog("prod")
        assert client.execute("FROM sales").fetchall() == [(1,)]
    assert read(warehouse, "FROM sales") == [(2,)]


def test_one_view_that_cannot_be_made_does_not_hide_the_others(cursor, warehouse):
    told.run(warehouse, "one")
    gone = warehouse.make_view("gone", "SELECT * FROM read_parquet('nowhere.parquet')", (), "digest")
    sales = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    told.publish(warehouse, "one", 1, told.built(gone, "one"), told.built(sales, "one"))
    with pytest.raises(WarehouseError, match="the catalog lacks gone"):
        warehouse.patch_catalog("prod")
    assert read(warehouse, "FROM sales") == [(1,)]
    publish(warehouse, cursor, "two", gone="SELECT 2 AS a")
    warehouse.patch_catalog("prod")
    assert read(warehouse, "FROM gone") == [(2,)]
