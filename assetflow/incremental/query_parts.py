"""What stands in one SELECT: aggregates, windows, the keys it groups by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import alike, expressions, without_alias, written
from assetflow.lineage import scratch
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import folded

ORDER_DEPENDENT = frozenset({
    "first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat", "listagg",
    "json_group_array", "json_group_object", "json_group_structure", "variant_group_array", "variant_group_object",
})  # fmt: skip
"""Aggregates that are well defined only with an ORDER BY of their own."""
NEVER = frozenset({
    "mode", "reservoir_quantile", "approx_quantile", "approx_top_k", "lttb", "histogram", "histogram_exact", "query",
    "query_table", "nextval", "currval",
})  # fmt: skip
"""Functions whose answer is not told by the rows alone."""
RANKING = frozenset({
    "row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "first", "last", "fill",
})  # fmt: skip
"""Windows that mean nothing without ORDER BY."""

Binds = Callable[[Tree], bool]
"""True for an expression that can be said over the FROM clause in question."""


def outside_subqueries(part: object) -> list[Tree]:
    return expressions(part, into_subqueries=False)


def is_aggregate(expression: Tree) -> bool:
    if expression["class"] != "FUNCTION" or expression.get("is_operator"):
        return False
    return scratch.is_aggregate(expression["function_name"])


def is_window(expression: Tree) -> bool:
    return bool(expression["class"] == "WINDOW")


def has_aggregates(part: object) -> bool:
    return any(is_aggregate(each) for each in outside_subqueries(part))


def windows_of(node: Tree) -> list[Tree]:
    return [each for each in outside_subqueries([node["select_list"], node["qualify"]]) if is_window(each)]


def has_groups(node: Tree) -> bool:
    """True for a SELECT that makes one row of many."""
    return (
        bool(node["group_expressions"])
        or node["aggregate_handling"] == "FORCE_AGGREGATES"
        or node["having"] is not None
        or has_aggregates([node["select_list"], node["qualify"]])
    )


def refuse_unsteady(part: object) -> None:
    """Refuse what gives other answers for the same rows in another order."""
    for each in expressions(part):
        name = str(each.get("function_name", ""))
        if each["class"] == "FUNCTION":
            if name in NEVER or each.get("export_state"):
                raise Refused(f"{name}(), whose answer the rows alone do not tell", place(each))
            if name in ORDER_DEPENDENT and not each["order_bys"]["orders"]:
                raise Refused(f"{name}() without ORDER BY, which depends on the order of rows", place(each))
        elif each["class"] == "WINDOW":
            if name in RANKING and not each["orders"]:
                raise Refused(f"{name}() over a window without ORDER BY", place(each))
            if name in NEVER:
                raise Refused(f"{name}(), whose answer the rows alone do not tell", place(each))
        elif each["class"] == "COLUMN_REF" and folded(each["column_names"][-1]) == "rowid":
            raise Refused("rowid, which depends on where a row is stored", place(each))
        elif each["class"] == "COLLATE":
            raise Refused("COLLATE, under which other texts are equal", place(each))


def group_keys(node: Tree, binds: Binds) -> list[Tree]:
    """The expressions that a SELECT groups by, said over its FROM clause; none for a total over all rows."""
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        for each in node["select_list"]:
            if any(part["class"] in ("STAR", "WINDOW") for part in outside_subqueries(each)):
                raise Refused("GROUP BY ALL with * or a window", place(each))
        return keys_of_all(node, binds)
    sets = node["group_sets"]
    if len(sets) > 1 or (sets and len(sets[0]) != len(node["group_expressions"])):
        raise Refused("GROUPING SETS, ROLLUP or CUBE", place(node["group_expressions"][0]))
    return [said_over_tables(each, node, binds) for each in node["group_expressions"]]


def keys_of_all(node: Tree, binds: Binds) -> list[Tree]:
    """What GROUP BY ALL groups by: the items in which a column stands and no aggregate, said over its FROM clause.

    With constants alone it is a total, which has a row even of no rows.
    """
    found: list[Tree] = []
    before: dict[str, Tree] = {}
    for item in node["select_list"]:
        said = without_alias(said_without_names(item, before, binds))
        if item["alias"]:
            before[folded(item["alias"])] = said
        if not has_aggregates(said) and not is_constant(said, binds):
            found.append(said)
    return found


def is_constant(expression: Tree, binds: Binds) -> bool:
    """True where no column stands in an expression; the parameters of lambdas are none."""
    inside = outside_subqueries(expression)
    if any(each["class"] == "LAMBDA" for each in inside):
        return not any(each["class"] == "COLUMN_REF" and binds(each) for each in inside)
    return not any(each["class"] in ("COLUMN_REF", "SUBQUERY") for each in inside)


def said_without_names(value: Any, before: Mapping[str, Tree], binds: Binds) -> Any:
    """An expression in which names of earlier columns of the answer, which no table has, are what they stand for."""
    if isinstance(value, list):
        return [said_without_names(each, before, binds) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class") == "COLUMN_REF" and len(value["column_names"]) == 1:
        stands_for = before.get(folded(value["column_names"][0]))
        if stands_for is None or alike(stands_for, value):
            return value
        return value if binds(value) else stands_for
    return {key: said_without_names(each, before, binds) for key, each in value.items()}


def said_over_tables(expression: Tree, node: Tree, binds: Binds) -> Tree:
    """An expression of GROUP BY, with a position or a name of the select list replaced by what it stands for."""
    items = node["select_list"]
    if expression["class"] == "CONSTANT":
        literal = expression.get("literal") or {}
        text = str(literal.get("text", ""))
        if literal.get("kind") == "INTEGER" and text.isdigit() and 0 < int(text) <= len(items):
            if any(each["class"] == "STAR" for each in items[: int(text)]):
                raise Refused("GROUP BY of a position behind *", place(expression))
            return without_alias(items[int(text) - 1])
        return expression
    return said_by_name(expression, node, binds)


def said_by_name(expression: Tree, node: Tree, binds: Binds) -> Tree:
    """An expression, with the name of a column of the answer replaced by what it stands for."""
    if expression["class"] == "COLUMN_REF" and len(expression["column_names"]) == 1 and not binds(expression):
        name = folded(expression["column_names"][0])
        for item in node["select_list"]:
            if folded(item["alias"]) == name:
                return without_alias(item)
    return expression


def window_keys(node: Tree, groups: list[Tree] | None, binds: Binds) -> list[Tree]:
    """The PARTITION BY expressions that all windows of a SELECT share; of the `groups` where there are some."""
    windows = windows_of(node)
    partitions = [[said_by_name(each, node, binds) for each in window["partitions"]] for window in windows]
    shared = partitions[0]
    for other in partitions[1:]:
        names = {written(each) for each in other}
        shared = [each for each in shared if written(each) in names]
    if groups is not None:
        names = {written(each) for each in groups}
        shared = [each for each in shared if written(each) in names]
    if not shared:
        said = "windows that share no PARTITION BY" if windows[0]["partitions"] else "a window without PARTITION BY"
        raise Refused(said, place(windows[0]))
    return [without_alias(each) for each in shared]
