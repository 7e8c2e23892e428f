"""Who is at work: locks that the operating system releases when their holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from assetflow.errors import BusyError
from assetflow.names import environment
from assetflow.warehouse import durable


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that holds an environment, as it wrote itself down."""

    run_id: str
    started_at: str
    host: str
    pid: int


@contextlib.contextmanager
def run_lock(root: str, env: str, run_id: str, started_at: str) -> Iterator[Holder]:
    """Hold an environment for one run; BusyError names who holds it already."""
    path = _lock_path(root, env)
    holder = Holder(run_id, started_at, os.uname().nodename, os.getpid())
    with _opened(root, path) as descriptor:
        if not _taken(descriptor):
            raise _busy(env, _read(path))
        with durable.writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        yield holder
        os.ftruncate(descriptor, 0)


def who_holds(root: str, env: str) -> Holder | None:
    """The run at work on an environment now, or None. A run that died holds nothing."""
    path = _lock_path(root, env)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(descriptor)
    return None


def holders(root: str) -> tuple[Holder, ...]:
    """All runs at work now, in whatever environment."""
    try:
        names = sorted(os.listdir(os.path.join(root, "locks")))
    except FileNotFoundError:
        return ()
    envs = [name[len("env-") : -len(".lock")] for name in names if name.startswith("env-")]
    return tuple(holder for env in envs if (holder := who_holds(root, env)) is not None)


@contextlib.contextmanager
def short_lock(root: str, name: str) -> Iterator[None]:
    """Wait for, then hold, a lock that nobody holds for longer than one write."""
    path = os.path.join(root, "locks", f"{name}.lock")
    with _opened(root, path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        held, key = _held_here(), _key(os.fstat(descriptor))
        held.append(key)
        try:
            yield
        finally:
            held.remove(key)


def holds_short_lock(root: str, name: str) -> bool:
    """True when this very thread holds it: asking for it again would be waiting for oneself."""
    held = _held_here()
    try:
        return bool(held) and _key(os.stat(os.path.join(root, "locks", f"{name}.lock"))) in held
    except OSError:
        return False


_HERE = threading.local()


def _held_here() -> list[tuple[int, int]]:
    if not hasattr(_HERE, "held"):
        _HERE.held = []
    held: list[tuple[int, int]] = _HERE.held
    return held


def _key(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _lock_path(root: str, env: str) -> str:
    return os.path.join(root, "locks", f"env-{environment(env)}.lock")


@contextlib.contextmanager
def _opened(root: str, path: str) -> Iterator[int]:
    with durable.writing(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Take the lock, unless a run has it. Whoever only asks (`who_holds`) has it for a moment, so ask again."""
    for _ in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def _read(path: str) -> Holder | None:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    # Empty for a moment, between taking the lock and writing the name.
    return Holder(**json.loads(text)) if text else None


def _busy(env: str, holder: Holder | None) -> BusyError:
    if holder is None:
        return BusyError(f"another run has just begun on environment {env}", hint="Wait until it has finished.")
    return BusyError(
        f"run {holder.run_id} holds environment {env}: process {holder.pid} on {holder.host}, "
        f"since {holder.started_at}",
        hint=f"Wait until it has finished, stop it with `kill -INT {holder.pid}`, or use another `--env`.",
    )
