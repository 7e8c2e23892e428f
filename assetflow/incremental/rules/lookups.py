"""Subqueries that changed: which expressions of a block are looked up in them, and where their values stand.

SELECT * FROM t WHERE t.k IN (SELECT k FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.y = t.x)      k in u, x in v
"""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.answer import version_of
from assetflow.incremental.blocks import PREFIX, Block, Member
from assetflow.incremental.refused import Refused, ThisTime
from assetflow.incremental.rules.same_value import has_same_value
from assetflow.incremental.rules.subqueries import correlation, subqueries_over
from assetflow.incremental.tree import tables_of
from assetflow.incremental.work import Lookup, Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import quote_identifier


def lookups(work: Work, block: Block) -> list[Lookup]:
    """Subqueries that changed: the expressions that are looked up in them, and the block of what is found there."""
    if block.name not in work.lookups:
        changed = [name for name in block.inner if name in work.changes]
        members = [each for each in block.members if each.name in work.changes]
        for member in members:
            refuse_turned(work, member)
        inner = [correlated(work, block, each, changed) for each in subqueries_over(block.node, changed)]
        found = [([member.expression], member.name) for member in members]
        work.lookups[block.name] = [*found, *(each for each in inner if each is not None)]
    return work.lookups[block.name]


def refuse_turned(work: Work, member: Member) -> None:
    """Refuse a NOT IN whose list came to hold NULL, or any value at all, or ceased to: that concerns all rows."""
    columns = work.columns_of(member.name)
    if len(columns) > 1:
        raise Refused("IN of several columns", place(member.expression))
    name = quote_identifier(columns[0][0])
    asked = [
        f"SELECT count(*) > 0, count(*) > count({name}) FROM {quote_identifier(version_of(member.name, version))}"
        for version in ("old", "new")
    ]
    if member.is_negated and len({work.cursor.execute(each).fetchall()[0] for each in asked}) > 1:
        said = "NOT IN of a list that came to hold NULL, or its first value, or lost it"
        raise Refused(said, place(member.expression))


def correlated(work: Work, block: Block, subquery: Tree, changed: Sequence[str]) -> Lookup | None:
    """By what a subquery is looked up; None where its answer is what it was, however it is looked up."""
    found = correlation(subquery, block.node["from_table"], changed, work.binds)
    same = has_same_value(work, subquery) if found is None else None
    if same:
        return None
    if found is None:
        said = min(tables_of(subquery["subquery"]).intersection(changed))
        said = "an inner query" if said.startswith(PREFIX) else said
        if same is False:
            raise ThisTime(f"a subquery over {said}, which changed, and its value with it", place(subquery))
        raise Refused(f"a subquery over {said}, which changed", place(subquery))
    work.made += 1
    inside = Block(f"{PREFIX}inside_{work.made}", found.inside)
    work.show(inside, "new")
    work.show(inside, "old")
    work.settle(inside, work.answer(inside))
    return (found.outside, inside.name) if inside.name in work.changes else None
