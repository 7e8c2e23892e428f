"""R8: a notebook that holds the catalog open, for reading or stubbornly for writing, neither waits nor is waited for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability.stage import ROWS, Stage
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, LOCKED, read_catalog, unrecovered

HOLD = """
import sys
import duckdb

path, way = sys.argv[1:]
connection = duckdb.connect(path, read_only=way == "reading")
if way == "writing":
    connection.execute("CREATE OR REPLACE TABLE notes AS SELECT 1 AS note")
if way == "in a transaction":
    connection.execute("BEGIN")
    connection.execute("CREATE OR REPLACE TABLE notes AS SELECT 1 AS note")
if way == "in the middle of a query":
    rows = connection.execute("SELECT * FROM first").fetchone()
print("held", flush=True)
for line in sys.stdin:
    print(connection.execute("SELECT DISTINCT edition FROM first").fetchall()[0][0], flush=True)
    if way == "writing":
        connection.execute("INSERT INTO notes VALUES (2)")
        connection.execute("CHECKPOINT")
"""
WAYS = ("reading", "writing", "in a transaction", "in the middle of a query")


def stubborn(tally: Tally, scale: float) -> None:
    for way in WAYS:
        for round_ in range(max(int(5 * scale), 1)):
            with tempfile.TemporaryDirectory() as folder:
                one_holder(tally, Stage(Path(folder) / "project"), way)
            tally.tell(f"held {way}: round {round_ + 1}")


def one_holder(tally: Tally, stage: Stage, way: str) -> None:
    stage.go("edition 1", "materialize")
    path = stage.warehouse / "prod.duckdb"
    command = [sys.executable, "-c", HOLD, str(path), way]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    for edition in (2, 3):
        stage.write_edition(edition)
        done = stage.run("materialize", seconds=60)
        where = f"a notebook that holds the catalog, {way}"
        tally.add("runs side by side")
        tally.add("versions announced", len(done.announced))
        tally.wrong("lock errors shown", where, LOCKED.findall(done.said))
        tally.wrong("tracebacks", where, [done.err[-800:] for _ in FAULT.findall(done.said)[:1]])
        tally.wrong("recoveries failed", where, [] if done.code == 0 else [f"the run: {done.code}, {done.err[-500:]}"])
        tally.wrong("failed reads", where, not_current(stage, edition))
        # The holder goes on working in its own copy, and writes to it.
        holder.stdin.write("go on\n")
        holder.stdin.flush()
        tally.add("reads beside them", 2)
        seen = holder.stdout.readline().strip()
        if not seen.isdigit():
            tally.wrong("failed reads", where, [f"the holder reads {seen!r}"])
    holder.communicate()
    tally.wrong("recoveries failed", way, unrecovered(stage)[0])


def not_current(stage: Stage, edition: int) -> list[str]:
    """What a reader who opens the catalog now would miss."""
    found = read_catalog(stage.warehouse / "prod.duckdb")
    if isinstance(found, str):
        return [found]
    return [] if set(found.values()) == {(ROWS, edition, edition)} else [f"a new reader sees {found}"]
