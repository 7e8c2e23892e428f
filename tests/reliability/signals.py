"""R6: a run that is told to stop stops soon, leaves nobody behind, and has published all or nothing.

Also a run that is put to sleep in the middle while others go on, and one whose reader has left.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.reliability.stage import Done, Stage, announced_in
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, lost, torn, unrecovered

SECONDS_TO_GO = 10
BUSY, INTERRUPTED = 4, 130


class Way(NamedTuple):
    """Signals in the order in which they are sent, and how a run may end then."""

    name: str
    signals: tuple[signal.Signals, ...]
    codes: frozenset[int]


WAYS = (
    Way("INT", (signal.SIGINT,), frozenset({0, INTERRUPTED, -signal.SIGINT})),
    Way("TERM", (signal.SIGTERM,), frozenset({0, INTERRUPTED, 143, -signal.SIGTERM})),
    Way("HUP", (signal.SIGHUP,), frozenset({0, INTERRUPTED, 129, -signal.SIGHUP})),
    Way("INT twice", (signal.SIGINT, signal.SIGINT), frozenset({0, INTERRUPTED, -signal.SIGINT})),
    Way("TERM, then INT", (signal.SIGTERM, signal.SIGINT), frozenset({0, INTERRUPTED, 143, -15, -2})),
)


def signals(tally: Tally, scale: float, *, seed: int = 1) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "project", python=True)
        takes = stage.first_run()
        edition = 0
        for way in WAYS:
            for _ in range(max(int(40 * scale), 1)):
                edition += 1
                stage.write_edition(edition)
                line = chance.choice(("materialize", "materialize -j 2 --executor processes"))
                interrupted(tally, stage, way, line, chance.uniform(0.1, 1.0) * takes)
            tally.tell(f"{way.name}: done")
        for _ in range(max(int(10 * scale), 1)):
            edition += 1
            stage.write_edition(edition)
            asleep(tally, stage, chance.uniform(0.3, 0.8) * takes)
            without_reader(tally, stage)


def interrupted(tally: Tally, stage: Stage, way: Way, line: str, after: float) -> None:
    process = stage.start(line)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        for each in way.signals:
            # The user meets the whole group, as Ctrl-C does.
            os.killpg(process.pid, each)
            time.sleep(0.05)
    where = f"{way.name} after {after:.2f} s of {line!r}"
    tally.add("signals sent", len(way.signals))
    done = ended(tally, process, where)
    if done.code not in way.codes:
        tally.wrong("tracebacks", where, [f"it ended with {done.code}: {done.err[-500:]}"])
    after_all(tally, stage, where, done)


def asleep(tally: Tally, stage: Stage, after: float) -> None:
    """A laptop is closed in the middle of a run; whoever runs meanwhile is told so, and nothing is published twice."""
    process = stage.start("materialize")
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGSTOP)
    other = stage.run("materialize", seconds=30)
    where = "STOP, another run, CONT"
    if other.code not in {0, BUSY} or (other.code == BUSY and "process" not in other.err and "begun" not in other.err):
        tally.wrong("tracebacks", where, [f"the other run ended with {other.code}: {other.err[-500:]}"])
    os.killpg(process.pid, signal.SIGCONT) if process.poll() is None else None
    tally.add("signals sent", 2)
    done = ended(tally, process, where)
    # Asleep before it held its assets, it is told that another run was at them.
    if done.code not in {0, 1} and not (done.code == BUSY and "published by another run meanwhile" in done.err):
        tally.wrong("tracebacks", where, [f"the sleeper ended with {done.code}: {done.err[-500:]}"])
    after_all(tally, stage, where, done)


def without_reader(tally: Tally, stage: Stage) -> None:
    """`assetflow query ... | head -1`: no complaint, whatever is still to come."""
    query = ["query", "SELECT * FROM range(200000)", "--format", "csv"]
    process = stage.start(query)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    code = process.wait()
    process.stderr.close()
    if said or code not in {0, 141, -signal.SIGPIPE}:
        tally.wrong("tracebacks", "a reader that leaves", [f"{code}: {said[-500:]}"])


def ended(tally: Tally, process: subprocess.Popen[str], where: str) -> Done:
    """The end of a process; it and all that it started must be gone soon."""
    began = time.monotonic()
    try:
        out, err = process.communicate(timeout=SECONDS_TO_GO * 3)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        tally.wrong("hangs", where, ["it did not end"])
    while is_alive(process.pid) and time.monotonic() - began < SECONDS_TO_GO:
        time.sleep(0.05)
    if is_alive(process.pid):
        tally.wrong("processes left behind", where, ["some of its processes are still there"])
        os.killpg(process.pid, signal.SIGKILL)
    return Done(process.returncode, out, err)


def is_alive(group: int) -> bool:
    """True when a process of a group is there that is not merely waiting to be counted."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in {"Z", "X"}:
            return True
    return False


def after_all(tally: Tally, stage: Stage, where: str, done: Done) -> None:
    announced = announced_in(done.err)
    tally.add("versions announced", len(announced))
    tally.wrong("tracebacks", where, [f"{each}: {done.err[-800:]}" for each in FAULT.findall(done.said)[:1]])
    tally.wrong("torn", where, torn(stage))
    tally.wrong("lost", where, lost(stage, announced))
    wrong, again = unrecovered(stage)
    tally.add("versions announced", len(again.announced))
    tally.wrong("recoveries failed", where, wrong)
