"""Does the work in other processes of this machine: for functions in pure Python."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def open_executor(workers: int) -> Executor:
    """At most `workers` tasks at a time, each in a process that was started afresh.

    Never forked: Polars and DuckDB have threads, whose locks a forked child would find taken for ever.
    """
    return _Workers(workers, multiprocessing.get_context("spawn"), initializer=_follow_parent)


class _Workers(ProcessPoolExecutor):
    """Processes that Ctrl-C does not meet while they start, when Python would print where it was."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        # The first task starts the processes, and they inherit which signals wait.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(function, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
