"""A little space set aside, so that the ledger can still be told what to remove when the disk is full."""

from __future__ import annotations

import contextlib
import os

from assetflow.warehouse.disk.removal import remove_file

FILE = os.path.join("cache", "reserve")
BYTES = 512 * 1024
PLENTY = 100 * BYTES


def keep_reserve(root: str, *, leaving: int = 0) -> None:
    """Set the space aside, where there is any; or only where so many bytes are free."""
    path = os.path.join(root, FILE)
    with contextlib.suppress(OSError):
        if os.path.getsize(path) == BYTES:
            return
    try:
        disk = os.statvfs(root)
        if disk.f_bavail * disk.f_frsize < leaving:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(bytes(BYTES))
    except OSError:
        # The disk is full already: what is half written helps nobody.
        release_reserve(root)


def release_reserve(root: str) -> bool:
    """Give the space back to the disk; False when none was set aside."""
    try:
        is_there = os.path.exists(os.path.join(root, FILE))
        remove_file(root, os.path.join(root, FILE))
    except OSError:
        return False
    return is_there
