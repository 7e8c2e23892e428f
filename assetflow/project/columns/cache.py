"""Remembers column lineage between commands, by a hash of what it follows from: one file in the warehouse's cache."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from assetflow.project.observing.derived import seal
from assetflow.warehouse.disk.removal import remove_file

FORMAT = 2


class ColumnsCache:
    """Texts by key. `programs` names the versions of whatever finds them: others have a table of their own.

    What is derived can be lost: a file that cannot be read or written is left alone or made anew.
    """

    def __init__(self, path: str | None, programs: str) -> None:
        self.path = path
        self.programs = programs
        self._open: sqlite3.Connection | None = None
        self._unwritten: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The text kept under a key."""
        if key in self._unwritten:
            return self._unwritten[key]
        if self._open is None and (self.path is None or not os.path.exists(self.path)):
            return None  # a new file would be opened for nothing, and asked for every key
        connection = self._connection()
        if connection is None:
            return None
        try:
            row = connection.execute("SELECT value FROM kept WHERE key = ?", (f"{self.programs} {key}",)).fetchone()
        except sqlite3.DatabaseError:  # damaged: it is found anew
            return None
        if row is None:
            return None
        sealed, _, value = str(row[0]).partition("\n")
        return value if sealed == self._seal(key, value) else None

    def put(self, key: str, value: str) -> None:
        """Keep a text; it is on the disk after `save`."""
        self._unwritten[key] = value

    def save(self) -> None:
        """Write what is new, and close the file. A cache that cannot be written costs time and nothing else."""
        try:
            self._write()
        finally:
            self.close()

    def _write(self) -> None:
        if not self._unwritten or self.path is None:
            return
        rows = [
            (f"{self.programs} {key}", f"{self._seal(key, value)}\n{value}") for key, value in self._unwritten.items()
        ]
        for _ in range(2):
            connection = self._connection()
            if connection is None:
                return
            try:
                with connection:
                    connection.execute("DELETE FROM kept WHERE key NOT LIKE ?", (f"{self.programs} %",))
                    connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            except sqlite3.OperationalError:  # full, locked or read-only
                return
            except sqlite3.DatabaseError:  # damaged: begin a new file
                self._discard()
            else:
                self._unwritten.clear()
                return

    def _seal(self, key: str, value: str) -> str:
        """SQLite notices a damaged page only where its structure is; a wrong read-set would be a wrong skip."""
        return seal(f"{self.programs} {key}\n{value}".encode()).decode()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connection(self) -> sqlite3.Connection | None:
        if self._open is None and self.path is not None and os.path.isdir(os.path.dirname(self.path)):
            try:
                self._open = sqlite3.connect(self.path, timeout=5.0, check_same_thread=False)
                self._open.execute("PRAGMA synchronous = OFF")
                self._open.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
            except sqlite3.OperationalError:
                self.close()
            except sqlite3.DatabaseError:
                self._discard()
        return self._open

    def _discard(self) -> None:
        self.close()
        if self.path is not None:
            with contextlib.suppress(OSError):
                remove_file(os.path.dirname(self.path), self.path)
