"""Rows that an ORDER BY does not tell apart: which of them a window takes first is nobody's choice.

    SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY at DESC) = 1

Of two events of one user at one time a rebuild can take either, by the order in which it happens to read them. So where
keys that are made anew hold such rows, the query is made in full, as it would be from nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from assetflow.incremental.blocks import Block, distinct_on
from assetflow.incremental.query_parts import (
    ORDER_DEPENDENT,
    RANKING,
    group_keys,
    has_groups,
    is_window,
    outside_subqueries,
    windows_of,
)
from assetflow.incremental.refused import Refused, ThisTime
from assetflow.incremental.rules.merged import LOOSE
from assetflow.incremental.rules.outputs import is_many
from assetflow.incremental.rules.split import ordered_by
from assetflow.incremental.tree import all_of, called, conjuncts, text, written
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import quote_identifier

TIED = "assetflow_tied"
EXTREMES = {
    "arg_max": "DESC", "argmax": "DESC", "max_by": "DESC", "arg_min": "ASC", "argmin": "ASC", "min_by": "ASC",
}  # fmt: skip
"""Aggregates that give what stands beside the greatest or the least value; rows where either is NULL play no part."""
BESIDE = frozenset({*EXTREMES, "arg_max_null", "arg_min_null", "arg_max_nulls_last", "arg_min_nulls_last"})
UNTOLD = "with an ORDER BY of which it cannot be told whether it leaves ties"


def refuse_tied(work: Work, block: Block, rows: Tree, keys: Sequence[Tree]) -> None:
    """Refuse a block of which `rows`, those of the keys concerned, stand in no certain order where that counts."""
    for said, is_tied in tied(work, block, rows, keys):
        if is_tied is not False:
            name = said.get("function_name") or "DISTINCT ON"
            by = "with an ORDER BY" if name not in BESIDE else "of values"
            left = f"{by} that leaves ties" if name not in BESIDE else f"{by} that are there more than once"
            raise ThisTime(f"{name} {UNTOLD if is_tied is None else left}", place(said))
    calls = [
        each
        for each in outside_subqueries(block.node["select_list"])
        if each.get("function_name") in ("min", "max") and each["class"] in ("FUNCTION", "WINDOW")
    ]
    for each, kinds in zip(calls, kinds_of_arguments(work, block, calls), strict=True):
        for kind in kinds:
            if any(loose in kind for loose in LOOSE):
                name = each["function_name"]
                raise Refused(f"{name} of {kind}, of which equal values need not be the same", place(each))


def kinds_of_arguments(work: Work, block: Block, calls: Sequence[Tree]) -> list[list[str]]:
    """The types of what is given to each call: of several columns for `max(COLUMNS(*))`, which is several calls."""
    given, table = [each["arguments"][0]["expression"] for each in calls], block.node["from_table"]
    if any(map(is_many, given)):
        return [work.kinds([each], table) for each in given]
    return [[kind] for kind in work.kinds(given, table)]


def has_ties(work: Work, block: Block) -> bool:
    """True where rows of a block, of whatever key, stand in no certain order where that counts."""
    if block.operation != "SELECT":
        return False
    rows = work.versions.at(block, "new")
    return any(is_tied for _, is_tied in tied(work, block, rows, distinct_on(block.node)))


def tied(work: Work, block: Block, rows: Tree, keys: Sequence[Tree]) -> Iterator[tuple[Tree, bool | None]]:
    """What asks which row is first, and whether rows that differ tie there; None: that cannot be asked."""
    if work.assume:
        return
    asked: dict[str, bool | None] = {}
    for said, apart in orderings(block, keys):
        by = json.dumps([written(each) for each in apart])
        if by not in asked:
            asked[by] = has_tied(work, rows, apart)
        yield said, asked[by]
    if has_groups(block.node):
        for call in aggregates_in_order(block.node):
            yield call, has_tied_values(work, rows, call)


def orderings(block: Block, keys: Sequence[Tree]) -> list[tuple[Tree, list[Tree]]]:
    """What asks which row is first, and by which expressions together rows are told apart there."""
    node = block.node
    found = [(each, [*each["partitions"], *by]) for each in windows_of(node) for by in orders_of(each)]
    if distinct_on(node):
        orders = [one for each in node["modifiers"] if each["type"] == "ORDER_MODIFIER" for one in each["orders"]]
        found.append((keys[0], [*keys, *(ordered_by(node, one["expression"]) for one in orders)]))
    return found


def orders_of(window: Tree) -> list[list[Tree]]:
    """The orders in which the answer of a window differs between rows that are equal in them."""
    name, own = window.get("function_name"), [order["expression"] for order in window["orders"]]
    inside = [order["expression"] for order in window.get("arg_orders") or ()]
    found = [own] if name in RANKING or "ROWS" in f"{window.get('start')} {window.get('end')}" else []
    if name in ORDER_DEPENDENT:
        found.append(inside or own)
    elif name in BESIDE:
        found.append([each["expression"] for each in window["arguments"][1:2]])
    return found


def has_tied(work: Work, rows: Tree, apart: Sequence[Tree]) -> bool | None:
    """True where rows that differ in what is shown are alike in all of some expressions; None: not to be told.

    What is shown stands before these, which may call its columns by their names, or GROUP BY by their numbers.
    """
    names = [f"{TIED}_{number}" for number in range(len(apart))]
    told = [called(each, name) for each, name in zip(apart, names, strict=True)]
    listed = ", ".join(names)
    by = f"GROUP BY {listed} HAVING count(*) > 1" if names else "HAVING count(*) > 1"
    plain = {**rows, "select_list": [*rows["select_list"], *told], "qualify": None, "modifiers": []}
    found = any_row(work, f"FROM (SELECT {listed or '1'} FROM ({text(plain)})) {by}")
    if not found or has_groups(rows):
        return found
    whole = text({**plain, "select_list": [*shown(rows), *told]})
    return any_row(work, f"FROM (SELECT DISTINCT * FROM ({whole})) {by}")


def aggregates_in_order(node: Tree) -> Iterator[Tree]:
    """The aggregates of a SELECT whose answer differs between rows that are equal in an order."""
    for each in outside_subqueries([node["select_list"], node["having"], node["qualify"]]):
        if each["class"] == "FUNCTION" and each["function_name"] in ORDER_DEPENDENT | BESIDE:
            yield each


def has_tied_values(work: Work, rows: Tree, call: Tree) -> bool | None:
    """True where an aggregate finds different values at one place of its order in a group; None: not to be told."""
    try:
        keys = group_keys(rows, lambda each: work.binds(each, rows["from_table"]))
    except Refused:
        return None
    arguments = [each["expression"] for each in call["arguments"]]
    orders = [each["expression"] for each in call["order_bys"]["orders"]]
    if call["function_name"] in BESIDE:
        arguments, orders = arguments[:1], arguments[1:2]
    apart, number = [*keys, *orders], len(keys)
    names = [f"{TIED}_{at}" for at in range(len(apart) + len(arguments))]
    where = [*conjuncts(rows["where_clause"]), *conjuncts(call["filter"])]
    plain = {
        **rows, "select_list": [called(each, name) for each, name in zip([*apart, *arguments], names, strict=True)],
        "where_clause": all_of(where) if where else None,
        "group_expressions": [], "group_sets": [], "aggregate_handling": "STANDARD_HANDLING", "having": None,
        "qualify": None, "modifiers": [],
    }  # fmt: skip
    asked = text(plain)
    if call["function_name"] in EXTREMES and len(call["arguments"]) == 2:
        by = f"PARTITION BY {', '.join(names[:number])} " if keys else ""
        there = " AND ".join(f"{name} IS NOT NULL" for name in names[number:])
        rank = f"rank() OVER ({by}ORDER BY {names[number]} {EXTREMES[call['function_name']]})"
        asked = f"SELECT * FROM ({asked}) WHERE {there} QUALIFY {rank} = 1"
    listed = ", ".join(names[: len(apart)])
    by = f"GROUP BY {listed} HAVING count(*) > 1" if listed else "HAVING count(*) > 1"
    return any_row(work, f"FROM (SELECT DISTINCT * FROM ({asked})) {by}")


def shown(node: Tree) -> list[Tree]:
    """What the rows of an answer are made of, but for the places of rows."""
    found: list[Tree] = []
    for item in (*node["select_list"], *([node["qualify"]] if node["qualify"] is not None else [])):
        inside = outside_subqueries(item)
        if any(map(is_window, inside)):
            found += [each for each in inside if each["class"] == "COLUMN_REF"]
        else:
            found.append(item)
    return found


def any_row(work: Work, asked: str) -> bool | None:
    """True where there is such a row; None where that cannot be asked."""
    found = work.answered(f"SELECT EXISTS(SELECT 1 {asked})")
    return None if found is None else bool(found[0][0])


def refuse_tied_at(work: Work, window: Tree, ranked: Tree, keys: Sequence[str], most: int) -> None:
    """Refuse to choose `most` rows of each key out of `ranked`, all that rank so high, where different ones tie."""
    by = ", ".join(map(quote_identifier, keys))
    asked = f"FROM ({text(ranked)}) AS {TIED} GROUP BY {by} HAVING count(*) > {most} AND count(DISTINCT {TIED}) > 1"
    if any_row(work, asked):
        raise ThisTime(f"{window['function_name']} with an ORDER BY that leaves ties", place(window))
