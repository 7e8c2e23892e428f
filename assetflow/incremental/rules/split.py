"""Takes a block with groups apart: what is kept of it beside the table, and its rows out of that.

SELECT k, g, avg(x) AS m FROM t GROUP BY ROLLUP (k, g)

keep   SELECT k AS key_1, g AS key_2, avg(x) EXPORT_STATE AS value_1, count(*) AS value_2 FROM t GROUP BY k, g
rows   SELECT key_1 AS k, key_2 AS g, finalize(combine_aggr(value_1)) AS m FROM kept GROUP BY ROLLUP (key_1, key_2)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from assetflow.incremental.blocks import Block
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.query_parts import (
    has_groups,
    is_aggregate,
    keys_of_all,
    outside_subqueries,
    said_over_tables,
)
from assetflow.incremental.rules.merged import over
from assetflow.incremental.rules.states import State, state_of
from assetflow.incremental.tree import called, column, expressions, parsed, table_named, text, without_alias, written
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import folded

KEPT = "assetflow_kept_"
KEY = f"{KEPT}key_"
VALUE = f"{KEPT}value_"
FORM = 1
"""Counted up when other columns are kept of the same query."""

Binds = Callable[[Tree], bool]
KindsOf = Callable[[Sequence[Tree]], list[str]]


class Split(Struct, frozen=True):
    """A block in two: `keep` is a block whose rows are kept, `rows` gives the rows of `of` out of a table of them."""

    of: Block
    keep: Block
    rows: Tree

    @property
    def name(self) -> str:
        """Under which name its rows are kept: another query is another name."""
        return KEPT + hashlib.sha256(f"{FORM} {text(self.keep.node)}".encode()).hexdigest()[:24]

    def rows_of(self, table: str) -> Tree:
        return {**self.rows, "from_table": table_named(table, table)}


def split(block: Block, columns: Sequence[tuple[str, str]], binds: Binds, kinds_of: KindsOf) -> Split | None:
    """The two parts of a block with groups; None where it is none, or has to be made of its rows again.

    `columns` are the names and types of its answer, `kinds_of` gives the types of what is said over its FROM clause.
    """
    node = block.node
    if block.operation != "SELECT" or not has_groups(node) or len(node["select_list"]) != len(columns):
        return None
    said = [node["select_list"], node["having"], node["qualify"], node["modifiers"], node["group_expressions"]]
    if any(each["class"] in ("SUBQUERY", "LAMBDA", "STAR") for each in expressions(said)):
        return None
    keys = keys_of(node, binds)
    if keys is None or any(map(is_inexact, kinds_of(keys))):
        return None
    calls = {written(each): each for each in outside_subqueries(said) if is_aggregate(each)}
    kinds = dict(zip(calls, kinds_of(list(calls.values())), strict=True))
    arguments = argument_kinds(calls, kinds_of)
    states = {name: state_of(call, kinds[name], arguments.get(name)) for name, call in calls.items()}
    kept = {name: state for name, state in states.items() if state is not None}
    if len(kept) < len(states):
        return None
    values, known = values_of(calls, kept)
    known = {written(key): column(f"{KEY}{at}") for at, key in enumerate(keys, 1)} | known
    names = {folded(str(item["alias"])): item for item in node["select_list"] if item["alias"]}
    rows = rows_over(node, keys, [name for name, _ in columns], lambda each: over(each, known, names, binds))
    if rows is None:
        return None
    keep = Block(f"{block.name}_kept", keep_of(node, keys, values), inner=block.inner, members=block.members)
    return Split(block, keep, rows)


def keys_of(node: Tree, binds: Binds) -> list[Tree] | None:
    """All expressions that a SELECT groups by, said over its FROM clause; None where they are not understood."""
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        items = node["select_list"]
        if any(part["class"] == "WINDOW" for item in items for part in outside_subqueries(item)):
            return None
        keys = keys_of_all(node, binds)
    else:
        keys = [said_over_tables(each, node, binds) for each in node["group_expressions"]]
    is_understood = all(key["class"] != "CONSTANT" and binds(key) for key in keys)
    return keys if is_understood and len({written(key) for key in keys}) == len(keys) else None


def argument_kinds(calls: dict[str, Tree], kinds_of: KindsOf) -> dict[str, str]:
    """The types of what is given to aggregates of one argument."""
    given = {name: call["arguments"][0]["expression"] for name, call in calls.items() if len(call["arguments"]) == 1}
    return dict(zip(given, kinds_of(list(given.values())), strict=True))


def values_of(calls: dict[str, Tree], states: dict[str, State]) -> tuple[list[Tree], dict[str, Tree]]:
    """The aggregates to keep, each once and the number of rows last, and what stands for each that was asked for."""
    count = without_alias(parsed("count(*)"))
    wanted = [each for state in states.values() for each in state.calls]
    values = list({written(each): each for each in [*wanted, count]}.values())
    places = {written(each): f"{VALUE}{at}" for at, each in enumerate(values, 1)}
    known = {
        name: parsed(state.over(tuple(places[written(each)] for each in state.calls))) for name, state in states.items()
    }
    return values, known


def keep_of(node: Tree, keys: Sequence[Tree], values: Sequence[Tree]) -> Tree:
    """The SELECT of what is kept: every key, and every aggregate for it."""
    items = [called(key, f"{KEY}{at}") for at, key in enumerate(keys, 1)]
    items += [called(value, f"{VALUE}{at}") for at, value in enumerate(values, 1)]
    sets = [list(range(len(keys)))] if keys else []
    return {
        **node, "select_list": items, "group_expressions": list(keys), "group_sets": sets, "having": None,
        "qualify": None, "modifiers": [], "aggregate_handling": "STANDARD_HANDLING",
    }  # fmt: skip


def rows_over(
    node: Tree, keys: Sequence[Tree], names: Sequence[str], said: Callable[[Tree], Tree | None]
) -> Tree | None:
    """The SELECT of a block's rows out of what is kept; its FROM clause is still to come."""
    items = [said(item) for item in node["select_list"]]
    having, qualify = (None if node[part] is None else said(node[part]) for part in ("having", "qualify"))
    modifiers = [said_modifier(node, modifier, said) for modifier in node["modifiers"]]
    asked = sum(node[part] is not None for part in ("having", "qualify"))
    if None in items or None in modifiers or asked > (having is not None) + (qualify is not None):
        return None
    sets = node["group_sets"]
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        sets = [list(range(len(keys)))] if keys else []
    return {
        **node, "select_list": [called(item, name) for item, name in zip(items, names, strict=True) if item],
        "group_expressions": [column(f"{KEY}{at}") for at in range(1, len(keys) + 1)], "group_sets": sets,
        "having": having, "qualify": qualify, "modifiers": modifiers, "where_clause": None,
        "aggregate_handling": "STANDARD_HANDLING",
    }  # fmt: skip


def said_modifier(node: Tree, modifier: Tree, said: Callable[[Tree], Tree | None]) -> Tree | None:
    """ORDER BY over what is kept; LIMIT as it is."""
    if modifier["type"] != "ORDER_MODIFIER":
        return modifier
    orders: list[dict[str, Any]] = []
    for order in modifier["orders"]:
        expression = said(ordered_by(node, order["expression"]))
        if expression is None:
            return None
        orders.append({**order, "expression": expression})
    return {**modifier, "orders": orders}


def ordered_by(node: Tree, expression: Tree) -> Tree:
    """What an expression of ORDER BY stands for: there, names of the answer come before those of tables."""
    if expression["class"] == "COLUMN_REF" and len(expression["column_names"]) == 1:
        name = folded(expression["column_names"][0])
        for item in node["select_list"]:
            if folded(str(item["alias"])) == name:
                return without_alias(item)
    return said_over_tables(expression, node, lambda _: True)
