"""Groups: what came is added to the rows that are there where these tell enough, others are made anew."""

from __future__ import annotations

from assetflow.incremental.answer import Answer
from assetflow.incremental.blocks import Block
from assetflow.incremental.query_parts import group_keys, outside_subqueries, window_keys, windows_of
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules.keyed import by_keys
from assetflow.incremental.rules.merging import merged
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import place


def by_groups(work: Work, block: Block) -> Answer:
    """Groups: what came is added to the rows that are there where these tell enough, others are made anew."""
    node = block.node
    keys = group_keys(node, work.binds_over(block))
    answer = merged(work, block, keys)
    if answer is not None:
        return answer
    if not keys:
        aggregate = next((each for each in outside_subqueries(node["select_list"])), None)
        raise Refused("a total over all rows", place(aggregate or {}))
    return by_keys(work, block, window_keys(node, keys, work.binds_over(block)) if windows_of(node) else keys)
