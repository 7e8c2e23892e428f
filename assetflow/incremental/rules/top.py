"""Keeps the first rows of all: they are among those that are there, and the first ones of those that came.

    SELECT * FROM events ORDER BY sent DESC, id LIMIT 100
    SELECT * FROM events QUALIFY row_number() OVER (ORDER BY sent DESC, id) <= 100

Everything that the order asks for has to be a column of the table. A row that goes from among the first would bring
back one that was not kept, so that all is made anew then; one that goes from behind them changes nothing. Rows that tie
with the last one may have been left out: those that stand where it stands are counted, and no others looked at.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from assetflow.incremental.answer import KEYS, Answer, Rule, key_names
from assetflow.incremental.blocks import Block, is_limited, limit_place
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.query_parts import has_groups, windows_of
from assetflow.incremental.refused import Refused, ThisTime
from assetflow.incremental.rules.first_rows import most_of, ranking
from assetflow.incremental.rules.keyed import restricted
from assetflow.incremental.rules.limits import RANK, TIES, is_all, is_clear, is_of_all, number_of, order_and_limit
from assetflow.incremental.rules.linear import by_lookup, terms, union
from assetflow.incremental.rules.outputs import outputs_of
from assetflow.incremental.tree import called, column, expressions, parsed, parsed_node, select_all, text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import folded, quote_identifier

TOGETHER, TOP, LAST, WENT, TIED = (f"{KEYS}top_{name}" for name in ("together", "rows", "last", "went", "tied"))
PLAIN = {"ORDER_MODIFIER", "LIMIT_MODIFIER"}
COMPARED = ("FLOAT", "DOUBLE")
"""Types by which rows are not found elsewhere, and can be counted here: one value too many is no wrong answer."""


class Top(Struct, frozen=True):
    """So many first rows: what they are ordered by, as it is said (`by`; of ALL nothing) and as columns (`orders`).

    `block` is a SELECT with ORDER BY and LIMIT, whatever it was; `where` is the place of that in the query.
    """

    block: Block
    number: int
    by: list[Tree]
    orders: list[Tree]
    where: int | None

    def first_of(self, table: str) -> str:
        """The SELECT of the first rows of a table that has the columns of the answer."""
        said = [{**each, "orders": self.orders} if "orders" in each else each for each in self.block.node["modifiers"]]
        return text({**select_all(table), "modifiers": said})

    def ranked(self, table: str) -> str:
        """Every row of such a table with its place in the order; rows that tie share one."""
        window = {**parsed("rank() OVER (ORDER BY a)"), "orders": self.orders}
        rows = select_all(table)
        return text({**rows, "select_list": [*rows["select_list"], called(window, RANK)]})


def top_rows(work: Work, block: Block) -> Answer | None:
    """The first rows of all; None where the query asks for others, Refused where they do not follow."""
    node = as_limited(block.node)
    if node is None or not is_plain(node) or block is not work.root or work.shown is None:
        return None
    top = top_of(work, replace(block, node=node), place_of(block.node))
    came, went = came_and_went(work, top.block)
    if went is not None:
        refuse_gone(work, top, went)
    work.execute(f"CREATE OR REPLACE TEMP VIEW {TOGETHER} AS FROM {quote_identifier(work.shown)} UNION ALL ({came})")
    if work.keep(TOP, top.first_of(TOGETHER)):
        refuse_left_out(work, top)
    work.rules.append(Rule("first rows"))
    return Answer(top.first_of(TOP), is_whole=True, is_sorted=is_limited(block.node))


def came_and_went(work: Work, block: Block) -> tuple[str, str | None]:
    """The first of the rows that came, and of those that went; where rows are looked up, all of the keys concerned."""
    found = terms(work, block)
    if found is None:
        answer = by_lookup(work, replace(block, node={**block.node, "modifiers": []}))
        return answer.plus, answer.minus
    plus, minus = found
    return union(plus) or text(work.versions.empty(block)), union(minus) if minus else None


def is_top(node: Tree) -> bool:
    """True for a SELECT of the first rows of all, from the first one on, of rows as they are."""
    limited = as_limited(node)
    return limited is not None and is_plain(limited)


def as_limited(node: Tree) -> Tree | None:
    """A SELECT that has LIMIT, or chooses rows by their place among all, said with ORDER BY and LIMIT."""
    if is_limited(node):
        return node
    window = ranking(node)
    if window is None or window["partitions"] or window["function_name"] != "row_number":
        return None
    if not all(is_same_in_order(node, order["expression"]) for order in window["orders"]):
        return None
    modifiers = parsed_node(f"SELECT a FROM t ORDER BY a LIMIT {most_of(node['qualify'])}")["modifiers"]
    ordered = [{**each, "orders": window["orders"]} if "orders" in each else each for each in modifiers]
    return {**node, "qualify": None, "modifiers": ordered}


def is_same_in_order(node: Tree, expression: Tree) -> bool:
    """True for what means the same in the ORDER BY of a window and in that of a SELECT.

    There a number is a place among the columns of the answer, and names are theirs.
    """
    said = {folded(str(item["alias"])) for item in node["select_list"] if item["alias"]}
    inside = list(expressions(expression))
    names = [folded(str(each["column_names"][-1])) for each in inside if each["class"] == "COLUMN_REF"]
    return bool(names) and said.isdisjoint(names) and not any(each["class"] == "STAR" for each in inside)


def is_plain(node: Tree) -> bool:
    if has_groups(node) or windows_of(node) or {each["type"] for each in node["modifiers"]} != PLAIN:
        return False
    limit = order_and_limit(node)[1]
    return number_of(limit["limit"]) is not None and (limit["offset"] is None or number_of(limit["offset"]) == 0)


def place_of(node: Tree) -> int | None:
    return limit_place(node) if is_limited(node) else place(node["qualify"]["left"])


def top_of(work: Work, block: Block, where: int | None) -> Top:
    """What a block asks for; Refused where its order is not told by columns of the answer."""
    orders, limit = order_and_limit(block.node)
    kinds = dict(work.columns_of(block.name))
    is_clearly = all(is_clear(block.node, each) for each in orders)
    by_all = is_all(orders[0]["expression"])
    by = [] if by_all else [each["expression"] for each in orders]
    orders = orders * len(kinds) if by_all else orders
    found = list(kinds) if by_all else outputs_of(work, block, by) if is_clearly else []
    names = [name for name in found if name is not None]
    if len(names) < len(orders) or not is_clearly:
        raise Refused("LIMIT with an ORDER BY of what is not found among the columns", where)
    shown = dict(work.columns_of(str(work.shown)))
    for name in names:
        if shown.get(name) != kinds[name] or (is_inexact(kinds[name]) and (by_all or kinds[name] not in COMPARED)):
            raise Refused(f"LIMIT with an ORDER BY of {kinds[name]}", where)
    ordered = [{**each, "expression": column(name)} for each, name in zip(orders, names, strict=True)]
    return Top(block, number_of(limit["limit"]) or 0, by, ordered, where)


def refuse_gone(work: Work, top: Top, minus: str) -> None:
    """Refuse where one of the first rows went."""
    there = f"SELECT *, false AS {WENT} FROM {quote_identifier(str(work.shown))}"
    work.execute(f"CREATE OR REPLACE TEMP VIEW {WENT} AS {there} UNION ALL SELECT *, true FROM ({minus})")
    asked = f"SELECT EXISTS(SELECT 1 FROM ({top.ranked(WENT)}) WHERE {WENT} AND {RANK} <= {top.number})"
    if not work.assume and work.cursor.execute(asked).fetchall()[0][0]:
        raise ThisTime("LIMIT, and one of the first rows went", top.where)


def refuse_left_out(work: Work, top: Top) -> None:
    """Refuse where a row that is left out stands where the last one stands, and may be another one."""
    is_exact = not any(is_inexact(kind) for _, kind in work.columns_of(top.block.name))
    if work.assume or (is_exact and is_of_all(top.block.node, order_and_limit(top.block.node)[0])):
        return
    names = key_names(len(top.orders))
    last = ", ".join(
        f"{quote_identifier(each['expression']['column_names'][0])} AS {name}"
        for each, name in zip(top.orders, names, strict=True)
    )
    ranked = f"FROM ({top.ranked(TOP)}) QUALIFY {RANK} = max({RANK}) OVER ()"
    work.keep(LAST, f"SELECT {last} {ranked} LIMIT 1")
    count, places = work.cursor.execute(
        f"SELECT (SELECT count(*) FROM {TOP}), (SELECT count(*) FROM (SELECT 1 {ranked}))"
    ).fetchall()[0]
    if count < top.number:
        return
    tied = text({**restricted(work, top.block, "new", top.by, LAST, names), "modifiers": []})
    there, kinds = work.cursor.execute(f"SELECT count(*), count(DISTINCT {TIED}) FROM ({tied}) AS {TIED}").fetchall()[0]
    if there != places and not (is_exact and kinds == 1):
        raise ThisTime(TIES, top.where)
