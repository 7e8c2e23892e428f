"""Makes the rows that came to a query's answer, and those that went, out of those of its tables.

Works on a cursor that sees, for every table that changed, what it holds now under its own name, and what it held, what
came and what went under `version_of(name, ...)`. Bag semantics throughout: a row that is there twice counts twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.incremental.answer import Answer, Change, Rule
from assetflow.incremental.blocks import Block, Parts, distinct_on, is_limited, limit_place
from assetflow.incremental.query_parts import has_groups, refuse_unsteady, said_over_tables, window_keys, windows_of
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules.first_rows import first_rows
from assetflow.incremental.rules.groups import by_groups
from assetflow.incremental.rules.keyed import by_keys
from assetflow.incremental.rules.limits import refuse_ties
from assetflow.incremental.rules.linear import linear, union_all
from assetflow.incremental.rules.sets import by_rows
from assetflow.incremental.rules.ties import has_ties, refuse_tied
from assetflow.incremental.rules.top import is_top, top_rows
from assetflow.incremental.rules.whole import whole
from assetflow.incremental.tree import text
from assetflow.incremental.work import Work

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def refresh(
    cursor: Cursor, parts: Parts, changes: Mapping[str, Change], *, shown: str | None = None,
    kept: Collection[str] | None = None, assume: bool = False,
) -> Answer:  # fmt: skip
    """Make what the last block's answer needs; Refused where no rule knows how.

    `shown` is a table of the rows that are there. `kept` are tables of what was kept beside them; None: nothing can be
    kept. `assume`: tables that are empty stand for some rows, as when only the rules are asked for.
    """
    refuse_at_sight(parts)
    work = Work(cursor, rule, dict(changes), shown, assume, kept, parts.root)
    for block in parts.blocks:
        # A query of one block is bound already, and what comes of its tables is mostly told without it.
        work.show(block, "new", is_known=len(parts.blocks) == 1)
    answer = None if kept is None else whole(work, parts)
    return replace(answer or block_by_block(work, parts), rules=tuple(work.rules))


def is_ambiguous(cursor: Cursor, parts: Parts) -> bool:
    """True where the query may take either of several rows, wherever these stand, so that two builds may differ."""
    work = Work(cursor, rule, {}, None, assume=False, kept=None, root=parts.root)
    for block in parts.blocks:
        work.show(block, "new")
        if has_ties(work, block):
            return True
    return False


def refuse_another_order(cursor: Cursor, parts: Parts) -> None:
    """Refuse a query that could take another row of several, where its tables hold the same rows in another order."""
    work = Work(cursor, rule, {}, None, assume=False, kept=None, root=parts.root)
    for block in parts.blocks:
        work.show(block, "new")
        if block.operation == "SELECT":
            node = work.versions.at(block, "new")
            refuse_tied(work, block, node, distinct_on(block.node))
            if is_limited(block.node):
                refuse_ties(work, node, limit_place(block.node))


def block_by_block(work: Work, parts: Parts) -> Answer:
    """The rows of each block that came and went follow from those of the blocks that it reads."""
    for block in parts.blocks[:-1]:
        if work.is_changed(block):
            work.show(block, "old")
        work.settle(block, work.answer(block))
    return work.answer(parts.root)


def rule(work: Work, block: Block) -> Answer:
    """How the rows of a block change, by the first rule that knows."""
    if not work.is_changed(block):
        work.rules.append(Rule("unchanged"))
        return Answer(text(work.versions.empty(block)))
    if block.operation == "UNION_ALL":
        return union_all(work, block)
    if block.operation != "SELECT":
        return by_rows(work, block)
    if is_limited(block.node):
        return first_of_all(work, block)
    if on := distinct_on(block.node):
        return by_keys(work, block, [said_over_tables(each, block.node, work.binds_over(block)) for each in on])
    if has_groups(block.node):
        return by_groups(work, block)
    if windows_of(block.node):
        found = first_rows(work, block) or top_rows(work, block)
        return found or by_keys(work, block, window_keys(block.node, None, work.binds_over(block)))
    return linear(work, block)


def first_of_all(work: Work, block: Block) -> Answer:
    answer = top_rows(work, block)
    if answer is None:
        raise limited(block)
    return answer


def limited(block: Block) -> Refused:
    has_offset = any(modifier.get("offset") for modifier in block.node["modifiers"])
    return Refused("LIMIT with OFFSET" if has_offset else "LIMIT", limit_place(block.node))


def refuse_at_sight(parts: Parts) -> None:
    """Refuse what can be told without a look at any table, so that nothing is spent on it."""
    for block in parts.blocks:
        refuse_unsteady(block.node)
    selects = [block for block in parts.blocks if block.operation == "SELECT"]
    if any(has_groups(block.node) for block in selects):
        return
    for block in selects:
        if is_limited(block.node) and (block is not parts.root or not is_top(block.node)):
            raise limited(block)
