"""Rows that an ORDER BY does not tell apart: which of them a window takes first is nobody's choice.

    SELECT * FROM events QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY at DESC) = 1

Of two events of one user at one time a rebuild can take either, by the order in which it happens to read them. So where
keys that are made anew hold such rows, the query is made in full, as it would be from nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.blocks import Block, distinct_on
from assetflow.incremental.query_parts import (
    ORDER_DEPENDENT,
    RANKING,
    has_groups,
    is_window,
    outside_subqueries,
    windows_of,
)
from assetflow.incremental.refused import ThisTime
from assetflow.incremental.rules.split import ordered_by
from assetflow.incremental.tree import text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import quote_identifier

TIED = "assetflow_tied"


def refuse_tied(work: Work, block: Block, rows: Tree, keys: Sequence[Tree]) -> None:
    """Refuse a block of which `rows`, those of the keys concerned, stand in no certain order where that counts."""
    for said, apart in orderings(block, keys):
        if has_tied(work, rows, apart):
            name = said.get("function_name") or "DISTINCT ON"
            raise ThisTime(f"{name} with an ORDER BY that leaves ties", place(said))


def has_ties(work: Work, block: Block) -> bool:
    """True where rows of a block, of whatever key, stand in no certain order where that counts."""
    if block.operation != "SELECT":
        return False
    rows = work.versions.at(block, "new")
    return any(has_tied(work, rows, apart) for _, apart in orderings(block, distinct_on(block.node)))


def orderings(block: Block, keys: Sequence[Tree]) -> list[tuple[Tree, list[Tree]]]:
    """What asks which row is first, and by which expressions together rows are told apart there."""
    node = block.node
    found = [
        (each, [*each["partitions"], *(order["expression"] for order in each["orders"])])
        for each in windows_of(node)
        if asks_for_place(each)
    ]
    if distinct_on(node):
        orders = [one for each in node["modifiers"] if each["type"] == "ORDER_MODIFIER" for one in each["orders"]]
        found.append((keys[0], [*keys, *(ordered_by(node, one["expression"]) for one in orders)]))
    return found


def asks_for_place(window: Tree) -> bool:
    """True for a window whose answer differs between rows that are equal in its order."""
    frame = f"{window.get('start')} {window.get('end')}"
    return window.get("function_name") in RANKING | ORDER_DEPENDENT or "ROWS" in frame


def has_tied(work: Work, rows: Tree, apart: Sequence[Tree]) -> bool:
    """True where rows that differ in what is shown are alike in all of some expressions.

    Where that cannot be asked, it is taken for no.
    """
    names = ", ".join(f"{TIED}_{number}" for number in range(len(apart)))
    plain = {**rows, "select_list": list(apart), "qualify": None, "modifiers": []}
    if not any_row(work, f"FROM ({text(plain)}) AS x({names}) GROUP BY {names} HAVING count(*) > 1"):
        return False
    if has_groups(rows):
        return True
    whole = text({**plain, "select_list": [*apart, *shown(rows)]})
    asked = f"FROM (SELECT DISTINCT * FROM ({whole}) AS x({names})) GROUP BY {names} HAVING count(*) > 1"
    return any_row(work, asked) is not False


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
