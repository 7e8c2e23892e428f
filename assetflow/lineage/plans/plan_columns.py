"""The names and types of a query's columns, where its plan tells them beyond doubt: DuckDB need not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Plan = dict[str, Any]
Columns = tuple[tuple[str, str], ...]


def told_columns(plan: Plan) -> Columns | None:
    """The columns of the query that this is the plan of; None where another look is needed."""
    if plan["type"] != "LOGICAL_PROJECTION" or not _is_plain(plan):
        return None
    columns = []
    for expression in plan.get("expressions", ()):
        name, kind = expression.get("alias"), _kind(expression.get("return_type"))
        if not name or kind is None:
            return None
        columns.append((name, kind))
    # DuckDB gives the second of two equal names another one.
    is_each_once = len({name.lower() for name, _ in columns}) == len(columns)
    return tuple(columns) if is_each_once else None


def _is_plain(plan: Plan) -> bool:
    """True where the expressions are those of the query itself: a grouped one puts numbers in the place of names."""
    return all(child["type"] in _PLAIN for child in _of_the_same_select(plan))


def _of_the_same_select(plan: Plan) -> Iterator[Plan]:
    for child in plan.get("children", ()):
        yield child
        if child["type"] != "LOGICAL_PROJECTION":
            yield from _of_the_same_select(child)


_PLAIN = frozenset(
    ["LOGICAL_COMPARISON_JOIN", "LOGICAL_CROSS_PRODUCT", "LOGICAL_FILTER", "LOGICAL_GET", "LOGICAL_PROJECTION",
     "LOGICAL_WINDOW"]
)  # fmt: skip

_KINDS = frozenset(
    ["BIGINT", "BOOLEAN", "DATE", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER", "SMALLINT", "TIMESTAMP", "TINYINT",
     "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "VARCHAR"]
)  # fmt: skip
"""Types whose name says all. Others are read from the query itself."""


def _kind(type_: Any) -> str | None:
    if not isinstance(type_, dict):
        return None
    kind, info = type_.get("id"), type_.get("type_info")
    if info is None:
        return kind if kind in _KINDS else None
    if kind == "DECIMAL" and info.keys() == {"type", "width", "scale"}:
        return f"DECIMAL({info['width']},{info['scale']})"
    return None
