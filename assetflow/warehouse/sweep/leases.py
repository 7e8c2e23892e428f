"""Says what is being read, so that nothing of it is swept away: a file for each reader, locked for as long as it lives.

    leases/4711-9f3a.json    ["snapshot id", ...]; still empty: its reader is about to choose

A lease is in nobody's way: runs do not look at it, and `assetflow gc` keeps what it names. The operating system takes
the lock from a reader that died, and the next sweep removes its file.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import weakref
from collections.abc import Iterable, Iterator

FOLDER = "leases"
NAME = re.compile(r"\d+-[0-9a-f]+\.json")


class Lease:
    """One reader's. It ends with `release()`, with the object, or with the process."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ids: set[str] = set()
        self.release = weakref.finalize(self, _release, path, descriptor, os.getpid())

    def add(self, snapshots: Iterable[str]) -> None:
        """Name more of what is read."""
        more = set(snapshots) - self._ids
        if not more and self._ids:
            return
        self._ids |= more
        text = json.dumps(sorted(self._ids)).encode()
        with contextlib.suppress(OSError):
            # Written over in one go, and the rest cut off: a sweep that reads half of it keeps everything.
            os.pwrite(self._descriptor, text, 0)
            os.ftruncate(self._descriptor, len(text))


def take(root: str) -> Lease | None:
    """A lease on a warehouse that names nothing yet; None where there is nothing, or nothing can be written."""
    if not os.path.isdir(os.path.join(root, "objects")):
        return None
    path = os.path.join(root, FOLDER, f"{os.getpid()}-{secrets.token_hex(8)}.json")
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                return Lease(path, descriptor)
            # A sweep took it for one of the dead, just before it was locked.
            os.close(descriptor)
    return None


def leased(root: str) -> set[str] | None:
    """The snapshots that somebody reads; None while somebody is about to choose, who may want any."""
    found: set[str] = set()
    for path in _files(root):
        try:
            with _opened(path) as descriptor:
                if not _is_free(descriptor):
                    found.update(json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0)))
        except FileNotFoundError:
            continue
        except ValueError:
            return None
    return found


def sweep_leases(root: str) -> None:
    """Remove the files of readers that died."""
    for path in _files(root):
        with contextlib.suppress(FileNotFoundError), _opened(path) as descriptor:
            if _is_free(descriptor):
                os.unlink(path)


def _files(root: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(os.path.join(root, FOLDER)):
            if NAME.fullmatch(name):
                yield os.path.join(root, FOLDER, name)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    """True when nobody holds it; it is held for as long as the descriptor is open, then."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _release(path: str, descriptor: int, owner: int) -> None:
    # A copy of this process (fork) must not take the lease away from the one that reads.
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            os.unlink(path)
    with contextlib.suppress(OSError):
        os.close(descriptor)
