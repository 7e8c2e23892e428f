"""Puts the modules and the folders of one project into the interpreter, and takes them out again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

_switching = threading.RLock()
"""One project switches modules at a time; a run keeps its project active from start to end."""


class Switch:
    """`modules` are the project's while it is not active; `is_ours` tells them among all there are, by their names."""

    def __init__(
        self, folders: Sequence[str], finder: MetaPathFinder, is_ours: Callable[[str, ModuleType], bool]
    ) -> None:
        self.folders = folders
        self.finder = finder
        self.is_ours = is_ours
        self.modules: dict[str, ModuleType] = {}
        self._theirs: dict[str, ModuleType] = {}
        """The same files as others have imported them, such as a notebook; put back when it is not active any more."""
        self._others: dict[str, ModuleType] = {}
        """Modules of files that are none of the project's, by their names."""
        self._added: list[str] = []
        self._path: list[str] = []
        self._of_project: list[tuple[int, str]] = []
        """What code of the project put into the import path, and where."""
        self._depth = 0

    @contextmanager
    def active(self, folders: Sequence[str] = ()) -> Iterator[None]:
        """While inside, the project's folders and modules are importable; outside nothing of it is seen."""
        with _switching:
            self._depth += 1
            if self._depth == 1:
                self._enter()
            self._extend_path(folders)
        try:
            yield
        finally:
            with _switching:
                self._depth -= 1
                if self._depth == 0:
                    self._leave()

    def _enter(self) -> None:
        self._theirs = self._take()
        sys.modules.update(self.modules)
        sys.meta_path.insert(0, self.finder)
        self._path = list(sys.path)
        for index, place in self._of_project:
            sys.path.insert(index, place)

    def _leave(self) -> None:
        self.modules = self._take()
        sys.modules.update(self._theirs)
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self.finder]
        for folder in self._added:
            if folder in sys.path:
                sys.path.remove(folder)
        self._added.clear()
        self._of_project = [(index, place) for index, place in enumerate(sys.path) if place not in self._path]
        sys.path[:] = [place for place in sys.path if place in self._path]

    def _extend_path(self, folders: Sequence[str]) -> None:
        """Put the folders of the project on the path, and before them that of the file that is loaded."""
        for folder in set(folders).intersection(self._added) - set(self.folders):
            sys.path.remove(folder)
            self._added.remove(folder)
        mine = [folder for folder in (*folders, *self.folders) if folder not in sys.path]
        # At the end: a file named calendar.py must not stand in for the standard library's.
        first = min((sys.path.index(folder) for folder in self._added), default=len(sys.path))
        sys.path[first:first] = mine
        self._added += mine

    def _take(self) -> dict[str, ModuleType]:
        """Remove this project's modules from the interpreter and return them."""
        found = {}
        for name, module in list(sys.modules.items()):
            # Hundreds are known to be others', and every file of the project is a reason to look.
            if self._others.get(name, self) is module:
                continue
            if self.is_ours(name, module):
                found[name] = module
            elif isinstance(getattr(module, "__file__", None), str):
                self._others[name] = module
        for name in found:
            del sys.modules[name]
        return found
