"""Stopping a run (Ctrl-C, SIGTERM), and two runs at once: what is said, what is kept, who goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Shop

BODIES = {
    "Python that goes on": "while True: pass",
    "a call that does not return": "time.sleep(3600)",
    "SQL that goes on": "return Query('SELECT sum(a.range * b.range) AS n FROM range(1000000) a, range(1000000) b')",
}


@pytest.fixture
def slow(empty_shop: Shop) -> Shop:
    """quick -> slow, which says that it has begun and then does not end."""
    empty_shop.sql("quick", "SELECT 1 AS n")
    write_slow(empty_shop, "while True: pass")
    return empty_shop


def write_slow(shop: Shop, body: str) -> None:
    head = "import time\nfrom assetflow import Query, asset\n"
    parameters = "" if "Query" in body else "quick"
    shop.write("assets/slow.py", f"{head}\n@asset\ndef slow({parameters}):\n    {body}\n")


@contextmanager
def materializing(shop: Shop, *options: str, under: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, which is in the middle of `slow`."""
    arguments = [*under, sys.executable, "-m", "assetflow", "materialize", "--log-format", "json", *options]
    environment = {**os.environ, "COLUMNS": "120"}
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, []), "what is blocked here would be blocked there, too"
    with subprocess.Popen(
        arguments, cwd=shop.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        try:
            begun = {"quick": False, "slow": False}
            for line in process.stderr:
                begun["quick"] |= '"finished"' in line and '"quick"' in line
                begun["slow"] |= '"started"' in line and '"slow"' in line
                if all(begun.values()):
                    break
            assert all(begun.values()), "the run ended before it came to slow"
            yield process
        finally:
            process.kill()


def end(process: subprocess.Popen[str], how: signal.Signals) -> str:
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    return err


def last_line(err: str) -> dict[str, Any]:
    """What is told at the end; with `--log-format json` each line is a document, whatever happens."""
    return [json.loads(line) for line in err.splitlines()][-1]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("what", BODIES)
def test_ctrl_c_ends_with_130_says_what_is_kept_and_the_next_run_restores_it(slow: Shop, what: str, jobs: str) -> None:
    write_slow(slow, BODIES[what])
    with materializing(slow, "-j", jobs) as process:
        err = end(process, signal.SIGINT)
        assert process.returncode == 130, err
    told = last_line(err)
    assert told["event"] == "interrupted"
    assert told.keys() == {"event", "run_id", "asset", "partition", "snapshot", "seconds", "rows", "error"}
    assert told["error"].startswith("nothing of this run was published. 1 finished asset is kept")
    assert slow.project().ledger.current("prod") == {}
    assert not list((slow.root / "warehouse/staging").glob("*")), "nothing half made is left"
    [run] = slow.project().ledger.runs()
    assert run.status == "interrupted"
    slow.sql("slow", "SELECT n FROM quick")
    slow.remove("assets/slow.py")
    assert slow.run() == {"quick": "restored", "slow": "materialized"}


def test_what_is_kept_is_counted_in_tables_and_not_in_their_partitions(slow: Shop) -> None:
    slow.sql("quick", "/* @asset\npartition = 'n'\n*/\nSELECT unnest([1, 2, 3]) AS n")
    with materializing(slow) as process:
        told = last_line(end(process, signal.SIGINT))
    assert "1 finished asset (3 partitions of 1 asset) is kept" in told["error"]
    assert "1 materialized (3 partitions of 1 asset)" in slow.cli("runs").out


IN_A_QUERY = """
import os, signal, threading, time
from assetflow import Query, asset

@asset
def slow():
    begun = time.process_time()

    def interrupt():
        while time.process_time() - time.thread_time() < begun + 1:
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    return Query("SELECT count(*) AS n FROM range(10000000) a(x), range(10000000) b(y) WHERE x * y % 7 = 3")
"""


def test_ctrl_c_ends_a_query_that_keeps_the_main_thread_busy(slow: Shop) -> None:
    """Python would tell of the signal when the query is over: it comes when that has worked for a second."""
    slow.write("assets/slow.py", IN_A_QUERY)
    arguments = [sys.executable, "-m", "assetflow", "materialize", "-j", "1"]
    done = subprocess.run(arguments, cwd=slow.root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "nothing of this run was published" in done.stderr) == (130, True), done.stderr


def test_ctrl_c_that_a_library_takes_for_a_fault_of_its_own_ends_the_run(slow: Shop) -> None:
    """As Polars does while it is imported, and Python while it defines a class."""
    slow.write(
        "assets/slow.py",
        "import os, signal\nfrom assetflow import asset\n\n@asset\ndef slow():\n    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n        while True: pass\n"
        "    except KeyboardInterrupt as error:\n        raise RuntimeError('it failed') from error\n",
    )
    arguments = [sys.executable, "-m", "assetflow", "materialize", "-j", "1"]
    done = subprocess.run(arguments, cwd=slow.root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "nothing of this run was published" in done.stderr) == (130, True), done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_is_like_ctrl_c(slow: Shop, how: signal.Signals) -> None:
    with materializing(slow) as process:
        err = end(process, how)
        assert process.returncode == 130, err
    assert last_line(err)["error"].startswith("nothing of this run was published.")


def test_a_closed_terminal_does_not_end_what_was_started_with_nohup(slow: Shop) -> None:
    write_slow(slow, "while not __import__('os').path.exists('go'): pass\n    return quick")
    with materializing(slow, "-j", "1", under=("nohup",)) as process:
        process.send_signal(signal.SIGHUP)
        slow.write("go", "")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert slow.project().ledger.current("prod").keys() == {"quick", "slow"}


def test_a_run_alone_that_is_told_to_end_takes_its_worker_processes_with_it(slow: Shop) -> None:
    with materializing(slow, "-j", "1", "--executor", "processes") as process:
        err = end(process, signal.SIGTERM)
        assert process.returncode == 130, err
    assert last_line(err)["event"] == "interrupted", "and nothing of Python's after it"


@pytest.mark.parametrize("how", ["SIGINT", "SIGHUP"])
def test_a_signal_to_all_processes_of_a_run_ends_it_without_words_of_pythons_own(slow: Shop, how: str) -> None:
    # From within, so that it comes while a worker process is at work and has not told anybody of it.
    write_slow(slow, f"__import__('os').killpg(0, __import__('signal').{how})")
    done = subprocess.run(
        [sys.executable, "-m", "assetflow", "materialize", "-j", "1", "--executor", "processes"],
        cwd=slow.root, capture_output=True, text=True, timeout=60, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1].startswith("1 finished asset is kept"), "and nothing of Python's after it"
    assert "Traceback" not in done.stderr
    assert "resource_tracker" not in done.stderr


# The worst moment: a process has been started, and is not yet told what to do.
STARTING = """
import os, signal, socket, sys, threading
from assetflow.executors.processes import open_executor

came, tell = socket.socketpair()
tell.setblocking(False)
signal.set_wakeup_fd(tell.fileno())
threading.Thread(target=threading.Event().wait, daemon=True).start()

def meet(frame, event, argument):
    if (event, frame.f_code.co_name) == ("return", "spawnv_passfds") and frame.f_back.f_code.co_name == "_launch":
        os.kill(os.getpid(), signal.SIGINT)
        came.recv(1)

executor = open_executor(1)
sys.setprofile(meet)
try:
    executor.submit(os.getpid)
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
executor.shutdown()
"""


def test_ctrl_c_while_a_worker_process_starts_is_heard_when_it_is_started() -> None:
    done = subprocess.run([sys.executable, "-c", STARTING], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_an_interrupted_run_leaves_what_was_published_before(shop: Shop) -> None:
    shop.made()
    shop.sql("quick", "SELECT 1 AS n")
    write_slow(shop, "while True: pass")
    shop.sql("people", "SELECT 2 AS id, 'bob' AS name")
    with materializing(shop, "-j", "1") as process:
        end(process, signal.SIGINT)
    assert shop.rows("SELECT id FROM people") == [(1,)]
    assert shop.project().ledger.current("prod").keys() == {"big", "by_city", "orders", "people", "sales"}


def test_a_second_run_ends_with_4_and_names_the_first(slow: Shop) -> None:
    with materializing(slow) as process:
        printed = slow.cli("materialize")
        assert printed.code == 4
        [running] = slow.cli("runs", "--json").json["runs"]
        assert running["status"] == "running"
        assert (
            f"run {running['run_id']} makes quick, slow in environment prod: process {process.pid} on {socket.gethostname()}"
            in printed.err
        )
        assert re.search(r", since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", printed.err)
        assert f"`kill {process.pid}`" in printed.err, "what works also where a script ignores Ctrl-C"
        as_lines = slow.cli("materialize", "--log-format", "json")
        assert (as_lines.code, last_line(as_lines.err)["error"] in printed.err) == (4, True)
        assert slow.cli("materialize", "--env", "dev", "-s", "quick").code == 0, "another environment is free"
        assert slow.cli("query", "--env", "dev", "FROM quick").code == 0, "readers do not wait"
        end(process, signal.SIGINT)


def test_a_run_that_was_killed_holds_nothing_and_is_listed_as_died(slow: Shop) -> None:
    with materializing(slow) as process:
        end(process, signal.SIGKILL)
    [died] = slow.cli("runs", "--json").json["runs"]
    assert died["status"] == "died"
    slow.sql("slow", "SELECT n FROM quick")
    slow.remove("assets/slow.py")
    assert set(slow.run()) == {"quick", "slow"}
    assert slow.rows("FROM slow") == [(1,)]


def test_stopping_before_publication_publishes_nothing_and_after_it_everything(shop: Shop) -> None:
    for last, published in (("finished", False), ("published", True)):
        project = shop.project(environment=last)
        running = project.run(project.plan(full_refresh=True), jobs=1)
        for event in running:
            if event.event == last:
                break
        running.close()
        assert running.result is not None
        assert running.result.status == ("succeeded" if published else "interrupted")
        assert bool(shop.project().ledger.current(last)) is published
    assert set(shop.run(env="finished").values()) == {"restored"}, "the lock is free, and what was made is kept"


def test_ctrl_c_during_a_query_in_the_main_thread_is_no_failure_of_the_asset(slow: Shop) -> None:
    # DuckDB turns the signal into an error of its own, here raised as it comes out of one of its queries.
    write_slow(slow, "raise RuntimeError('Query interrupted')")
    printed = slow.cli("materialize", "-j", "1")
    assert printed.code == 130
    assert "nothing of this run was published" in printed.err


def test_what_was_published_before_the_run_was_stopped_is_told(slow: Shop) -> None:
    with materializing(slow, "--publish", "each", "--json") as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert last_line(err)["error"] == "1 table was published before, the others of this run were not."
    assert json.loads(out)["status"] == "interrupted"
    assert slow.rows("FROM quick") == [(1,)]
