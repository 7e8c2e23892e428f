"""Who is at work: locks that the operating system releases when their holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from assetflow.errors import BusyError, WarehouseError
from assetflow.names import environment, run
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.stopped import refuse_stopped

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_OF_PATIENCE = 5.0
"""How long somebody else's write may take before it is asked whether it was stopped."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0005, 0.02
"""Seconds between two tries to have a lock."""


class Work(Struct, frozen=True):
    """The assets that a run may publish, and those that it reads for that; None: everything of its environment."""

    writes: frozenset[str] | None = None
    reads: frozenset[str] = frozenset()

    def meets(self, other: Work) -> bool:
        """True when one of two would publish what the other one publishes or reads."""
        if self.writes is None or other.writes is None:
            return True
        return bool(self.writes & (other.writes | other.reads) or self.reads & other.writes)


EVERYTHING = Work()


class Holder(Struct, frozen=True):
    """A run at work, as it wrote itself down."""

    run_id: str
    started_at: str
    host: str
    pid: int
    env: str
    work: Work = EVERYTHING

    def to_text(self) -> str:
        fields = {name: getattr(self, name) for name in ("run_id", "started_at", "host", "pid", "env")}
        writes = None if self.work.writes is None else sorted(self.work.writes)
        return json.dumps({**fields, "writes": writes, "reads": sorted(self.work.reads)})

    @classmethod
    def of_text(cls, text: str) -> Holder:
        fields = json.loads(text)
        writes, reads = fields.pop("writes"), fields.pop("reads")
        return cls(**fields, work=Work(None if writes is None else frozenset(writes), frozenset(reads)))


@contextlib.contextmanager
def run_lock(root: str, env: str, run_id: str, started_at: str, work: Work = EVERYTHING) -> Iterator[Holder]:
    """Hold, for one run, what it works on; BusyError names a run that works on some of that already.

    Each run has a file of its own, `locks/run-prod.20261121-020000-3f9a1c.lock`, that says what it works on and is
    locked for as long as its process lives. Only one run at a time looks at those of the others and makes its own.
    """
    holder = Holder(run_id, started_at, os.uname().nodename, os.getpid(), env, work)
    path = _run_path(root, env, run_id)
    with short_lock(root, f"env-{environment(env)}"):
        for other in _found(root, env):
            at_work = _at_work(other)
            if at_work is None:
                remove_file(root, other)  # of a run that died
            elif work.meets(at_work.work):
                raise _busy(at_work, work, other)
        for unfinished in _found(root, env, ".new"):
            remove_file(root, unfinished)
        descriptor = _locked_file(path, holder.to_text())
    try:
        yield holder
    finally:
        with contextlib.suppress(OSError, WarehouseError):
            remove_file(root, path)
        os.close(descriptor)


def holders(root: str, env: str | None = None) -> tuple[Holder, ...]:
    """All runs at work now, in one environment or in any. A run that died holds nothing."""
    return tuple(holder for path in _found(root, env) if (holder := _at_work(path)) is not None)


def wait_for(path: str, seconds: float) -> bool:
    """Wait until the run of a lock file has ended; False when it has not by then."""
    until = time.monotonic() + seconds
    while _at_work(path) is not None:
        if time.monotonic() >= until:
            return False
        time.sleep(min(SECONDS_BETWEEN_LOOKS, max(until - time.monotonic(), 0)))
    return True


@contextlib.contextmanager
def short_lock(root: str, name: str) -> Iterator[None]:
    """Wait for, then hold, a lock that nobody holds for longer than one write; BusyError when its holder is stopped."""
    path = os.path.join(root, "locks", f"{name}.lock")
    with durable.writing(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _have(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _have(descriptor: int, path: str) -> None:
    """Lock an open file as soon as nobody else does; BusyError where who does is stopped, and may be for ever."""
    until = time.monotonic() + SECONDS_OF_PATIENCE
    pause = SHORTEST_PAUSE
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.monotonic() >= until:
            refuse_stopped(path)
            until = time.monotonic() + SECONDS_OF_PATIENCE
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _run_path(root: str, env: str, run_id: str) -> str:
    return os.path.join(root, "locks", f"run-{environment(env)}.{run(run_id)}.lock")


def _found(root: str, env: str | None, ending: str = ".lock") -> list[str]:
    """The lock files of runs, also of those that died."""
    folder = os.path.join(root, "locks")
    begins = "run-" if env is None else f"run-{environment(env)}."
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [os.path.join(folder, name) for name in names if name.startswith(begins) and name.endswith(ending)]


def _at_work(path: str) -> Holder | None:
    """The run that holds a lock file, or None."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with open(descriptor, encoding="utf-8") as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Holder.of_text(file.read())
    return None


def _locked_file(path: str, text: str) -> int:
    """Make a file that is locked from the first moment that it can be seen."""
    new = f"{path}.{os.getpid()}.new"
    with durable.writing(path):
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, text.encode())
            os.rename(new, path)
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                remove_file(os.path.dirname(path), new)
            raise
    return descriptor


def _busy(holder: Holder, work: Work, path: str) -> BusyError:
    started = datetime.fromisoformat(holder.started_at).astimezone()
    whose = f"process {holder.pid} on {holder.host}, since {started:%Y-%m-%d %H:%M:%S}"
    hint = f"Wait until it has finished (--wait), stop it with `kill {holder.pid}`, or use another `--env`."
    if holder.work.writes is None or work.writes is None:
        error = BusyError(f"run {holder.run_id} holds environment {holder.env}: {whose}", hint=hint)
    else:
        shared = sorted(holder.work.writes & (work.writes | work.reads) or holder.work.reads & work.writes)
        names = ", ".join(shared[:3]) + (f" and {len(shared) - 3} more" if len(shared) > 3 else "")
        word = "makes" if holder.work.writes & (work.writes | work.reads) else "reads"
        error = BusyError(f"run {holder.run_id} {word} {names} in environment {holder.env}: {whose}", hint=hint)
    error.lock = path
    return error
