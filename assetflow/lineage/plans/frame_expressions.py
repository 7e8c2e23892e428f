"""The expressions of a Polars plan: what flows into each, what it means, whether the order of rows matters to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from assetflow.lineage.plans.plan_values import (
    NO_EDGES,
    Relation,
    Value,
    as_aggregated,
    as_indirect,
    as_kind,
    as_transformed,
    edges_of,
    hashed,
)

Below = Mapping[str, Value]
"""The columns that an expression can name."""


class Walking(Protocol):
    """The plan whose expressions these are."""

    traverser: Any
    ordered: bool

    def doubt(self, why: str) -> None: ...

    def type_of(self, expression: int, input_: int) -> str: ...


class Found(NamedTuple):
    """An expression: its value; whether it may have another number of rows than the frame below; and whether that
    number is a matter of the values.
    """

    value: Value
    shrinks: bool
    cuts: bool


def columns_of(
    plan: Walking, outputs: Sequence[Any], relation: Relation, names: Sequence[str], input_: int
) -> list[Found]:
    """What each output expression is, over the columns of the node of the plan with the number `input_`."""
    below = dict(zip(names, relation.columns, strict=True))
    found = [_of(plan, output.node, below, relation, input_) for output in outputs]
    if sum(one.cuts for one in found) > 1:
        plan.ordered = True  # which of the rows that are left stand beside each other
    return found


def _of(plan: Walking, number: int, below: Below, relation: Relation, input_: int) -> Found:
    reader = _Reader(plan, below, relation, input_)
    value = reader.value(number)
    return Found(value, reader.shrinks, reader.cuts)


class _Reader:
    """Reads one expression."""

    def __init__(self, plan: Walking, below: Below, relation: Relation, input_: int) -> None:
        self.plan = plan
        self.below = below
        self.relation = relation
        self.input = input_
        self.shrinks = False
        self.cuts = False

    def value(self, number: int) -> Value:
        try:
            node = self.plan.traverser.view_expression(number)
        except NotImplementedError as error:
            return self.anything(str(error))
        find = getattr(self, f"of_{type(node).__name__.lower()}", None)
        if find is None:
            return self.anything(type(node).__name__)
        found: Value = find(node)
        if type(node).__name__ == "Function":
            # It does not say into which type it turns, or how the fields of a struct are called.
            return Value(found.edges, hashed(self.plan.type_of(number, self.input), found.meaning))
        return found

    def values(self, numbers: Sequence[Any]) -> list[Value]:
        return [self.value(number if isinstance(number, int) else number.node) for number in numbers]

    def aligned(self, numbers: Sequence[Any]) -> list[Value]:
        """Values that are put side by side: where rows are left out of two of them, order says which ones meet."""
        found, cut = [], 0
        was, self.cuts = self.cuts, False
        for number in numbers:
            found += self.values([number])
            cut += self.cuts
            was, self.cuts = was or self.cuts, False
        self.cuts = was
        if cut > 1:
            self.plan.ordered = True
        return found

    def anything(self, why: str) -> Value:
        """An expression that is not known: it may read every column, in whatever order, and give any number of rows."""
        self.plan.doubt(f"{why} is not looked into")
        self.shrinks = self.cuts = True
        return Value(as_transformed(edges_of(self.below.values())))

    def of_column(self, node: Any) -> Value:
        return self.below.get(node.name) or self.anything(f"the column {node.name}")

    def of_literal(self, node: Any) -> Value:
        return Value(NO_EDGES, hashed("literal", str(node.dtype), plain(node.value)))

    def of_len(self, node: Any) -> Value:
        self.shrinks = True
        return Value(NO_EDGES, hashed("len", self.relation.rows))

    def of_cast(self, node: Any) -> Value:
        (value,) = self.values([node.expr])
        return Value(as_transformed(value.edges), hashed("cast", str(node.dtype), plain(node.options), value.meaning))

    def of_binaryexpr(self, node: Any) -> Value:
        left, right = self.aligned([node.left, node.right])
        return Value(
            as_transformed(left.edges | right.edges), hashed("binary", str(node.op), left.meaning, right.meaning)
        )

    def of_ternary(self, node: Any) -> Value:
        condition, one, other = self.aligned([node.predicate, node.truthy, node.falsy])
        edges = as_indirect(condition.edges, "conditional") | as_transformed(one.edges | other.edges)
        return Value(edges, hashed("ternary", condition.meaning, one.meaning, other.meaning))

    def of_agg(self, node: Any) -> Value:
        values = self.aligned(node.arguments)
        self.shrinks = True
        if node.name in ORDERLESS_AGGREGATES:
            self.cuts = False  # one value, of however many
        else:
            self.plan.ordered = True
        said = [value.meaning for value in values]
        return Value(
            as_aggregated(edges_of(values)), hashed("agg", node.name, plain(node.options), said, self.relation.rows)
        )

    def of_filter(self, node: Any) -> Value:
        value, condition = self.aligned([node.input, node.by])
        self.shrinks = self.cuts = True
        edges = as_transformed(value.edges) | as_indirect(condition.edges, "conditional")
        return Value(edges, hashed("filter", value.meaning, condition.meaning, self.relation.rows))

    def of_function(self, node: Any) -> Value:
        values = self.aligned(node.input)
        name, *rest = node.function_data
        text = name if isinstance(name, str) else str(name)
        if text == "StringFunction.Strptime" and rest[:1] == [None]:
            self.plan.ordered = True  # the first text that is there tells how all are written
        if text in SHRINKING:
            self.shrinks = self.cuts = True
        elif text in LOOKS_ALONG or not (text in ELEMENTWISE or text.startswith(ELEMENTWISE_FAMILIES)):
            self.plan.ordered = True
            self.shrinks = self.cuts = True
        said = [value.meaning for value in values]
        edges = as_transformed(edges_of(values))
        return Value(edges, hashed("function", text, plain(rest), plain(node.options), said, self.relation.rows))

    def of_window(self, node: Any) -> Value:
        was = self.shrinks, self.cuts
        (value,) = self.values([node.function])
        parts = self.values(node.partition_by)
        order = self.values([node.order_by]) if node.order_by is not None else []
        self.shrinks, self.cuts = was
        if getattr(node.options, "kind", None) != TO_EACH_ROW:
            self.plan.ordered = self.shrinks = self.cuts = True
        elif order or not value.edges:
            self.plan.ordered = True
        # How a window maps back has no written form, so its meaning is not told.
        return Value(value.edges | as_kind(edges_of([*parts, *order]), "window"))


def plain(value: Any) -> str:
    """An option of an expression as text; empty (not known) for what has no text of its own."""
    text = repr(value)
    return "" if " at 0x" in text else text


TO_EACH_ROW = "groups_to_rows"
"""The way back from the groups of a window to the rows that keeps each row where it is."""

ORDERLESS_AGGREGATES = frozenset(
    {"sum", "min", "max", "mean", "median", "n_unique", "count", "std", "var", "quantile", "len"}
)
LOOKS_ALONG = frozenset({"StringFunction.ConcatVertical"})
"""Functions that look at all rows, in their order, although others of their family look at one at a time."""
SHRINKING = frozenset({"drop_nulls", "drop_nans", "null_count", "quantile", "product"})
ELEMENTWISE = frozenset(
    {
        "fill_null", "round", "coalesce", "sum_horizontal", "mean_horizontal", "min_horizontal", "max_horizontal",
        "as_struct", "abs", "floor", "ceil", "clip", "negate", "pow", "sqrt", "cbrt", "exp", "log", "log1p", "sign",
        "replace", "replace_strict", "round_sig_figs", "fill_nan", "concat_list", "any_horizontal", "all_horizontal",
    }
)  # fmt: skip
ELEMENTWISE_FAMILIES = ("StringFunction.", "TemporalFunction.", "StructFunction.", "BinaryFunction.")
"""Families of functions that look at one row at a time, beside those below."""
ELEMENTWISE |= frozenset(
    f"BooleanFunction.{name}"
    for name in ("IsNull", "IsNotNull", "IsNan", "IsNotNan", "IsFinite", "IsInfinite", "Not", "IsIn", "IsBetween",
                 "AnyHorizontal", "AllHorizontal")
)  # fmt: skip
ELEMENTWISE |= frozenset({"ListFunction.Length", "ListFunction.Get", "ListFunction.Contains", "ListFunction.Sum"})
