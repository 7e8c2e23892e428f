"""Does the work in threads of this process: DuckDB and Polars compute without the interpreter's lock."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor


def open_executor(workers: int) -> Executor:
    """At most `workers` tasks at a time, each in a thread."""
    return ThreadPoolExecutor(max_workers=workers, thread_name_prefix="assetflow")
