"""Imports a project's Python files, and records what each of them read while it was loading.

The folders of a project are on the import path only while it is active, and its modules are kept apart from those of
other projects and of a notebook, so that two projects (or two versions of one helper) can live in one process.

    Imports.load("assets/sales/loyalty.py")  ->  the module, and a Record:
        modules   other project files that it imported, also when they were loaded already
        files     files that it opened          listings  folders that it listed
        stats     paths that it only asked about      variables  environment variables that it read, with their hash
        cwd       the working folder, if it counted
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from assetflow.asset import Declaration, declared
from assetflow.errors import DefinitionError
from assetflow.running.python.at_load import AtLoad, parts_at_load
from assetflow.running.python.beside import Beside, find_beside
from assetflow.running.python.loading import unwatched, was_imported_before
from assetflow.running.python.ownership import Ownership
from assetflow.running.python.record import Record, import_path
from assetflow.running.python.switching import Switch
from assetflow.running.python.watching import watching
from assetflow.warehouse.disk.sha256 import hash_of_file

if TYPE_CHECKING:
    import ast

    from assetflow.lineage.python.modules import ParsedModule


class Imports:
    """The Python side of one project. `skip` are folders below `root` that hold no project code."""

    def __init__(self, root: str, folders: Sequence[str], skip: Sequence[str] = ()) -> None:
        self._ownership = Ownership(root, skip)
        self.root = self._ownership.root
        self._switch = Switch([os.path.realpath(folder) for folder in folders], _ProjectFinder(self), self._is_ours)
        self.records: dict[str, Record] = {}
        self.executed: set[str] = set()
        """Names of the modules of the project that were executed here."""
        self.declarations: dict[str, list[Declaration]] = {}
        self._texts: dict[str, AtLoad] = {}
        self._outside: dict[str, str] = {}
        """Which file was loading when a package was imported that lies elsewhere, beside the installed ones."""
        self._stamps: dict[str, tuple[int, ...]] = {}
        """Of the files of such packages, as they were when they were imported."""
        self._beside: dict[str, Beside | None] = {}
        self.parsed: dict[str, ParsedModule] = {}
        self.set_up: dict[tuple[str | None, int], list[ast.stmt]] = {}
        """What is known of the texts of modules, which are imported but once."""
        self._prefix = f"assetflow_project_{hashlib.sha256(self.root.encode()).hexdigest()[:12]}"

    def load(self, path: str) -> ModuleType:
        """Import one file of the project (absolute path), at most once; whatever the file raises is raised."""
        path = os.path.realpath(path)
        relative = os.path.relpath(path, self.root)
        name = ".".join([self._prefix, *relative.removesuffix(".py").split(os.sep)])
        with self.active([os.path.dirname(path)]):
            if name in sys.modules:
                return sys.modules[name]
            self._make_packages(name, path)
            spec = importlib.util.spec_from_file_location(name, path, loader=RecordingLoader(name, path, self))
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot import {relative}", path=path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
            return module

    def forget(self) -> None:
        """Drop every loaded module: something on disk is no longer what was loaded."""
        self._switch.modules.clear()
        self.records.clear()
        self.declarations.clear()
        self._texts.clear()
        self._beside.clear()

    def beside(self, package: str) -> Beside | None:
        """What there is of a package that lies elsewhere than the installed ones; asked for once."""
        if package not in self._beside:
            with unwatched():
                self._beside[package] = find_beside(package, self.owns)
        return self._beside[package]

    def owns(self, path: str) -> bool:
        """True for code of this project."""
        return self._ownership.owns(path)

    def needed_by(self, path: str) -> list[Record]:
        """The record of a file and those of all project files that it imports, however far."""
        seen: dict[str, Record] = {}
        waiting = [os.path.realpath(path)]
        while waiting:
            one = waiting.pop()
            if one not in seen and one in self.records:
                seen[one] = self.records[one]
                waiting.extend(self.records[one].modules)
        return list(seen.values())

    def given_to(self, path: str) -> str:
        """What stands for the files that a file of the project read while it was loaded, as they are now."""
        record = self.records.get(os.path.realpath(path))
        files = set() if record is None else record.given - self.records.keys()
        return " ".join(hash_of_file(each) if os.path.isfile(each) else "absent" for each in sorted(files))

    def unseen_by(self, path: str) -> str | None:
        """What is read while a file is loaded and no later look could compare: a clock, chance, a reader in C."""
        texts = self._texts_of(path)
        readers = [text.reader for text in texts if text.reader is not None]
        return next(
            (part.unseen for part in parts_at_load(texts) if part.unseen is not None), next(iter(readers), None)
        )

    def sets_up_others(self, path: str) -> bool:
        """True when loading a file changes what lies in other modules of the project, as one does that registers."""
        return any(self._is_changed(name) for part in parts_at_load(self._texts_of(path)) for name in part.changes)

    def _texts_of(self, path: str) -> list[AtLoad]:
        return [self._texts[record.path] for record in self.needed_by(path) if record.path in self._texts]

    def _is_changed(self, name: str) -> bool:
        """True when a name, as an import gives it, is of the project; none stands for the module of a function."""
        package = name.partition(".")[0]
        module = self._switch.modules.get(package) or sys.modules.get(package)
        return package in {"", "builtins"} or (module is not None and self._is_ours(package, module))

    def active(self, folders: Sequence[str] = ()) -> AbstractContextManager[None]:
        """While inside, the project's folders and modules are importable; outside nothing of it is seen."""
        return self._switch.active(folders)

    @contextmanager
    def recording(self, path: str) -> Iterator[None]:
        """Count what happens inside as read by the project file at `path`."""
        record = self.records.setdefault(os.path.realpath(path), Record(os.path.realpath(path)))
        with watching(self, record):
            yield

    def _make_packages(self, name: str, path: str) -> None:
        """Give relative imports of a file the packages above it; what their `__init__.py` do counts for it, too."""
        parts = name.split(".")
        record = self.records.setdefault(path, Record(path))
        for depth in range(1, len(parts)):
            package = ".".join(parts[:depth])
            record.modules.add(os.path.realpath(os.path.join(self.root, *parts[1:depth], "__init__.py")))
            if package not in sys.modules:
                sys.modules[package] = self._make_package(package, os.path.join(self.root, *parts[1:depth]))

    def refuse_twin(self, module: ModuleType) -> None:
        """Refuse to hand out a module where another file of its name lies first on the path: one process, one `util`.

        The file that imports it would get the other one when it is loaded alone, as it is after an edit.
        """
        parent, _, _ = module.__name__.rpartition(".")
        above = sys.modules.get(parent)
        if parent and (above is None or isinstance(getattr(above, "__file__", None), str)):
            return  # of a package, which is of one folder
        spec = PathFinder.find_spec(module.__name__, None if above is None else above.__path__)
        if spec is None or spec.origin is None:
            return
        here, there = os.path.realpath(spec.origin), os.path.realpath(module.__file__ or "")
        if here == there:
            return
        one, other = os.path.relpath(here, self.root), os.path.relpath(there, self.root)
        raise DefinitionError(
            f"{module.__name__} means {one} here, and {other} to a file that was loaded before",
            hint="Give one of them another name: Python knows one module of a name.",
        )

    def note_outside(self, record: Record, package: str) -> None:
        """A package that lies elsewhere, such as another one of the same repository, installed in place.

        Whoever imports it first reads its files, and all others depend on what that one did. Where it was imported
        before anybody looked, as in a notebook, or was edited since, nobody can tell what was executed.
        """
        record.modules.add(self._outside.setdefault(package, record.path))
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name.partition(".")[0] == package and isinstance(file, str) and os.path.exists(file):
                record.files.add(file)
                stamp = self._stamps.get(file)
                if stamp is None and not was_imported_before(name):
                    self._stamps[file] = _stamp(file)
                elif stamp != _stamp(file):
                    record.uncacheable = f"{name} was imported before, or edited since"

    def _make_package(self, name: str, folder: str) -> ModuleType:
        file = os.path.join(folder, "__init__.py")
        if not os.path.isfile(file):
            module = ModuleType(name)
            module.__path__ = [folder]
            return module
        loader = RecordingLoader(name, file, self)
        spec = importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=[folder])
        if spec is None:
            raise ImportError(f"cannot import {file}", path=file)
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        return module

    def _is_ours(self, name: str, module: ModuleType) -> bool:
        if name == self._prefix or name.startswith(self._prefix + "."):
            return True
        if name == "__main__":
            return False
        if name in self.executed:  # whatever it has put in its own place
            return True
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            return self.owns(file)
        paths = getattr(module, "__path__", None)
        return paths is not None and any(self.owns(os.path.join(path, "_")) for path in paths)


class RecordingLoader(SourceFileLoader):
    """Executes one project file, and records what it reads and what it declares."""

    def __init__(self, name: str, path: str, imports: Imports) -> None:
        super().__init__(name, path)
        self.imports = imports

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text as it is now: byte code is kept by size and second, and an edit can hide behind both."""
        with unwatched():
            content = self.get_data(self.path)
            record = self.imports.records[os.path.realpath(self.path)]
        sha256 = hashlib.sha256(content).hexdigest()
        if record.sha256 not in {None, sha256}:
            record.uncacheable = "it was saved while it was loading"
        record.sha256 = sha256
        code: CodeType = self.source_to_code(content, self.path)
        self.imports._texts[record.path] = AtLoad.of(content)
        return code

    def exec_module(self, module: ModuleType) -> None:
        with unwatched():
            path = os.path.realpath(self.path)
        # A file may be executed twice: as a module that another one imports, and for what it declares.
        self.imports.records.setdefault(path, Record(path))
        # A list of its own: what a file declares that this one imports is not this one's.
        self.imports.declarations[path] = []
        self.imports.executed.add(module.__name__)
        listening = declared.set(self.imports.declarations[path])
        try:
            with self.imports.recording(path):
                super().exec_module(module)
        finally:
            declared.reset(listening)
            self.imports.records[path].importable.update(import_path())


def _stamp(path: str) -> tuple[int, ...]:
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


class _ProjectFinder(MetaPathFinder):
    """Finds project modules where Python would, and gives them the recording loader."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader) or spec.origin is None:
            return None
        with unwatched():
            if not self.imports.owns(spec.origin):
                return None
        spec.loader = RecordingLoader(fullname, spec.origin, self.imports)
        return spec
