"""Makes the rows of groups out of the rows that are there and what came: the rule `merged`.

groups that are there                           their cells, and those of what came, combined
groups that are new                             those of what came
groups that lost a row which cannot be taken    made anew from all of their rows
off again, and those that HAVING left out
groups of rows that were replaced, and of       made anew from all of their rows, without a look at what was in them
hardly any others
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from assetflow.incremental.answer import KEY, KEYS, Answer, Rule, key_names, version_of
from assetflow.incremental.blocks import Block
from assetflow.incremental.refused import ThisTime
from assetflow.incremental.rules.keyed import as_keys, find_keys, find_keys_in, near, restricted, touched
from assetflow.incremental.rules.linear import terms
from assetflow.incremental.rules.merged import Cell, Merge, is_some_constant, merge_of
from assetflow.incremental.tree import (
    called,
    first_place,
    only_where,
    select,
    spoken,
    text,
    written,
)
from assetflow.incremental.work import Work
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import quote_identifier

MOST_ANEW = 2
"""How many times as many rows as came in the place of others may be in their groups, for these to be made anew."""
FEW_VALUES = 16
"""Values that are asked for NULLs one by one, which statistics tell then; more of them are read together."""
PLUS, MINUS = f"{KEYS}merged_plus", f"{KEYS}merged_minus"


def merged(work: Work, block: Block, keys: list[Tree]) -> Answer | None:
    """The groups of the query's last block; None where the rows that are there do not tell enough."""
    found = terms(work, block)
    if work.shown is None or found is None or block is not work.root:
        return None
    merge = merge_of(block.node, keys, work.columns_of(block.name), work.binds_over(block), work.kinds_over(block))
    if merge is None:
        return None
    answer = replaced(work, block, merge, keys)
    if answer is not None:
        return answer
    for name, nodes in zip((PLUS, MINUS) if found[1] else (PLUS,), found, strict=False):
        parts = " UNION ALL ".join(f"({text({**node, 'having': None})})" for node in nodes)
        work.keep(name, merge.of_rows(parts or text(work.versions.empty(block))))
    takes_off = bool(found[1]) and merge.takes_off(lambda values: are_never_null(work, block, values))
    work.rules.append(Rule("merged", tuple(map(spoken, keys))))
    if keys:
        return groups(work, block, Went(merge, bool(found[1]), takes_off), keys)
    return total(work, Went(merge, bool(found[1]), takes_off))


def replaced(work: Work, block: Block, merge: Merge, keys: list[Tree]) -> Answer | None:
    """The groups of rows that came in the place of others; None where there are many other rows in these groups.

    Of such rows hardly one can be taken off where a greatest one is asked for: to find that out, all of them would be
    gathered by groups, those that came and those that went.
    """
    table = block.node["from_table"]
    change = work.changes.get(table["table_name"]) if table["type"] == "BASE_TABLE" else None
    if change is None or not change.is_replaced or not keys or not merge.checked or work.assume:
        return None
    found = find_keys(work, touched(work, block, table, keys), len(keys), first_place(keys))
    there = near(work, block, "new", keys, found)
    read = select(as_keys(keys), there["from_table"], there["where_clause"])
    if has_many_others(work, read, version_of(table["table_name"], "plus")):
        return None
    work.rules.append(Rule("merged", tuple(map(spoken, keys))))
    rows = {**there, "from_table": only_where(there["from_table"], keys, found, key_names(len(keys)))}
    return Answer(text(rows), keys=found, key_columns=tuple(cell.name for cell in cells_of(merge, keys)))


def has_many_others(work: Work, read: Tree, came: str) -> bool:
    """True where a query reads many rows beside those that came to a table."""
    most = f"{MOST_ANEW} * (SELECT count(*) FROM {quote_identifier(came)})"
    return bool(work.cursor.execute(f"SELECT (SELECT count(*) FROM ({text(read)})) > {most}").fetchall()[0][0])


def cells_of(merge: Merge, keys: Sequence[Tree]) -> list[Cell]:
    """The columns that show the keys."""
    by_key = {written(cell.expression): cell for cell in merge.keys}
    return [by_key[written(key)] for key in keys]


class Went(Struct, frozen=True):
    """A merge, whether rows went, and whether these can be taken off."""

    merge: Merge
    has_minus: bool
    takes_off: bool

    def parts(self, shown: str) -> list[str]:
        """The cells to combine: of the rows that are there, of what came, and of what went."""
        parts = [self.merge.of_table(shown), f"FROM {PLUS}"]
        return [*parts, self.merge.taken_off(MINUS)] if self.takes_off else parts


def groups(work: Work, block: Block, went: Went, keys: list[Tree]) -> Answer:
    """The rows of all groups to which rows came, or from which rows went."""
    merge = went.merge
    cells = cells_of(merge, keys)
    columns = ", ".join(cell.sql for cell in cells)
    changed = (PLUS, MINUS) if went.has_minus else (PLUS,)
    found = find_keys_in(work, [f"SELECT {columns} FROM {name}" for name in changed], len(keys), first_place(keys))
    there = f"(SELECT shown.* FROM {work.shown} AS shown SEMI JOIN {found} AS gone ON {match(cells, 'shown')})"
    again = []
    if merge.having is not None:
        again.append(f"FROM {found} AS gone ANTI JOIN {there} AS shown ON {match(cells, 'shown')}")
    if went.has_minus and not went.takes_off:
        again.append(f"SELECT {columns} FROM {MINUS}")
    elif went.has_minus and merge.checked:
        names = key_names(len(keys))
        gone = merge.gone(MINUS, [f"{cell.sql} AS {name}" for cell, name in zip(cells, names, strict=True)])
        joined = f"({gone}) AS gone LEFT JOIN {there} AS shown ON {match(cells, 'shown')}"
        again.append(f"SELECT {', '.join(names)} FROM {joined} WHERE NOT {merge.stays}")
    output = tuple(cell.name for cell in cells)
    if not again:
        return Answer(merge.combined(went.parts(there)), keys=found, key_columns=output)
    anew = find_keys_in(work, again, len(keys), first_place(keys))
    rows = text(restricted(work, block, "new", keys, anew, key_names(len(keys))))
    if not work.assume and are_all(work, anew, found):
        return Answer(rows, keys=found, key_columns=output)
    others = [f"FROM ({part}) AS part ANTI JOIN {anew} AS gone ON {match(cells, 'part')}" for part in went.parts(there)]
    return Answer(f"({merge.combined(others)}) UNION ALL ({rows})", keys=found, key_columns=output)


def are_all(work: Work, some: str, keys: str) -> bool:
    """True where these are all of the keys, among which they are."""
    asked = f"SELECT (SELECT count(*) FROM {some}) = (SELECT count(*) FROM {keys})"
    return bool(work.cursor.execute(asked).fetchall()[0][0])


def match(cells: Sequence[Cell], table: Literal["shown", "part"]) -> str:
    """Rows of the table as it is shown, or cells, of a key in question. NULL is a key like any other."""
    names = [quote_identifier(cell.name) if table == "shown" else cell.sql for cell in cells]
    alike = [f"{table}.{name} IS NOT DISTINCT FROM gone.{KEY}{at}" for at, name in enumerate(names, 1)]
    return " AND ".join(alike)


def total(work: Work, went: Went) -> Answer:
    """The one row of aggregates over all rows."""
    merge, shown = went.merge, str(work.shown)
    place_of = place(merge.aggregates[0].expression) if merge.aggregates else None
    if not work.assume:
        if work.cursor.execute(f"SELECT count(*) FROM {shown}").fetchall()[0][0] != 1:
            raise ThisTime("a total that HAVING left out", place_of)
        if went.has_minus and not (went.takes_off and total_stays(work, merge)):
            raise ThisTime("rows went from a total that does not tell what it is without them", place_of)
    return Answer(merge.combined(went.parts(shown)), is_whole=True)


def total_stays(work: Work, merge: Merge) -> bool:
    if not merge.checked:
        return True
    asked = f"SELECT {merge.stays} FROM ({merge.gone(MINUS, [])}) AS gone, {work.shown} AS shown"
    return bool(work.cursor.execute(asked).fetchall()[0][0])


def are_never_null(work: Work, block: Block, values: Sequence[Tree]) -> bool:
    """True for values of which none is NULL now; asked where the statistics of files tell it."""
    asked = [value for value in values if not is_some_constant(value)]
    if work.assume or not asked:
        return True
    node = work.versions.at(block, "new")
    table = node["from_table"]
    if table["type"] != "BASE_TABLE" or any(value["class"] != "COLUMN_REF" for value in asked):
        return False
    change = work.changes.get(table["table_name"])
    if change is not None and change.files is not None and change.files.are_never_null(table, asked):
        return True
    size = 1 if len(asked) <= FEW_VALUES else len(asked)
    return not any(is_some_null(work, node, asked[at : at + size]) for at in range(0, len(asked), size))


def is_some_null(work: Work, node: Tree, values: Sequence[Tree]) -> bool:
    names = [f"{KEY}value_{at}" for at in range(len(values))]
    said = [called(value, name) for value, name in zip(values, names, strict=True)]
    rows = text(select(said, node["from_table"], node["where_clause"]))
    nulls = " OR ".join(f"{name} IS NULL" for name in names)
    return bool(work.cursor.execute(f"SELECT EXISTS(FROM ({rows}) WHERE {nulls})").fetchall()[0][0])
