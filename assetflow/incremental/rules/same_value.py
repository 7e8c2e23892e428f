"""A subquery that is looked up by nothing, and gives what it gave: the block is refreshed as if that were a constant.

SELECT * FROM sales WHERE day > (SELECT max(closed) FROM years)     years grew, and its last day stayed
"""

from __future__ import annotations

from assetflow.incremental.answer import Rule
from assetflow.incremental.tree import called, parsed_node, text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree

KINDS = ("SCALAR", "EXISTS", "NOT_EXISTS")
UNTOLD = ("UNION", "VARIANT", "GEOMETRY")
"""Types of which two values can be written alike."""


def has_same_value(work: Work, subquery: Tree) -> bool | None:
    """True where a subquery gives now what it gave then; None where it speaks of the rows outside of it."""
    if subquery["subquery_type"] not in KINDS:
        return None
    inner = {**parsed_node("SELECT 1"), "select_list": [called(subquery, "value")]}
    asked = with_inner(parsed_node("SELECT value, value::VARCHAR, typeof(value) FROM (SELECT 1 AS value)"), inner)
    then = work.answered(text(work.versions.expression_at(asked, "old")))
    now = work.answered(text(work.versions.expression_at(asked, "new")))
    if then is None or now is None:
        return None
    # As they are written: zeros of either sign are equal, and two values; Python knows no months and no nanoseconds.
    if repr(then) != repr(now):
        return False
    if any(untold in then[0][2] for untold in UNTOLD):
        return False
    work.rules.append(Rule("same value"))
    return True


def with_inner(node: Tree, inner: Tree) -> Tree:
    """A query over another subquery after FROM."""
    table = node["from_table"]
    return {**node, "from_table": {**table, "subquery": {**table["subquery"], "node": inner}}}
