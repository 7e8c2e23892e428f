"""Tells what a name means where it is used: something of the project, something of a library, or nothing.

Imports are followed to the module that defines the name, so that it does not matter where a helper lives.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from types import FunctionType, ModuleType

from msgspec import Struct, field

from assetflow.lineage.python.modules import ParsedModule, Sources
from assetflow.lineage.python.scopes import CALLED, Use

STANDS_FOR = "__stands_for__"
"""Where a function that stands in for one of Python's while files are loaded keeps that: they may have imported it."""

_NOTHING = ParsedModule(ast.Module([], []), {}, (), {}, {}, {}, frozenset())


class Namespace(Struct, frozen=True, eq=False):
    """The names that code of one module sees: its globals, the cells of its closure, and the parsed file.

    `path` is relative to the project, None when the module has no Python file there.
    """

    names: dict[str, object]
    source: ParsedModule
    path: str | None
    cells: Mapping[str, object] = field(default_factory=dict)

    @property
    def module(self) -> str:
        return str(self.names.get("__name__", ""))

    @property
    def package(self) -> str:
        package = self.names.get("__package__")
        return package if isinstance(package, str) else self.module.rpartition(".")[0]


class Library(Struct, frozen=True):
    """Something outside the project, by its full name with everything that follows it."""

    name: str


class ProjectName(Struct, frozen=True, eq=False):
    """A global name of a project module with its value, and the links of the chain after it."""

    namespace: Namespace
    name: str
    value: object
    rest: tuple[str, ...]


class CellName(Struct, frozen=True, eq=False):
    """A variable of an enclosing function with its value."""

    name: str
    value: object
    rest: tuple[str, ...]


class WholeModule(Struct, frozen=True, eq=False):
    """A project module that is used as a value: anything in it could be meant."""

    module: ModuleType


class Missing(Struct, frozen=True):
    """A name that nothing binds, or a module that is not there."""

    name: str


Meaning = Library | ProjectName | CellName | WholeModule | Missing


def find_meaning(use: Use, namespace: Namespace, sources: Sources) -> Meaning:
    """What a use means in a namespace."""
    root, rest = use.chain[0], use.chain[1:]
    if use.origin is not None:
        return find_path(use.origin, rest, namespace, sources)
    if root in namespace.cells:
        value = namespace.cells[root]
        return _in_module(value, rest, sources) if isinstance(value, ModuleType) else CellName(root, value, rest)
    if root in namespace.names:
        return _in_globals(namespace, root, rest, sources)
    if hasattr(builtins, root):
        return Library(joined(f"builtins.{root}", rest))
    return Missing(root)


def find_path(origin: str, rest: tuple[str, ...], namespace: Namespace, sources: Sources) -> Meaning:
    """What a dotted import path (with leading dots when relative) and the attributes after it mean."""
    path = absolute(origin, namespace.package)
    words = path.split(".")
    deepest, used = None, 0
    for count in range(1, len(words) + 1):
        module = sources.find(".".join(words[:count]))
        if module is None:
            break
        deepest, used = module, count
    if deepest is None and not sources.is_installed(words[0]):
        return Missing(path)
    if deepest is None or not sources.holds(deepest):
        return Library(joined(path, rest))
    return _in_module(deepest, (*words[used:], *rest), sources)


def namespace_of(names: dict[str, object], sources: Sources) -> Namespace:
    """The namespace of a module by its globals; the file is parsed when it is Python of the project."""
    file = names.get("__file__")
    path = sources.relative(file) if isinstance(file, str) and file.endswith(".py") else None
    if path is None or not isinstance(file, str):
        return Namespace(names, _NOTHING, None)
    return Namespace(names, sources.texts.parse(file), path)


def absolute(origin: str, package: str) -> str:
    """`..rates.vat` seen from `shop.tax` is `shop.rates.vat`, as an import statement reads it."""
    name = origin.lstrip(".")
    level = len(origin) - len(name)
    if level == 0:
        return name
    parents = package.split(".")
    kept = parents[: len(parents) - level + 1]
    return ".".join([*kept, name] if name else kept)


def joined(name: str, links: tuple[str, ...]) -> str:
    """The full name with attributes and calls after it: `pathlib.Path().open`."""
    return name + "".join(link if link in (CALLED, "[]") else f".{link}" for link in links)


def _in_module(module: ModuleType, links: tuple[str, ...], sources: Sources) -> Meaning:
    if not sources.holds(module):
        return Library(joined(module.__name__, links))
    if not links or links[0] in (CALLED, "[]", "__dict__"):
        return WholeModule(module)
    names = vars(module)
    if links[0] in names:
        return _in_globals(namespace_of(names, sources), links[0], links[1:], sources)
    inner = sources.find(f"{module.__name__}.{links[0]}")
    if inner is not None:
        return _in_module(inner, links[1:], sources)
    return WholeModule(module) if "__getattr__" in names else Missing(links[0])


def _in_globals(namespace: Namespace, name: str, rest: tuple[str, ...], sources: Sources) -> Meaning:
    value = namespace.names[name]
    if name.startswith("__") and name.endswith("__") and name != "__file__" and name not in namespace.source.bindings:
        # What a module is called tells of a file that was moved; by another import it would be called otherwise.
        return Library(f"{name} of {namespace.path}" if name in ("__name__", "__package__") else name)
    imported = namespace.source.imports.get(name)
    if isinstance(value, ModuleType):
        if sources.holds(value) or imported is None:
            return _in_module(value, rest, sources)
        return Library(joined(absolute(imported, namespace.package), rest))
    for origin in (imported,) if imported else tuple(f"{star}.{name}" for star in namespace.source.stars):
        path = absolute(origin, namespace.package)
        found = _imported(path, value, rest, sources)
        if found is not None and (imported or name not in namespace.source.bindings):
            return found
    return ProjectName(namespace, name, value, rest)


def _imported(path: str, value: object, rest: tuple[str, ...], sources: Sources) -> Meaning | None:
    """What `from module import name` brought, if it still is the value in hand."""
    parent, _, name = path.rpartition(".")
    module = sources.find(parent)
    if module is None or _plain(vars(module).get(name, module)) is not _plain(value):
        return None if module is None or name in vars(module) or sources.holds(module) else Library(joined(path, rest))
    if not sources.holds(module):
        return Library(joined(path, rest))
    return _in_globals(namespace_of(vars(module), sources), name, rest, sources)


def _plain(value: object) -> object:
    return vars(value).get(STANDS_FOR, value) if isinstance(value, FunctionType) else value
