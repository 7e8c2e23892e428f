"""Copies of the ledger, made by SQLite itself: a file that is copied while somebody writes it is no copy.

backups/ledger-2026-11-21.db    one a day, the last few are kept
ledger.format1.db               from before the ledger was brought to a newer format

Each has its seal beside it, `ledger-2026-11-21.db.sha256`, which `sha256sum --check` reads, too.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator

from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.reserve import PLENTY, keep_reserve
from assetflow.warehouse.disk.sha256 import hash_of_file

FOLDER = "backups"
DAILY = r"ledger-\d{4}-\d\d-\d\d\.db"
SEAL = ".sha256"
KEPT = 3


def back_up_daily(connection: sqlite3.Connection, root: str, today: str) -> bool:
    """Make today's copy (`2026-11-21`), unless there is one; older ones than the last few are removed."""
    name = f"ledger-{today}.db"
    if os.path.exists(os.path.join(root, FOLDER, name)):
        return False
    copy_ledger(connection, os.path.join(root, FOLDER, name))
    for old in daily(root)[:-KEPT]:
        for name in (old + SEAL, old):
            remove_file(root, os.path.join(root, FOLDER, name))
    # Whoever has never called `gc` calls it when the disk is full.
    keep_reserve(root, leaving=PLENTY)
    return True


def copy_ledger(connection: sqlite3.Connection, path: str) -> None:
    """Copy the ledger to a file, durably; it has its name when it is complete."""
    new = f"{path}.new"
    durable.make_folder(os.path.dirname(path))
    remove_file(os.path.dirname(path), new)
    with contextlib.closing(sqlite3.connect(new)) as target:
        # Nobody else sees it before it is complete and synced.
        target.execute("PRAGMA synchronous = OFF")
        connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    durable.sync_file(new)
    # A copy without a seal is a good one, a seal of another copy is an alarm: so the old seal goes first.
    remove_file(os.path.dirname(path), path + SEAL)
    os.replace(new, path)
    durable.write_file(path + SEAL, seal_of(path).decode())
    durable.sync_folder(os.path.dirname(path))


def damaged(root: str, *, deep: bool) -> Iterator[tuple[str, str]]:
    """The copies that are gone or, if `deep`, not what their seal says; each with what is wrong."""
    for folder in ("", FOLDER):
        for name in sorted(names(root, folder)):
            if name.endswith(SEAL):
                path = os.path.join(folder, name.removesuffix(SEAL))
                if said := broken(os.path.join(root, path), deep=deep):
                    yield path, said


def broken(path: str, *, deep: bool) -> str:
    if not os.path.exists(path):
        return "this copy of the ledger is not there"
    if not deep:
        return ""
    try:
        with open(path + SEAL, "rb") as opened:
            is_whole = opened.read() == seal_of(path)
    except OSError as error:
        return str(error)
    return "" if is_whole else "this copy of the ledger is not what was written"


def seal_of(path: str) -> bytes:
    return f"{hash_of_file(path)}  {os.path.basename(path)}\n".encode()


def daily(root: str) -> list[str]:
    """The names of the daily copies, oldest first."""
    return sorted(name for name in names(root, FOLDER) if re.fullmatch(DAILY, name))


def names(root: str, folder: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):
        yield from os.listdir(os.path.join(root, folder))
