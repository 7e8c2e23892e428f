"""Two runs at once: beside each other where they share no asset; otherwise the second one is told, or waits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assetflow.errors import BusyError
from assetflow.running.events import Event
from assetflow.warehouse.disk.locks import holders
from tests.conftest import Shop

HELD = """
import os

from assetflow import asset


@asset(volatile="ignore")
def held({upstream}) -> "pl.DataFrame":
    open("{root}/begun", "w").close()
    os.open("{root}/gate", os.O_RDONLY)  # waits until somebody opens its other end
    import polars as pl

    return pl.DataFrame({{"a": [1]}})
"""


@pytest.fixture
def gated(shop: Shop) -> Shop:
    """A shop that was made, with one more table, of `sales`, whose making stops until `let_go`."""
    shop.made()
    hold(shop, "sales")
    return shop


def hold(shop: Shop, upstream: str) -> None:
    for name in ("gate", "begun"):
        (shop.root / name).unlink(missing_ok=True)
        os.mkfifo(shop.root / name)
    shop.python("held", HELD.format(root=shop.root, upstream=upstream))


def let_go(shop: Shop) -> None:
    os.close(os.open(shop.root / "gate", os.O_WRONLY))


@contextmanager
def at_work(shop: Shop, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, in the middle of making `held`."""
    with started(shop, *arguments) as process:
        (shop.root / "begun").read_bytes()  # until the function has begun
        yield process


@contextmanager
def started(shop: Shop, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "assetflow", "materialize", "--log-format", "json", *arguments]
    process = subprocess.Popen(command, cwd=shop.root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def published(shop: Shop) -> set[str]:
    return set(shop.project().ledger.current("prod"))


def test_a_run_that_shares_nothing_with_another_one_works_beside_it(gated: Shop) -> None:
    with at_work(gated, "-s", "held") as first:
        gated.sql("people", "SELECT 2 AS id, 'bob' AS name")
        assert gated.cli("materialize", "-s", "people").code == 0
        assert gated.rows("FROM people") == [(2, "bob")]
        assert "held" not in published(gated)
        listed = gated.cli("runs", "--json").json["runs"]
        assert [run["status"] for run in listed[:2]] == ["succeeded", "running"]
        let_go(gated)
        assert ended(first) == 0
    assert gated.rows("FROM held") == [(1,)]
    assert gated.rows("FROM people") == [(2, "bob")]
    assert gated.run() == {}
    assert gated.cli("verify", "--deep").code == 0


def test_what_another_run_reads_is_not_made_meanwhile(gated: Shop) -> None:
    with at_work(gated, "-s", "held") as first:
        gated.replace("assets/sales.sql", "> 5", "> 15")
        refused = gated.cli("materialize", "-s", "sales")
        assert refused.code == 4
        assert f"reads sales in environment prod: process {first.pid}" in refused.err
        gated.write("data/orders.csv", gated.read("data/orders.csv") + "9,dan,Oslo,90\n")
        gated.sql("more", "SELECT count(*) AS n FROM orders")
        refused = gated.cli("materialize", "-s", "more")
        assert (refused.code, "reads orders" in refused.err) == (4, True), "it would read the source anew"


def test_what_another_run_makes_is_not_read_meanwhile(shop: Shop) -> None:
    shop.sql("held", "SELECT 0 AS a")
    shop.made()
    shop.remove("assets/held.sql")
    hold(shop, "sales")
    shop.sql("after", "SELECT * FROM held")
    with at_work(shop, "-s", "held") as first:
        refused = shop.cli("materialize", "-s", "after")
        assert refused.code == 4
        assert f"makes held in environment prod: process {first.pid}" in refused.err


def test_two_runs_may_read_the_same(gated: Shop) -> None:
    with at_work(gated, "-s", "held") as first:
        gated.sql("totals", "SELECT count(*) AS n FROM sales")
        assert gated.cli("materialize", "-s", "totals").code == 0
        let_go(gated)
        assert ended(first) == 0
    assert {"held", "totals"} <= published(gated)


def test_commands_that_move_a_whole_environment_hold_all_of_it(gated: Shop) -> None:
    with at_work(gated, "-s", "held"):
        assert gated.cli("env", "create", "dev").code == 0, "reading is free"
        for command in ("rollback people -1", "env promote dev"):
            assert gated.cli(*command.split()).code in {2, 4}, command
        assert gated.cli("env", "promote", "dev").code == 4


def test_who_waits_plans_anew_when_the_other_one_is_done(gated: Shop) -> None:
    gated.sql("after", "SELECT a + 1 AS b FROM held")
    with at_work(gated, "-s", "held") as first, started(gated, "--wait") as second:
        assert second.stderr is not None
        said = json.loads(second.stderr.readline())
        assert said["event"] == "waiting"
        assert said.keys() == {"event", "run_id", "asset", "partition", "snapshot", "seconds", "rows", "error"}
        assert str(first.pid) in said["error"]
        let_go(gated)
        assert ended(first) == 0
        rest = [json.loads(line) for line in second.communicate(timeout=60)[1].splitlines()]
        assert second.returncode == 0
    assert [each["asset"] for each in rest if each["event"] == "published"] == ["after"], "held was not made twice"
    assert gated.rows("FROM after") == [(2,)]


def test_who_waits_for_a_run_that_dies_goes_on_at_once(gated: Shop) -> None:
    with at_work(gated, "-s", "held") as first, started(gated, "--wait", "50") as second:
        assert second.stderr is not None
        assert json.loads(second.stderr.readline())["event"] == "waiting"
        first.send_signal(signal.SIGKILL)
        (gated.root / "begun").read_bytes()  # now the second one makes it
        [holder] = holders(str(gated.root / "warehouse"))
        assert holder.pid == second.pid
        let_go(gated)
        assert ended(second) == 0
    assert len(gated.cli("gc", "--json").json["staging"]) == 1, "what the first one left"


def test_who_has_waited_long_enough_is_told(gated: Shop) -> None:
    with at_work(gated, "-s", "held") as first:
        refused = gated.cli("materialize", "--wait", "0.2")
        assert refused.code == 4
        assert "waiting for it" in refused.err
        assert str(first.pid) in refused.err
        assert gated.cli("materialize", "--wait", "-1").code == 2


def test_a_run_whose_input_moved_in_spite_of_its_lock_publishes_nothing(shop: Shop) -> None:
    """As after a laptop slept, or on a file system whose locks are none."""
    shop.made()
    shop.replace("assets/by_city.sql", "AS total", "AS total, count(*) AS n")
    project = shop.project()
    running = project.run(project.plan(["by_city"]), jobs=1)

    def follow() -> Iterator[Event]:
        yield next(iter(running))
        for path in Path(shop.root, "warehouse/locks").glob("run-*"):
            path.unlink()
        shop.replace("assets/sales.sql", "> 5", "> 15")
        assert "sales" in shop.made("sales")
        yield from running._events or ()

    with pytest.raises(Exception, match="another run published sales"):
        list(follow())
    assert [column for column, *_ in shop.rows("DESCRIBE by_city")] == ["city", "total"]
    assert shop.made() == ["big", "by_city"], "the next run is right again"


def test_the_error_names_the_file_to_wait_for(gated: Shop) -> None:
    with at_work(gated, "-s", "held"):
        project = gated.project()
        with pytest.raises(BusyError) as raised:
            list(project.run(project.plan()))
        assert raised.value.lock is not None
        assert os.path.exists(raised.value.lock)
    assert holders(str(gated.root / "warehouse")) == ()
