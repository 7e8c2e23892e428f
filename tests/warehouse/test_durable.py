"""When the disk refuses, a person is told what, where and what to do."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from assetflow.errors import WarehouseError
from assetflow.warehouse.disk import durable
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

REFUSALS = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "no space left",
    errno.EACCES: "permission denied",
    errno.EROFS: "read-only file system",
    errno.EMFILE: "too many open files",
    errno.EIO: "input/output error",
}


@pytest.mark.parametrize("number", REFUSALS)
def test_what_the_system_says_is_said_in_words(number):
    with pytest.raises(WarehouseError, match=f"(?i){REFUSALS[number]}") as raised, durable.writing("warehouse"):
        raise OSError(number, os.strerror(number), "warehouse/objects/ab")
    assert raised.value.path == "warehouse/objects/ab"
    assert raised.value.hint


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "warehouse").write_text("not a folder")
    with pytest.raises(WarehouseError, match="cannot write here"):
        told.run(Warehouse(str(tmp_path / "warehouse")), "one")


FULL = """
import resource, sys
import duckdb
from assetflow.errors import WarehouseError
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

warehouse = Warehouse(sys.argv[1])
told.run(warehouse, "one")
# No file may grow beyond this, which DuckDB and SQLite meet as they meet a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with duckdb.connect() as connection:
        kept = told.keep(warehouse, connection, "sales", "SELECT range AS a, hash(range) AS b FROM range(20000)")
    told.publish(warehouse, "one", 1, told.built(kept, "one"))
    warehouse.patch_catalog("prod")
except WarehouseError as error:
    print(error.message)
"""


@pytest.mark.parametrize("size", [1000, 60_000, 100_000, 150_000, 250_000])
def test_on_a_full_disk_nothing_half_is_published(tmp_path, cursor, size):
    warehouse = Warehouse(str(tmp_path))
    told.run(warehouse, "before")
    told.publish(warehouse, "before", 0, told.built(told.keep(warehouse, cursor, "sales", "SELECT 1 AS a"), "before"))
    warehouse.close()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(size)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no space left on the disk")
    current = warehouse.ledger.current("prod")["sales"]
    assert current.materialization in {"before.sales", "one.sales"}
    assert warehouse.has_files(warehouse.ledger.snapshot(current.snapshot))
    warehouse.close()


def test_a_small_file_is_replaced_as_a_whole(tmp_path):
    path = str(tmp_path / "x.json")
    durable.write_file(path, "one")
    durable.write_file(path, "two")
    assert os.listdir(tmp_path) == ["x.json"]
    with open(path) as file:
        assert file.read() == "two"
