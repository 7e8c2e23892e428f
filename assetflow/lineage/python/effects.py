"""Finds the modules that a module of the project imports, however far away, and that set up something when imported.

No name that a function uses leads there, and still its result depends on it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import ModuleType

from assetflow.lineage.python.functions import package_of
from assetflow.lineage.python.meaning import Namespace, absolute, namespace_of
from assetflow.lineage.python.modules import Sources
from assetflow.lineage.python.setups import set_ups
from assetflow.lineage.python.syntax import children

_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def modules_with_effects(start: ModuleType, sources: Sources) -> tuple[ModuleType, ...]:
    """Of a module and those of the project that it imports, however far away: those that set something up."""
    key = ("modules with effects", start.__name__, id(start))
    known = sources.texts.records.get(key)
    if not isinstance(known, tuple):
        found: dict[str, ModuleType] = {start.__name__: start}
        queue = [start]
        for module in queue:
            new = {name: each for name, each in _imported(module, sources) if name not in found}
            found |= new
            queue += new.values()
        known = tuple(each for each in queue if set_ups(namespace_of(vars(each), sources), sources))
        sources.texts.records[key] = known
    return known


def _imported(module: ModuleType, sources: Sources) -> Iterator[tuple[str, ModuleType]]:
    """The project's modules that the statements of a module import."""
    namespace = namespace_of(vars(module), sources)
    for node in _imports(namespace.source.tree):
        for origin in _origins(node):
            yield from ((each.__name__, each) for each in modules_at(origin, namespace, sources))


def modules_at(origin: str, namespace: Namespace, sources: Sources) -> Iterator[ModuleType]:
    """The project's modules that an import runs: `shop` and `shop.rates` for `shop.rates.vat`."""
    words = absolute(origin, namespace.package).split(".")
    for count in range(1, len(words) + 1):
        found = sys.modules.get(".".join(words[:count]))
        if isinstance(found, ModuleType) and package_of(found.__name__) != "assetflow" and sources.holds(found):
            yield found


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in children(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.stmt | ast.ExceptHandler) and not isinstance(child, _CODE):
            yield from _imports(child)


def _origins(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    start = "." * node.level + (node.module or "")
    return [f"{start}.{each.name}" if node.module else f"{start}{each.name}" for each in node.names]
