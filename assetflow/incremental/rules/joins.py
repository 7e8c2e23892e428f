"""Which side of a join adds rows of its own, and by which keys the other side is looked up.

A row more on the left of a LEFT, SEMI or ANTI JOIN adds rows to the answer or none. A row more on the right changes
what becomes of all rows on the left that have its key. In a FULL JOIN that is so for both sides.
"""

from __future__ import annotations

from collections.abc import Callable

from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import Leaf, column, either, equalities
from assetflow.lineage.sql.tree import Tree, place

ADDING = {
    "INNER": ("left", "right"),
    "LEFT": ("left",),
    "RIGHT": ("right",),
    "SEMI": ("left",),
    "ANTI": ("left",),
}
"""The sides of a join whose rows each stand for themselves."""

FULL = ("FULL", "OUTER")

BindsOver = Callable[[Tree, Tree], bool]
"""True for an expression that can be said over a FROM clause."""


Lookup = tuple[Tree, str]
"""A join, and that side of it on which rows are only looked up."""


def looked_up(leaf: Leaf) -> Lookup | None:
    """The outermost join in which a table is only looked up; None where its rows stand for themselves."""
    for join, side in leaf.above:
        if side not in ADDING.get(join["join_type"], ()):
            return join, side
    return None


def pairs(join: Tree, side: str, binds: BindsOver) -> tuple[list[Tree], list[Tree]]:
    """The expressions that a join holds equal: those by which its rows are found, and those of the side that changed.

    The rows of a FULL JOIN are found by the value of either side, since each may be missing.
    """
    mine, other = join["right" if side == "left" else "left"], join[side]
    if join["using_columns"]:
        names = join["using_columns"]
        return [column(name) for name in names], [column(name) for name in names]
    if join["ref_type"] == "NATURAL":
        raise Refused("a NATURAL outer join of a table that changed", place(join))
    here, there = [], []
    for left, right in equalities(join["condition"]):
        for one, two in ((left, right), (right, left)):
            if binds(one, mine) and binds(two, other):
                here.append(either(one, two) if join["join_type"] in FULL else one)
                there.append(two)
                break
    if not here:
        raise Refused(f"a {join['join_type']} JOIN without an equality, of a table that changed", place(join))
    return here, there
