"""How many threads DuckDB has: all, but one alone while small queries come one after another.

Handing parts of a small query around takes a tenth of it. Few rows are read by one thread anyway; a query that makes
many of them has all threads for the rest of its way as soon as it is seen to take long.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

IN_TURN = 16
"""Small queries after which it is worth ending threads, and beginning them again some day."""

SECONDS_BETWEEN_LOOKS = 0.1

NAME = "assetflow-threads"
"""What the Python thread that looks is called."""


class Threads:
    """The threads of one database. `cursor` is one that nobody else uses."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._numbers = count()
        self._small: set[int] = set()
        """The numbers of the small queries that are under way."""
        self._others: WeakSet[Cursor] = WeakSet()
        self._in_turn = 0
        self._all: int | None = None
        """How many there were, while there is one."""

    def needed_by(self, cursor: Cursor) -> None:
        """See to it that there are all of them, as long as this cursor is there."""
        with self._lock:
            self._others.add(cursor)
            self._use_all()

    @contextmanager
    def hardly_needed(self) -> Iterator[None]:
        """While inside, the task of this thread reads few rows."""
        number = next(self._numbers)
        with self._lock:
            self._small.add(number)
            self._in_turn += 1
            if self._in_turn > IN_TURN and self._all is None and not self._others:
                self._use_one()
        try:
            yield
        finally:
            self._small.discard(number)

    def close(self) -> None:
        """Stop looking after them, before the database is closed."""
        self._closed.set()
        with self._lock:
            self._cursor.close()

    def _use_one(self) -> None:
        ((self._all,),) = self._cursor.execute("SELECT current_setting('threads')").fetchall()
        self._cursor.execute("SET GLOBAL threads = 1")
        threading.Thread(target=self._look_after, name=NAME, daemon=True).start()

    def _use_all(self) -> None:
        self._in_turn = 0
        if self._all is not None:
            self._cursor.execute(f"SET GLOBAL threads = {self._all}")
            self._all = None

    def _look_after(self) -> None:
        """Use all of them again when a query takes long, until somebody else has them used."""
        seen: set[int] = set()
        while not self._closed.wait(SECONDS_BETWEEN_LOOKS):
            with self._lock:
                if self._all is None or self._closed.is_set():
                    return
                if seen & self._small:
                    self._use_all()
                    return
                seen = set(self._small)
