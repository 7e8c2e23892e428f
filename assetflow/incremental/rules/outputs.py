"""Which columns of a block's answer hold the keys by which its rows are found again."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.blocks import Block
from assetflow.incremental.tree import alike, leaves
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree


def outputs_of(work: Work, block: Block, keys: Sequence[Tree]) -> list[str | None]:
    """For each key the column of the block's answer that holds it, if there is one."""
    names = [name for name, _ in work.columns_of(block.name)]
    items = block.node["select_list"]
    stars = [each for each in items if each["class"] == "STAR"]
    if not stars and len(items) == len(names):
        found = [[name for name, item in zip(names, items, strict=True) if alike(item, key)] for key in keys]
        return [each[0] if each else None for each in found]
    return [output_behind_star(block.node, key, names) for key in keys]


def output_behind_star(node: Tree, key: Tree, names: Sequence[str]) -> str | None:
    """The one column of that name, where `*` gives all columns of the tables as they are."""
    if key["class"] != "COLUMN_REF":
        return None
    if len(key["column_names"]) > 1 and len(list(leaves(node["from_table"]))) > 1:
        # `u.k` need not be the k that `*` shows.
        return None
    name = key["column_names"][-1].lower()
    plain = [each for each in node["select_list"] if each["class"] == "STAR" and is_plain_star(each)]
    others = {str(each["alias"]).lower() for each in node["select_list"] if each["class"] != "STAR"}
    joins = {join["join_type"] for leaf in leaves(node["from_table"]) for join, _ in leaf.above}
    same = [each for each in names if each.lower() == name]
    if len(plain) != 1 or len(same) != 1 or name in others or joins & {"RIGHT", "FULL", "OUTER"}:
        return None
    return same[0]


def is_plain_star(star: Tree) -> bool:
    return not any(star.get(changed) for changed in ("replace_list", "rename_list", "columns", "relation_name"))
