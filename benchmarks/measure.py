"""What a whole process costs: processor time and memory, as the operating system counts them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time (user and system, of all threads) in seconds, and the peak of resident memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure. `before` is done ahead of each start, and not counted."""

    arguments: Sequence[str | Path]
    folder: Path
    before: Callable[[], object] = lambda: None


class Failed(Exception):
    """A measured process did not do its work, so that its figures mean nothing."""


def assetflow(*arguments: str, folder: Path, before: Callable[[], object] = lambda: None) -> Command:
    """The command line of this working copy, run in `folder`."""
    return Command([sys.executable, "-m", "assetflow", *arguments], folder, before)


def measure(command: Command) -> Cost:
    """Run a process once. This process must stay small: what it holds counts in a child until that one has begun."""
    command.before()
    with (
        open(os.devnull, "w") as nowhere,
        subprocess.Popen(
            command.arguments, cwd=command.folder, env=surroundings(), stdout=nowhere, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command.arguments))} failed:\n{said.decode(errors='replace')[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def alternate(commands: Sequence[Command], times: int) -> list[list[Cost]]:
    """Run commands in turn, so that a noisy moment of the machine meets all of them; the costs of each."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(times):
        for command, found in zip(commands, costs, strict=True):
            found.append(measure(command))
    return costs


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each: noise only ever adds."""
    return Cost(min(cost.seconds for cost in costs), min(cost.memory for cost in costs))


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(c.seconds for c in costs), int(statistics.median(c.memory for c in costs)))


def surroundings() -> Mapping[str, str]:
    """The environment of measured processes: this working copy, and bytecode that is compiled once and kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ASSETFLOW"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def compile_bytecode() -> None:
    """Compile this working copy. Installed packages keep their bytecode from the first time they are imported."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", ROOT / "assetflow"], env=surroundings(), check=True)
