"""Tells for every column of a Polars LazyFrame where it comes from, by its resolved plan.

Nothing runs. A part of a plan that is not known counts as reading all that is below it: too much, never too little.
The plan is read through Polars' `NodeTraverser`, which is private: another version of it is not read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetflow.lineage.columns import Col, Edge, Lineage, OutCol, opaque
from assetflow.lineage.plans.frame_expressions import columns_of
from assetflow.lineage.plans.plan_values import (
    NO_EDGES,
    Relation,
    Value,
    as_kind,
    as_transformed,
    edges_of,
    hashed,
    union,
)

if TYPE_CHECKING:
    import polars as pl

HASHES = 3
"""Counts the ways in which meanings have been hashed; a new one says nothing about older ones."""

TRAVERSER = 16
"""The version of the traverser that this module knows."""

Table = Callable[[Any], str | None]
"""Gives the name of the table that a scan in a plan stands for."""


class Plan:
    """A resolved plan under way: Polars' traverser, and what has been noticed so far."""

    def __init__(self, traverser: Any, table: Table) -> None:
        self.traverser = traverser
        self.table = table
        self.ordered = False
        self.notes: list[str] = []

    def doubt(self, why: str) -> None:
        """Something is not understood: more is told than is so, and the order of rows may count."""
        self.ordered = True
        if why not in self.notes:
            self.notes.append(why)

    def type_of(self, expression: int, input_: int) -> str:
        """The type of an expression over the columns of a node; empty where that is not to be had."""
        from polars.exceptions import PolarsError

        here = self.traverser.get_node()
        self.traverser.set_node(input_)
        try:
            return str(self.traverser.get_dtype(expression))
        except PolarsError:
            return ""
        finally:
            self.traverser.set_node(here)


def lazyframe_lineage(
    frame: pl.LazyFrame,
    table: Table,
    inputs: Sequence[str],
    to_type: Callable[[Any], str],
    validated: Sequence[str] = (),
) -> Lineage:
    """The lineage of a frame over `inputs`; `to_type` gives the DuckDB type for one of Polars.

    `validated` says what its joins are held to, which its plan does not tell.
    """
    import polars as pl

    traverser = frame._ldf.with_optimizations(pl.QueryOptFlags.none()._pyoptflags).visit()
    if traverser.version()[0] != TRAVERSER:
        return opaque(inputs, f"this version of Polars ({pl.__version__}) writes its plans in another way")
    plan = Plan(traverser, table)
    relation = walk(plan)
    if not relation.inputs <= frozenset(inputs):
        return opaque(inputs, "it reads files that it opens by itself")
    schema = frame.collect_schema()
    columns = tuple(
        OutCol(name, to_type(kind), value.edges, value.meaning)
        for (name, kind), value in zip(schema.items(), relation.columns, strict=True)
    )
    held = f"/{hashed(*validated)}" if validated else ""
    rows = f"polars-{pl.__version__}/{HASHES}:{relation.rows}{held}" if relation.rows else ""
    # What it is given and does not look into still has a number of rows, which it may know.
    return Lineage(
        columns, relation.dataset, frozenset(inputs), exact=not plan.notes, method="polars plan",
        notes=tuple(plan.notes), rows_meaning=rows, ordered=plan.ordered,
    )  # fmt: skip


def walk(plan: Plan) -> Relation:
    """What the current node of the plan gives."""
    names = list(plan.traverser.get_schema())
    try:
        node = plan.traverser.view_current_node()
    except NotImplementedError as error:
        plan.doubt(f"{error} is not looked into")
        return everything(names, [at(plan, number)[0] for number in plan.traverser.get_inputs()])
    kind = type(node).__name__
    below = [at(plan, number) for number in plan.traverser.get_inputs()]
    walker = _NODES.get(kind)
    found = walker(plan, node, names, below) if walker is not None else None
    if found is None:
        plan.doubt(f"{_told(node, kind)} is not looked into")
        return everything(names, [relation for relation, _ in below])
    return found


def at(plan: Plan, number: int) -> tuple[Relation, list[str]]:
    """What another node of the plan gives, and the names of its columns."""
    here = plan.traverser.get_node()
    plan.traverser.set_node(number)
    names = list(plan.traverser.get_schema())
    found = walk(plan)
    plan.traverser.set_node(here)
    return found, names


Inputs = list[tuple[Relation, list[str]]]


def everything(names: Sequence[str], below: Sequence[Relation]) -> Relation:
    """The answer where nothing is known: every column comes from every column."""
    edges = union(*(edges_of(relation.columns) for relation in below))
    dataset = union(*(relation.dataset for relation in below)) | as_kind(edges, "filter")
    inputs = frozenset().union(*(relation.inputs for relation in below))
    return Relation(tuple(Value(as_transformed(edges)) for _ in names), dataset, inputs)


def _told(node: Any, kind: str) -> str:
    return str(node.function[0]) if kind == "MapFunction" and getattr(node, "function", None) else kind


def _scan(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation | None:
    table = plan.table(node)
    if table is None:
        return None if below else Relation(tuple(Value() for _ in names), inputs=frozenset({"?"}))
    columns = [Value(frozenset({Edge(Col(table, name), "identity")}), hashed("column", table, name)) for name in names]
    return Relation(tuple(columns), inputs=frozenset({table}), rows=hashed("table", table))


def _constant(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    """A frame that the code holds itself."""
    return Relation(tuple(Value() for _ in names))


def _select(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    found = columns_of(plan, node.expr, relation, known, node.input)
    values = tuple(one.value for one in found)
    rows = relation.rows
    if any(one.shrinks or not one.value.edges for one in found):
        # An aggregate or a literal makes one row of all, unless a plain column stands beside it.
        rows = hashed("select", [value.meaning for value in values], relation.rows)
    cut = as_kind(edges_of(one.value for one in found if one.cuts), "filter")
    return Relation(values, relation.dataset | cut, relation.inputs, rows)


def _with_columns(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    columns = dict(zip(known, relation.columns, strict=True))
    made = columns_of(plan, node.exprs, relation, known, node.input)
    columns.update({expr.output_name: value for expr, (value, _, _) in zip(node.exprs, made, strict=True)})
    return relation.having(columns[name] for name in names)


def _filter(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    ((condition, _, _),) = columns_of(plan, [node.predicate], relation, known, node.input)
    rows = hashed("filter", condition.meaning, relation.rows)
    return relation.influenced(as_kind(condition.edges, "filter"), rows)


def _group_by(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation | None:
    ((relation, known),) = below
    options = node.options
    if node.apply or getattr(options, "dynamic", None) or getattr(options, "rolling", None):
        return None
    keys = [one.value for one in columns_of(plan, node.keys, relation, known, node.input)]
    rows = hashed("group", [value.meaning for value in keys], node.maintain_order, relation.rows)
    aggregates = [
        Value(value.edges, hashed("aggregate", value.meaning, rows))
        for value, _, _ in columns_of(plan, node.aggs, relation, known, node.input)
    ]
    grouped = [Value(value.edges, hashed("key", value.meaning, rows)) for value in keys]
    return Relation(
        (*grouped, *aggregates), relation.dataset | as_kind(edges_of(keys), "group_by"), relation.inputs, rows
    )


ORDERLESS_JOINS = frozenset({"Inner", "Left", "Right", "Full", "Semi", "Anti", "Cross"})


def _join(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation | None:
    (left, left_names), (right, right_names) = below
    how, _, cut, suffix, coalesced, _ = node.options
    kind = how if isinstance(how, str) else str(how[0])
    if kind not in ORDERLESS_JOINS or cut is not None or getattr(node, "predicate", None) is not None:
        return None
    left_keys = [one.value for one in columns_of(plan, node.left_on, left, left_names, node.input_left)]
    right_keys = [one.value for one in columns_of(plan, node.right_on, right, right_names, node.input_right)]
    said = [[one.meaning, other.meaning] for one, other in zip(left_keys, right_keys, strict=True)]
    rows = hashed("join", repr(node.options), said, left.rows, right.rows)
    edges = as_kind(edges_of([*left_keys, *right_keys]), "join")
    dataset, inputs = left.dataset | right.dataset | edges, left.inputs | right.inputs
    sides = {name: ("left", value) for name, value in zip(left_names, left.columns, strict=True)}
    others = {name: ("right", value) for name, value in zip(right_names, right.columns, strict=True)}
    columns = []
    for name in names:
        found = sides.get(name) or others.get(name) or others.get(name.removesuffix(suffix))
        if found is None:
            return None
        side, value = found
        # A column that both sides are joined by can come from either.
        shared = others[name][1].edges if side == "left" and name in others and coalesced else NO_EDGES
        columns.append(Value(value.edges | as_transformed(shared), hashed(side, value.meaning, rows)))
    return Relation(tuple(columns), dataset, inputs, rows)


def _sort(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    keys = [one.value for one in columns_of(plan, node.by_column, relation, known, node.input)]
    if node.slice is not None:
        plan.ordered = True
    rows = hashed("sort", [key.meaning for key in keys], repr(node.sort_options), repr(node.slice), relation.rows)
    return relation.influenced(as_kind(edges_of(keys), "sort"), rows)


def _distinct(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    keep, subset, _, cut = node.options
    if subset is not None or cut is not None or keep == "none":
        # Which row of some that are alike is kept depends on their order.
        plan.ordered = True
    chosen = [value for name, value in zip(known, relation.columns, strict=True) if subset is None or name in subset]
    said = [value.meaning for value in relation.columns]
    rows = hashed("distinct", repr(node.options), said, relation.rows)
    return relation.influenced(as_kind(edges_of(chosen), "group_by"), rows)


def _union(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation | None:
    relations = [relation for relation, _ in below]
    if node.slice is not None:
        return None
    rows = hashed("union", [relation.rows for relation in relations])
    columns = []
    for position in range(len(names)):
        values = [relation.columns[position] for relation in relations]
        columns.append(Value(edges_of(values), hashed("union", [value.meaning for value in values], rows)))
    dataset = union(*(relation.dataset for relation in relations))
    return Relation(tuple(columns), dataset, frozenset().union(*(each.inputs for each in relations)), rows)


def _same_rows(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, known),) = below
    columns = dict(zip(known, relation.columns, strict=True))
    return relation.having(columns[name] for name in names)


def _slice(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation:
    ((relation, _),) = below
    plan.ordered = True
    return relation.influenced(NO_EDGES, hashed("slice", node.offset, node.len, relation.rows))


def _function(plan: Plan, node: Any, names: Sequence[str], below: Inputs) -> Relation | None:
    ((relation, known),) = below
    name = node.function[0]
    columns = dict(zip(known, relation.columns, strict=True))
    if name == "explode":
        spread = node.function[1]
        how = repr(node.function[2:])
        rows = hashed("explode", [columns[one].meaning for one in spread], how, relation.rows)
        for one in spread:
            columns[one] = Value(as_transformed(columns[one].edges), hashed("exploded", columns[one].meaning, rows))
        edges = as_kind(edges_of([columns[one] for one in spread]), "unnest")
        return relation.influenced(edges, rows).having(columns[each] for each in names)
    return None


_NODES: Mapping[str, Callable[[Plan, Any, Sequence[str], Inputs], Relation | None]] = {
    "PythonScan": _scan,
    "Scan": _scan,
    "DataFrameScan": _constant,
    "Select": _select,
    "HStack": _with_columns,
    "Filter": _filter,
    "GroupBy": _group_by,
    "Join": _join,
    "Sort": _sort,
    "Distinct": _distinct,
    "Union": _union,
    "SimpleProjection": _same_rows,
    "Cache": _same_rows,
    "Slice": _slice,
    "MapFunction": _function,
}
