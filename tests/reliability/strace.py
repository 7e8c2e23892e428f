"""Runs a command under strace: to read which system calls change files, and to kill it or refuse it at one of them.

    done, calls = record(stage, "materialize", CHANGES, log)     every call, its thread and the paths that it is about
    interfere(stage, "materialize", CHANGES, once(calls[17], "signal=KILL"), log)     that call never happens

strace counts the calls of each name in each thread by themselves, and interferes with the first thread that gets there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.reliability.ready import SEEN, run_under
from tests.reliability.stage import Done, Stage

CHANGES = (
    "write,pwrite64,writev,pwritev,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,ftruncate,truncate,"
    "fallocate,fsync,fdatasync,syncfs,link,linkat,symlinkat,chmod,fchmod,fchmodat,copy_file_range,sendfile"
)
"""A file that is created shows in what is written to it next, so `open` is not among them."""
LOCKS = "flock"
CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\((?P<rest>.*)$")
PATH = re.compile(r'"((?:[^"\\]|\\.)*)"|(?:\d+|AT_FDCWD)<([^>]*)>')


class Call(NamedTuple):
    """The `number`th call of its name in its thread, and the `place`th of all that were recorded."""

    thread: int
    number: int
    name: str
    place: int
    paths: tuple[str, ...]
    text: str

    @property
    def is_refused(self) -> bool:
        return "= -1 " in self.text

    @property
    def is_injected(self) -> bool:
        return "(INJECTED)" in self.text


@cache
def reason_to_skip() -> str | None:
    """Why nothing can be traced here, if so."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: apt-get install strace)"
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()[-200:]}"


def tracer(log: Path, calls: str, *options: str) -> list[str]:
    # Stopping only at the calls that are asked for is faster, but strace then sends no signal.
    fast = [] if any(":signal=" in option for option in options) else ["--seccomp-bpf"]
    return ["strace", "-f", *fast, "-y", "-s", "300", "-o", str(log), "-e", f"trace={calls},{SEEN}", *options]


def record(stage: Stage, line: str, calls: str, log: Path) -> tuple[Done, list[Call]]:
    """Run a command to its end; all calls of these kinds, in the order in which they began."""
    done = run_under(stage, line, tracer(log, calls))
    return done, list(read(log, stage))


def interfere(stage: Stage, line: str, calls: str, injections: Sequence[str], log: Path) -> Done:
    """Run a command with what `once` or `from_then_on` say."""
    options = [word for each in injections for word in ("-e", each)]
    return run_under(stage, line, tracer(log, calls, *options))


def once(call: Call, what: str) -> list[str]:
    """`signal=KILL` or `error=ENOSPC` at this one call."""
    return [f"inject={call.name}:{what}:when={call.number}"]


def from_then_on(call: Call, what: str, calls: Sequence[Call]) -> list[str]:
    """The same at this call and all that come after it, of any of the names that were recorded."""
    last: dict[str, int] = {}
    for each in calls[: call.place]:
        last[each.name] = max(last.get(each.name, 0), each.number)
    names = dict.fromkeys(each.name for each in calls)
    return [f"inject={name}:{what}:when={last.get(name, 0) + 1}+" for name in names]


def read(log: Path, stage: Stage) -> Iterator[Call]:
    counted: dict[tuple[int, str], int] = {}
    place = 0
    begun: dict[int, str] = {}
    lines = log.read_text(errors="replace").splitlines()
    for line in whole_lines(lines, begun):
        found = CALL.match(line)
        if found is None or found["name"] == SEEN:
            continue
        key = (int(found["thread"]), found["name"])
        counted[key] = counted.get(key, 0) + 1
        yield Call(key[0], counted[key], key[1], place, paths_in(found["rest"], stage), line)
        place += 1


def whole_lines(lines: list[str], begun: dict[int, str]) -> Iterator[str]:
    """Calls that others interrupted in the log, put together where they began."""
    ends: dict[int, list[str]] = {}
    for line in lines:
        thread, _, rest = line.partition(" ")
        if "resumed>" in rest and thread.isdigit():
            ends.setdefault(int(thread), []).append(rest.partition("resumed>")[2])
    for line in lines:
        thread, _, rest = line.partition(" ")
        if "resumed>" in rest:
            continue
        if rest.endswith("<unfinished ...>"):
            waiting = ends.get(int(thread), [])
            yield line.removesuffix("<unfinished ...>") + (waiting.pop(0) if waiting else "")
        else:
            yield line


def paths_in(text: str, stage: Stage) -> tuple[str, ...]:
    """The paths that a call is about, relative to the project where they lie in it."""
    found = []
    # What is written stands in quotes, too; the file that it is written to stands before it.
    for quoted, opened in PATH.findall(text.rpartition(" = ")[0] or text):
        path = quoted or opened
        if path.startswith(f"{stage.root}/"):
            found.append(path[len(str(stage.root)) + 1 :])
    return tuple(found)


def in_warehouse(call: Call) -> bool:
    return any(path.startswith("warehouse/") or path == "warehouse" for path in call.paths)


def chosen(calls: list[Call], scale: float, seed: int = 1) -> list[Call]:
    """Calls to interfere with: all of those about the warehouse, or evenly some of them, others for another seed."""
    found = [call for call in calls if in_warehouse(call)]
    number = max(round(len(found) * min(scale, 1.0)), min(3, len(found)))
    step = len(found) // max(number, 1)
    return [found[position * len(found) // number + (seed - 1) % max(step, 1)] for position in range(number)]
