"""Signals reach a query that runs in the main thread.

Python calls the handler of a signal in the main thread, between two of its instructions: not before a call into a
library returns. What happens at once is that a pipe is written to (`signal.set_wakeup_fd`), which another thread reads.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

STOPS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def woken_by_signals(wake: Callable[[], None]) -> Iterator[threading.Event]:
    """Have `wake` called from another thread when a signal arrives that stops a run, whatever the main thread is at.

    Gives an event that is set before its handler raises anything: what meets that may take it for a fault of its own,
    as Polars does while it is imported. Only what runs in the main thread needs that; in another one nothing is done.
    """
    told = threading.Event()
    if not is_main_thread():
        yield told
        return
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    others = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reads, others, wake), name="assetflow-signals", daemon=True)
    watcher.start()
    handlers = {number: handler for number in STOPS if callable(handler := signal.getsignal(number))}
    try:
        for number, handler in handlers.items():
            signal.signal(number, _noting(told, handler))
        yield told
    finally:
        # A generator that nobody reads on can be ended by any thread; only the main one may let go of the pipe.
        if is_main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(others)
            os.close(writes)
            watcher.join()


def is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _noting(told: threading.Event, handler: Handler) -> Handler:
    def handle(number: int, frame: FrameType | None) -> Any:
        told.set()
        return handler(number, frame)

    return handle


def _watch(reads: int, others: int, wake: Callable[[], None]) -> None:
    """Until the pipe is closed: wake, and tell who was told before."""
    with open(reads, "rb", buffering=0) as pipe:
        while numbers := pipe.read(64):
            if others >= 0:
                with suppress(BlockingIOError):  # it is full, so that who reads there knows of a signal already
                    os.write(others, numbers)
            if any(number in STOPS and callable(signal.getsignal(number)) for number in numbers):
                wake()
