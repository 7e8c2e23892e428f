"""R1: kill -9 at random moments, one after another, on a warehouse that is never begun anew."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.reliability.commands import AT_RANDOM
from tests.reliability.stage import Done, Stage
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, lost, torn, unrecovered

RECOVER_EVERY = 5


def kills(tally: Tally, scale: float, *, seed: int = 1, number: int | None = None) -> None:
    number = number or max(int(300 * scale), 3)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "project", python=True)
        takes = stage.first_run()
        announced: list[tuple[str, str]] = []
        edition = killed_so_far = 0
        while killed_so_far < number:
            edition += 1
            stage.write_edition(edition)
            line = chance.choice(AT_RANDOM)
            began = time.monotonic()
            done = killed(stage, line, after=chance.uniform(0.05, 1.1) * takes)
            if done.code == 0:  # the first run of all takes longest, and on a busy machine by far
                takes = min(takes, time.monotonic() - began)
            announced += done.announced
            where = f"kill {edition} of {line!r} (seed {seed})"
            killed_so_far += done.code == -signal.SIGKILL
            tally.add("kills tried", done.code == -signal.SIGKILL)
            tally.add("versions announced", len(done.announced))
            tally.wrong("tracebacks", where, FAULT.findall(done.said))
            tally.wrong("torn", where, torn(stage))
            tally.wrong("lost", where, lost(stage, announced))
            if edition % RECOVER_EVERY == 0 or killed_so_far == number:
                wrong, again = unrecovered(stage)
                announced += again.announced
                tally.add("versions announced", len(again.announced))
                tally.wrong("recoveries failed", where, wrong)
                tally.tell(f"{killed_so_far} of {number} kills")


def killed(stage: Stage, line: str, *, after: float) -> Done:
    """Start a command, and kill it and all that it started after some seconds, unless it has ended."""
    process = stage.start(line)
    try:
        out, err = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Done(process.returncode, out, err)
