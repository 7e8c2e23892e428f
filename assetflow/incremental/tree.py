"""Reads and changes DuckDB's parse tree of one SELECT: the tables after FROM, conditions, expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from assetflow.lineage.sql.tree import Tree, parse, parse_ahead, place, unparse
from assetflow.quoting import folded

PLACES = ("query_location", "query_location_length")
NESTED = (dict, list)
"""What else there is in a tree is text, numbers and None."""


COLUMN, EITHER, BOTH = "SELECT a", "SELECT coalesce(a, b)", "SELECT 1 WHERE a AND b"
SELECT, DISTINCT, ALL = "SELECT a FROM t", "SELECT DISTINCT a FROM t", "SELECT * FROM t"
NAMED, SEMI_JOIN = "SELECT * FROM t AS a", "SELECT * FROM t SEMI JOIN u ON a IS NOT DISTINCT FROM u.k"
"""What trees are made from: DuckDB's own, in which names and parts are changed."""


class Leaf(Struct, frozen=True):
    """A table after FROM: its name, and the joins above it, outermost first, as (join, the side it is on)."""

    table: Tree
    above: tuple[tuple[Tree, str], ...] = ()

    @property
    def name(self) -> str:
        return str(self.table["table_name"])


def leaves(table: Tree, above: tuple[tuple[Tree, str], ...] = ()) -> Iterator[Leaf]:
    """The named tables of a FROM clause, from left to right."""
    if table["type"] == "JOIN":
        for side in ("left", "right"):
            yield from leaves(table[side], (*above, (table, side)))
    elif table["type"] == "BASE_TABLE":
        yield Leaf(table, above)


def replaced(table: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The FROM clause with every table of it changed."""
    if table["type"] != "JOIN":
        return change(table)
    return {**table, "left": replaced(table["left"], change), "right": replaced(table["right"], change)}


def named(table: Tree, name: str) -> Tree:
    """The same place after FROM, where another table stands now: it is called what the first one was called."""
    alias = table["alias"] or table["table_name"]
    return {**table, "table_name": name, "alias": alias, "qualified_name": {"path": [name]}}


def column_in(table: Tree, expression: Tree) -> str | None:
    """The column of a table after FROM, which stands there alone, that an expression is; None for any other one."""
    if expression["class"] != "COLUMN_REF" or table["column_name_alias"]:
        return None
    *of, name = expression["column_names"]
    called = folded(str(table["alias"] or table["table_name"]))
    return str(name) if not of or [folded(each) for each in of] == [called] else None


def table_named(name: str, alias: str, column_names: Sequence[str] = ()) -> Tree:
    table = _template(NAMED)["from_table"]
    return {**named(table, name), "alias": alias, "column_name_alias": list(column_names)}


def only_where(table: Tree, expressions: Sequence[Tree], keys: str, columns: Sequence[str]) -> Tree:
    """The FROM clause with only those rows for which the expressions are among the rows of the table `keys`.

    NULL is a key like any other.
    """
    join = _template(SEMI_JOIN)["from_table"]
    alike = [_alike(join["condition"], each, keys, column) for each, column in zip(expressions, columns, strict=True)]
    right = table_named(keys, keys)
    return {**join, "left": table, "right": right, "condition": all_of(alike)}


def _alike(condition: Tree, expression: Tree, keys: str, column: str) -> Tree:
    right = {**condition["right"], "column_names": [keys, column]}
    return {**condition, "left": without_alias(expression), "right": right}


def all_of(conditions: Sequence[Tree]) -> Tree:
    if len(conditions) == 1:
        return conditions[0]
    both = _template(BOTH)["where_clause"]
    return {**both, "children": list(conditions)}


def conjuncts(condition: Tree | None) -> list[Tree]:
    """The conditions that must all hold."""
    if condition is None:
        return []
    if condition["type"] == "CONJUNCTION_AND":
        return [part for child in condition["children"] for part in conjuncts(child)]
    return [condition]


def equalities(condition: Tree | None) -> Iterator[tuple[Tree, Tree]]:
    """The two sides of each of these conditions that holds one expression equal to another, be NULL equal or not."""
    for each in conjuncts(condition):
        if each["type"] in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"):
            yield each["left"], each["right"]


def select(expressions: Sequence[Tree], table: Tree, where: Tree | None, *, distinct: bool = False) -> Tree:
    """A SELECT of expressions over a FROM clause."""
    node = _template(DISTINCT if distinct else SELECT)
    return {**node, "select_list": list(expressions), "from_table": table, "where_clause": where}


def select_all(name: str) -> Tree:
    """`SELECT * FROM name`."""
    node = _template(ALL)
    return {**node, "from_table": table_named(name, name)}


def column(*names: str) -> Tree:
    expression = _template(COLUMN)["select_list"][0]
    return {**expression, "column_names": list(names)}


def parsed(sql: str) -> Tree:
    """An expression that is written as SQL."""
    return without_alias(_template(f"SELECT {sql}")["select_list"][0])


def parsed_node(sql: str) -> Tree:
    """The query node of a SELECT that is written as SQL."""
    return _template(sql)


def either(one: Tree, other: Tree) -> Tree:
    """`coalesce(one, other)`."""
    expression = _template(EITHER)["select_list"][0]
    return {**expression, "children": [without_alias(one), without_alias(other)]}


def called(expression: Tree, alias: str) -> Tree:
    return {**expression, "alias": alias}


def without_alias(expression: Tree) -> Tree:
    return called(expression, "")


def alike(one: Tree, other: Tree) -> bool:
    """True for expressions that are written alike, wherever they stand and whatever they are called."""
    return written(one) == written(other)


def written(expression: Tree) -> str:
    """An expression without its place and its name, to compare with others."""
    return msgspec.json.encode(without_places(without_alias(expression)), order="sorted").decode()


def without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: without_places(each) if isinstance(each, NESTED) else each
            for key, each in value.items()
            if key not in PLACES
        }
    if isinstance(value, list):
        return [without_places(each) for each in value]
    return value


def first_place(value: Any) -> int | None:
    """Where the first of all parts of a tree stands that has a place."""
    if isinstance(value, list):
        return min((at for each in value if (at := first_place(each)) is not None), default=None)
    if not isinstance(value, dict):
        return None
    here = place(value)
    return here if here is not None else first_place(list(value.values()))


def moved(value: Any, by: int) -> Any:
    """A part of a tree whose text stands behind another one of so many bytes."""
    if isinstance(value, dict):
        changed = {key: moved(each, by) for key, each in value.items()}
        at = place(value)
        return changed if at is None else {**changed, "query_location": at + by}
    return [moved(each, by) for each in value] if isinstance(value, list) else value


def expressions(value: Any, *, into_subqueries: bool = True) -> list[Tree]:
    """Every expression below a part of a tree, itself included, from the outside in."""
    found: list[Tree] = []
    _gather(value, found, into_subqueries)
    return found


def _gather(value: Any, found: list[Tree], into_subqueries: bool) -> None:
    if isinstance(value, dict):
        if "class" in value:
            found.append(value)
            if value["class"] == "SUBQUERY" and not into_subqueries:
                _gather(value.get("child"), found, into_subqueries)
                return
        value = value.values()
    elif not isinstance(value, list):
        return
    for each in value:
        if isinstance(each, NESTED):
            _gather(each, found, into_subqueries)


def tables_of(value: Any) -> frozenset[str]:
    """The names of all tables below a part of a tree."""
    if isinstance(value, list):
        return frozenset().union(*map(tables_of, value))
    if not isinstance(value, dict):
        return frozenset()
    here = {str(value["table_name"])} if value.get("type") == "BASE_TABLE" else set()
    return frozenset(here).union(*map(tables_of, value.values()))


def text(node: Tree) -> str:
    """The SQL of a query node."""
    return unparse({"node": node, "named_param_map": []})


def spoken(expression: Tree) -> str:
    """The SQL of an expression."""
    table = select_all("t")["from_table"]
    return text(select([expression], table, None)).removeprefix("SELECT ").removesuffix(" FROM t AS t")


@cache
def _together() -> None:
    """Ask for all of them at once: most of what one takes is the call."""
    parse_ahead((COLUMN, EITHER, BOTH, SELECT, DISTINCT, ALL, NAMED, SEMI_JOIN))


@cache
def _template(sql: str) -> Tree:
    _together()
    # What the rules write themselves has no place in anybody's text.
    node: Tree = without_places(parse(sql).statements[0]["node"])
    return node
