"""R7: runs and readers side by side on one warehouse: nobody waits for long, mixes two publications, or sees a lock.

Runs go on in several environments, two in each: one that brings a new edition every time, and one that only runs. The
second one to come is told so (exit 4), or waits, by turns. Readers open the catalogs and read all tables in one query, again and again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.reliability.stage import TABLES, Stage
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, LOCKED, lost, torn

RUNS, READERS = 8, 8
BUSY = 4

READ = """
import json, random, sys, time
import duckdb

catalogs, tables, until = json.loads(sys.argv[1]), json.loads(sys.argv[2]), time.monotonic() + float(sys.argv[3])
chance = random.Random(sys.argv[4])
parts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*), min(edition), max(edition) FROM {name}" for name in tables)
reads, mixed, failed = 0, [], []
while time.monotonic() < until:
    catalog = chance.choice(catalogs)
    try:
        with duckdb.connect(catalog, read_only=True) as connection:
            found = connection.execute(parts).fetchall()
    except duckdb.Error as error:
        failed.append(f"{catalog}: {error}")
        continue
    reads += 1
    if len({row[1:] for row in found}) != 1:
        mixed.append(f"{catalog}: {found}")
print(json.dumps({"reads": reads, "mixed": mixed, "failed": failed}))
"""


def crowd(tally: Tally, scale: float) -> None:
    seconds = max(300 * scale, 5)
    with tempfile.TemporaryDirectory() as folder:
        stages = [make_stage(Path(folder), number) for number in range(RUNS // 2)]
        for number, stage in enumerate(stages):
            stage.go(f"edition {number * 1_000_000}", "materialize")
        until = time.monotonic() + seconds
        works = [work for stage in stages for work in (bringing(tally, stage, until), following(tally, stage, until))]
        threads = [threading.Thread(target=work) for work in works]
        catalogs = json.dumps([str(stage.warehouse / f"{stage.env}.duckdb") for stage in stages])
        readers = [start_reader(catalogs, seconds, number) for number in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for reader in readers:
            take(tally, reader)
        for stage in stages:
            tally.wrong("torn", stage.env, torn(stage))


def make_stage(folder: Path, number: int) -> Stage:
    """A project with an environment of its own in the warehouse that all share."""
    return Stage(folder / f"project{number}", warehouse="../warehouse", env=f"env{number}")


def bringing(tally: Tally, stage: Stage, until: float) -> Callable[[], None]:
    """Bring a new edition and run, until the time is over."""

    def work() -> None:
        announced: list[tuple[str, str]] = []
        while time.monotonic() < until:
            stage.write_edition(stage.edition + 1)
            announced += one_run(tally, stage)
        tally.wrong("lost", stage.env, lost(stage, announced))

    return work


def following(tally: Tally, stage: Stage, until: float) -> Callable[[], None]:
    """Only run, until the time is over: mostly somebody else is at it already."""

    def work() -> None:
        while time.monotonic() < until:
            one_run(tally, stage)
            one_run(tally, stage, "--wait 5")

    return work


def one_run(tally: Tally, stage: Stage, wait: str = "") -> list[tuple[str, str]]:
    done = stage.run(f"materialize {wait}")
    tally.add("runs side by side")
    tally.add("versions announced", len(done.announced))
    where = f"a run in {stage.env}"
    tally.wrong("lock errors shown", where, LOCKED.findall(done.said))
    tally.wrong("tracebacks", where, [done.err[-800:] for _ in FAULT.findall(done.said)[:1]])
    # The other one may replace the source while it is read, which is said and is no fault.
    may_be = done.code in {0, BUSY} or (done.code == 1 and "changed" in done.err)
    tally.wrong("recoveries failed", where, [] if may_be else [f"it ended with {done.code}: {done.err[-800:]}"])
    return done.announced


def start_reader(catalogs: str, seconds: float, number: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", READ, catalogs, json.dumps(TABLES), str(seconds), str(number)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def take(tally: Tally, reader: subprocess.Popen[str]) -> None:
    out, err = reader.communicate()
    if reader.returncode != 0:
        tally.wrong("failed reads", "a reader", [err[-500:]])
        return
    found = json.loads(out)
    tally.add("reads beside them", found["reads"])
    tally.wrong("mixed snapshots seen by readers", "a reader", found["mixed"][:5])
    tally.wrong("lock errors shown", "a reader", [each for each in found["failed"] if LOCKED.search(each)][:5])
    tally.wrong("failed reads", "a reader", [each for each in found["failed"] if not LOCKED.search(each)][:5])
