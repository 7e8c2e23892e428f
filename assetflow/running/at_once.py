"""Work that is done at once, in the thread of the run itself: where there is one worker, there is no executor.

As much of `concurrent.futures` as a run asks for: to import that package, which brings `logging`, takes a hundredth of
a night that brought one row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Done:
    """What came of it, as a `Future` tells it that is done."""

    def __init__(self, made: Any = None, error: Exception | None = None) -> None:
        self._made = made
        self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._made

    def exception(self) -> Exception | None:
        return self._error

    def done(self) -> bool:
        return True

    def cancel(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False


class AtOnce:
    """In place of an executor; Ctrl-C goes straight to the caller."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Done:
        try:
            return Done(function(*arguments))
        except Exception as error:
            return Done(error=error)

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """Nothing is at work that could be ended."""
