"""Imports a project's Python files, and records what each of them read while it was loading.

The folders of a project are on the import path only while it is active, and its modules are kept apart from those of
other projects and of a notebook, so that two projects (or two versions of one helper) can live in one process.

    Imports.load("assets/sales/loyalty.py")  ->  the module, and a Record:
        modules   other project files that it imported, also when they were loaded already
        files     files that it opened          listings  folders that it listed
        stats     paths that it only asked about      variables  environment variables that it read, with their hash
"""

from __future__ import annotations

import builtins
import hashlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, FrameType, ModuleType
from typing import Any

from assetflow.asset import Declaration, declared
from assetflow.running.record import EVERY_VARIABLE, Record, hash_of_value


class Imports:
    """The Python side of one project. `skip` are folders below `root` that hold no project code."""

    def __init__(self, root: str, folders: Sequence[str], skip: Sequence[str] = ()) -> None:
        self.root = os.path.realpath(root)
        self.folders = [os.path.realpath(folder) for folder in folders]
        self.skip = [os.path.realpath(folder) + os.sep for folder in skip]
        self.records: dict[str, Record] = {}
        self.declarations: dict[str, list[Declaration]] = {}
        self._ours: dict[str, ModuleType] = {}
        self._theirs: dict[str, ModuleType] = {}
        self._added: list[str] = []
        self._depth = 0
        self._owned: dict[str, bool] = {}
        self._prefix = f"assetflow_project_{hashlib.sha256(self.root.encode()).hexdigest()[:12]}"

    def load(self, path: str) -> ModuleType:
        """Import one file of the project (absolute path), at most once; whatever the file raises is raised."""
        path = os.path.realpath(path)
        relative = os.path.relpath(path, self.root)
        name = ".".join([self._prefix, *relative.removesuffix(".py").split(os.sep)])
        with self.active([os.path.dirname(path)]):
            if name in sys.modules:
                return sys.modules[name]
            self._make_packages(name)
            spec = importlib.util.spec_from_file_location(name, path, loader=RecordingLoader(name, path, self))
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot import {relative}", path=path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            listening: list[Declaration] = []
            token = declared.set(listening)
            try:
                spec.loader.exec_module(module)
            except BaseException:
                del sys.modules[name]
                raise
            finally:
                declared.reset(token)
            # What other files declare that this one imports is theirs.
            self.declarations[path] = [each for each in listening if os.path.realpath(each.path) == path]
            return module

    def forget(self) -> None:
        """Drop every loaded module: something on disk is no longer what was loaded."""
        self._ours.clear()
        self.records.clear()
        self.declarations.clear()

    def owns(self, path: str) -> bool:
        """True for code of this project: below its root, but not an installed package or the warehouse."""
        known = self._owned.get(path)
        if known is None:
            known = self._owned[path] = self._is_below(os.path.realpath(path))
        return known

    def _is_below(self, path: str) -> bool:
        if not path.startswith(self.root + os.sep) or path.startswith(tuple(self.skip)):
            return False
        return "site-packages" not in path and "dist-packages" not in path

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

    @contextmanager
    def active(self, folders: Sequence[str] = ()) -> Iterator[None]:
        """While inside, the project's folders and modules are importable; outside nothing of it is seen."""
        with _switching:
            self._depth += 1
            if self._depth == 1:
                self._enter()
            self._extend_path([*folders, *self.folders])
        try:
            yield
        finally:
            with _switching:
                self._depth -= 1
                if self._depth == 0:
                    self._leave()

    @contextmanager
    def recording(self, path: str) -> Iterator[None]:
        """Count what happens inside as read by the project file at `path`."""
        record = self.records.setdefault(os.path.realpath(path), Record(os.path.realpath(path)))
        with _watching(self, record):
            yield

    def _make_packages(self, name: str) -> None:
        """Give relative imports of a file the packages above it."""
        parts = name.split(".")
        for depth in range(1, len(parts)):
            package = ".".join(parts[:depth])
            if package not in sys.modules:
                module = ModuleType(package)
                module.__path__ = [os.path.join(self.root, *parts[1:depth])]
                sys.modules[package] = module

    def _enter(self) -> None:
        self._theirs = self._take()
        sys.modules.update(self._ours)
        sys.meta_path.insert(0, _ProjectFinder(self))

    def _leave(self) -> None:
        self._ours = self._take()
        sys.modules.update(self._theirs)
        sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "imports", None) is not self]
        for folder in self._added:
            sys.path.remove(folder)
        self._added.clear()

    def _extend_path(self, folders: Sequence[str]) -> None:
        # At the end: a file named calendar.py must not stand in for the standard library's.
        for folder in folders:
            if folder not in sys.path:
                sys.path.append(folder)
                self._added.append(folder)

    def _take(self) -> dict[str, ModuleType]:
        """Remove this project's modules from the interpreter and return them."""
        found = {name: module for name, module in list(sys.modules.items()) if self._is_ours(name, module)}
        for name in found:
            del sys.modules[name]
        return found

    def _is_ours(self, name: str, module: ModuleType) -> bool:
        if name == self._prefix or name.startswith(self._prefix + "."):
            return True
        if name == "__main__":
            return False
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            return self.owns(file)
        paths = getattr(module, "__path__", None)
        return paths is not None and any(self.owns(os.path.join(path, "_")) for path in paths)


class RecordingLoader(SourceFileLoader):
    """Executes one project file and records what it reads."""

    def __init__(self, name: str, path: str, imports: Imports) -> None:
        super().__init__(name, path)
        self.imports = imports

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text as it is now: byte code is kept by size and second, and an edit can hide behind both."""
        return self.source_to_code(self.get_data(self.path), self.path)

    def exec_module(self, module: ModuleType) -> None:
        path = os.path.realpath(self.path)
        self.imports.records[path] = Record(path)
        with self.imports.recording(path):
            super().exec_module(module)


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
        if not self.imports.owns(spec.origin):
            return None
        spec.loader = RecordingLoader(fullname, spec.origin, self.imports)
        return spec


# One project switches modules at a time; a run keeps its project active from start to end.
_switching = threading.RLock()
_watched: list[tuple[Imports, Record]] = []
_hook_installed = False
_PRIVATE = ("/proc/", "/sys/", "/dev/")


@contextmanager
def _watching(imports: Imports, record: Record) -> Iterator[None]:
    global _hook_installed
    if not _hook_installed:  # an audit hook cannot be removed again, so there is one, and it is idle outside of loading
        sys.addaudithook(_audit)
        _hook_installed = True
    _watched.append((imports, record))
    try:
        if len(_watched) == 1:
            with _watched_builtins(), _watched_environment():
                yield
        else:
            yield
    finally:
        _watched.pop()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched:
        return
    if event in {"open", "os.listdir", "os.scandir"}:
        path = arguments[0]
        if _is_importlib(sys._getframe(1)) or not isinstance(path, str | bytes | os.PathLike):
            return
        record = _watched[-1][1]
        _note_path(record.files if event == "open" else record.listings, path)
    elif event in {"subprocess.Popen", "os.system", "socket.connect", "os.posix_spawn", "os.exec"}:
        _watched[-1][1].uncacheable = f"it uses {event} while loading"


def _note_path(paths: set[str], path: str | bytes | os.PathLike[Any]) -> None:
    text = os.path.abspath(os.fsdecode(path))
    if not text.startswith((*_PRIVATE, sys.prefix, sys.base_prefix)) and not text.endswith(".pyc"):
        paths.add(text)


def _is_importlib(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith("<frozen importlib")


@contextmanager
def _watched_builtins() -> Iterator[None]:
    """See imports of modules that are loaded already, and questions about files, which raise no audit event."""
    plain_import, plain_stat = builtins.__import__, os.stat

    def watched_import(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        module = plain_import(name, globals, locals, fromlist or (), level)
        if _watched:
            imports, record = _watched[-1]
            for found in _imported(name, globals, fromlist or (), level):
                file = getattr(found, "__file__", None)
                if isinstance(file, str) and imports.owns(file):
                    record.modules.add(os.path.realpath(file))
        return module

    def watched_stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        if _watched and isinstance(path, str | bytes | os.PathLike) and not _is_importlib(sys._getframe(1)):
            _note_path(_watched[-1][1].stats, path)
        return plain_stat(path, *arguments, **options)

    builtins.__import__ = watched_import
    os.stat = watched_stat
    try:
        yield
    finally:
        builtins.__import__ = plain_import
        os.stat = plain_stat


def _imported(
    name: str, globals: Mapping[str, object] | None, fromlist: Sequence[str], level: int
) -> Iterator[ModuleType]:
    """The modules that an import statement names: `a.b` gives a and a.b, `from a import b` gives a and a.b."""
    if level:
        package = str((globals or {}).get("__package__") or "")
        name = importlib.util.resolve_name("." * level + name, package)
    parts = name.split(".")
    names = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
    names += [f"{name}.{item}" for item in fromlist]
    for one in names:
        module = sys.modules.get(one)
        if module is not None:
            yield module


@contextmanager
def _watched_environment() -> Iterator[None]:
    """Record which environment variables are read, by whatever route leads through `os.environ`."""
    kind = type(os.environ)
    plain: dict[str, Callable[..., Any]] = {
        name: getattr(kind, name) for name in ("__getitem__", "__contains__", "__iter__")
    }

    def getitem(self: Any, key: str) -> str:
        _note_variable(key, plain["__getitem__"])
        return str(plain["__getitem__"](self, key))

    def contains(self: Any, key: object) -> bool:
        _note_variable(str(key), plain["__getitem__"])
        # MutableMapping's own answer asks __getitem__, which is watched as well.
        return bool(plain["__contains__"](self, key))

    def iterate(self: Any) -> Iterator[str]:
        names = list(plain["__iter__"](self))
        _note_variable(
            EVERY_VARIABLE, lambda environment, _: str(sorted((n, plain["__getitem__"](environment, n)) for n in names))
        )
        return iter(names)

    for name, method in (("__getitem__", getitem), ("__contains__", contains), ("__iter__", iterate)):
        setattr(kind, name, method)
    try:
        yield
    finally:
        for name, method in plain.items():
            setattr(kind, name, method)


def _note_variable(key: str, get: Callable[..., Any]) -> None:
    """Note what a variable was when it was first read: the code may set it afterwards."""
    if not _watched or _while_importing_a_package(sys._getframe(2)):
        return
    try:
        value: str | None = hash_of_value(str(get(os.environ, key)))
    except KeyError:
        value = None
    _watched[-1][1].variables.setdefault(key, value)


def _while_importing_a_package(frame: FrameType | None) -> bool:
    """True when an installed package looks around while it is imported: its version stands for what it saw."""
    imports = _watched[-1][0]
    while frame is not None:
        if frame.f_code.co_name == "<module>" and not imports.owns(frame.f_code.co_filename):
            return True
        if imports.owns(frame.f_code.co_filename):
            return False
        frame = frame.f_back
    return False
