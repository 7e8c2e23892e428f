"""Keeps the first rows of each key, when rows came: they are among those that were kept, and those that came.

    SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY at DESC) = 1

Everything that the window asks for has to be a column of the table. A row that goes may bring back one that was not
kept, so that these keys are made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assetflow.incremental.answer import KEYS, Answer, Rule
from assetflow.incremental.blocks import Block
from assetflow.incremental.query_parts import has_groups, windows_of
from assetflow.incremental.rules.keyed import find_keys, restricted_table
from assetflow.incremental.rules.linear import terms
from assetflow.incremental.rules.outputs import outputs_of
from assetflow.incremental.rules.ties import refuse_tied_at
from assetflow.incremental.tree import column, first_place, parsed, select_all, spoken, text, without_alias
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree

RANKS = ("row_number", "rank", "dense_rank")
PLUS = f"{KEYS}first_plus"
TOGETHER = f"{KEYS}first_together"


def first_rows(work: Work, block: Block) -> Answer | None:
    """The first rows of the keys to which rows came; None where it is not such a query, or rows went."""
    window = ranking(block.node)
    parts = terms(work, block)
    if window is None or parts is None or parts[1] or work.shown is None or block is not work.root:
        return None
    keys = [without_alias(each) for each in window["partitions"]]
    orders = [each["expression"] for each in window["orders"]]
    names = outputs_of(work, block, [*keys, *orders])
    if not keys or None in names:
        return None
    columns = [str(name) for name in names]
    came = " UNION ALL ".join(f"({text({**node, 'qualify': None})})" for node in parts[0])
    work.keep(PLUS, came or text(work.versions.empty(block)))
    found = find_keys(work, [keys_of(PLUS, columns[: len(keys)])], len(keys), first_place(keys))
    kept = restricted_table(work, str(work.shown), columns[: len(keys)], found)
    work.execute(f"CREATE OR REPLACE TEMP VIEW {TOGETHER} AS {kept} UNION ALL FROM {PLUS}")
    rows = {**select_all(TOGETHER), "qualify": over_columns(block.node["qualify"], window, columns)}
    if window["function_name"] == "row_number":
        rank = {**parsed("rank() OVER (ORDER BY a)"), "partitions": window["partitions"], "orders": window["orders"]}
        ranked = {**select_all(TOGETHER), "qualify": over_columns(block.node["qualify"], rank, columns)}
        refuse_tied_at(work, window, ranked, columns[: len(keys)], most_of(block.node["qualify"]))
    work.rules.append(Rule("first rows", tuple(map(spoken, keys))))
    return Answer(text(rows), keys=found, key_columns=tuple(columns[: len(keys)]))


def ranking(node: Tree) -> Tree | None:
    """The window of `QUALIFY row_number() OVER (...) <= 3`, where that is all there is to choose rows."""
    qualify = node["qualify"]
    if qualify is None or has_groups(node) or len(windows_of(node)) != 1:
        return None
    window, most = qualify.get("left"), qualify.get("right")
    if qualify["type"] not in ("COMPARE_LESSTHANOREQUALTO", "COMPARE_LESSTHAN", "COMPARE_EQUAL") or window is None:
        return None
    if window["class"] != "WINDOW" or window.get("function_name") not in RANKS or window.get("filter"):
        return None
    if window.get("arg_orders"):
        return None  # row_number(ORDER BY x) OVER (...) counts in another order, within a frame
    value = str((most.get("literal") or {}).get("text", "")) if most["class"] == "CONSTANT" else ""
    if not value.isdigit() or (qualify["type"] == "COMPARE_EQUAL" and value != "1"):
        return None
    return window if window["orders"] else None


def most_of(qualify: Tree) -> int:
    """How many rows of a key are chosen."""
    number = int(qualify["right"]["literal"]["text"])
    return number - 1 if qualify["type"] == "COMPARE_LESSTHAN" else number


def keys_of(table: str, names: Sequence[str]) -> Tree:
    return {**select_all(table), "select_list": [column(name) for name in names]}


def over_columns(qualify: Tree, window: Tree, names: Sequence[str]) -> Tree:
    """The same condition, over the columns of the table."""
    count = len(window["partitions"])
    orders: list[dict[str, Any]] = [
        {**order, "expression": column(name)} for order, name in zip(window["orders"], names[count:], strict=True)
    ]
    ranked = {**window, "partitions": [column(name) for name in names[:count]], "orders": orders}
    return {**qualify, "left": ranked}
