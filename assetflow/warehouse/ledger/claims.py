"""Keeps files that are about to be used again from being swept away.

Whoever points to files that nobody pointed to before claims them first. Files are removed only in a transaction that
finds them condemned. A claim is a transaction, too: it comes before that one, and the file stays, or after, and says
that it is gone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable

from assetflow.errors import WarehouseError
from assetflow.warehouse.ledger.connection import Connection
from assetflow.warehouse.ledger.rows import as_json

SELECT_CONDEMNED = "SELECT path FROM condemned WHERE path IN (SELECT value FROM json_each(?))"
SELECT_PATHS = """
SELECT m.asset, s.paths FROM materializations m JOIN snapshots s ON s.id = m.snapshot
WHERE s.paths != '' AND m.id IN (SELECT value FROM json_each(?))
"""
CLAIM = "DELETE FROM condemned WHERE path = ?"


def claim(connection: Connection, paths: Iterable[str]) -> tuple[str, ...]:
    """Claim files of the warehouse by their relative paths; returns those that were removed before."""
    listed = list(paths)
    # Whoever removes files sees the runs at work, so a look without a lock is enough to tell that all is well.
    if not listed or not connection.read(SELECT_CONDEMNED, (as_json(listed),)):
        return ()
    with connection.writing() as writing:
        return claim_within(writing, connection.root, listed)


def claim_within(connection: sqlite3.Connection, root: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The same, inside of a transaction."""
    gone = []
    for (path,) in connection.execute(SELECT_CONDEMNED, (as_json(list(paths)),)).fetchall():
        if os.path.exists(os.path.join(root, path)):
            connection.execute(CLAIM, (path,))
        else:
            gone.append(path)
    return tuple(gone)


def claim_for(connection: sqlite3.Connection, root: str, materializations: Iterable[str]) -> None:
    """Claim the files of what is about to become current, in that transaction; WarehouseError when some are gone."""
    found = connection.execute(SELECT_PATHS, (as_json(sorted(materializations)),)).fetchall()
    owners = {path: asset for asset, paths in found for path in paths.split("\n")}
    gone = claim_within(connection, root, owners)
    if gone:
        raise WarehouseError(
            f"files of {', '.join(sorted({owners[path] for path in gone}))} were removed by `assetflow gc` meanwhile; "
            "nothing was published",
            path=os.path.join(root, gone[0]),
            hint="Run again: what is gone is made anew.",
        )
