"""Finds the syntax of live functions and what they carry with them: cells, default values."""

from __future__ import annotations

import ast
import inspect
import types

from assetflow.lineage.python.modules import ModuleTexts, Sources
from assetflow.lineage.python.syntax import FunctionNode


def is_project_function(value: object, sources: Sources) -> bool:
    """True for functions that are written in a file of the project."""
    return (
        isinstance(value, types.FunctionType)
        and package_of(value.__globals__.get("__name__")) != "assetflow"
        and sources.relative(value.__code__.co_filename) is not None
        and not value.__code__.co_filename.startswith("<")
    )


def is_project_class(value: object, sources: Sources) -> bool:
    """True for classes that a module of the project made, by a class statement or otherwise."""
    if not isinstance(value, type):
        return False
    module = sources.find(value.__module__) if isinstance(value.__module__, str) else None
    return module is not None and sources.holds(module)


def function_nodes(function: types.FunctionType, texts: ModuleTexts) -> list[FunctionNode]:
    """The syntax of a function; several lambdas that no position tells apart are all given."""
    code = function.__code__
    found = texts.parse(code.co_filename).functions.get(code.co_firstlineno, ())
    named = [node for node in found if ("<lambda>" if isinstance(node, ast.Lambda) else node.name) == code.co_name]
    if len(named) < 2:
        return named
    spans = {(line, column, end) for line, _, column, end in code.co_positions()}
    at_place = [node for node in named if isinstance(node, ast.Lambda) and _span(node.body) in spans]
    return [*at_place] or named


def _span(node: ast.expr) -> tuple[int, int, int | None]:
    return (node.lineno, node.col_offset, node.end_col_offset)


def cells_of(function: types.FunctionType) -> dict[str, object]:
    """The variables of enclosing functions with their values now; a cell that is still empty is left out."""
    cells = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != types.CellType():
            cells[name] = cell.cell_contents
    return cells


def defaults_of(function: types.FunctionType) -> list[tuple[str, object]]:
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    return [(each.name, each.default) for each in parameters if each.default is not inspect.Parameter.empty]


def default_expressions(node: FunctionNode) -> dict[str, ast.expr]:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    found = {each.arg: value for each, value in zip(positional[first:], arguments.defaults, strict=True)}
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {each.arg: value for each, value in pairs if value is not None}


def package_of(name: object) -> str:
    return name.split(".")[0] if isinstance(name, str) else ""


def changes_self(node: FunctionNode) -> bool:
    """True when a method assigns to an attribute of its first parameter."""
    first = node.args.args[0].arg if node.args.args else ""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute | ast.Subscript) and not isinstance(each.ctx, ast.Load):
            target: ast.expr = each
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in MUTATORS:
            target = each.func.value if isinstance(each.func.value, ast.Attribute) else each
        else:
            continue
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name) and target.id == first:
            return True
    return False


MUTATORS = frozenset({
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "pop", "popitem", "popleft", "remove", "reverse", "rotate", "setdefault", "sort",
    "symmetric_difference_update", "update",
})  # fmt: skip
