"""The rule `rows`: how often a row of a DISTINCT, UNION, EXCEPT or INTERSECT is there."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.answer import KEYS, Answer, Rule, Version, key_names
from assetflow.incremental.blocks import Block
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules.keyed import find_keys
from assetflow.incremental.rules.new_rows import new_rows
from assetflow.incremental.tree import column, first_place, only_where, select_all, text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import folded, quote_identifier


def by_rows(work: Work, block: Block) -> Answer:
    """DISTINCT, UNION, EXCEPT, INTERSECT: how often a row is there depends on how often it was there before."""
    answer = new_rows(work, block)
    if answer is not None:
        return answer
    columns = [work.columns_of(name) for name in block.children]
    kinds = [[kind for _, kind in one] for one in columns]
    if any(one != kinds[0] for one in kinds):
        raise Refused(f"{block.operation} of columns of different types", first_place(block.node))
    selects = [each for name in block.children if name in work.changes for each in work.versions.came_and_went(name)]
    found = find_keys(work, selects, len(kinds[0]), first_place(block.node))
    keys = key_names(len(kinds[0]))
    new = rows_among(work, block, "new", columns, found, keys)
    old = rows_among(work, block, "old", columns, found, keys)
    work.rules.append(Rule("rows"))
    outputs = tuple(name for name, _ in columns[0])
    return Answer(text(new), text(old), found, outputs)


def rows_among(
    work: Work,
    block: Block,
    version: Version,
    columns: Sequence[Sequence[tuple[str, str]]],
    found: str,
    keys: Sequence[str],
) -> Tree:
    """A set operation of only those rows of its children that are among the rows found."""
    names = []
    for child, own in zip(block.children, columns, strict=True):
        if len({folded(name) for name, _ in own}) < len(own):
            raise Refused("two columns of one name", first_place(block.node))
        table = select_all(work.versions.version(child, version))["from_table"]
        here = [column(table["alias"], name) for name, _ in own]
        work.made += 1
        view = f"{KEYS}rows_{work.made}"
        among = {**select_all(child), "from_table": only_where(table, here, found, keys)}
        work.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(view)} AS {text(among)}")
        names.append(view)
    return work.versions.operation_over(block, tuple(names))
