"""Does something with many items in a few threads, and hands over what comes out in the order of the items.

The threads are nobody's to wait for when the run is stopped: a function that does not return is left behind.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Generic, TypeVar

from assetflow.engines.limit import Limit

Item = TypeVar("Item")
Result = TypeVar("Result")
SECONDS_DEAF = 0.2
"""A thread that waits is not told to stop before it looks up."""


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], hands: int, limit: Limit
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Each item with what came of it. `limit` stops the threads, too; who does not go on asking is waited for."""
    threads: Hands[Item, Result] = Hands(work, hands, limit)
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    left = deque(items)
    try:
        while left or under_way:
            while left and len(under_way) < 2 * hands:
                item = left.popleft()
                under_way.append((item, threads.take_up(item)))
            item, future = under_way.popleft()
            while not future.done():
                threads.idle(future)
            yield item, future
    finally:
        threads.end(wait=limit.stopped_by is None)


class Hands(Generic[Item, Result]):
    """A few threads, and what they are to do."""

    def __init__(self, work: Callable[[Item], Result], number: int, limit: Limit) -> None:
        self.work = work
        self.orders: SimpleQueue[tuple[Item, Future[Result]] | None] = SimpleQueue()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(number)]
        for thread in self.threads:
            thread.start()
            if thread.ident is not None:
                limit.also_in(thread.ident)

    def take_up(self, item: Item) -> Future[Result]:
        future: Future[Result] = Future()
        self.orders.put((item, future))
        return future

    def idle(self, future: Future[Result]) -> None:
        """Wait a little while."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        done.wait(SECONDS_DEAF)

    def run(self) -> None:
        with suppress(BaseException):  # stopped between two items, which is told to the thread that waits, too
            while (order := self.orders.get()) is not None:
                item, future = order
                try:
                    future.set_result(self.work(item))
                except BaseException as error:
                    future.set_exception(error)

    def end(self, *, wait: bool) -> None:
        """Nothing more is begun; what is under way is waited for."""
        while not self.orders.empty():
            self.orders.get()
        for _ in self.threads:
            self.orders.put(None)
        for thread in self.threads if wait else ():
            thread.join()
