"""Which rows a subquery that changed is looked up by.

    SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND u.w > t.x)

What it gives for a row of t depends on those rows of u alone of which k is the row's k. A row that comes to u concerns
the rows of t with its k; the subquery itself stays as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from assetflow.incremental.query_parts import outside_subqueries
from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import equalities, leaves, select, tables_of
from assetflow.lineage.sql.tree import Tree, place

BindsOver = Callable[[Tree, Tree], bool]


class Correlation(Struct, frozen=True):
    """The expressions that are looked up, and a SELECT of what they are held equal to."""

    outside: list[Tree]
    inside: Tree


def subqueries_over(node: Tree, changed: Sequence[str]) -> Iterator[Tree]:
    """The subqueries of a SELECT that read one of these tables."""
    own = [part for key, part in node.items() if key != "from_table"]
    for each in outside_subqueries(own):
        if each["class"] == "SUBQUERY" and tables_of(each["subquery"]).intersection(changed):
            yield each


def correlation(subquery: Tree, table: Tree, changed: Sequence[str], binds: BindsOver) -> Correlation | None:
    """By what a subquery is looked up from the rows of a FROM clause; None where nothing is held equal."""
    node = subquery["subquery"]["node"]
    if node["type"] != "SELECT_NODE" or not is_of_tables(node["from_table"]):
        return None
    if any(tables_of(inner["subquery"]).intersection(changed) for inner in subqueries_over(node, changed)):
        raise Refused("a subquery inside of a subquery, over a table that changed", place(subquery))
    outside, inside = [], []
    for left, right in equalities(node["where_clause"]):
        for one, other in ((left, right), (right, left)):
            # Names are looked for inside first: what can be said there is not of the tables outside.
            if binds(one, node["from_table"]) and not binds(other, node["from_table"]) and binds(other, table):
                inside.append(one)
                outside.append(other)
                break
    return Correlation(outside, select(inside, node["from_table"], None)) if inside else None


def is_of_tables(table: Tree) -> bool:
    """True for a FROM clause of named tables alone."""
    if table["type"] == "JOIN":
        return is_of_tables(table["left"]) and is_of_tables(table["right"])
    return bool(table["type"] == "BASE_TABLE") and bool(list(leaves(table)))
