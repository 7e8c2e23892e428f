"""Finds the keys of what came and went, and makes the rows of these keys anew, then and now: the rule `keyed`.

    SELECT k, median(x) FROM t GROUP BY k      a row of t came with k = 3: the group 3 is made anew, of all its rows

Right wherever the rows of the answer that have a key depend on those rows below that have it, and on no others.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.incremental.answer import KEYS, Answer, Rule, Version, key_names
from assetflow.incremental.blocks import Block
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.ranges import conditions, ranges
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules.joins import FULL, looked_up, pairs
from assetflow.incremental.rules.lookups import lookups
from assetflow.incremental.rules.outputs import outputs_of
from assetflow.incremental.rules.ties import refuse_tied
from assetflow.incremental.tree import (
    all_of,
    called,
    column,
    column_in,
    conjuncts,
    expressions,
    first_place,
    leaves,
    only_where,
    parsed_node,
    select,
    select_all,
    spoken,
    text,
)
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.warehouse.content.bounds import Between


def by_keys(work: Work, block: Block, keys: Sequence[Tree]) -> Answer:
    """Find the keys of what came and went, and make the rows of these keys anew, then and now."""
    for key in keys:
        if any(each["class"] in ("SUBQUERY", "WINDOW") for each in expressions(key)):
            raise Refused("a key with a subquery", place(key))
    found = find_keys(work, touched(work, block, block.node["from_table"], keys), len(keys), first_place(list(keys)))
    names = key_names(len(keys))
    new = restricted(work, block, "new", keys, found, names)
    refuse_tied(work, block, new, keys)
    old = restricted(work, block, "old", keys, found, names)
    outputs = outputs_of(work, block, keys)
    work.rules.append(Rule("keyed", tuple(map(spoken, keys))))
    if None in outputs:
        return Answer(text(new), text(old))
    return Answer(text(new), text(old), found, tuple(name for name in outputs if name is not None))


def restricted(work: Work, block: Block, version: Version, keys: Sequence[Tree], found: str, names: list[str]) -> Tree:
    """A block as it is or was, of some keys only."""
    node = near(work, block, version, keys, found)
    return {**node, "from_table": only_where(node["from_table"], keys, found, names)}


def near(work: Work, block: Block, version: Version, keys: Sequence[Tree], found: str) -> Tree:
    """A block as it is or was, of all keys that lie between some, and in files that may hold these."""
    node = work.versions.at(block, version)
    within = ranges(work.cursor, found, work.columns_of(found))
    where = narrowed(work, node["from_table"], node["where_clause"], keys, within)
    table = node["from_table"]
    if table["type"] == "BASE_TABLE":
        own = [(column_in(table, key), between) for key, between in zip(keys, within, strict=True)]
        box = [(name, between) for name, between in own if name is not None and between is not None]
        table = work.near(block.node["from_table"], version, box) or table
    return {**node, "from_table": table, "where_clause": where}


def narrowed(
    work: Work, table: Tree, where: Tree | None, keys: Sequence[Tree], within: Sequence[Between | None]
) -> Tree | None:
    """A condition, and between which values the keys lie, where that can be said of the columns of one table."""
    more = [
        condition
        for key, between in zip(keys, within, strict=True)
        for condition in conditions(key, between)
        if work.binds(condition, table)
    ]
    parts = [*conjuncts(where), *more]
    return all_of(parts) if parts else None


def restricted_table(work: Work, name: str, columns: Sequence[str], found: str) -> str:
    """A SELECT of the rows of a table of some keys only."""
    node = select_all(name)
    keys = [column(name, each) for each in columns]
    return text({**node, "from_table": only_where(node["from_table"], keys, found, key_names(len(keys)))})


def touched(work: Work, block: Block, table: Tree, keys: Sequence[Tree], *, inside: bool = False) -> list[Tree]:
    """SELECTs of the keys of all rows over a FROM clause that came or went, and perhaps of some others."""
    node, found = block.node, []
    where = None if inside else node["where_clause"]
    seen: set[tuple[int, str]] = set()
    for at, leaf in enumerate(leaves(table)):
        change = work.changes.get(leaf.name)
        if change is None:
            continue
        lookup = looked_up(leaf)
        if lookup is None:
            if change.plus:
                found.append(keys_over(work, table, where, keys, at, "plus", "new"))
            if change.minus:
                found.append(keys_over(work, table, where, keys, at, "minus", "old"))
        elif (id(lookup[0]), lookup[1]) not in seen:
            join, side = lookup
            seen.add((id(join), side))
            here, there = found_by(work, join, side)
            below = touched(work, block, join[side], there, inside=True)
            concerned = find_keys(work, below, len(there), first_place([*here, *there]))
            found += keys_among(work, table, where, keys, here, concerned)
    if not inside:
        for looked_for, name in lookups(work, block):
            concerned = find_keys(work, work.versions.came_and_went(name), len(looked_for), first_place(looked_for))
            found += keys_among(work, table, where, keys, looked_for, concerned)
    return found


def keys_over(
    work: Work, table: Tree, where: Tree | None, keys: Sequence[Tree], at: int, version: Version, others: Version
) -> Tree:
    versions = work.versions.tables_at(table, lambda index: version if index == at else others)
    return select(as_keys(keys), versions, work.versions.expression_at(where, others), distinct=True)


def keys_among(
    work: Work, table: Tree, where: Tree | None, keys: Sequence[Tree], here: Sequence[Tree], concerned: str
) -> list[Tree]:
    """The keys of all rows, then and now, that are looked up by one of the values concerned."""
    names = key_names(len(here))
    return [
        select(
            as_keys(keys),
            only_where(work.versions.tables_at(table, lambda _, v=version: v), here, concerned, names),  # type: ignore[misc]
            work.versions.expression_at(where, version),
            distinct=True,
        )
        for version in ("new", "old")
    ]


def found_by(work: Work, join: Tree, side: str) -> tuple[list[Tree], list[Tree]]:
    """By what the rows of a join are found when one side changed, and what that is on this side."""
    here, there = pairs(join, side, work.binds)
    if join["join_type"] in FULL:
        other = "right" if side == "left" else "left"
        others = pairs(join, other, work.binds)[1]
        if work.kinds(there, join[side]) != work.kinds(others, join[other]):
            raise Refused("a FULL JOIN of columns of different types", place(join))
        if not (is_null_without(work, there, join[side]) and is_null_without(work, others, join[other])):
            raise Refused("a FULL JOIN by what is not NULL where a row is missing", place(join))
    return here, there


def is_null_without(work: Work, expressions: Sequence[Tree], table: Tree) -> bool:
    """True where expressions over a FROM clause are NULL for a row of NULLs, as an outer join puts in."""
    outer = parsed_node("SELECT 1 FROM (SELECT 1) AS assetflow_one LEFT JOIN t ON false")
    joined = {**outer["from_table"], "right": work.versions.tables_at(table, lambda _: "new")}
    found = work.answered(text({**outer, "select_list": as_keys(expressions), "from_table": joined}))
    return found is not None and all(value is None for value in found[0])


def find_keys(work: Work, selects: Sequence[Tree], count: int, where: int | None) -> str:
    return find_keys_in(work, [text(each) for each in selects], count, where)


def find_keys_in(work: Work, selects: Sequence[str], count: int, where: int | None) -> str:
    """Make a temporary table of keys; Refused for keys that cannot be compared exactly, which are said `where`."""
    work.made += 1
    name = f"{KEYS}{work.made}"
    columns = ", ".join(key_names(count))
    renamed = [f"SELECT {columns} FROM ({each}) AS x({columns})" for each in selects]
    work.keep(name, f"SELECT DISTINCT * FROM ({' UNION ALL '.join(renamed)})")
    for _, kind in work.columns_of(name):
        if is_inexact(kind):
            raise Refused(f"keys of type {kind}, which are not compared exactly", where)
    return name


def as_keys(keys: Sequence[Tree]) -> list[Tree]:
    return [called(key, name) for key, name in zip(keys, key_names(len(keys)), strict=True)]
