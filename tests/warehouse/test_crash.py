"""Publishing is all or nothing: a run killed at any line leaves what was published before, or all of what it made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import duckdb
import pytest

from assetflow.warehouse.content.scans import scan
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

ANYWHERE, PUBLISHING = 10, 14
"""At how many lines it is killed: spread over the whole run, and within the transaction that publishes."""

RUN = """
import os, signal, sys
import duckdb
from assetflow.warehouse import warehouse as module
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse.test_crash import publish

root, run_id, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
folder = os.path.dirname(module.__file__)
lines = 0
publishing = []

def trace(frame, event, argument):
    global lines
    if frame.f_code.co_qualname == "Ledger.publish":
        publishing.append(lines)
    if not frame.f_code.co_filename.startswith(folder):
        return None
    if event == "line":
        lines += 1
        if lines == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

with duckdb.connect() as connection:
    warehouse = Warehouse(root)
    sys.settrace(trace)
    publish(warehouse, connection, run_id)
    print("published", flush=True)
    warehouse.patch_catalog("prod")
    warehouse.close()
sys.settrace(None)
print(publishing[0], publishing[-1], lines)
"""


def publish(warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """A run of two assets that belong together: both tell the run that made them."""
    told.run(warehouse, run_id)
    kept = [told.keep(warehouse, cursor, name, f"SELECT '{run_id}' AS run_id") for name in ("sales", "weekly")]
    told.publish(warehouse, run_id, 1, *(told.built(snapshot, run_id) for snapshot in kept))


def run(root: str, run_id: str, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, root, run_id, str(last)]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=environment)


def published(warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Which run's rows each asset holds, read from the files; the ledger must agree."""
    rows = {}
    for name, current in warehouse.ledger.current("prod").items():
        snapshot = warehouse.ledger.snapshot(current.snapshot)
        ((rows[name],),) = cursor.execute(scan(snapshot, warehouse.root)).fetchall()
        assert current.materialization == f"{rows[name]}.{name}"
    return rows


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> list[int]:
    """Lines to die at, counted from the start of the run."""
    root = str(tmp_path_factory.mktemp("whole"))
    assert run(root, "before", -1).returncode == 0
    done = run(root, "killed", -1)
    assert done.stdout.startswith("published\n")
    first, last, lines = map(int, done.stdout.split()[1:])
    return [
        *(1 + part * lines // ANYWHERE for part in range(ANYWHERE)),
        *(1 + first + part * (last - first) // PUBLISHING for part in range(PUBLISHING)),
    ]


@pytest.mark.parametrize("point", range(ANYWHERE + PUBLISHING))
def test_a_killed_run_publishes_all_or_nothing(tmp_path, cursor, points, point):
    root = str(tmp_path)
    warehouse = Warehouse(root)
    publish(warehouse, cursor, "before")
    warehouse.patch_catalog("prod")
    warehouse.close()

    killed = run(root, "killed", points[point])
    assert killed.returncode == -signal.SIGKILL
    found = published(warehouse, cursor)
    assert found in ({"sales": "before", "weekly": "before"}, {"sales": "killed", "weekly": "killed"})
    if "published" in killed.stdout:
        assert found["sales"] == "killed"
    with duckdb.connect(warehouse.catalog_path("prod"), read_only=True) as reader:
        assert reader.execute("SELECT s.run_id = w.run_id FROM sales s, weekly w").fetchall() == [(True,)]

    publish(warehouse, cursor, "after")
    warehouse.patch_catalog("prod")
    assert published(warehouse, cursor) == {"sales": "after", "weekly": "after"}
    with duckdb.connect(warehouse.catalog_path("prod"), read_only=True) as reader:
        assert reader.execute("SELECT s.run_id, w.run_id FROM sales s, weekly w").fetchall() == [("after", "after")]
    warehouse.close()
