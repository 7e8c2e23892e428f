"""Finds the SQL in the `Query(...)` calls of a function without calling it, so that its tables count as upstreams.

sql = f"SELECT * FROM sales WHERE value > {limit}"       limit is a config value or a constant of the module
return Query(sql)
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Mapping
from typing import Any

from assetflow.asset import Query
from assetflow.lineage.python.functions import cells_of, function_nodes
from assetflow.lineage.python.modules import ModuleTexts
from assetflow.lineage.python.scopes import all_imports, imported_names
from assetflow.lineage.python.syntax import FunctionNode, unquoted
from assetflow.secret import is_reference


def query_texts(function: Callable[..., Any], config: Mapping[str, Any], texts: ModuleTexts) -> tuple[str, ...] | None:
    """The texts of all `Query(...)` calls in the function, () when there are none, None when one is not known.

    Known are constant texts, their concatenation and formatting, and names that are bound once, to such a text, to a
    config value (`config` has the values in force) or to a constant of a module.
    """
    written = inspect.unwrap(function)
    nodes = function_nodes(written, texts) if isinstance(written, types.FunctionType) else []
    return _Reader(written, nodes[0], config).read() if len(nodes) == 1 else None


_UNKNOWN = object()
_QUERY = ("assetflow.Query", "assetflow.asset.Query")


class _Reader:
    def __init__(self, function: types.FunctionType, node: FunctionNode, config: Mapping[str, Any]) -> None:
        self._node = node
        self._names = function.__globals__ | cells_of(function)
        self._bound = _bound_values(node)
        self._parameters = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
        self._imports = all_imports(node)
        self._config = {name: value for name, value in config.items() if name not in self._bound}
        # A secret is not text, and a query that holds one must not come to be known.
        self._config = {name: _UNKNOWN if is_reference(value) else value for name, value in self._config.items()}

    def read(self) -> tuple[str, ...] | None:
        calls = [each for each in ast.walk(self._node) if isinstance(each, ast.Call) and self._is_query(each.func)]
        if not calls and self._promises_query():
            return None
        try:
            texts = [self._sql(call) for call in calls]
        except (IndexError, KeyError, ValueError):
            # A format that does not fit its arguments fails when the function is called, and says so there.
            return None
        if any(text is None for text in texts):
            return None
        return tuple(text for text in texts if text is not None)

    def _is_query(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name | ast.Attribute) and self._meaning(function) is Query

    def _promises_query(self) -> bool:
        returns = None if isinstance(self._node, ast.Lambda) else self._node.returns
        return returns is not None and self._is_query(unquoted(returns))

    def _sql(self, call: ast.Call) -> str | None:
        expressions = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "sql")]
        value = self._value(expressions[0], 0) if len(expressions) == 1 else _UNKNOWN
        return value if isinstance(value, str) else None

    def _value(self, node: ast.expr, depth: int) -> object:
        """The value of an expression where it is known without running the function."""
        if depth > 20:
            return _UNKNOWN
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._value(node.left, depth + 1), self._value(node.right, depth + 1)
            return left + right if isinstance(left, str) and isinstance(right, str) else _UNKNOWN
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node, depth)
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        return _UNKNOWN

    def _joined(self, node: ast.JoinedStr, depth: int) -> object:
        texts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self._value(part.value, depth + 1)
                form = self._value(part.format_spec, depth + 1) if part.format_spec else ""
                if not _is_plain(value) or not isinstance(form, str):
                    return _UNKNOWN
                texts.append(format(_converted(value, part.conversion), form))
            else:
                texts.append(str(self._value(part, depth + 1)))
        return "".join(texts)

    def _named(self, node: ast.Name | ast.Attribute, depth: int) -> object:
        if isinstance(node, ast.Name):
            if node.id in self._config:
                return self._config[node.id]
            if node.id in self._bound:
                bound = self._bound[node.id]
                return _UNKNOWN if bound is None else self._value(bound, depth + 1)
            if node.id in self._parameters:
                return _UNKNOWN
        value = self._meaning(node)
        return value if _is_plain(value) else _UNKNOWN

    def _meaning(self, node: ast.Name | ast.Attribute) -> object:
        """The live value of a name that the function does not bind, or of an attribute of a module."""
        words = _chain(node)
        if not words or words[0] in self._parameters or words[0] in self._bound:
            return Query if self._imports.get(".".join(words)) in _QUERY else _UNKNOWN
        value = self._names.get(words[0], _UNKNOWN)
        for word in words[1:]:
            value = vars(value).get(word, _UNKNOWN) if isinstance(value, types.ModuleType) else _UNKNOWN
        return value

    def _called(self, node: ast.Call, depth: int) -> object:
        """`dedent(text)`, `text.format(...)`, `text.strip()`, `text.replace(...)`."""
        arguments = [self._value(each, depth + 1) for each in node.args]
        options = {each.arg: self._value(each.value, depth + 1) for each in node.keywords}
        if not all(map(_is_plain, (*arguments, *options.values()))) or None in options:
            return _UNKNOWN
        if isinstance(node.func, ast.Name | ast.Attribute) and self._meaning(node.func) is textwrap.dedent:
            return textwrap.dedent(str(arguments[0])) if len(arguments) == 1 else _UNKNOWN
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("format", "strip", "replace"):
            return _UNKNOWN
        text = self._value(node.func.value, depth + 1)
        if not isinstance(text, str):
            return _UNKNOWN
        if node.func.attr == "format":
            return text.format(*arguments, **{str(name): value for name, value in options.items()})
        if node.func.attr == "strip":
            return text.strip() if not arguments else _UNKNOWN
        return text.replace(str(arguments[0]), str(arguments[1])) if len(arguments) == 2 else _UNKNOWN


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)


def _converted(value: object, conversion: int) -> object:
    """The value after `!s`, `!r` or `!a` of an f-string, given as the code of that letter, -1 for none."""
    if conversion == ord("r"):
        return repr(value)
    if conversion == ord("a"):
        return ascii(value)
    return value if conversion == -1 else str(value)


def _chain(node: ast.expr) -> tuple[str, ...]:
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.insert(0, node.attr)
        node = node.value
    return (node.id, *words) if isinstance(node, ast.Name) else ()


def _bound_values(node: FunctionNode) -> dict[str, ast.expr | None]:
    """The locals of a function: the expression of those that are assigned exactly once, None for the others."""
    bound: dict[str, ast.expr | None] = {}
    assigned: dict[str, ast.expr] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
            assigned.setdefault(each.targets[0].id, each.value)
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is not None:
            assigned.setdefault(each.target.id, each.value)
        elif isinstance(each, ast.Import | ast.ImportFrom):
            bound |= {name: None for name, _ in imported_names(each)}
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            bound[each.id] = None if each.id in bound else assigned.get(each.id)
    return bound
