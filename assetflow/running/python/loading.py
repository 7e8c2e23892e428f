"""Which file of a project is loading now, and so whose record takes down what is read."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any, Protocol

from assetflow.running.python.record import Record, is_installed


class Modules(Protocol):
    """Whose files are loading: `Imports`."""

    records: dict[str, Record]

    def owns(self, path: str) -> bool: ...

    def refuse_twin(self, module: ModuleType) -> None: ...

    def note_outside(self, record: Record, package: str) -> None: ...


_loading: list[tuple[Modules, Record] | None] = []
"""Who is being recorded, innermost last; None while we ourselves look at files."""

_imported_before: set[str] = set()
_PRIVATE = ("/proc/", "/sys/", "/dev/")


@contextmanager
def loading(modules: Modules, record: Record) -> Iterator[bool]:
    """While inside, what is read counts for this file; true for the outermost one."""
    if not _loading:
        _imported_before.clear()
        _imported_before.update(sys.modules)
    _loading.append((modules, record))
    try:
        yield len(_loading) == 1
    finally:
        _loading.pop()


@contextmanager
def unwatched() -> Iterator[None]:
    """While inside, we ourselves look at files, which counts for nobody."""
    _loading.append(None)
    try:
        yield
    finally:
        _loading.pop()


def now_loading() -> tuple[Modules, Record] | None:
    """The file that is loading, and whose it is; None when nothing is, or we ourselves look at files."""
    return _loading[-1] if _loading else None


def was_imported_before(name: str) -> bool:
    """True for a module that was in the interpreter before the outermost file that is loading now."""
    return name in _imported_before


def concerned(now: tuple[Modules, Record], frame: FrameType | None) -> list[Record]:
    """The file that is loading, and those whose functions it has called: these may keep what they read for others."""
    modules, record = now
    found = {record.path: record}
    while frame is not None:
        calling = modules.records.get(frame.f_code.co_filename)
        if calling is not None:
            found[calling.path] = calling
        frame = frame.f_back
    return list(found.values())


def note_path(record: Record, paths: set[str], path: str | bytes | os.PathLike[Any]) -> None:
    """Add a path that was read to one of the sets of a record, unless its content is known by other means."""
    text = os.fsdecode(path)
    if not os.path.isabs(text):
        with unwatched():
            record.cwd = os.getcwd()
            text = os.path.abspath(text)
    if text.endswith(".pyc"):  # it stands for the text that it was compiled from
        text = importlib.util.source_from_cache(text) if "__pycache__" in text else text[:-1]
    elif f"{os.sep}__pycache__{os.sep}" in text:  # byte code on its way to its name
        return
    if not text.startswith(_PRIVATE) and not is_installed(text):
        paths.add(text)


def is_importing(frame: FrameType) -> bool:
    """True for a frame of Python's own import system, which looks at files for every module."""
    return frame.f_code.co_filename.startswith("<frozen importlib")


def is_importing_a_package(modules: Modules, frame: FrameType | None) -> bool:
    """True when an installed package looks around while it is imported: its version stands for what it saw."""
    with unwatched():
        while frame is not None:
            if modules.owns(frame.f_code.co_filename):
                return False
            if frame.f_code.co_name == "<module>":
                return True
            frame = frame.f_back
    return False
