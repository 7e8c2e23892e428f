"""The expressions of a bound plan: what flows into each, and what it means.

References go by position, as the binder left them: no name is looked up anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assetflow.lineage.plans.plan_values import (
    NO_EDGES,
    Edges,
    NotUnderstood,
    Value,
    as_aggregated,
    as_field,
    as_indirect,
    as_transformed,
    hashed,
    union,
)
from assetflow.lineage.scratch import is_volatile

Expression = dict[str, Any]

LAYOUT = frozenset({"alias", "query_location", "query_location_length", "has_serialize", "is_operator"})
"""What an expression says of how it was written, not of what it does."""
LITERAL = frozenset({"function_data", "lambda_expr"})
"""Parts whose references are to parameters of a lambda, or which repeat such parts."""


class Scope:
    """What references are resolved by: the columns below by position, and those of a table by its number."""

    def __init__(self, columns: Sequence[Value], tables: dict[int, Sequence[Value]]) -> None:
        self.columns = columns
        self.tables = tables

    def refer(self, expression: Expression) -> Value:
        """The column that a reference means."""
        if expression["expression_class"] == "BOUND_REF":
            columns, index = self.columns, expression["index"]
        else:
            binding = expression["binding"]
            columns, index = self.tables.get(binding["table_index"], ()), binding["column_index"]
        if not 0 <= index < len(columns):
            raise NotUnderstood(f"column {index} of {len(columns)}")
        return columns[index]

    def value(self, expression: Expression) -> Value:
        """The edges into an expression, and its meaning."""
        return Value(self.edges(expression), self.meaning(expression))

    def values(self, expressions: Sequence[Expression]) -> list[Value]:
        return [self.value(expression) for expression in expressions]

    def edges(self, expression: Expression) -> Edges:
        kind = expression["expression_class"]
        find = _EDGES.get(kind)
        if find is None:
            raise NotUnderstood(f"expression {kind}")
        refuse_unknown(expression, LOOKED_AT, kind)
        return find(self, expression)

    def all_edges(self, expressions: Sequence[Expression]) -> Edges:
        return union(*(self.edges(expression) for expression in expressions))

    def meaning(self, expression: Expression) -> str:
        """A hash of the expression over the meanings of its references; empty when it is not always the same."""
        if expression["expression_class"] in REFERENCES:
            return self.refer(expression).meaning
        try:
            return hashed(self._bare(expression))
        except _NoMeaning:
            return ""

    def _bare(self, part: Any) -> Any:
        """The expression without layout, with references replaced by what they mean."""
        # Most parts are plain values, and a plan has thousands of them: these are not called for.
        if type(part) is list:
            return [self._bare(each) for each in part]
        if type(part) is not dict:
            return repr(part)
        if part.get("expression_class") in REFERENCES:
            meaning = self.refer(part).meaning
            if not meaning:
                raise _NoMeaning
            return meaning
        if "qname" in part and is_volatile(part["qname"].get("path", [""])[-1]):
            raise _NoMeaning
        return {
            key: repr(value)
            if type(value) not in NESTED
            else repr(without_layout(value))
            if key in LITERAL
            else self._bare(value)
            for key, value in part.items()
            if key not in LAYOUT
        }


REFERENCES = frozenset({"BOUND_REF", "BOUND_COLUMN_REF"})
NESTED = frozenset({dict, list})
"""What JSON puts other values in."""


class _NoMeaning(Exception):
    """An expression that need not give the same for the same rows."""


def without_layout(part: Any) -> Any:
    """A part of a plan without what only says how it was written."""
    if isinstance(part, list):
        return [without_layout(each) for each in part]
    if isinstance(part, dict):
        return {key: without_layout(value) for key, value in part.items() if key not in LAYOUT}
    return part


def refuse_unknown(part: dict[str, Any], looked_at: frozenset[str], what: str) -> None:
    """NotUnderstood when there are expressions in a place where nobody looks for them."""
    for key, value in part.items():
        if type(value) in NESTED and key not in looked_at and key not in TYPES and _has_expression(value):
            raise NotUnderstood(f"{key} of {what}")


TYPES = frozenset(
    {
        "return_type",
        "arguments",
        "qname",
        "value",
        "returned_types",
        "names",
        "column_indexes",
        "extra_info",
        "function_data",
    }
    | {"function_data", "chunk_types", "mark_types", "expr_types", "internal_types", "return_types", "bound_columns"}
)
"""Parts that say what something is, and hold no expressions to follow."""


def _has_expression(part: Any) -> bool:
    if isinstance(part, list):
        return any(_has_expression(each) for each in part)
    if isinstance(part, dict):
        return "expression_class" in part or any(_has_expression(each) for each in part.values())
    return False


def orders(expression: Any) -> list[Expression]:
    """The expressions of an ORDER BY inside of something."""
    if isinstance(expression, dict):
        expression = expression.get("orders", [])
    return [order["expression"] for order in expression or ()]


def _reference(scope: Scope, expression: Expression) -> Edges:
    return scope.refer(expression).edges


def _nothing(scope: Scope, expression: Expression) -> Edges:
    return NO_EDGES


def _function(scope: Scope, expression: Expression) -> Edges:
    children = expression.get("children", [])
    name = expression["qname"]["path"][-1]
    if name in FIELDS and len(children) == 2 and children[1]["expression_class"] == "BOUND_CONSTANT":
        key = children[1]["value"].get("value")
        if isinstance(key, str):
            return as_field(scope.edges(children[0]), key)
    return as_transformed(scope.all_edges(children))


FIELDS = frozenset({"struct_extract", "struct_extract_at", "array_extract"})


def _children(scope: Scope, expression: Expression) -> Edges:
    return as_transformed(scope.all_edges(expression.get("children", [])))


def _case(scope: Scope, expression: Expression) -> Edges:
    checks = expression.get("case_checks", [])
    conditions = scope.all_edges([check["when_expr"] for check in checks])
    results = scope.all_edges([*(check["then_expr"] for check in checks), expression["else_expr"]])
    return as_indirect(conditions, "conditional") | as_transformed(results)


def _aggregate(scope: Scope, expression: Expression) -> Edges:
    chosen = [*orders(expression.get("order_bys"))]
    if expression.get("filter"):
        chosen.append(expression["filter"])
    arguments = scope.all_edges(expression.get("children", []))
    return as_aggregated(arguments) | as_indirect(scope.all_edges(chosen), "conditional")


def _window(scope: Scope, expression: Expression) -> Edges:
    frame = [
        *expression.get("partitions", []),
        *orders(expression.get("orders")),
        *orders(expression.get("arg_orders")),
        *(expression[key] for key in FRAME if expression.get(key)),
    ]
    arguments = scope.all_edges(expression.get("children", []))
    is_aggregate = expression["type"] == "WINDOW_AGGREGATE"
    direct = as_aggregated(arguments) if is_aggregate else as_transformed(arguments)
    return direct | as_indirect(scope.all_edges(frame), "window")


FRAME = ("filters", "start_expr", "end_expr")


def _unnest(scope: Scope, expression: Expression) -> Edges:
    return as_transformed(scope.edges(expression["child"]))


LOOKED_AT = frozenset(
    {"children", "child", "case_checks", "else_expr", "filter", "order_bys", "partitions", "orders", "arg_orders"}
    | LITERAL
    | set(FRAME)
)
"""The parts of an expression whose references are followed, or belong to a lambda."""

_EDGES: dict[str, Callable[[Scope, Expression], Edges]] = {
    "BOUND_REF": _reference,
    "BOUND_COLUMN_REF": _reference,
    "BOUND_CONSTANT": _nothing,
    # What a lambda takes from outside stands beside it, as further arguments.
    "BOUND_LAMBDA": _nothing,
    "BOUND_FUNCTION": _function,
    "BOUND_OPERATOR": _children,
    "BOUND_CONJUNCTION": _children,
    "BOUND_CASE": _case,
    "BOUND_AGGREGATE": _aggregate,
    "BOUND_WINDOW": _window,
    "BOUND_UNNEST": _unnest,
}
