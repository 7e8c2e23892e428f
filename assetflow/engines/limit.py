"""Stops a body while it runs: when it takes longer than its asset's timeout, or when the user stops the run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from assetflow.engines import Where
from assetflow.errors import AssetError, AssetflowError, Interrupted

SECONDS_BETWEEN_LOOKS = 0.001
"""Python's own part of an import is over soon, mostly."""

TIMES_TO_LOOK = 1000
"""What takes longer is left alone, as a call into a library that does not return is."""


@contextmanager
def time_limit(seconds: float | None, where: Where, *interrupts: Callable[[], None]) -> Iterator[Limit]:
    """Run the block for at most `seconds` (None: as long as it takes), else AssetError.

    `interrupts` are called from another thread (`cursor.interrupt`). Python code in the block is stopped between two
    of its instructions, so a call into a library that does not return is not stopped.
    """
    limit = Limit(where, list(interrupts))
    timer = None if seconds is None else threading.Timer(seconds, limit.stop, (_timed_out(seconds, where),))
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        try:
            yield limit
        finally:
            limit.end()
    except BaseException as error:
        # What the block raised while it was being stopped is only the echo of that.
        if limit.stopped_by is None or not isinstance(error, Exception | _Stop):
            raise
    finally:
        if timer is not None:
            timer.cancel()
    if limit.stopped_by is not None:
        raise limit.stopped_by


class Limit(Struct):
    """A block that is running in this thread, perhaps with others that help it, and what stops it.

    No dataclass: Python makes an error of its own of a Ctrl-C that meets one while it is defined, and the first block
    imports this.
    """

    where: Where
    interrupts: list[Callable[[], None]]
    stopped_by: AssetflowError | None = None
    is_over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    threads: list[int] = field(default_factory=lambda: [threading.get_ident()])

    def also(self, interrupt: Callable[[], None]) -> None:
        """Stop this, too: the cursor on which a result is read."""
        self.interrupts.append(interrupt)

    def also_in(self, thread: int) -> None:
        """Stop this thread, too, which does a part of the block."""
        with self.lock:
            self.threads.append(thread)
            if self.stopped_by is not None:
                _stop_in(thread)

    def stop(self, error: AssetflowError | None = None) -> None:
        """Stop the block from another thread; it then raises `error` (by default Interrupted)."""
        with self.lock:
            if self.is_over or self.stopped_by is not None:
                return
            self.stopped_by = error or Interrupted(f"{self.where.asset} was interrupted")
            for interrupt in self.interrupts:
                interrupt()
            for thread in self.threads:
                _stop_in(thread)

    def end(self) -> None:
        """From here on nothing is raised in the block's thread any more."""
        with self.lock:
            self.is_over = True
            if self.stopped_by is not None:
                _swallow()


class _Stop(BaseException):
    """Raised inside the thread that runs the body; not an Exception, so that a body does not catch it by habit."""


def _stop_in(thread: int) -> None:
    """Raise _Stop in another thread at its next instruction, but nowhere inside of Python's own importing.

    That takes one lock for all imports, and only then sees to it that it is given back: a thread that ended in between
    would keep it, and whoever imports anything later waits for ever. While the lock is ours, nobody else gets there.
    """
    import _imp

    for _ in range(TIMES_TO_LOOK):
        _imp.acquire_lock()
        try:
            if not _is_importing(thread):
                _raise_in(thread, _Stop)
                if not _is_importing(thread):
                    return
                _raise_in(thread, None)  # it got there meanwhile, and waits for the lock
        finally:
            _imp.release_lock()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _swallow() -> None:
    """See to it that nothing is left to be raised in this thread.

    Only raising it does that: CPython 3.11 forgets what is taken back, but not that there is something to raise, looks
    for it at every call from then on, and never gets past the first one under a profiler or a debugger.
    """
    try:
        _raise_in(threading.get_ident(), _Stop)  # in place of what may wait there
        while True:
            pass
    except _Stop:
        return


def _is_importing(thread: int) -> bool:
    """Whether this is Python's own code that a thread is at; the modules that it imports are not."""
    frame = sys._current_frames().get(thread)
    return frame is not None and frame.f_code.co_filename == "<frozen importlib._bootstrap>"


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Raise in another thread at its next instruction; None takes back what is not raised yet."""
    import ctypes  # only who is stopped pays for it

    raised = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _timed_out(seconds: float, where: Where) -> AssetError:
    return where.error(
        f"took longer than {seconds:g} s (timeout)", hint="Raise `timeout`, or look at what makes it slow."
    )
