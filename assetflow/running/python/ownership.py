"""Which files are code of a project: those below its root, but for installed packages and the warehouse."""

from __future__ import annotations

import os
from collections.abc import Iterable

from assetflow.running.python.record import OURSELVES


class Ownership:
    """Answers for each path once. `skip` are folders below `root` that hold no project code."""

    def __init__(self, root: str, skip: Iterable[str]) -> None:
        self.root = os.path.realpath(root)
        self.skip = (OURSELVES, *(os.path.realpath(folder) + os.sep for folder in skip))
        self._known: dict[str, bool] = {}
        self._folders: dict[str, str] = {}

    def owns(self, path: str) -> bool:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._is_below(self._real(path))
        return known

    def _real(self, path: str) -> str:
        """Its real path; the folders of hundreds of modules are looked up once each."""
        folder, name = os.path.split(path)
        if os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)

    def _is_below(self, path: str) -> bool:
        if not path.startswith(self.root + os.sep) or path.startswith(self.skip):
            return False
        return not any(part in path for part in ("site-packages", "dist-packages", ".zip/", ".whl/", ".egg/"))
