"""Stopping a body: SQL, Python and Polars, at its timeout or because the user stopped the run."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from assetflow.engines import Where
from assetflow.engines.duckdb import Cursor, sql_errors
from assetflow.engines.frames import from_result
from assetflow.engines.limit import Limit, time_limit
from assetflow.engines.python import call
from assetflow.errors import AssetError, Interrupted

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000) b"
TIMEOUT = 0.05


def loop_forever() -> None:
    number = 0
    while True:
        number += 1


def test_a_query_is_stopped_and_its_cursor_is_usable_after(cursor: Cursor, where: Where) -> None:
    with (
        pytest.raises(AssetError) as caught,
        time_limit(TIMEOUT, where, cursor.interrupt),
        sql_errors(cursor, ENDLESS, where),
    ):
        cursor.execute(ENDLESS).fetchall()
    assert caught.value.message == "took longer than 0.05 s (timeout)"
    assert caught.value.where == "assets/sales.sql:4"
    assert cursor.sql("SELECT 1").fetchall() == [(1,)]


def test_python_code_is_stopped(where: Where) -> None:
    with pytest.raises(AssetError, match="took longer than"), time_limit(TIMEOUT, where):
        call(loop_forever, {}, where=where)


def test_code_that_catches_every_exception_is_stopped_all_the_same(where: Where) -> None:
    def stubborn() -> None:
        while True:
            try:
                loop_forever()
            except Exception:
                pass

    with pytest.raises(AssetError, match="took longer than"), time_limit(TIMEOUT, where):
        call(stubborn, {}, where=where)


def test_a_lazy_frame_is_stopped_and_leaves_no_file(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    numbers = pl.LazyFrame({"a": range(3000)})
    crossed = numbers.join(numbers, how="cross", suffix="_1").join(numbers, how="cross", suffix="_2")
    endless = crossed.select((pl.col("a") * pl.col("a_1") * pl.col("a_2")).sum())
    with pytest.raises(AssetError, match="took longer than"), time_limit(TIMEOUT, where):
        from_result(endless, cursor, str(tmp_path), where)
    assert list(tmp_path.iterdir()) == []


def test_what_ends_in_time_is_left_alone(where: Where) -> None:
    with time_limit(3600, where) as limit:
        result = call(lambda: 1, {}, where=where)
    limit.stop()
    assert result == 1


def test_the_users_own_error_stays_his(where: Where) -> None:
    with pytest.raises(AssetError, match="ZeroDivisionError"), time_limit(3600, where):
        call(lambda: 1 // 0, {}, where=where)


def test_another_thread_can_stop_the_block(where: Where) -> None:
    started = threading.Event()
    limits: list[Limit] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with time_limit(None, where) as limit:
                limits.append(limit)
                started.set()
                loop_forever()
        except Interrupted as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    limits[0].stop()
    thread.join()
    assert [str(error) for error in errors] == ["sales was interrupted"]


STOPPED_WHILE_IT_IMPORTS = """
import _imp, sys, threading, time
from assetflow.engines import Where, limit as limits

def work():
    try:
        with limits.time_limit(None, where) as limit:
            begun.append(limit)
            import colorsys
            while True:
                pass
    except limits.Interrupted:
        pass

def let_it_import(seconds):
    if held:
        held.pop()
        _imp.release_lock()
    sleep(seconds)

where, begun, held, sleep = Where("sales", "assets/sales.py", 4, "."), [], [True], time.sleep
thread = threading.Thread(target=work, daemon=True)
_imp.acquire_lock()
thread.start()
while not (begun and sys._current_frames()[thread.ident].f_code.co_filename == "<frozen importlib._bootstrap>"):
    pass
time.sleep = let_it_import
begun[0].stop()
let_it_import(0)
thread.join()
print(_imp.lock_held())
"""


def test_a_block_that_is_stopped_while_it_imports_leaves_the_lock_of_all_imports_free() -> None:
    """In a process of its own: where it is not free, the next import would wait for ever."""
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_IT_IMPORTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


PROFILED_AFTER_A_STOP = """
import sys
from assetflow.engines import Where, limit as limits

try:
    with limits.time_limit(None, Where("sales", "assets/sales.py", 4, ".")) as limit:
        limit.stop()
except limits.Interrupted:
    sys.setprofile(lambda *_: None)
    (lambda: None)()
    sys.setprofile(None)
    print("over")
"""


def test_python_can_be_profiled_after_something_was_stopped() -> None:
    done = subprocess.run([sys.executable, "-c", PROFILED_AFTER_A_STOP], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("over\n", "")
