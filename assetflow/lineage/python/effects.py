"""What importing the project's modules does beyond making names: it sets up libraries, registers, patches.

    decimal.getcontext().prec = 5        pd.set_option("display.precision", 3)        Shape.register(int)

No name that a function uses leads there, and still its result depends on it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType

from assetflow.lineage.python.functions import function_nodes, is_project_class, is_project_function, package_of
from assetflow.lineage.python.meaning import Library, Namespace, ProjectName, absolute, find_meaning, namespace_of
from assetflow.lineage.python.modules import Sources
from assetflow.lineage.python.scopes import Use
from assetflow.lineage.python.syntax import children

NO_EFFECT = (
    "assetflow",
    "builtins.exec",
    "builtins.eval",
    "builtins.print",
    "logging",
    "sys.path",
    "typing",
    "warnings",
)
"""What is called for people, or read by the loader, which knows of it."""

_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def modules_with_effects(start: ModuleType, sources: Sources) -> tuple[ModuleType, ...]:
    """The module and those of the project that it imports, however far away, of which importing does such things."""
    key = ("modules with effects", start.__name__, id(start))
    known = sources.texts.records.get(key)
    if not isinstance(known, tuple):
        found: dict[str, ModuleType] = {start.__name__: start}
        queue = [start]
        for module in queue:
            new = {name: each for name, each in _imported(module, sources) if name not in found}
            found |= new
            queue += new.values()
        known = tuple(each for each in queue if effects_of(namespace_of(vars(each), sources), sources))
        sources.texts.records[key] = known
    return known


def effects_of(namespace: Namespace, sources: Sources) -> list[ast.stmt]:
    """The statements at the top of a module that do something to what is not the module's own."""
    return [each for each in _top_level(namespace.source.tree) if _has_effect(each, namespace, sources)]


def _top_level(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, also those in blocks."""
    for child in children(node):
        if isinstance(child, _CODE) or _is_script(child):
            continue
        if isinstance(child, ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            yield child
        else:
            yield from _top_level(child)


def _is_script(node: ast.AST) -> bool:
    """True for `if __name__ == "__main__":`, which never runs here."""
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test)
    )


def _has_effect(statement: ast.stmt, namespace: Namespace, sources: Sources) -> bool:
    if isinstance(statement, ast.Expr):
        call = statement.value
        return isinstance(call, ast.Call) and _call_has_effect(call, namespace, sources)
    return any(_sets_elsewhere(target, namespace, sources) for target in _targets(statement))


def _call_has_effect(call: ast.Call, namespace: Namespace, sources: Sources) -> bool:
    meaning = _meaning(call.func, namespace, sources)
    if isinstance(meaning, Library):
        return not _is_below(meaning.name)
    if not isinstance(meaning, ProjectName):
        return False
    if is_project_function(meaning.value, sources):
        return not meaning.rest and _function_has_effect(meaning.value, sources)
    return is_project_class(meaning.value, sources) and bool(meaning.rest)


def _function_has_effect(function: object, sources: Sources) -> bool:
    """True for a function that sets up something when it is called, as `setup()` at the top of a module is."""
    assert isinstance(function, FunctionType)
    namespace = namespace_of(function.__globals__, sources)
    statements = [each for node in function_nodes(function, sources.texts) for each in _top_level(node)]
    return any(
        isinstance(target, ast.Attribute) and not _is_own(target)
        for statement in statements
        for target in _targets(statement)
    ) or any(
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(meaning := _meaning(statement.value.func, namespace, sources), Library)
        and not _is_below(meaning.name)
        for statement in statements
    )


def _sets_elsewhere(target: ast.expr, namespace: Namespace, sources: Sources) -> bool:
    """True for `pd.options.width = 3`, and for an attribute of an object of a library: `context.prec = 5`."""
    if not isinstance(target, ast.Attribute | ast.Subscript):
        return False
    meaning = _meaning(target, namespace, sources)
    if isinstance(meaning, Library):
        return not _is_below(meaning.name)
    if not isinstance(meaning, ProjectName) or not isinstance(target, ast.Attribute):
        return False
    value = meaning.value
    is_ours = isinstance(value, ModuleType | type | FunctionType) or is_project_class(type(value), sources)
    return not is_ours


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign | ast.Delete):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AugAssign | ast.AnnAssign) else []


def _meaning(node: ast.expr, namespace: Namespace, sources: Sources) -> object:
    """What the name means at which an expression begins, with the attributes behind it."""
    links: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute):
            links.insert(0, node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    return find_meaning(Use((node.id, *links), node.lineno), namespace, sources) if isinstance(node, ast.Name) else None


def _is_own(target: ast.expr) -> bool:
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and target.id in ("self", "cls")


def _is_below(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in NO_EFFECT)


def _imported(module: ModuleType, sources: Sources) -> Iterator[tuple[str, ModuleType]]:
    """The project's modules that the statements of a module import."""
    namespace = namespace_of(vars(module), sources)
    for node in _imports(namespace.source.tree):
        for origin in _origins(node):
            words = absolute(origin, namespace.package).split(".")
            for count in range(1, len(words) + 1):
                found = sys.modules.get(".".join(words[:count]))
                if isinstance(found, ModuleType) and package_of(found.__name__) != "assetflow" and sources.holds(found):
                    yield found.__name__, found


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
