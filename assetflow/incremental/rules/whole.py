"""Makes a query whole out of groups that are kept: the rules `kept` and `whole`.

    SELECT k, sum(x) AS s FROM t GROUP BY k ORDER BY s DESC LIMIT 10

The ten may be others because of any row of t, and follow from the sums of all k. These are kept beside the table, and
refreshed by what came to t and went; what stands above them (LIMIT, a window over everything, ROLLUP, a total of
totals) is made whole, out of them and not of t. Averages and the like are kept as the states of their aggregates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from assetflow.incremental.answer import KEYS, Answer, Rule, key_names
from assetflow.incremental.blocks import Block, Parts, distinct_on, is_limited, limit_place
from assetflow.incremental.query_parts import group_keys, has_groups, outside_subqueries, windows_of
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules.groups import by_groups
from assetflow.incremental.rules.limits import refuse_ties
from assetflow.incremental.rules.merged import merge_of
from assetflow.incremental.rules.outputs import outputs_of
from assetflow.incremental.rules.split import Split, split
from assetflow.incremental.rules.states import STATES
from assetflow.incremental.rules.ties import refuse_tied
from assetflow.incremental.tree import first_place, select_all, spoken, text
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import place
from assetflow.quoting import quote_identifier

FEW_GROUPS = 100_000
"""Groups of a table beyond which averages and the like are made anew for the keys concerned, and no states are kept."""
NOTHING = "nothing that it could be added to is kept yet"
MOST_KEPT = 2_000_000
"""Groups that are kept at most."""


def whole(work: Work, parts: Parts) -> Answer | None:
    """The rows of the query, made whole out of groups that are kept; None where another rule is to be asked."""
    changed = changed_blocks(work, parts)
    if not is_for_whole(work, parts, changed):
        return None
    splits = cut(work, parts.root, {block.name: block for block in changed})
    if not splits:
        return None
    needed = below(parts, splits)
    tables: dict[str, str] = {}
    anew: list[str] = []
    for block in parts.blocks:
        if block.name in needed and block in changed:
            work.show(block, "old")
            work.settle(block, work.answer(block))
        if block.name in splits:
            table, why = kept_now(work, splits[block.name])
            tables[block.name] = table
            anew += [why] if why else []
    answer = made_of(work, parts, splits, tables)
    keeps = tuple((splits[name].name, table) for name, table in tables.items())
    return replace(answer, keeps=keeps, anew=anew[0] if anew else None)


def changed_blocks(work: Work, parts: Parts) -> list[Block]:
    """The blocks that read something which changed, however far below."""
    names, found = set(work.changes), []
    for block in parts.blocks:
        if block.reads & names:
            names.add(block.name)
            found.append(block)
    return found


def is_for_whole(work: Work, parts: Parts, changed: Sequence[Block]) -> bool:
    """True for a query with a part that has to be made whole, or with averages and the like over few groups."""
    root = parts.root
    if any(needs_whole(block) for block in changed if block is not root):
        return True
    if root in changed and needs_whole(root):
        return not is_merged(work, root)
    if root not in changed or root.operation != "SELECT" or not has_groups(root.node) or windows_of(root.node):
        return False
    if not any(each.get("function_name") in STATES for each in outside_subqueries(root.node["select_list"])):
        return False
    return work.shown is not None and (work.assume or rows_of(work, work.shown) <= FEW_GROUPS)


def is_merged(work: Work, root: Block) -> bool:
    """True for a total that tells enough by itself: of sums, counts, least and greatest."""
    if is_limited(root.node) or root.node["group_sets"] or windows_of(root.node):
        return False
    return merge_of(root.node, [], work.columns_of(root.name), work.binds_over(root), work.kinds_over(root)) is not None


def needs_whole(block: Block) -> bool:
    """True for what no key takes apart: LIMIT, totals, several grouping sets, windows that share no PARTITION BY."""
    node = block.node
    if block.operation != "SELECT":
        return False
    if is_limited(node) or len(node["group_sets"]) > 1:
        return True
    if windows := windows_of(node):
        return any(not window["partitions"] for window in windows)
    return has_groups(node) and not node["group_expressions"] and node["aggregate_handling"] != "FORCE_AGGREGATES"


def rows_of(work: Work, table: str) -> int:
    return int(work.cursor.execute(f"SELECT count(*) FROM {quote_identifier(table)}").fetchall()[0][0])


def cut(work: Work, block: Block, changed: Mapping[str, Block]) -> dict[str, Split] | None:
    """The blocks to keep, as far below this one as there are groups; None where something else changed, too."""
    found = cut_below(work, block, changed)
    if found or block.operation != "SELECT" or not has_groups(block.node):
        return found
    columns = work.columns_of(block.name)
    part = split(block, columns, work.binds_over(block), work.kinds_over(block)) or as_it_is(work, block)
    return {block.name: part} if part is not None else None


def cut_below(work: Work, block: Block, changed: Mapping[str, Block]) -> dict[str, Split] | None:
    splits: dict[str, Split] = {}
    for name in block.reads:
        more = None if name in work.changes else cut(work, changed[name], changed) if name in changed else {}
        if more is None:
            return None
        splits.update(more)
    return splits


def as_it_is(work: Work, block: Block) -> Split | None:
    """A block whose own rows are kept, and made anew for the keys concerned; None where these are no columns of it."""
    if block is work.root or needs_whole(block) or windows_of(block.node):
        return None
    keys = group_keys(block.node, work.binds_over(block))
    if not keys or None in outputs_of(work, block, keys):
        return None
    return Split(block, replace(block, name=f"{block.name}_kept"), select_all(block.name))


def below(parts: Parts, splits: dict[str, Split]) -> set[str]:
    """The blocks that what is kept is made of."""
    found: set[str] = set()
    for block in reversed(parts.blocks):
        if block.name in splits or block.name in found:
            found |= block.reads
    return found


def kept_now(work: Work, part: Split) -> tuple[str, str | None]:
    """Make a table of what is to be kept of a block; and, where it was made of all rows, why."""
    work.show(part.keep, "new")
    name = f"{KEYS}now_{part.of.name}"
    if work.assume:
        work.keep(part.name, f"FROM {part.keep.name}")
    why = None if work.assume or part.name in (work.kept or ()) else NOTHING
    if why is None:
        work.show(part.keep, "old")
        try:
            work.keep(name, refreshed(work, part))
        except Refused as refused:
            why = refused.what
    if why is not None:
        if work.keep(name, f"FROM {part.keep.name}") and rows_of(work, name) > MOST_KEPT:
            raise Refused(f"more than {MOST_KEPT:,} groups", place(part.of.node["select_list"][0]))
        work.rules.append(Rule("kept", keys_of(part)))
    return name, why


def refreshed(work: Work, part: Split) -> str:
    """What is kept of a block, with what came and without what went."""
    root, shown, rules = work.root, work.shown, list(work.rules)
    work.root, work.shown = part.keep, part.name
    try:
        answer = by_groups(work, part.keep)
    finally:
        work.root, work.shown = root, shown
        work.rules[:] = rules
    work.rules.append(Rule("kept", keys_of(part)))
    if answer.is_whole:
        return answer.plus
    if answer.keys is None:
        raise Refused("groups that cannot be told apart", first_place(part.of.node))
    pairs = zip(answer.key_columns, key_names(len(answer.key_columns)), strict=True)
    match = " AND ".join(f"kept.{quote_identifier(name)} IS NOT DISTINCT FROM gone.{key}" for name, key in pairs)
    others = f"SELECT kept.* FROM {part.name} AS kept ANTI JOIN {answer.keys} AS gone ON {match}"
    return f"({others}) UNION ALL ({answer.plus})"


def keys_of(part: Split) -> tuple[str, ...]:
    return tuple(map(spoken, part.keep.node["group_expressions"]))


def made_of(work: Work, parts: Parts, splits: dict[str, Split], tables: dict[str, str]) -> Answer:
    """The rows of the query out of the tables of what is kept, in place of the blocks that these stand for."""
    nodes = {block.name: work.versions.at(block, "new") for block in parts.blocks}
    nodes |= {name: part.rows_of(tables[name]) for name, part in splits.items()}
    above = set(reads_above(parts, splits))
    for block in parts.blocks:
        if block.name not in above:
            continue
        work.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(block.name)} AS {text(nodes[block.name])}")
        if block.operation != "SELECT":
            continue
        node = nodes[block.name]
        if is_limited(node):
            refuse_ties(work, node, limit_place(block.node))
        refuse_tied(work, replace(block, node=node), node, distinct_on(node))
    root = parts.root
    if root.name not in splits:
        work.rules.append(Rule("whole"))
    is_sorted = root.operation == "SELECT" and is_limited(root.node)
    return Answer(text(nodes[root.name]), is_whole=True, is_sorted=is_sorted)


def reads_above(parts: Parts, splits: dict[str, Split]) -> Iterator[str]:
    """The blocks from the last one down to those that are kept."""
    names = {parts.root.name}
    for block in reversed(parts.blocks):
        if block.name in names:
            yield block.name
            if block.name not in splits:
                names |= block.reads
