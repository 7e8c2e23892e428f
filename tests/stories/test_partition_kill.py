"""A backfill is stopped in its middle, by kill -9 or Ctrl-C: nothing half made is published, and it goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Shop
from tests.stopping import REPOSITORY, STOP

DAYS = [f"2024-01-0{day}" for day in range(1, 8)]
FUNCTION = """
import polars as pl
from tests.stopping import stop_here

from assetflow import Context, asset


@asset(partition="day(day)")
def scored(amounts: pl.DataFrame, context: Context) -> pl.DataFrame:
    stop_here(context.partition)
    return amounts.with_columns(score=pl.col("amount") * EDITION)
"""


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    """amounts -> scored, a function that is called for each day -> weekly, made by one query -> total."""
    shop = empty_shop
    shop.write("assetflow.toml", 'jobs = 1\n[sources.amounts]\nfiles = "data/*.csv"\n')
    for number, day in enumerate(DAYS):
        shop.write(f"data/{day}.csv", f"day,amount\n{day},{number}\n{day},10\n")
    write_function(shop, 1)
    shop.sql(
        "weekly",
        '/* @asset\npartition = { time = "week", column = "week" }\n*/\n'
        "SELECT date_trunc('week', day)::DATE AS week, sum(score) AS score FROM scored GROUP BY ALL",
    )
    shop.sql("total", "SELECT sum(score) AS score FROM weekly")
    return shop


def write_function(shop: Shop, edition: int) -> None:
    shop.python("scored", FUNCTION.replace("EDITION", str(edition)))


def total(edition: int) -> list[tuple[int]]:
    return [(edition * (sum(range(7)) + 70),)]


@contextmanager
def materializing(shop: Shop, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own, whose events are read as they come."""
    arguments = [sys.executable, "-m", "assetflow", "materialize", "--log-format", "json", *options]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        arguments, cwd=shop.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_after(shop: Shop, finished: int, *options: str) -> list[str]:
    """Kill a run with the event of so many finished partitions of `scored`; those partitions."""
    found = []
    with materializing(shop, *options) as process:
        assert process.stderr is not None
        for line in process.stderr:
            event = json.loads(line)
            if event["event"] == "finished" and event["asset"] == "scored":
                found.append(event["partition"])
            if len(found) == finished:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    return found


def outcomes(shop: Shop, *select: str, **options: Any) -> dict[str, list[str | None]]:
    """Run; the partitions of `scored` by what became of them."""
    found: dict[str, list[str | None]] = {}
    for result in shop.materialize(*select, **options).assets:
        assert result.outcome != "failed", result.error
        if result.asset == "scored":
            found.setdefault(result.outcome, []).append(result.partition)
    return found


@pytest.mark.parametrize("finished", [1, 4])
def test_a_backfill_that_is_killed_goes_on_where_it_was(shop: Shop, finished: int) -> None:
    killed = killed_after(shop, finished)
    assert killed == DAYS[:finished]
    assert shop.project().ledger.current("prod").keys() <= {"amounts"}, "nothing half made is published"
    again = outcomes(shop)
    # What was told last may not have been written down; all before it was.
    assert again.get("restored", [])[: finished - 1] == killed[:-1]
    assert sorted(str(day) for days in again.values() for day in days) == DAYS
    assert shop.rows("FROM total") == total(1)
    assert shop.run() == {}


@pytest.mark.parametrize("day", [DAYS[0], DAYS[6]])
def test_a_kill_in_the_middle_of_a_partition_leaves_the_table_that_was(shop: Shop, day: str) -> None:
    outcomes(shop)
    write_function(shop, 2)
    shop.write(STOP, f"{day} KILL")
    with materializing(shop) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert shop.rows("FROM total") == total(1), "readers still see the whole of what was"
    assert shop.rows("SELECT count(*) FROM scored WHERE score = amount") == [(14,)]
    assert shop.cli("verify", "--deep").code == 0
    shop.remove(STOP)
    again = outcomes(shop)
    assert again.get("restored", []) == DAYS[: DAYS.index(day)]
    assert again["materialized"] == DAYS[DAYS.index(day) :]
    assert shop.rows("FROM total") == total(2)
    assert shop.run() == {}


def test_a_backfill_of_a_range_that_is_killed_goes_on_with_the_range(shop: Shop) -> None:
    shop.write(STOP, f"{DAYS[3]} KILL")
    options = ("--select", "scored", "--partition", "2024-01-02..2024-01-05")
    with materializing(shop, *options) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    shop.remove(STOP)
    assert shop.cli("materialize", *options, env={"PYTHONPATH": str(REPOSITORY)}).code == 0
    assert shop.rows("SELECT DISTINCT day::VARCHAR FROM scored ORDER BY ALL") == [(day,) for day in DAYS[1:5]]
    again = outcomes(shop)
    assert again == {"materialized": [DAYS[0], DAYS[5], DAYS[6]]}, "the rest, and nothing twice"
    assert shop.rows("FROM total") == total(1)
    assert shop.run() == {}


def test_what_a_killed_backfill_made_is_not_taken_over_when_the_code_is_another(shop: Shop) -> None:
    killed_after(shop, 4)
    write_function(shop, 3)
    assert outcomes(shop) == {"materialized": DAYS}
    assert shop.rows("FROM total") == total(3)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_a_backfill_keeps_the_partitions_that_are_finished(shop: Shop, how: signal.Signals) -> None:
    shop.write(STOP, f"{DAYS[4]} WAIT")
    with materializing(shop) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if '"finished"' in line and DAYS[3] in line:
                break
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err and "nothing of this run was published." in err
    assert "Traceback" not in err
    assert shop.project().ledger.current("prod") == {}
    assert not list((shop.root / "warehouse/staging").glob("*")), "nothing half made is left"
    shop.remove(STOP)
    assert outcomes(shop) == {"restored": DAYS[:4], "materialized": DAYS[4:]}
    assert shop.rows("FROM total") == total(1)
    assert shop.run() == {}


def test_an_import_that_fails_where_a_partition_is_made_is_an_error_of_the_asset(shop: Shop) -> None:
    shop.write("assetflow.toml", shop.read("assetflow.toml").replace("jobs = 1", 'jobs = 1\nexecutor = "processes"'))
    only_in_a_worker = "import multiprocessing\nif multiprocessing.parent_process():\n    import nowhere_to_be_found\n"
    shop.write("assets/scored.py", only_in_a_worker + shop.read("assets/scored.py"))
    result = shop.materialize("scored")
    assert {each.outcome for each in result.assets if each.asset == "scored"} == {"failed"}
    error = result.assets[0].error
    assert error is not None
    assert (error.path, error.line) == ("assets/scored.py", 3)
    assert "nowhere_to_be_found" in error.message
    assert "itself failed" not in error.message
