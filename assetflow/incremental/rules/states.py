"""What is kept of an aggregate, so that what comes later can be added to it, and its value out of what is kept.

sum(x), count(x), min(x) ...     the value itself; sums with a count beside them, by which rows can be taken off again
avg(x) of integers               the sum and the count, which divide to the very same value
avg(x) of others, stddev(x) ...  DuckDB's own state of it: EXPORT_STATE, combine_aggr, finalize
"""

from __future__ import annotations

from msgspec import Struct

from assetflow.incremental.rules.merged import COMBINED, COUNTS, STATE, is_combined
from assetflow.incremental.tree import without_alias
from assetflow.lineage.sql.tree import Tree

STATES = frozenset({
    "avg", "mean", "favg", "fsum", "kahan_sum", "sumkahan", "stddev", "stddev_pop", "stddev_samp", "variance",
    "var_pop", "var_samp", "sem", "approx_count_distinct",
})  # fmt: skip
"""Aggregates whose exported states combine to what all rows give. Those are left out of which the state is as large as
the rows (median, quantiles), counts shared values twice (count of different values), depends on the order of rows
(first, list), or loses too many digits where little is left of large numbers (skewness, kurtosis, covariances).
"""
AVERAGES = frozenset({"avg", "mean"})
DIVIDE_EXACTLY = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
"""Types of which sum / count is bit by bit what avg gives."""


class State(Struct, frozen=True):
    """What is kept of an aggregate: calls by the place of their columns; and its value, said over `{0}`, `{1}`."""

    calls: tuple[Tree, ...]
    value: str

    def over(self, names: tuple[str, ...]) -> str:
        return self.value.format(*names)


def state_of(call: Tree, kind: str, argument_kind: str | None) -> State | None:
    """What to keep of an aggregate that gives values of a type; None where it has to be made of its rows again."""
    call, name = without_alias(call), call["function_name"]
    if name in AVERAGES and argument_kind in DIVIDE_EXACTLY and is_plain(call):
        count = "CAST(coalesce(sum({1}), 0) AS BIGINT)"
        return State((as_call(call, "sum"), as_call(call, "count")), f"CAST(sum({{0}}) AS DOUBLE) / nullif({count}, 0)")
    if name in STATES and is_plain(call):
        value = f"finalize({STATE}({{0}}))"
        return State(({**call, "export_state": True},), f"coalesce({value}, 0)" if is_counting(name) else value)
    if not is_combined(call, kind) or call.get("export_state"):
        return None
    if name in COUNTS:
        return State((call,), "CAST(coalesce(sum({0}), 0) AS BIGINT)")
    if name == "sum":
        return State((call, as_call(call, "count")), f"CAST(sum({{0}}) AS {kind})")
    if COMBINED[name] == "sum":
        return State((call,), f"CAST(sum({{0}}) AS {kind})")
    return State((as_call(call, name),), f"{name}({{0}})")


def is_plain(call: Tree) -> bool:
    return not call["distinct"] and not call["order_bys"]["orders"] and len(call["arguments"]) == 1


def is_counting(name: str) -> bool:
    """True for aggregates that give 0 for no rows."""
    return name == "approx_count_distinct"


def as_call(call: Tree, name: str) -> Tree:
    """The same call of another aggregate."""
    return {**call, "function_name": name, "qualified_name": {"path": [name]}, "distinct": False}
