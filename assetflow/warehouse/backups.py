"""Copies of the ledger, made by SQLite itself: a file that is copied while somebody writes it is no copy.

backups/ledger-2026-11-21.db    one a day, the last few are kept
ledger.format1.db               from before the ledger was brought to a newer format
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator

from assetflow.warehouse import durable
from assetflow.warehouse.removal import remove_file

FOLDER = "backups"
DAILY = re.compile(r"ledger-\d{4}-\d\d-\d\d\.db")
KEPT = 3


def back_up_daily(connection: sqlite3.Connection, root: str, today: str) -> bool:
    """Make today's copy (`2026-11-21`), unless there is one; older ones than the last few are removed."""
    name = f"ledger-{today}.db"
    if os.path.exists(os.path.join(root, FOLDER, name)):
        return False
    copy_ledger(connection, os.path.join(root, FOLDER, name))
    for old in daily(root)[:-KEPT]:
        remove_file(root, os.path.join(root, FOLDER, old))
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
    os.replace(new, path)
    durable.sync_folder(os.path.dirname(path))


def daily(root: str) -> list[str]:
    """The names of the daily copies, oldest first."""
    return sorted(name for name in names(root) if DAILY.fullmatch(name))


def names(root: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):
        yield from os.listdir(os.path.join(root, FOLDER))
