"""Locks: one run an environment, known by name, and gone with its process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from assetflow.errors import BusyError
from assetflow.warehouse.disk import locks
from assetflow.warehouse.disk.locks import Holder, Work, holders, run_lock
from assetflow.warehouse.ledger import connection
from tests.warehouse import told

HOLD = """
import sys
from assetflow.warehouse.disk.locks import run_lock
with run_lock(sys.argv[1], "prod", "nightly", "2026-11-20T02:00:00Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_run(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


WRITE = """
import os, signal, sys
from assetflow.warehouse.disk.locks import short_lock
with short_lock(sys.argv[1], "ledger"):
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


def test_a_write_that_was_stopped_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SECONDS_OF_PATIENCE", 0.0)
    process = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path), "SIGSTOP"])
    os.waitpid(process.pid, os.WUNTRACED)
    with pytest.raises(BusyError) as raised, locks.short_lock(str(tmp_path), "ledger"):
        pass
    assert f"process {process.pid} is stopped in the middle of a write" in str(raised.value)
    assert f"kill -CONT {process.pid}" in str(raised.value.hint)
    process.send_signal(signal.SIGCONT)
    assert process.wait() == 0
    with locks.short_lock(str(tmp_path), "ledger"):
        pass


CLOSE = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN IMMEDIATE")
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_who_was_stopped_while_it_had_all_of_the_ledger_to_itself_is_named(tmp_path, monkeypatch):
    """As the last one that closes it has."""
    monkeypatch.setattr(connection, "PATIENCE", 0.0)
    ledger = connection.Connection(str(tmp_path))
    with ledger.writing():
        pass
    ledger.close()
    process = subprocess.Popen([sys.executable, "-c", CLOSE, ledger.path])
    os.waitpid(process.pid, os.WUNTRACED)
    with pytest.raises(BusyError, match=f"process {process.pid} is stopped in the middle of a write"):
        ledger.read("SELECT 1")
    process.send_signal(signal.SIGCONT)
    process.wait()
    assert ledger.read("SELECT 1") == [(1,)]


def test_a_write_that_takes_long_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "SECONDS_OF_PATIENCE", 0.0)
    waiting = threading.Event()
    monkeypatch.setattr(locks, "refuse_stopped", lambda path: waiting.set())
    with contextlib.ExitStack() as first:
        first.enter_context(locks.short_lock(str(tmp_path), "ledger"))

        def let_go_when_somebody_waits() -> None:
            waiting.wait()
            first.close()

        let_go = threading.Thread(target=let_go_when_somebody_waits)
        let_go.start()
        with locks.short_lock(str(tmp_path), "ledger"):
            assert waiting.is_set()
    let_go.join()


def who_holds(root: str, env: str) -> Holder | None:
    return next(iter(holders(root, env)), None)


def test_the_second_run_is_told_who_holds_the_environment(tmp_path, other_run):
    with pytest.raises(BusyError) as raised, run_lock(str(tmp_path), "prod", "mine", told.at(3)):
        pass
    since = datetime(2026, 11, 20, 2, tzinfo=UTC).astimezone().strftime("since %Y-%m-%d %H:%M:%S")
    for part in ("nightly", str(other_run.pid), os.uname().nodename, since):
        assert part in str(raised.value)
    holder = who_holds(str(tmp_path), "prod")
    assert holder is not None
    assert (holder.run_id, holder.pid) == ("nightly", other_run.pid)


def test_another_environment_is_free(tmp_path, other_run):
    assert who_holds(str(tmp_path), "dev") is None
    with run_lock(str(tmp_path), "dev", "mine", told.at(3)) as holder:
        assert holder.pid == os.getpid()


def test_a_run_that_was_killed_holds_nothing(tmp_path, other_run):
    os.kill(other_run.pid, signal.SIGKILL)
    other_run.wait()
    assert who_holds(str(tmp_path), "prod") is None
    with run_lock(str(tmp_path), "prod", "mine", told.at(3)):
        assert who_holds(str(tmp_path), "prod") is not None
    assert who_holds(str(tmp_path), "prod") is None


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        (Work(frozenset("a")), Work(frozenset("b")), True),
        (Work(frozenset("a"), frozenset("c")), Work(frozenset("b"), frozenset("c")), True),
        (Work(frozenset("a")), Work(frozenset("a")), False),
        (Work(frozenset("a")), Work(frozenset("b"), frozenset("a")), False),
        (Work(frozenset("a"), frozenset("b")), Work(frozenset("b")), False),
        (Work(), Work(frozenset()), False),
    ],
)
def test_runs_that_share_nothing_work_side_by_side(tmp_path, first, second, may):
    root = str(tmp_path)
    with run_lock(root, "prod", "one", told.at(3), first):
        try:
            with run_lock(root, "prod", "two", told.at(3), second):
                assert [each.work for each in holders(root)] == [first, second]
        except BusyError as error:
            assert not may
            assert error.lock is not None
            assert "run-prod.one.lock" in error.lock
        else:
            assert may
    assert holders(root) == ()
    assert list((tmp_path / "locks").glob("run-*")) == []


def test_what_a_run_left_that_was_killed_is_gone_with_the_next_one(tmp_path, other_run):
    os.kill(other_run.pid, signal.SIGKILL)
    other_run.wait()
    (tmp_path / "locks/run-prod.half.lock.77.new").write_text("{")
    with run_lock(str(tmp_path), "prod", "mine", told.at(3)):
        assert [path.name for path in (tmp_path / "locks").glob("run-*")] == ["run-prod.mine.lock"]
