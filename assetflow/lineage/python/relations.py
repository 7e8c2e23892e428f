"""Whether a function only puts a DuckDB relation together, step by step, without ever looking at rows.

    return sales.filter("amount > 5").aggregate("city, sum(amount) AS total")        yes
    return sales.filter(f"amount > {len(sales)}")                                     no: it counts rows

Only such a function gives the same query for tables without rows. So this is a short list of what is allowed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from types import ModuleType

from assetflow.lineage.python.syntax import FunctionNode

STEPS = frozenset(
    """
    filter project select aggregate order sort limit join cross union except_ intersect distinct set_alias query
    """.split()
)
"""Methods of a relation that give a relation and run nothing."""


class _LooksAtRows(Exception):
    """A part of a function that could look at rows; the text says which."""


def why_it_may_look_at_rows(function: FunctionNode, relations: Iterable[str], names: Mapping[str, object]) -> str:
    """The first part of a function that is not known to only build; empty when there is none.

    `relations` are the parameters that are relations, `names` the globals of the function.
    """
    if isinstance(function, ast.Lambda):
        return "it is a lambda"
    try:
        _Reader(frozenset(relations), names).read(function)
    except _LooksAtRows as reason:
        return str(reason)
    return ""


class _Reader:
    def __init__(self, relations: frozenset[str], names: Mapping[str, object]) -> None:
        self.relations = set(relations)
        self.names = names
        self.plain: set[str] = set()

    def read(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args
        taken = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        self.plain = taken - self.relations
        for statement in function.body:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return
        if isinstance(statement, ast.Return) and statement.value is not None:
            self._value(statement.value)
            return
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                is_relation = self._value(statement.value)
                (self.relations if is_relation else self.plain).add(target.id)
                (self.plain if is_relation else self.relations).discard(target.id)
                return
        raise _LooksAtRows(f"line {statement.lineno} is more than a step")

    def _value(self, node: ast.expr) -> bool:
        """Read an expression; True when it is a relation."""
        if isinstance(node, ast.Constant):
            return False
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.List | ast.Tuple):
            self._plain(node.elts)
        elif isinstance(node, ast.JoinedStr):
            self._plain(node.values)
        elif isinstance(node, ast.FormattedValue):
            self._plain([node.value, *([node.format_spec] if node.format_spec is not None else [])])
        elif isinstance(node, ast.BinOp):
            self._plain([node.left, node.right])
        elif isinstance(node, ast.Compare):
            self._plain([node.left, *node.comparators])
        else:
            raise _LooksAtRows(f"{ast.unparse(node)} is more than a step")
        return False

    def _name(self, node: ast.Name) -> bool:
        if node.id in self.relations:
            return True
        known = self.names.get(node.id)
        if node.id not in self.plain and not isinstance(known, str | int | float | bool | None):
            raise _LooksAtRows(f"{node.id} could be anything")
        return False

    def _plain(self, nodes: Iterable[ast.expr]) -> None:
        """Read expressions of which none is a relation: it would be counted or printed."""
        for node in nodes:
            if self._value(node):
                raise _LooksAtRows(f"{ast.unparse(node)} stands where its rows would be looked at")

    def _call(self, node: ast.Call) -> bool:
        if not isinstance(node.func, ast.Attribute):
            raise _LooksAtRows(f"it calls {ast.unparse(node.func)}")
        owner, method = node.func.value, node.func.attr
        if self._is_duckdb(owner) and method.endswith("Expression"):
            self._plain([*node.args, *(each.value for each in node.keywords)])
            return False
        if self._is_expression(owner):
            self._value(owner)
            self._plain([*node.args, *(each.value for each in node.keywords)])
            return False
        if not self._value(owner) or method not in STEPS:
            raise _LooksAtRows(f"it calls {ast.unparse(node.func)}")
        for each in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._value(each)
        return True

    def _is_duckdb(self, node: ast.expr) -> bool:
        module = self.names.get(node.id) if isinstance(node, ast.Name) and node.id not in self.plain else None
        return isinstance(module, ModuleType) and module.__name__ == "duckdb"

    def _is_expression(self, node: ast.expr) -> bool:
        """True for `duckdb.ColumnExpression(...)` and what is made from it by its methods."""
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if self._is_duckdb(node.func.value):
                return node.func.attr.endswith("Expression")
            node = node.func.value
        return False
