"""Shares out the processor time of a process among the tasks that are under way in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Meter:
    """What each task has used, as far as can be told: DuckDB's threads belong to nobody, so all get the same share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[int, float] = {}
        self._at = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """While inside, the task of this thread has its share."""
        with self._lock:
            self._share_out()
            self._used[threading.get_ident()] = 0.0
        try:
            yield
        finally:
            with self._lock:
                self._share_out()
                del self._used[threading.get_ident()]

    def used(self) -> float:
        """Seconds of processor time that the task of this thread has used so far."""
        with self._lock:
            self._share_out()
            return self._used.get(threading.get_ident(), 0.0)

    def _share_out(self) -> None:
        now = time.process_time()
        for task in self._used:
            self._used[task] += (now - self._at) / len(self._used)
        self._at = now
