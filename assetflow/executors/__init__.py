"""Where work is done: one file an executor, found by its name (`--executor threads`).

Each file offers

    open_executor(workers: int) -> concurrent.futures.Executor

with the standard library's meaning of `submit`, `shutdown` and `with`. What is submitted are functions of a module and
frozen values, so that they can be pickled; a worker shares nothing with the coordinator but files. One that can end
what does not end by itself says how: `kill_workers()`, as in Python 3.14.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Killable(Protocol):
    """An executor that ends what is under way, and itself."""

    def kill_workers(self) -> None:
        """After that nothing of it is at work or left."""
