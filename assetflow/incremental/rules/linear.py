"""Runs a block over what came and over what went, where each of its rows is made of one row of each table.

Filters, projections, joins, UNION ALL, and the side of an outer join that adds rows; the other side is looked up, which
is the rule `keyed`.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.answer import Answer, Change, Rule, Version
from assetflow.incremental.blocks import Block
from assetflow.incremental.rules.joins import looked_up
from assetflow.incremental.rules.keyed import by_keys, found_by
from assetflow.incremental.rules.lookups import lookups
from assetflow.incremental.tree import alike, leaves, parsed, text, written
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import quote_identifier


def linear(work: Work, block: Block) -> Answer:
    """Filters, projections and joins: the difference of a product is the sum of products of differences."""
    found = terms(work, block)
    if found is None:
        return by_lookup(work, block)
    plus, minus = found
    work.rules.append(Rule("linear" if minus else "append"))
    came = union(plus) or text(work.versions.empty(block))
    went = union(minus) if minus else None
    changed = changed_table(work, block)
    return Answer(
        came,
        went,
        is_of_single_rows=shows_rows(work, block),
        is_replaced=changed is not None and changed.is_replaced,
        is_shown=changed is not None and changed.is_shown,
    )


def changed_table(work: Work, block: Block) -> Change | None:
    """What became of the one table of a block that changed; None of several."""
    changed = [leaf.name for leaf in leaves(block.node["from_table"]) if leaf.name in work.changes]
    return work.changes[changed[0]] if len(changed) == 1 else None


def shows_rows(work: Work, block: Block) -> bool:
    """True where the answer is some rows of a table as they are, of which no two that changed are alike."""
    items, table = block.node["select_list"], block.node["from_table"]
    is_whole = len(items) == 1 and alike(items[0], parsed("*"))
    return is_whole and table["type"] == "BASE_TABLE" and work.changes[next(leaves(table)).name].is_of_single_rows


def terms(work: Work, block: Block) -> tuple[list[Tree], list[Tree]] | None:
    """What comes to a block and what goes, a term for each table; None where rows are looked up in one of them."""
    found = list(leaves(block.node["from_table"]))
    changed = [at for at, leaf in enumerate(found) if leaf.name in work.changes]
    if any(looked_up(found[at]) for at in changed) or lookups(work, block):
        return None
    plus = [term(work, block, at, "plus") for at in changed if work.changes[found[at].name].plus]
    minus = [term(work, block, at, "minus") for at in changed if work.changes[found[at].name].minus]
    return plus, minus


def term(work: Work, block: Block, at: int, version: Version) -> Tree:
    """One term of the sum: tables before this one as they are now, those after it as they were."""
    return work.versions.versioned(block.node, lambda index: "new" if index < at else version if index == at else "old")


def by_lookup(work: Work, block: Block) -> Answer:
    """The other side of an outer join changed: make the rows of the keys concerned anew."""
    found: dict[str, Tree] = {}
    for leaf in leaves(block.node["from_table"]):
        lookup = looked_up(leaf)
        if lookup is not None and leaf.name in work.changes:
            for key in found_by(work, *lookup)[0]:
                found.setdefault(written(key), key)
    for looked_for, _ in lookups(work, block):
        for key in looked_for:
            found.setdefault(written(key), key)
    return by_keys(work, block, list(found.values()))


def union_all(work: Work, block: Block) -> Answer:
    versions = work.versions
    plus = tuple(versions.version(name, "plus" if versions.has(name, "plus") else "none") for name in block.children)
    minus = tuple(versions.version(name, "minus" if versions.has(name, "minus") else "none") for name in block.children)
    has_minus = any(versions.has(name, "minus") for name in block.children)
    for name in {*plus, *minus}:
        if name.endswith("__assetflow_none"):
            child = name.removesuffix("__assetflow_none")
            work.execute(
                f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} AS "
                f"SELECT * FROM {quote_identifier(child)} WHERE false"
            )
    work.rules.append(Rule("linear" if has_minus else "append"))
    went = text(versions.operation_over(block, minus)) if has_minus else None
    return Answer(text(versions.operation_over(block, plus)), went)


def union(nodes: Sequence[Tree]) -> str:
    return " UNION ALL ".join(f"({text(node)})" for node in nodes)
