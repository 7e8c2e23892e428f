"""What stands in for imports, questions about paths, and the environment while a file is loading.

No audit event tells of them: of an import of a module that is loaded already, of `os.stat`, of `os.environ`.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from assetflow.lineage.python.meaning import STANDS_FOR
from assetflow.running.python.loading import (
    concerned,
    is_importing,
    is_importing_a_package,
    note_path,
    now_loading,
    unwatched,
)
from assetflow.running.python.record import EVERY_VARIABLE, OURSELVES, hash_of_value, is_installed

_QUESTIONS = ("stat", "lstat", "access", "readlink")


@contextmanager
def standing_in() -> Iterator[None]:
    """While inside, each of them is noted before Python's own answers."""
    stand_ins: dict[tuple[Any, str], Callable[..., Any]] = {
        (builtins, "__import__"): _noting_import(builtins.__import__),
        (importlib, "import_module"): _noting_import_module(importlib.import_module),
        (os, "getcwd"): _noting_getcwd(os.getcwd),
        **{(os, name): _noting_question(getattr(os, name)) for name in _QUESTIONS},
        **{(type(os.environ), name): method for name, method in _noting_variables().items()},
    }
    plain = {(owner, name): getattr(owner, name) for owner, name in stand_ins}
    try:
        for (owner, name), function in stand_ins.items():
            setattr(function, STANDS_FOR, plain[owner, name])
            setattr(owner, name, function)
        yield
    finally:
        for (owner, name), function in plain.items():
            setattr(owner, name, function)


def _noting_import(plain: Callable[..., Any]) -> Callable[..., Any]:
    def noting(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        try:
            return plain(name, globals, locals, fromlist or (), level)
        finally:
            _note_modules(name, str((globals or {}).get("__package__") or ""), fromlist or (), level)

    return noting


def _noting_import_module(plain: Callable[..., Any]) -> Callable[..., Any]:
    def noting(name: str, package: str | None = None) -> Any:
        try:
            return plain(name, package)
        finally:
            relative = name.lstrip(".")
            _note_modules(relative, package or "", (), len(name) - len(relative))

    return noting


def _noting_getcwd(plain: Callable[[], str]) -> Callable[[], str]:
    def noting() -> str:
        folder = plain()
        now = now_loading()
        if now is not None and not is_importing_a_package(now[0], sys._getframe(1)):
            for record in concerned(now, sys._getframe(1)):
                record.cwd = folder
        return folder

    return noting


def _noting_question(plain: Callable[..., Any]) -> Callable[..., Any]:
    def noting(path: Any, *arguments: Any, **options: Any) -> Any:
        now = now_loading()
        if now and isinstance(path, str | bytes | os.PathLike) and not is_importing(sys._getframe(1)):
            for record in concerned(now, sys._getframe(1)):
                note_path(record, record.stats, path)
        return plain(path, *arguments, **options)

    return noting


def _noting_variables() -> dict[str, Callable[..., Any]]:
    """The methods of `os.environ`, through which every route to a variable leads."""
    kind = type(os.environ)
    get: Callable[..., Any] = kind.__getitem__
    has: Callable[..., Any] = kind.__contains__
    names: Callable[..., Any] = kind.__iter__

    def getitem(self: Any, key: str | bytes) -> Any:
        _note_variable(key, get)
        return get(self, key)

    def contains(self: Any, key: object) -> bool:
        if isinstance(key, str | bytes):
            _note_variable(key, get)
        # MutableMapping's own answer asks __getitem__, which is watched as well.
        return bool(has(self, key))

    def iterate(self: Any) -> Iterator[str]:
        every = list(names(self))
        _note_variable(
            EVERY_VARIABLE, lambda all_of_them, _: str(sorted((name, get(all_of_them, name)) for name in every))
        )
        return iter(every)

    def length(self: Any) -> int:
        return len(list(iterate(self)))

    return {"__getitem__": getitem, "__contains__": contains, "__iter__": iterate, "__len__": length}


def _note_variable(key: str | bytes, get: Callable[..., Any]) -> None:
    """Note what a variable was when it was first read: the code may set it afterwards."""
    key = os.fsdecode(key)
    now = now_loading()
    if now is None or is_importing_a_package(now[0], sys._getframe(2)):
        return
    try:
        value: str | None = hash_of_value(str(get(os.environ, key)))
    except KeyError:
        value = None
    for record in concerned(now, sys._getframe(2)):
        record.variables.setdefault(key, value)


def _note_modules(name: str, package: str, fromlist: Sequence[str], level: int) -> None:
    """Note which project modules an import led to, also when it failed in the end."""
    now = now_loading()
    if now is None:
        return
    modules, record = now
    with unwatched():
        for module in _imported(name, package, fromlist, level):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str):  # a folder without __init__.py: a file in it could appear
                folders = getattr(module, "__path__", ())
                record.folders.update(path for path in folders if modules.owns(os.path.join(path, "_")))
            elif modules.owns(file):
                if isinstance(module, ModuleType):
                    modules.refuse_twin(module)
                record.modules.add(os.path.realpath(file))
                record.files.add(os.path.abspath(file))  # by its own name as well: a link may come to point elsewhere
            elif not is_installed(file) and not file.startswith(OURSELVES):
                modules.note_outside(record, module.__name__.partition(".")[0])


def _imported(name: str, package: str, fromlist: Sequence[str], level: int) -> Iterator[ModuleType]:
    """The modules that an import statement names: `a.b` gives a and a.b, `from a import b` gives a and a.b."""
    if level:
        try:
            name = importlib.util.resolve_name("." * level + name, package)
        except ImportError:  # beyond the top: the import itself has said so
            return
    parts = name.split(".")
    names = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
    names += [f"{name}.{item}" for item in fromlist]
    for one in names:
        module = sys.modules.get(one)
        if module is not None:
            yield module
