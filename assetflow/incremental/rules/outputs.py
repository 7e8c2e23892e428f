"""Which columns of a block's answer hold the keys by which its rows are found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from assetflow.incremental.blocks import Block
from assetflow.incremental.tree import expressions, leaves, written
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import folded


class Shown(Struct, frozen=True):
    """A column behind a `*`: the star, what the column is called in its table, and what in the answer."""

    star: Tree
    own: str
    name: str


def outputs_of(work: Work, block: Block, keys: Sequence[Tree]) -> list[str | None]:
    """For each key the column of the block's answer that holds it, if there is one."""
    names = [name for name, _ in work.columns_of(block.name)]
    items = block.node["select_list"]
    stars = [each for each in items if each["class"] == "STAR"]
    if not stars and len(items) == len(names):
        found = {written(item): name for name, item in zip(reversed(names), reversed(items), strict=True)}
        return [found.get(written(key)) for key in keys]
    shown = behind_stars(work, block, names)
    return [output_behind_star(block.node["from_table"], key, shown) for key in keys]


def behind_stars(work: Work, block: Block, names: Sequence[str]) -> list[Shown]:
    """The columns that stars give, by their places: other columns may be called like them."""
    table, rest = block.node["from_table"], iter(names)
    found: list[Shown] = []
    for item in block.node["select_list"]:
        if not is_many(item):
            next(rest, None)
            continue
        own = work.names([item], table)
        if own is None:
            return []
        shown = [Shown(item, folded(name), output) for name, output in zip(own, rest, strict=False)]
        found += shown if is_unchanged(item) else []
    return found


def is_many(item: Tree) -> bool:
    """True for what may be any number of columns: stars, COLUMNS(...), a struct that is unnested."""
    return any(each["class"] == "STAR" or each.get("function_name") == "unnest" for each in expressions(item))


def output_behind_star(table: Tree, key: Tree, shown: Sequence[Shown]) -> str | None:
    """The one column that shows a column of a table as it is; a field of a struct is none."""
    if key["class"] != "COLUMN_REF" or len(key["column_names"]) > 2:
        return None
    *of, name = (folded(str(each)) for each in key["column_names"])
    tables = {folded(str(leaf.table["alias"] or leaf.name)) for leaf in leaves(table)}
    if of and of[0] not in tables:
        return None
    found = [each for each in shown if each.own == name and is_of(each.star, of, name, table, tables)]
    return found[0].name if len(found) == 1 else None


def is_of(star: Tree, of: Sequence[str], name: str, table: Tree, tables: set[str]) -> bool:
    """True where a column of a star is the very column that is called so outside of it.

    A join USING shows one column for two, which need not be the one of either table.
    """
    joins = list(joins_of(table))
    is_merged = any(
        join["ref_type"] == "NATURAL" or name in {folded(str(each)) for each in join["using_columns"]} for join in joins
    )
    relation = folded(str(star.get("relation_name") or ""))
    if relation:
        return relation in tables and (of == [relation] or not (of or is_merged))
    if of:
        return not is_merged and (len(tables) == 1 or not is_narrowed(star))
    return not any(join["join_type"] in ("RIGHT", "FULL", "OUTER") for join in joins)


def joins_of(table: Tree) -> Iterator[Tree]:
    if table["type"] == "JOIN":
        yield table
        yield from joins_of(table["left"])
        yield from joins_of(table["right"])


def is_unchanged(star: Tree) -> bool:
    """True for a star that gives columns as they are, of all tables or of one."""
    return star["class"] == "STAR" and not any(star.get(each) for each in ("replace_list", "rename_list", "columns"))


def is_narrowed(star: Tree) -> bool:
    """True for `* EXCLUDE (u.k)`, which may hide the very column that is called so outside."""
    return bool(star.get("exclude_list") or star.get("qualified_exclude_list"))


def is_plain_star(star: Tree) -> bool:
    return is_unchanged(star) and not star.get("relation_name")
