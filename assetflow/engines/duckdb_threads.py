"""How many threads DuckDB has: one alone until somebody needs more, and while small queries come one after another.

Handing parts of a small query around takes a tenth of it, and a thread's own memory as much again. Few rows are read by
one thread anyway; a query that makes many of them has all threads for the rest of its way as soon as it is seen to take
long.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakSet, ref

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

IN_TURN = 16
"""Small queries after which it is worth ending threads, and beginning them again some day."""

SECONDS_BETWEEN_LOOKS = 0.1

NAME = "assetflow-threads"
"""What the Python thread that looks is called."""


class Threads:
    """The threads of one database, which was opened with one: `most` of them (None: as many as DuckDB chooses).

    `cursor` is one that nobody else uses.
    """

    def __init__(self, cursor: Cursor, most: int | None) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._numbers = count()
        self._small: set[int] = set()
        """The numbers of the small queries that are under way."""
        self._others: WeakSet[Cursor] = WeakSet()
        self._in_turn = 0
        self._use_most = "RESET GLOBAL threads" if most is None else f"SET GLOBAL threads = {most}"
        self._has_one = True
        self._is_watched = False

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
            if self._in_turn > IN_TURN and not self._has_one and not self._others:
                self._use_one()
            if self._has_one and not self._is_watched:
                self._is_watched = True
                threading.Thread(target=look_after, args=(ref(self), self._closed), name=NAME, daemon=True).start()
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
        self._cursor.execute("SET GLOBAL threads = 1")
        self._has_one = True

    def _use_all(self) -> None:
        self._in_turn = 0
        if self._has_one:
            self._cursor.execute(self._use_most)
            self._has_one = False

    def look(self, seen: set[int]) -> set[int] | None:
        """Use all of them when a small query takes long, while such are under way and nobody else has them used.

        `seen` are those that were under way at the last look; those that are now, or None: no other look is needed.
        """
        with self._lock:
            if self._closed.is_set():
                return None
            if seen & self._small:
                self._use_all()
            if not self._small or not self._has_one:
                self._is_watched = False
                return None
            return set(self._small)


def look_after(threads: ref[Threads], closed: threading.Event) -> None:
    """Look at them now and then. Who drops a session without closing it must not find it held by this thread."""
    seen: set[int] | None = set()
    while seen is not None and not closed.wait(SECONDS_BETWEEN_LOOKS):
        there = threads()
        seen = there.look(seen) if there is not None else None
        del there
