"""Does the work in other processes of this machine: for functions in pure Python."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.connection import wait


def open_executor(workers: int) -> Executor:
    """At most `workers` tasks at a time, each in a process that was started afresh.

    Never forked: Polars and DuckDB have threads, whose locks a forked child would find taken for ever.
    """
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_follow_parent)


def _follow_parent() -> None:
    """End with the coordinator: at Ctrl-C at once and silently, and when it was killed, too."""
    # What a function prints is for people; the coordinator's stdout is for data.
    sys.stdout = sys.stderr
    # A worker holds nothing but staged files, so it may stop anywhere.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
