"""Which rows of a table SQL picks for one of its partitions, where it speaks of that by itself.

FROM sales WHERE ts >= $partition_start AND ts < $partition_end      other rows of sales play no part
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assetflow.incremental.tree import Leaf, all_of, conjuncts, expressions, leaves, select, table_named, text
from assetflow.lineage.sql.query import is_of_partition
from assetflow.lineage.sql.tree import Tree, parse
from assetflow.quoting import folded

KEEPS = {
    ("INNER", "left"),
    ("INNER", "right"),
    ("LEFT", "left"),
    ("RIGHT", "right"),
    ("SEMI", "left"),
    ("ANTI", "left"),
}
"""Joins, and the side of them whose rows are gone when WHERE says so."""


class Picked(NamedTuple):
    """One place where a table is read: its name there, and the conditions with parameters on its rows alone."""

    alias: str
    conditions: tuple[Tree, ...]

    def sql(self, rows: str, keys: str, wanted: str) -> str:
        """The SELECT of what is `wanted` of pairs of a row of the view `rows` and a row of the table `keys`, of which
        the conditions are true; parameters are left as they are.
        """
        from assetflow.quoting import quote_identifier

        where = condition_text(all_of(self.conditions))
        return f"SELECT DISTINCT {wanted} FROM {keys}, {rows} AS {quote_identifier(self.alias)} WHERE {where}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """The columns that are compared with parameters: (parameter, column)."""
        for condition in self.conditions:
            if condition["class"] != "COMPARISON":
                continue
            for one, other in (("left", "right"), ("right", "left")):
                if condition[one]["class"] == "COLUMN_REF":
                    for each in expressions(condition[other]):
                        if is_parameter(each):
                            yield folded(str(each["identifier"])), str(condition[one]["column_names"][-1])


def picked(sql: str, columns: Mapping[str, Sequence[str]]) -> dict[str, list[Picked]]:
    """Each place where one of these tables is read; `columns` are those that each table has."""
    found: dict[str, list[Picked]] = {name: [] for name in columns}
    tables = {folded(name): name for name in columns}
    for statement in parse(sql).statements:
        _look(statement["node"], frozenset(), tables, columns, found)
    return found


def _look(
    value: Any, hidden: frozenset[str], tables: Mapping[str, str], columns: Mapping[str, Sequence[str]],
    found: dict[str, list[Picked]],
) -> None:  # fmt: skip
    if isinstance(value, list):
        for each in value:
            _look(each, hidden, tables, columns, found)
        return
    if not isinstance(value, dict):
        return
    inner = hidden
    if "cte_map" in value:
        for entry in value["cte_map"]["map"]:
            _look(entry["value"], inner, tables, columns, found)
            inner = inner | {folded(entry["key"])}
    handled: set[int] = set()
    if value.get("type") == "SELECT_NODE":
        for leaf in leaves(value["from_table"]):
            handled.add(id(leaf.table))
            name = folded(leaf.name)
            if name in tables and name not in inner:
                found[tables[name]].append(_picked(leaf, value, columns[tables[name]]))
    if value.get("type") == "BASE_TABLE" and folded(value["table_name"]) in tables:
        if folded(value["table_name"]) not in hidden:
            found[tables[folded(value["table_name"])]].append(Picked(value["table_name"], ()))
        return
    for key, each in value.items():
        if key == "from_table" and value.get("type") == "SELECT_NODE":
            _look_beside(each, handled, inner, tables, columns, found)
        elif key != "cte_map":
            _look(each, inner, tables, columns, found)


def _look_beside(
    table: Any, handled: set[int], hidden: frozenset[str], tables: Mapping[str, str],
    columns: Mapping[str, Sequence[str]], found: dict[str, list[Picked]],
) -> None:  # fmt: skip
    """The parts of a FROM clause that are no tables of it: subqueries, conditions of joins."""
    if isinstance(table, dict) and table.get("type") == "JOIN":
        for key, each in table.items():
            if key in ("left", "right"):
                _look_beside(each, handled, hidden, tables, columns, found)
            else:
                _look(each, hidden, tables, columns, found)
    elif id(table) not in handled:
        _look(table, hidden, tables, columns, found)


def _picked(leaf: Leaf, node: Tree, columns: Sequence[str]) -> Picked:
    alias = str(leaf.table["alias"] or leaf.table["table_name"])
    if any((join["join_type"], side) not in KEEPS for join, side in leaf.above):
        return Picked(alias, ())
    is_alone = not leaf.above
    there = {folded(column) for column in columns}

    def is_own(reference: Tree) -> bool:
        names = [folded(str(each)) for each in reference["column_names"]]
        if len(names) == 1:
            return is_alone and names[0] in there
        return len(names) == 2 and names[0] == folded(alias) and names[1] in there

    conditions = []
    for condition in conjuncts(node["where_clause"]):
        parts = expressions(condition)
        plain = not any(part["class"] in ("SUBQUERY", "WINDOW", "LAMBDA") for part in parts)
        named = any(is_parameter(part) for part in parts)
        if plain and named and all(is_own(part) for part in parts if part["class"] == "COLUMN_REF"):
            conditions.append(condition)
    return Picked(alias, tuple(conditions))


def is_parameter(expression: Tree) -> bool:
    return bool(expression["class"] == "PARAMETER" and is_of_partition(str(expression.get("identifier", ""))))


def condition_text(condition: Tree) -> str:
    """A condition as SQL."""
    return text(select([condition], table_named("t", "t"), None)).removeprefix("SELECT ").rpartition(" FROM ")[0]
