"""One lock stands around every write and every checkpoint of the ledger, closing included.

SQLite before 3.51.3 can lose commits when a checkpoint meets another process's first write after it (the WAL-reset
race), so no two processes may be at that at once.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

BEGIN = """
import fcntl, gc, sys

def told_lock(descriptor, how, lock=fcntl.flock):
    try:
        lock(descriptor, how)
    except BlockingIOError:
        print("waits", flush=True)
        raise

fcntl.flock = told_lock

from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

warehouse = Warehouse(sys.argv[1])
warehouse.ledger.runs()
print("read", flush=True)
"""
WAYS = {
    "it writes": 'told.run(warehouse, "two")',
    "it is closed": "warehouse.close()",
    "it is forgotten": "del warehouse; gc.collect()",
    "the process ends": "pass",
    "the process ends by an error": "sys.exit(3)",
    "a copy is made": 'warehouse.ledger.back_up_daily("2026-11-20")',
}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    """A warehouse with a log that is not yet in the database, as a process that was killed leaves it."""
    warehouse = Warehouse(str(tmp_path))
    told.run(warehouse, "one")
    yield str(tmp_path)
    warehouse.close()


@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_write_or_checkpoint_waits(root: str, way: str) -> None:
    command = [sys.executable, "-c", BEGIN + WAYS[way], root]
    with open(os.path.join(root, "locks", "ledger.lock"), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        assert process.stdout is not None
        assert process.stdout.readline() == "read\n", "reading waits for nobody"
        for _ in range(2):
            assert process.stdout.readline() == "waits\n", f"{way} without the lock"
    process.communicate()
    assert process.returncode == (3 if "error" in way else 0)
    assert Warehouse(root).ledger.run("one") is not None


def test_a_closed_ledger_can_be_asked_again(root: str) -> None:
    warehouse = Warehouse(root)
    for _ in range(3):
        assert warehouse.ledger.run("one") is not None
        warehouse.close()
        warehouse.close()
    told.run(warehouse, "three")
    assert len(warehouse.ledger.runs()) == 2
    warehouse.close()


FORGET = """
import gc, sys
from assetflow.warehouse.warehouse import Warehouse

forgotten = Warehouse(sys.argv[1])
forgotten.ledger.runs()
forgotten.itself = forgotten
del forgotten
with Warehouse(sys.argv[2]).ledger.connection.writing():
    gc.collect()
print("written")
"""


@pytest.mark.parametrize("spelled", ["", "/../{name}"])
def test_nobody_waits_for_himself_when_garbage_is_collected_in_the_middle(root: str, spelled: str) -> None:
    same = root + spelled.format(name=os.path.basename(root))
    command = [sys.executable, "-c", FORGET, root, same]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60)
    assert done.stdout == "written\n", done.stderr
