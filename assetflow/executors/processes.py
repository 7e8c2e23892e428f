"""Does the work in other processes of this machine: for functions in pure Python."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from types import FrameType
from typing import ParamSpec, TypeVar

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
GROUP_STOPS = {*STOPS, *(getattr(signal, name) for name in ("SIGQUIT",) if hasattr(signal, name))}
"""What meets all processes of a terminal or a job, Python's own helpers included."""
P = ParamSpec("P")
T = TypeVar("T")


def open_executor(workers: int) -> Executor:
    """At most `workers` tasks at a time, each in a process that was started afresh.

    Never forked: Polars and DuckDB have threads, whose locks a forked child would find taken for ever.
    """
    _start_tracker()
    return _Workers(workers, multiprocessing.get_context("spawn"), initializer=_follow_parent)


class _Workers(ProcessPoolExecutor):
    """Processes that Ctrl-C does not meet while they start, when Python would print where it was."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with held_back():
            # A task may start a process, which inherits which signals wait.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return super().submit(function, *args, **kwargs)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def kill_workers(self) -> None:
        """End what does not end by itself, too, and leave nothing behind of which Python would warn."""
        for process in list(self._processes.values()):
            process.kill()
        self.shutdown(cancel_futures=True)


def _start_tracker() -> None:
    """Start Python's resource tracker, which removes the leftovers of processes, so that it outlives us all.

    Python protects it from SIGINT and SIGTERM alone. Ended by a closed terminal, it would be started anew, without the
    names that the first was told, and print a KeyError for each. What blocks signals here is inherited by it.
    """
    with held_back():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_STOPS)
        try:
            resource_tracker.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def held_back() -> Iterator[None]:
    """Whoever stops us is heard at the end: a process that is half started would print that it got nothing to do.

    Blocking signals is not enough, since the system gives them to any thread that does not block them, and Python
    then interrupts the main thread all the same.
    """
    if threading.current_thread() is not threading.main_thread():  # which is the only one that Python interrupts
        yield
        return
    came: list[int] = []
    waits = True
    # What is ignored (as `nohup` does) or ends us silently stays as it is.
    before = {number: handler for number in STOPS if callable(handler := signal.getsignal(number))}

    def hold(number: int, frame: FrameType | None) -> None:
        if waits:
            came.append(number)
        else:
            before[number](number, frame)

    try:
        for number in before:
            signal.signal(number, hold)
        yield
    finally:
        # From here on a signal goes through, also in the middle of putting the handlers back.
        waits = False
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            before[came[0]](came[0], None)


def _follow_parent() -> None:
    """End with the coordinator: at Ctrl-C at once and silently, and when it was killed, too."""
    # What a function prints is for people; the coordinator's stdout is for data.
    sys.stdout = sys.stderr
    # A worker holds nothing but staged files, so it may stop anywhere.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
