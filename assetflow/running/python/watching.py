"""Watches what a file reads while it is loading: by Python's audit events, and by stand-ins for the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from assetflow.running.python.loading import Modules, concerned, is_importing, loading, note_path, now_loading
from assetflow.running.python.record import Record
from assetflow.running.python.stand_ins import standing_in

_hook_installed = False
_READING = frozenset({"open", "os.listdir", "os.scandir"})
_UNSEEN = frozenset({
    "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn", "os.fork", "os.forkpty", "socket.connect",
    "sqlite3.connect",
})  # fmt: skip
"""Events after which nobody can tell what was read."""


@contextmanager
def watching(modules: Modules, record: Record) -> Iterator[None]:
    """While inside, everything that is read is noted in the record of the file that is loading."""
    global _hook_installed
    if not _hook_installed:  # an audit hook cannot be removed again, so there is one, and it is idle outside of loading
        sys.addaudithook(_audit)
        _hook_installed = True
    with loading(modules, record) as is_outermost:
        if is_outermost:
            with standing_in():
                yield
        else:
            yield


def has_run_code() -> bool:
    """True when code of a project has run in this process."""
    return _hook_installed


def _opens_to_write(mode: str | None, flags: int) -> bool:
    """True for a file that is made or added to, such as a log."""
    return mode[:1] in ("w", "a", "x") if mode else bool(flags & (os.O_WRONLY | os.O_CREAT))


def _audit(event: str, arguments: tuple[Any, ...], is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
    if is_ending():  # the interpreter has taken the names of this module away
        return
    now = now_loading()
    if now is None or event not in _READING | _UNSEEN:
        return
    for record in concerned(now, sys._getframe(1)):
        if event in _UNSEEN or (event != "open" and isinstance(arguments[0], int)):  # a folder by its number
            record.uncacheable = f"it uses {event} while loading"
        elif isinstance(path := arguments[0], str | bytes | os.PathLike):
            if event == "open":
                note_path(record, record.files, path)
                if record is now[1] and not _opens_to_write(*arguments[1:]):
                    note_path(record, record.given, path)
            elif not is_importing(sys._getframe(1)):
                note_path(record, record.listings, path)
