"""Whether a file is what it was: by its stamp first, by its bytes only when the stamp moved."""

from __future__ import annotations

import os
import time

from assetflow.warehouse.disk.sha256 import hash_of_file

Stamp = list[int]
"""Size, modification time, change time (nanoseconds), inode. A list, as JSON gives it back."""

SETTLED = 2_000_000_000
"""A file that changed less than two seconds (in ns) before it was read may change again within the same tick."""


def stamp_of(path: str) -> Stamp:
    """The stamp of a file; FileNotFoundError when it is gone."""
    return stamp(os.stat(path))


def stamp(stat: os.stat_result) -> Stamp:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def settled(now: Stamp) -> Stamp | None:
    """The stamp if it can be trusted later, None if the file is so young that an edit could hide behind it.

    Call it when the bytes are read. Nobody can set the change time back, so `touch -r` and editors that restore
    times are seen.
    """
    return now if time.time_ns() - max(now[1], now[2]) > SETTLED else None


def unchanged(path: str, then: Stamp | None, sha256: str, now: Stamp) -> bool:
    """True when the file holds the bytes that it held when `then` and `sha256` were taken."""
    if then == now:
        return True
    return (then is None or then[0] == now[0]) and hash_of_file(path) == sha256
