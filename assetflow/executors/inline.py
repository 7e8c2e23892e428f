"""Does the work at once, in the caller's own thread: for a debugger, and for tests."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def open_executor(workers: int) -> Executor:
    """An executor for which `submit` returns when the work is done; `workers` is always one."""
    return InlineExecutor()


class InlineExecutor(Executor):
    """`submit` calls the function; Ctrl-C goes straight to the caller."""

    def __init__(self) -> None:
        self._is_open = True

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if not self._is_open:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._is_open = False
