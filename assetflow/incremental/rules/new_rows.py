"""Adds the rows of a DISTINCT or a UNION that are not there yet, when rows came: nothing that is there changes."""

from __future__ import annotations

from assetflow.incremental.answer import Answer, Rule, key_names
from assetflow.incremental.blocks import Block
from assetflow.incremental.rules.keyed import find_keys
from assetflow.incremental.tree import first_place
from assetflow.incremental.work import Work
from assetflow.quoting import quote_identifier


def new_rows(work: Work, block: Block) -> Answer | None:
    """What comes to the last block of the query; None where rows went, or for another operation."""
    changed = [name for name in block.children if name in work.changes]
    if block.operation not in ("DISTINCT", "UNION") or block is not work.root or work.shown is None:
        return None
    if any(work.changes[name].minus for name in changed):
        return None
    columns = work.columns_of(block.name)
    if any(len(work.columns_of(name)) != len(columns) for name in changed):
        return None
    came = [each for name in changed for each in work.versions.came_and_went(name)]
    found = find_keys(work, came, len(columns), first_place(block.node))
    keys = key_names(len(columns))
    if work.columns_of(found) != [(key, kind) for key, (_, kind) in zip(keys, columns, strict=True)]:
        return None
    match = " AND ".join(
        f"shown.{quote_identifier(name)} IS NOT DISTINCT FROM found.{key}"
        for key, (name, _) in zip(keys, columns, strict=True)
    )
    named = ", ".join(f"{key} AS {quote_identifier(name)}" for key, (name, _) in zip(keys, columns, strict=True))
    work.rules.append(Rule("append"))
    return Answer(f"SELECT {named} FROM {found} AS found ANTI JOIN {work.shown} AS shown ON {match}")
