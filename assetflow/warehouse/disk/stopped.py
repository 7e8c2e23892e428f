"""Notices that the process which holds a lock is stopped, as by Ctrl-Z: nobody knows when it will let go.

Linux tells it in /proc; elsewhere nothing is known, and who wants the lock waits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from assetflow.errors import BusyError


def refuse_stopped(path: str) -> None:
    """BusyError when a process that holds a lock on this file is stopped. The file is not opened.

    Closing it again would take away the locks that SQLite holds on it in this process.
    """
    pid = next((pid for pid in _holders(path) if _is_stopped(pid)), None)
    if pid is not None:
        raise BusyError(
            f"process {pid} is stopped in the middle of a write to this warehouse",
            path=path,
            hint=f"Let it go on with `kill -CONT {pid}`, or end it with `kill -9 {pid}`.",
        )


def _holders(path: str) -> Iterator[int]:
    """The processes that hold a lock on a file: `1: FLOCK  ADVISORY  WRITE 21554 fe:00:3760211 0 EOF`."""
    status = os.stat(path)
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in _lines("/proc/locks"):
        _, kind, *others = line.split()
        if kind != "->" and others[3] == wanted:  # an arrow marks one that waits
            yield int(others[2])


def _is_stopped(pid: int) -> bool:
    """True for a process in state T, which follows its name: `4242 (python) T 1 ...`."""
    return any(line.rpartition(")")[2].split()[:1] == ["T"] for line in _lines(f"/proc/{pid}/stat"))


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []
