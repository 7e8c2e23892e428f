"""LIMIT: which rows it leaves is told by its ORDER BY, or by nothing but the order in which rows are read."""

from __future__ import annotations

from assetflow.incremental.answer import KEYS
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.refused import Refused, ThisTime
from assetflow.incremental.rules.split import ordered_by
from assetflow.incremental.tree import alike, called, expressions, parsed, text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import folded

RANK = f"{KEYS}rank"
TIES = "LIMIT that cuts between rows which ORDER BY does not tell apart"


def refuse_ties(work: Work, node: Tree, where: int | None) -> None:
    """Refuse a LIMIT that cuts between rows which its ORDER BY does not tell apart; `node` reads what there is now."""
    orders, limit = order_and_limit(node)
    last = number_of(limit["limit"])
    first = 0 if limit["offset"] is None else number_of(limit["offset"])
    if last is None or first is None or node["qualify"] is not None or not all(is_clear(node, each) for each in orders):
        raise Refused("LIMIT", where)
    if orders[0]["expression"]["class"] == "STAR" and any(map(is_inexact, kinds_of(work, node))):
        raise Refused("LIMIT", where)
    if work.assume or (is_of_all(node, orders) and not any(map(is_inexact, kinds_of(work, node)))):
        return
    window = parsed("rank() OVER (ORDER BY a)")
    ranked = [*node["select_list"], called({**window, "orders": orders}, RANK)]
    for cut in {first, first + last}:
        asked = text({**node, "select_list": ranked, "modifiers": []})
        count = work.cursor.execute(f"SELECT count(*) FROM ({asked}) WHERE {RANK} <= {cut}").fetchall()[0][0]
        if count > cut:
            raise ThisTime(TIES, where)


def order_and_limit(node: Tree) -> tuple[list[Tree], Tree]:
    """What a SELECT with LIMIT orders by, said without positions and names of its answer; and its LIMIT."""
    order = next(each for each in node["modifiers"] if each["type"] == "ORDER_MODIFIER")
    limit = next(each for each in node["modifiers"] if each["type"] == "LIMIT_MODIFIER")
    return [{**each, "expression": ordered_by(node, each["expression"])} for each in order["orders"]], limit


def is_clear(node: Tree, order: Tree) -> bool:
    """True for an order by columns of the answer or of tables, where no name could mean either."""
    expression = order["expression"]
    if expression["class"] == "STAR":
        return is_all(expression) and len(node["modifiers"][0]["orders"]) == 1
    if any(alike(item, expression) for item in node["select_list"]):
        return True
    names = {folded(str(item["alias"])) for item in node["select_list"] if item["alias"]}
    references = [each for each in expressions(expression) if each["class"] == "COLUMN_REF"]
    return bool(references) and not any(folded(each["column_names"][-1]) in names for each in references)


def is_all(expression: Tree) -> bool:
    """True for `ORDER BY ALL`: all columns of the answer. `*` and `COLUMNS(...)` are of tables, and have a place."""
    return expression["class"] == "STAR" and expression["expr"] is None and place(expression) is None


def kinds_of(work: Work, node: Tree) -> list[str]:
    return work.kinds_of({**node, "modifiers": []})


def is_of_all(node: Tree, orders: list[Tree]) -> bool:
    """True for an order of all columns, in which rows that stand beside each other are the same."""
    if orders[0]["expression"]["class"] == "STAR":
        return True
    items = [item for item in node["select_list"] if item["class"] != "CONSTANT"]
    return all(any(alike(item, order["expression"]) for order in orders) for item in items)


def number_of(value: Tree | None) -> int | None:
    literal = (value or {}).get("literal") or {}
    said = str(literal.get("text", ""))
    return int(said) if literal.get("kind") == "INTEGER" and said.isdigit() else None
