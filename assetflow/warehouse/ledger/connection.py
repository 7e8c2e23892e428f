"""The SQLite connection under the ledger: opened late, written by one at a time, readable without write permission."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetflow.errors import NewerWarehouseError, WarehouseError
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.filesystem import journal_mode
from assetflow.warehouse.disk.locks import short_lock
from assetflow.warehouse.disk.stopped import refuse_stopped
from assetflow.warehouse.ledger.schema import APPLICATION_ID, FORMAT_VERSION, TABLES

if TYPE_CHECKING:
    from assetflow.warehouse.ledger.journal import Journal
    from assetflow.warehouse.ledger.rows import Gone, Told

FILE = "ledger.db"
BUSY_SECONDS, PATIENCE = 30.0, 5.0
"""How long the file may be held by others, and after how much of that it is asked whether one of them was stopped."""

held = threading.local()
"""In `roots`, the warehouses whose ledger this thread writes at the moment."""

REFUSED = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN)
"""What the system has against it, which is no damage and nobody else at work."""


class Connection:
    """One connection to the ledger of a warehouse folder; several threads may share it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = os.path.join(root, FILE)
        self._guard = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._has_tables = False
        self._is_writable = False
        self._closing: weakref.finalize[..., Connection] | None = None
        self._journal: Journal | None = None

    def read(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; none where nothing was ever written."""
        with self._guard, durable.writing(self.path):
            connection = self._to_read()
            if connection is None:
                return []
            return connection.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end, or rolled back by any exception."""
        # SQLite before 3.51.3 can lose writes when a checkpoint meets another process's first write after it. Holding
        # one lock around everything that writes or checkpoints keeps the two apart, and is no slower.
        with self._guard, durable.writing(self.path), ledger_lock(self.root):
            connection = self._to_write()
            try:
                # Ctrl-C is noticed when a call returns: from here on there is a transaction to roll back.
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
            self.journal.write_out(connection)

    def note(self, connection: sqlite3.Connection, kind: str, told: Told, gone: Gone = ()) -> None:
        """Tell the journal which rows a transaction changed, inside of it; WarehouseError when the ledger lost some."""
        self.journal.note(connection, kind, told, gone)

    @property
    def journal(self) -> Journal:
        """What each transaction is told to; who only reads does not load it."""
        from assetflow.warehouse.ledger.journal import Journal

        self._journal = self._journal or Journal(self.root)
        return self._journal

    def back_up_daily(self, today: str) -> bool:
        """Make today's copy of the ledger (`2026-11-21`), unless there is one."""
        from assetflow.warehouse.ledger.backups import back_up_daily

        with self._guard, durable.writing(self.path), ledger_lock(self.root):
            return back_up_daily(self._to_write(), self.root, today)

    def copy_to(self, path: str) -> None:
        """Copy what the ledger holds now to a new file, for who works on it aside: nothing of that has to last."""
        with self._guard, durable.writing(path):
            connection = self._to_read()
            if connection is None:
                return
            with contextlib.closing(sqlite3.connect(path)) as target:
                target.execute("PRAGMA synchronous = OFF")
                connection.backup(target)

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._guard:
            self._open, self._has_tables = None, False
            if self._closing is not None:
                self._closing()

    def _to_read(self) -> sqlite3.Connection | None:
        if self._open is None:
            if not os.path.exists(self.path):
                self._refuse_lost()
                return None
            self._open = self._remembered(self._opened_readable())
        if not self._has_tables:
            self._has_tables = format_of(self._open, self.path) > 0 and self._is_of_today(self._open, is_locked=False)
        return self._open if self._has_tables else None

    def _refuse_lost(self) -> None:
        """Without a ledger nothing was ever made, unless its journal tells otherwise: then nothing is shown as new."""
        from assetflow.warehouse.ledger.journal import lost_something, segments

        if segments(self.root):
            raise lost_something(self.root)

    def _to_write(self) -> sqlite3.Connection:
        if self._open is not None and not self._is_writable:
            self.close()
        if self._open is None:
            durable.make_folder(self.root)
            mode = journal_mode(self.root)
            self._open = self._remembered(self._connected(self.path))
            self._is_writable = True
            if mode != "WAL":  # a ledger that was moved here from a local disk
                self._open.execute(f"PRAGMA journal_mode = {mode}")
        if not self._has_tables:
            if format_of(self._open, self.path) == 0:
                create(self._open, journal_mode(self.root))
            self._has_tables = self._is_of_today(self._open, is_locked=True)
        return self._open

    def _is_of_today(self, connection: sqlite3.Connection, *, is_locked: bool) -> bool:
        """True, after bringing a ledger of an older format to the present one where that has to be done.

        `is_locked`: whoever asks holds the lock of writers already.
        """
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == FORMAT_VERSION:
            return True
        if not self._is_writable:
            raise WarehouseError(
                f"this ledger has the older format {version}, and may only be read here",
                path=self.path,
                hint="Run any command once as somebody who can write to the warehouse: that brings it up to date.",
            )
        from assetflow.warehouse.ledger.migrate import migrate

        with contextlib.nullcontext() if is_locked else ledger_lock(self.root):
            # Somebody else may have done it while this process waited.
            version = format_of(connection, self.path)
            if version < FORMAT_VERSION:
                migrate(connection, self.path, version)
        return True

    def _opened_readable(self) -> sqlite3.Connection:
        """The ledger, also where a full disk has no room for the files that stand beside an open one."""
        try:
            return self._opened()
        except sqlite3.OperationalError as error:
            # What stands in the log was committed last, and would not be seen.
            if error.sqlite_errorcode & 0xFF not in REFUSED or has_content(f"{self.path}-wal"):
                raise
            self._is_writable = False
            return self._frozen()

    def _frozen(self) -> sqlite3.Connection:
        """The file as it lies there, for reading: nobody can be at work who would change it."""
        return sqlite3.connect(f"{self._uri}?immutable=1", check_same_thread=False, uri=True)

    @property
    def _uri(self) -> str:
        return "file:" + self.path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")

    def _opened(self) -> sqlite3.Connection:
        self._is_writable = os.access(self.path, os.W_OK) and os.access(self.root, os.W_OK)
        if self._is_writable:
            return self._connected(self.path)
        connection = sqlite3.connect(f"{self._uri}?mode=ro", timeout=PATIENCE, check_same_thread=False, uri=True)
        try:
            wait_for_answer(connection, self.path)
        except sqlite3.OperationalError:
            # Without a writer at work there is no shared memory to join, and no permission to make one.
            connection.close()
            return self._frozen()
        return connection

    def _remembered(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        # Most commands end without closing anything, and SQLite then closes the file when nobody holds the lock.
        self._closing = weakref.finalize(self, close_guarded, connection, self.root)
        return connection

    def _connected(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        wait_for_answer(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


@contextlib.contextmanager
def ledger_lock(root: str) -> Iterator[None]:
    """Wait for, then hold, the lock around everything that writes or checkpoints the ledger.

    A thread that has it need not wait for itself: while it writes, Python may collect another connection of the same
    thread's, which closes, and so asks for the lock as well.
    """
    mine: set[str] = held.__dict__.setdefault("roots", set())
    path = os.path.realpath(root)
    if path in mine:
        yield
        return
    # Noted before it is had: a connection that is closed in between is not the last one, so nothing is checkpointed.
    mine.add(path)
    try:
        with short_lock(root, "ledger"):
            yield
    finally:
        mine.discard(path)


def close_guarded(connection: sqlite3.Connection, root: str) -> None:
    """Close a connection. The last one to close writes the log into the database, so it is kept apart from writers."""
    may_lock = os.access(os.path.join(root, "locks"), os.W_OK)
    # Where no lock can be had, nobody can write either, or no file can be opened any more.
    with contextlib.suppress(WarehouseError), ledger_lock(root) if may_lock else contextlib.nullcontext():
        connection.close()
    connection.close()


def wait_for_answer(connection: sqlite3.Connection, path: str) -> None:
    """Wait until a new connection can read; BusyError where who holds the file is stopped.

    Who opens it first or closes it last has all of it to itself for a moment.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            refuse_stopped(path)
        else:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
            return


def has_content(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0


def format_of(connection: sqlite3.Connection, path: str) -> int:
    """The format of a ledger, 0 for a new, empty file; WarehouseError for somebody else's or one from the future."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        return 0
    if application != APPLICATION_ID:
        hint = "Name another folder as `warehouse`, or move this file away."
        raise WarehouseError("this is not a ledger of assetflow", path=path, hint=hint)
    refuse_newer(version, path)
    return int(version)


def refuse_newer(version: int, path: str) -> None:
    """A ledger or a journal from the future tells what this version does not know, and would lose."""
    if version > FORMAT_VERSION:
        raise NewerWarehouseError(
            f"this was written by a newer assetflow: its format is {version}, this one knows {FORMAT_VERSION}",
            path=path,
            hint="Upgrade assetflow, or name another folder as `warehouse`.",
        )


def create(connection: sqlite3.Connection, journal_mode: str = "WAL") -> None:
    """Make the tables of a new ledger."""
    connection.execute(f"PRAGMA journal_mode = {journal_mode}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
