"""The workers of one run, and what they have under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.executors import Killable
from assetflow.running.at_once import AtOnce, Done
from assetflow.running.failures import is_of_dead_worker
from assetflow.running.order import Order

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from assetflow.partitions.slices import Key

SECONDS_TO_STOP = 3.0
SECONDS_DEAF = 0.5


class Work(Struct, frozen=True):
    """What is to be done for an asset or a source: a function, and what it is called with; for which partitions."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keys: tuple[Key, ...] = ()


class Workers:
    """They do what they are given; `under_way` is what has not been taken from them yet."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.under_way: dict[Future[Any] | Done, Work] = {}
        self.are_stopped = False

    @cached_property
    def executor(self) -> Executor | AtOnce:
        return self.order.open_executor(self.order.workers)

    @property
    def are_busy(self) -> bool:
        """True when one more piece of work would have to wait."""
        return len(self.under_way) >= self.order.workers

    def start(self, work: Work) -> None:
        """Have one of them do this, at the place of this project; others, where one died and took all with it."""
        try:
            future = self.executor.submit(work.function, *work.arguments, self.order.place)
        except RuntimeError as error:
            if not is_of_dead_worker(error):
                raise
            self.kill()
            del self.executor
            future = self.executor.submit(work.function, *work.arguments, self.order.place)
        self.under_way[future] = work

    def next_finished(self) -> list[Future[Any] | Done]:
        """Wait until something is finished, but not for long: there may be none yet."""
        # A signal that comes just before the wait begins does not end it: look up now and then.
        return [future for future in self.under_way if future.done()] or self.wait(SECONDS_DEAF, for_one=True)

    def last_finished(self) -> Iterator[Future[Any] | Done]:
        """Begin nothing any more, and wait a little: what was made to its end all the same."""
        self.are_stopped = True
        for future in self.under_way:
            future.cancel()
        self.wait(SECONDS_TO_STOP)
        for future in list(self.under_way):
            if future.done() and not future.cancelled() and future.exception() is None:
                yield future

    def wait(self, seconds: float, *, for_one: bool = False) -> list[Future[Any] | Done]:
        """Wait until all is finished that an executor has under way, or one of it; what is."""
        futures = [future for future in self.under_way if not isinstance(future, Done)]
        if not futures:
            return []
        from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, wait

        return [*wait(futures, seconds, FIRST_COMPLETED if for_one else ALL_COMPLETED).done]

    def take(self, future: Future[Any] | Done) -> Work:
        """What was done; it is not under way any more."""
        return self.under_way.pop(future)

    def kill(self) -> None:
        """End what is under way, where that can be; a thread that goes on is left behind."""
        if isinstance(self.executor, Killable):
            self.executor.kill_workers()
        else:
            self.executor.shutdown(wait=False, cancel_futures=True)
