"""A small project on disk whose tables all bear the edition of their source: after a whole run they agree."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assetflow.errors import Interrupted
from tests.reliability.tally import Enough

REPOSITORY = Path(__file__).parent.parent.parent
ROWS = 100
TABLES = ("first", "second", "seen", "third", "fourth", "parted")
FILES = {
    "first.sql": f"/* @asset\nunique_key = ['n']\n*/\nSELECT range AS n, -- @not_null @unique\n edition FROM editions, range({ROWS})",
    "second.sql": "SELECT n, edition FROM first WHERE edition IS NOT NULL",
    "seen.sql": "/* @asset\nmaterialized = 'view'\n*/\nSELECT n, edition FROM second",
    "fourth.sql": "SELECT third.n, third.edition, seen.edition AS also FROM third JOIN seen USING (n) ORDER BY n",
    "parted.sql": "/* @asset\npartition = 'part'\n*/\nSELECT n, n % 3 AS part, edition FROM first",
}
SQL_THIRD = "SELECT n, first.edition FROM first JOIN second USING (n)"
PYTHON_THIRD = """
import polars as pl

from assetflow import asset


@asset
def third(first: pl.LazyFrame, second: pl.DataFrame) -> pl.LazyFrame:
    return first.join(second.lazy().select("n"), on="n")
"""


STARTED: list[subprocess.Popen[str]] = []
"""The commands that may still be running, each in a process group of its own."""


def stop_all() -> None:
    """Kill what is still running, when the whole suite is stopped."""
    for process in STARTED:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def announced(self) -> list[tuple[str, str]]:
        """The assets and snapshots that were said to be published. The last line may be cut off by a kill."""
        return announced_in(self.err)


class Stage:
    """The project in a folder. With `python` one of its tables is a function; without, everything is in one thread."""

    def __init__(self, root: Path, *, python: bool = False, warehouse: str = "warehouse", env: str = "prod") -> None:
        self.root = root
        self.env = env
        self.warehouse = root / warehouse
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASSETFLOW_")},
            "PYTHONPATH": os.environ.get("PYTHONPATH") or str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }
        (root / "assets").mkdir(parents=True)
        (root / "data").mkdir()
        settings = "" if python else "jobs = 1\nexecutor = 'inline'\nthreads = 1\n"
        settings += (
            f"environment = '{env}'\nwarehouse = '{warehouse}'\n[sources.editions]\nfiles = 'data/editions.csv'\n"
        )
        (root / "assetflow.toml").write_text(settings)
        for name, text in FILES.items():
            (root / "assets" / name).write_text(text)
        (root / "assets" / ("third.py" if python else "third.sql")).write_text(PYTHON_THIRD if python else SQL_THIRD)

    @property
    def edition(self) -> int:
        return int((self.root / "data/editions.csv").read_text().split()[1])

    def write_edition(self, number: int) -> None:
        path = self.root / "data" / "editions.csv"
        new = path.with_suffix(".new")
        new.write_text(f"edition\n{number}\n")
        new.replace(path)

    def first_run(self) -> float:
        """Make all tables; the seconds that it took."""
        self.write_edition(0)
        began = time.monotonic()
        assert self.run("materialize").code == 0
        return time.monotonic() - began

    def go(self, *steps: str, here: bool = False) -> None:
        """Do what leads to a command; each must succeed. `here`: see `run_here`."""
        for step in steps:
            word, _, rest = step.partition(" ")
            if word == "edition":
                self.write_edition(int(rest))
            elif word == "remove":
                for path in list(self.root.glob(rest)):
                    path.unlink()
            else:
                done = self.run_here(step) if here else self.run(step)
                assert done.code == 0, (step, done)

    def run_here(self, line: str) -> Done:
        """Run a command to its end in this process, which takes a third of the time.

        Only where `save` and `restore` follow: it leaves connections open, and SQLite's locks are lost with the first
        copy of a file that this process has open, so that the next one to come may take a ledger from under them.
        """
        from assetflow.cli.main import run_explained

        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_explained(["-C", str(self.root), *self.words(line)])
        if code == Interrupted.exit_code:  # who stops the whole suite met this command
            raise Enough
        return Done(code, out.getvalue(), err.getvalue())

    def command(self, line: str | Sequence[str]) -> list[str]:
        """The command as a process is started with it; runs tell their events as lines of JSON."""
        return [sys.executable, "-m", "assetflow", *self.words(line)]

    def words(self, line: str | Sequence[str]) -> list[str]:
        words = line.split() if isinstance(line, str) else list(line)
        return [*words, "--log-format", "json"] if words[0] == "materialize" else words

    def run(self, line: str | Sequence[str], *, seconds: float = 120) -> Done:
        """Run a command to its end, in a process of its own."""
        process = self.start(line)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += "\n[it did not end]"
        return Done(process.returncode, out, err)

    def start(self, line: str | Sequence[str], **options: Any) -> subprocess.Popen[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        process = subprocess.Popen(
            self.command(line),
            cwd=self.root,
            env=self.variables,
            text=True,
            errors="replace",
            start_new_session=True,
            **streams,
        )
        STARTED.append(process)
        return process

    def save(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.root, to, symlinks=True)

    def restore(self, saved: Path) -> None:
        """Be again as it was saved, at the same place: the catalog holds absolute paths."""
        shutil.rmtree(self.root)
        shutil.copytree(saved, self.root, symlinks=True)


def announced_in(log: str) -> list[tuple[str, str]]:
    found = []
    for line in log.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("event") == "published" and event["partition"] is None:
            found.append((event["asset"], event["snapshot"]))
    return found
