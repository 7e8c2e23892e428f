"""Walks a bound plan of DuckDB by position, from the tables up, and notes for every column where it comes from.

One function for each operator; one that is not known, or does not fit, ends the walk with NotUnderstood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from assetflow.lineage.columns import Col, Edge
from assetflow.lineage.plans.binder import Plan
from assetflow.lineage.plans.plan_expressions import Scope, orders, refuse_unknown, without_layout
from assetflow.lineage.plans.plan_values import (
    NO_EDGES,
    Edges,
    NotUnderstood,
    Relation,
    Value,
    as_kind,
    as_transformed,
    edges_of,
    hashed,
    meanings_of,
    union,
)

MOST_ROUNDS = 1000
"""How often a recursive query is walked before it is given up; each round but the last finds a new edge."""


def walk(plan: Plan, tables: Mapping[str, str]) -> Relation:
    """What the whole plan gives. `tables` maps the tables of the plan to the names to report."""
    return _Walk(tables).relation(plan)


class _Walk:
    def __init__(self, tables: Mapping[str, str]) -> None:
        self.tables = tables
        self.shared: dict[int, Relation] = {}
        self.numbered: dict[int, Sequence[Value]] = {}

    def relation(self, plan: Plan) -> Relation:
        """What one operator gives."""
        operator = _OPERATORS.get(plan["type"])
        if operator is None:
            raise NotUnderstood(f"operator {plan['type']}")
        refuse_unknown(plan, LOOKED_AT, plan["type"])
        found = operator(self, plan)
        if "table_index" in plan:
            self.numbered[plan["table_index"]] = found.columns
        return found

    def child(self, plan: Plan) -> Relation:
        (only,) = plan["children"]
        return self.relation(only)

    def children(self, plan: Plan) -> tuple[Relation, Relation]:
        left, right = plan["children"]
        return self.relation(left), self.relation(right)

    def scope(self, *relations: Relation) -> Scope:
        return Scope([column for relation in relations for column in relation.columns], self.numbered)


Operator = Callable[[_Walk, Plan], Relation]


def _get(walk: _Walk, plan: Plan) -> Relation:
    if plan.get("table_filters") or plan.get("has_pushed_projection"):
        raise NotUnderstood("a scan that filters")
    find = _table if plan["qname"]["path"][-1] == "seq_scan" else _table_function
    found = find(walk, plan)
    kept = plan.get("projection_ids")
    return found.having(found.columns[index] for index in kept) if kept else found


def _table(walk: _Walk, plan: Plan) -> Relation:
    name = walk.tables.get(plan["function_data"]["table"])
    if name is None:
        raise NotUnderstood(f"table {plan['function_data']['table']}")
    columns = []
    for asked in plan.get("column_indexes", []):
        if asked["index_type"] != "FULL_READ":
            raise NotUnderstood(f"a scan by {asked['index_type']}")
        if asked["index"] < len(plan["names"]):
            columns.append(base_column(name, plan["names"][asked["index"]]))
        else:  # the number of the row, which is no column's content
            columns.append(Value())
    return Relation(tuple(columns), inputs=frozenset({name}), rows=hashed("table", name))


@lru_cache(maxsize=10_000)
def base_column(table: str, column: str) -> Value:
    """A column of a table, which every query that reads it begins with."""
    return Value(frozenset({Edge(Col(table, column), "identity")}), hashed("column", table, column))


def _table_function(walk: _Walk, plan: Plan) -> Relation:
    name = plan["qname"]["path"][-1]
    if name not in FUNCTIONS:
        raise NotUnderstood(f"table function {name}")
    given = [walk.relation(child) for child in plan.get("children", [])]
    below = given[0] if given else Relation(rows=hashed("one row"))
    passed = plan.get("projected_input", [])
    arguments = [value for index, value in enumerate(below.columns) if index not in passed]
    said = [name, without_layout(plan.get("parameters", [])), without_layout(plan.get("named_parameters", []))]
    said += [without_layout(plan.get("source_ordinality")), meanings_of(arguments), below.rows]
    rows = hashed("function", repr(said)) if all(meanings_of(arguments)) and below.rows else ""
    edges = edges_of(arguments)
    own = len(plan.get("column_indexes") or plan["names"])
    columns = [Value(as_transformed(edges), hashed("function column", rows, number)) for number in range(own)]
    columns += [below.columns[index] for index in passed]
    return Relation(tuple(columns), below.dataset | as_kind(edges, "unnest"), below.inputs, rows)


FUNCTIONS = frozenset({"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"})
"""Table functions whose rows follow from their arguments alone."""


def _projection(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    return below.having(walk.scope(below).values(plan.get("expressions", [])))


def _filter(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    conditions = walk.scope(below).values(plan.get("expressions", []))
    rows = hashed("filter", meanings_of(conditions), below.rows)
    found = below.influenced(as_kind(edges_of(conditions), "filter"), rows)
    return _mapped(found, plan.get("projection_map"))


def _mapped(relation: Relation, kept: Sequence[int] | None) -> Relation:
    return relation.having(relation.columns[index] for index in kept) if kept else relation


def _group(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    scope = walk.scope(below)
    groups = scope.values(plan.get("groups", []))
    sets, functions = plan.get("grouping_sets", []), plan.get("grouping_functions", [])
    # Without more than one set, how they are written down makes no difference.
    several = sets if len(sets) > 1 else []
    rows = hashed("group", sorted(meanings_of(groups)) if not several else meanings_of(groups), several, below.rows)
    aggregates = [
        Value(value.edges, hashed("aggregate", value.meaning, rows))
        for value in scope.values(plan.get("expressions", []))
    ]
    keys = [Value(value.edges, hashed("key", value.meaning, rows)) for value in groups]
    told = [Value(NO_EDGES, hashed("grouping", number, functions, rows)) for number in range(len(functions))]
    edges = as_kind(edges_of(groups), "group_by")
    return Relation((*keys, *aggregates, *told), below.dataset | edges, below.inputs, rows)


def _window(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    found = walk.scope(below).values(plan["expressions"])
    added = [Value(value.edges, hashed("window", value.meaning, below.rows)) for value in found]
    return below.having((*below.columns, *added))


def _unnest(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    found = walk.scope(below).values(plan["expressions"])
    rows = hashed("unnest", meanings_of(found), below.rows)
    spread = below.influenced(as_kind(edges_of(found), "unnest"), rows)
    return spread.having((*below.columns, *found))


def _join(walk: _Walk, plan: Plan) -> Relation:
    left, right = walk.children(plan)
    conditions = plan.get("conditions", [])
    at_left, at_right, at_both = walk.scope(left), walk.scope(right), walk.scope(left, right)
    compared = [each for each in conditions if "right" in each]
    keys = [(at_left.value(each["left"]), at_right.value(each["right"]), each["comparison"]) for each in compared]
    # What compares no side with the other is one condition over the columns of both.
    others = [at_both.value(each["left"]) for each in conditions if "right" not in each]
    if plan.get("mark_types"):
        right = _with_outer_keys(right, keys)
    said = [[one.meaning, other.meaning, comparison] for one, other, comparison in keys]
    said += [[other.meaning] for other in others]
    edges = union(edges_of(others), *(one.edges | other.edges for one, other, _ in keys))
    return _joined(plan, left, right, edges, said)


def _with_outer_keys(right: Relation, keys: Sequence[tuple[Value, Value, str]]) -> Relation:
    """The inner side of what was a correlated subquery.

    The binder puts an inner column in the place of an outer one that it is equal to: whatever is made from the inner
    column may in fact be made from the outer one.
    """
    columns = list(right.columns)
    for outer, inner, comparison in keys:
        if comparison == "COMPARE_NOT_DISTINCT_FROM":
            sources = {edge.source for edge in inner.edges}
            columns = [
                Value(column.edges | as_transformed(outer.edges), column.meaning)
                if any(edge.source in sources for edge in column.edges)
                else column
                for column in columns
            ]
    return right.having(columns)


def _any_join(walk: _Walk, plan: Plan) -> Relation:
    left, right = walk.children(plan)
    condition = walk.scope(left, right).value(plan["condition"])
    return _joined(plan, left, right, condition.edges, [condition.meaning])


def _cross(walk: _Walk, plan: Plan) -> Relation:
    left, right = walk.children(plan)
    return _joined({**plan, "join_type": plan["type"]}, left, right, NO_EDGES, [])


def _joined(plan: Plan, left: Relation, right: Relation, edges: Edges, said: list[Any]) -> Relation:
    kind = plan["join_type"]
    rows = hashed("join", plan["type"], kind, said, left.rows, right.rows)
    inputs = left.inputs | right.inputs
    left_columns = _mapped(left, plan.get("left_projection_map")).columns
    right_columns = _mapped(right, plan.get("right_projection_map")).columns
    if kind == "MARK":
        # The rows are those of the left; whether a partner was found is a column, which others filter by or show.
        mark = Value(as_kind(edges | right.dataset, "conditional"), hashed("mark", rows))
        return Relation((*left_columns, mark), left.dataset, inputs, left.rows)
    dataset = left.dataset | right.dataset | as_kind(edges, "join")
    if kind in {"SEMI", "ANTI"}:
        return Relation(left_columns, dataset, inputs, rows)
    if kind in {"RIGHT_SEMI", "RIGHT_ANTI"}:
        return Relation(right_columns, dataset, inputs, rows)
    if kind not in JOINS:
        raise NotUnderstood(f"join {kind}")
    # A table that is joined with itself has the same columns on both sides.
    sides = [("left", left_columns), ("right", right_columns)]
    both = [Value(each.edges, hashed(side, each.meaning, rows)) for side, columns in sides for each in columns]
    return Relation(tuple(both), dataset, inputs, rows)


JOINS = frozenset(
    {"INNER", "LEFT", "RIGHT", "OUTER", "FULL", "SINGLE", "LOGICAL_CROSS_PRODUCT", "LOGICAL_POSITIONAL_JOIN"}
)


def _order(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    keys = walk.scope(below).values(orders(plan["orders"]))
    how = [[order["type"], order["null_order"]] for order in plan["orders"]]
    rows = hashed("order", meanings_of(keys), how, below.rows)
    found = below.influenced(as_kind(edges_of(keys), "sort"), rows)
    return _mapped(found, plan.get("projection_map"))


def _limit(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    scope = walk.scope(below)
    said, edges = [], NO_EDGES
    for key in ("limit_val", "offset_val"):
        bound = plan.get(key) or {}
        if bound.get("expression"):
            value = scope.value(bound["expression"])
            edges |= value.edges
            said.append([bound["type"], value.meaning])
        else:
            said.append(["constant", repr(without_layout(bound))])
    return below.influenced(as_kind(edges, "filter"), hashed("limit", said, below.rows))


def _distinct(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    scope = walk.scope(below)
    targets = scope.values(plan.get("distinct_targets", []))
    sorts = plan.get("order_by", {})
    keys = scope.values(orders(sorts))
    how = [[order["type"], order["null_order"]] for order in sorts.get("orders", [])] if sorts else []
    rows = hashed("distinct", plan["distinct_type"], sorted(meanings_of(targets)), meanings_of(keys), how, below.rows)
    edges = as_kind(edges_of(targets), "group_by") | as_kind(edges_of(keys), "sort")
    found = below.influenced(edges, rows)
    return found.having(Value(each.edges, hashed("distinct", each.meaning, rows)) for each in below.columns)


def _union(walk: _Walk, plan: Plan) -> Relation:
    parts = [walk.relation(child) for child in plan["children"]]
    _same_width(parts)
    rows = hashed("union", [part.rows for part in parts])
    columns = [
        Value(edges_of(values), hashed("union", meanings_of(values), rows))
        for values in zip(*(part.columns for part in parts), strict=True)
    ]
    dataset = union(*(part.dataset for part in parts))
    found = Relation(tuple(columns), dataset, frozenset().union(*(part.inputs for part in parts)), rows)
    return found if plan.get("setop_all") else _compared(plan, found, parts)


def _set_operation(walk: _Walk, plan: Plan) -> Relation:
    parts = [walk.relation(child) for child in plan["children"]]
    _same_width(parts)
    inputs = frozenset().union(*(part.inputs for part in parts))
    found = Relation(parts[0].columns, union(*(part.dataset for part in parts)), inputs, "")
    return _compared(plan, found, parts)


def _compared(plan: Plan, found: Relation, parts: Sequence[Relation]) -> Relation:
    """Rows that are there or not by comparing whole rows: every column has its say."""
    edges = union(*(as_kind(edges_of(part.columns), "set_op") for part in parts))
    said = [[meanings_of(part.columns), part.rows] for part in parts]
    rows = hashed(plan["type"], bool(plan.get("setop_all")), said)
    compared = found.influenced(edges, rows)
    return compared.having(
        Value(value.edges, hashed("compared", rows, number)) for number, value in enumerate(found.columns)
    )


def _same_width(parts: Sequence[Relation]) -> None:
    if len({len(part.columns) for part in parts}) != 1:
        raise NotUnderstood("a set operation over unlike columns")


def _with(walk: _Walk, plan: Plan) -> Relation:
    definition, query = plan["children"]
    walk.shared[plan["table_index"]] = walk.relation(definition)
    return walk.relation(query)


def _reference(walk: _Walk, plan: Plan) -> Relation:
    found = walk.shared.get(plan["cte_index"])
    if found is None:
        raise NotUnderstood(f"a reference to query {plan['cte_index']}, which stands nowhere")
    return found


def _recursive(walk: _Walk, plan: Plan) -> Relation:
    """A recursive query: walked until nothing new flows round."""
    if "children" not in plan or len(plan["children"]) != 2 or plan.get("key_targets"):
        raise NotUnderstood("a recursive query with keys")
    anchor = walk.relation(plan["children"][0])
    width = len(anchor.columns)
    own = [Value(value.edges, hashed("recursion", number)) for number, value in enumerate(anchor.columns)]
    known = Relation(tuple(own), anchor.dataset, anchor.inputs, hashed("recursion"))
    for _ in range(MOST_ROUNDS):
        walk.shared[plan["table_index"]] = known
        step = walk.relation(plan["children"][1])
        _same_width([anchor, step])
        edges = [one.edges | other.edges for one, other in zip(known.columns, step.columns, strict=True)]
        grown = Relation(
            tuple(Value(each, value.meaning) for each, value in zip(edges, known.columns, strict=True)),
            known.dataset | step.dataset, known.inputs | step.inputs, known.rows,
        )  # fmt: skip
        if grown == known:
            break
        known = grown
    else:
        raise NotUnderstood("a recursive query that goes on")
    rows = hashed("recursive", bool(plan.get("union_all")), meanings_of(anchor.columns), anchor.rows,
                  meanings_of(step.columns), step.rows)  # fmt: skip
    made = [Value(known.columns[number].edges, hashed("recursive", rows, number)) for number in range(width)]
    found = Relation(tuple(made), known.dataset, known.inputs, rows)
    if plan.get("union_all"):
        return found
    return found.influenced(as_kind(edges_of(made), "set_op"), rows)


def _rows(walk: _Walk, plan: Plan) -> Relation:
    """VALUES: rows of expressions."""
    below = walk.child(plan)
    scope = walk.scope(below)
    rows = [scope.values(row) for row in plan["expressions"]]
    said = hashed("values", [meanings_of(row) for row in rows], below.rows)
    columns = [
        Value(as_transformed(edges_of(values)), hashed("values", said, number))
        for number, values in enumerate(zip(*rows, strict=True))
    ]
    return Relation(tuple(columns), below.dataset, below.inputs, said)


def _one_row(walk: _Walk, plan: Plan) -> Relation:
    return Relation(rows=hashed("one row"))


def _no_rows(walk: _Walk, plan: Plan) -> Relation:
    columns = [Value(NO_EDGES, hashed("no rows", number)) for number, _ in enumerate(plan["return_types"])]
    return Relation(tuple(columns), rows=hashed("no rows"))


def _sample(walk: _Walk, plan: Plan) -> Relation:
    below = walk.child(plan)
    return below.influenced(NO_EDGES, "")


LOOKED_AT = frozenset(
    {"children", "expressions", "groups", "conditions", "condition", "orders", "order_by", "distinct_targets"}
    | {"limit_val", "offset_val"}
)
"""The parts of an operator whose expressions are followed."""

_OPERATORS: dict[str, Operator] = {
    "LOGICAL_GET": _get,
    "LOGICAL_PROJECTION": _projection,
    "LOGICAL_FILTER": _filter,
    "LOGICAL_AGGREGATE_AND_GROUP_BY": _group,
    "LOGICAL_WINDOW": _window,
    "LOGICAL_UNNEST": _unnest,
    "LOGICAL_COMPARISON_JOIN": _join,
    "LOGICAL_ASOF_JOIN": _join,
    "LOGICAL_ANY_JOIN": _any_join,
    "LOGICAL_CROSS_PRODUCT": _cross,
    "LOGICAL_POSITIONAL_JOIN": _cross,
    "LOGICAL_ORDER_BY": _order,
    "LOGICAL_LIMIT": _limit,
    "LOGICAL_DISTINCT": _distinct,
    "LOGICAL_UNION": _union,
    "LOGICAL_EXCEPT": _set_operation,
    "LOGICAL_INTERSECT": _set_operation,
    "LOGICAL_MATERIALIZED_CTE": _with,
    "LOGICAL_CTE_REF": _reference,
    "LOGICAL_RECURSIVE_CTE": _recursive,
    "LOGICAL_EXPRESSION_GET": _rows,
    "LOGICAL_DUMMY_SCAN": _one_row,
    "LOGICAL_EMPTY_RESULT": _no_rows,
    "LOGICAL_SAMPLE": _sample,
}
