"""What a query means, as a text that layout, comments and spelling do not change: the input of its code version.

It is DuckDB's own parse tree, written with sorted keys and without places. Two queries with one canonical text are one
query to DuckDB: comments, layout, the case of keywords, redundant brackets and quotes, `!=` and `<>`, `::` and CAST,
INNER, AS and trailing commas are gone because the parser drops them, and nothing else is. Empty fields are left out, so
that a field which a later DuckDB adds changes nothing where it is not used.

On top of that, identifiers are folded to lower case, as DuckDB compares them; but not where their case can be seen in
the name of an output column:

    SELECT Region FROM Sales      =  select region from sales      a column keeps the name that its table gives it
    SELECT sum(X) AS Total        =  SELECT SUM(x) AS Total        within an expression that has a name
    SELECT x AS Total            !=  SELECT x AS total             the alias is the name
    SELECT sum(X)                !=  SELECT sum(x)                 the text is the name
    SELECT s.Region              !=  SELECT s.region               the name, if `s` is a struct
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from assetflow.lineage.sql.names import fold, looks_like_file
from assetflow.lineage.sql.tree import Tree

VALUE_FUNCTIONS = frozenset(
    [
        "current_catalog",
        "current_database",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "user",
    ]
)
"""Functions that are called without brackets; to the parser they are columns."""


def canonical_text(statement: Tree) -> str:
    """Equal for two statements only if they give the same rows under the same column names."""
    form = _folded(statement, cache(lambda: _names_as_written(statement)))
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


Names = Callable[[], frozenset[str]]
"""Gives the names that a column may have as it is spelled: most queries do not ask."""

_PLACES = frozenset({"query_location", "query_location_length"})
_IDENTIFIERS = frozenset(
    [
        "catalog",
        "catalog_name",
        "collation",
        "column",
        "cte_name",
        "function_name",
        "relation_name",
        "schema",
        "schema_name",
        "table",
        "type_name",
    ]
)
_IDENTIFIER_LISTS = frozenset({"column_names", "exclude_list", "using_columns"})
_TABLES_BY_ALIAS = frozenset({"BASE_TABLE", "EXPRESSION_LIST", "JOIN", "SUBQUERY"})
_NAMING_FUNCTIONS = frozenset(["alias", "row", "struct_concat", "struct_insert", "struct_pack", "struct_update"])
"""Functions that may take the names of fields from how their arguments are spelled."""
_ANY = "*"


def _folded(node: Any, as_written: Names) -> Any:
    """`node` without places, empty fields and the case of identifiers."""
    if isinstance(node, list):
        return [_folded(item, as_written) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "PIVOT":
        # Its other parts name columns, or rows, by their own text.
        return _exact(node) | {"source": _folded(node["source"], as_written)}
    return {
        key: _folded_field(node, key, value, as_written)
        for key, value in node.items()
        if (value or type(value) in _NUMBERS) and key not in _PLACES
    }


def _folded_field(node: Tree, key: str, value: Any, as_written: Names) -> Any:
    if isinstance(value, str):
        return fold(value) if _is_identifier(node, key, value) else value
    if key in _IDENTIFIER_LISTS:
        return [fold(name) for name in value]
    if key == "path":
        return value if looks_like_file(value[-1]) else [fold(name) for name in value]
    if key == "select_list":
        return [_select_item(item, as_written) for item in value]
    if key == "cte_map":
        return [[fold(cte["key"]), _folded(cte["value"], as_written)] for cte in value["map"]]
    if key == "arguments":
        return [_argument(node, argument, as_written) for argument in value]
    return _folded(value, as_written)


def _is_identifier(node: Tree, key: str, value: str) -> bool:
    if key == "table_name":
        return not looks_like_file(value)
    if key == "alias":
        # The alias of a table function can be the name of its column.
        return "class" not in node and node.get("type") in _TABLES_BY_ALIAS
    return key in _IDENTIFIERS


def _select_item(item: Tree, as_written: Names) -> Any:
    if item["alias"] or item["class"] == "STAR":
        return _folded(item, as_written)
    if item["class"] != "COLUMN_REF":
        return _exact(item)
    *qualifiers, name = item["column_names"]
    if not qualifiers and _ANY not in as_written() and fold(name) not in as_written():
        return _folded(item, as_written)
    return _exact(item) | {"column_names": [*map(fold, qualifiers), name]}


def _argument(function: Tree, argument: Tree, as_written: Names) -> Any:
    name = fold(function.get("function_name", ""))
    if name in _NAMING_FUNCTIONS and not argument["name"]:
        return _exact(argument)
    folded = _folded(argument, as_written)
    if name == "date_part" and argument["expression"]["class"] == "CONSTANT":
        # EXTRACT(YEAR FROM x) is date_part('YEAR', x) to the parser.
        folded["expression"]["literal"]["text"] = fold(folded["expression"]["literal"].get("text", ""))
    return folded


def _exact(node: Any) -> Any:
    """`node` without places and empty fields, every letter as it is."""
    if isinstance(node, list):
        return [_exact(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _exact(value) for key, value in node.items() if (value or type(value) in _NUMBERS) and key not in _PLACES
    }


_NUMBERS = frozenset({int, float})
"""The types of which no value is an empty one: 0 is said, and false is not."""


def _names_as_written(statement: Tree) -> frozenset[str]:
    """Names that a column may have as it is spelled: `SELECT 1 AS a, A`, or `SELECT Sales FROM sales`."""
    found: set[str] = set()
    names = set(VALUE_FUNCTIONS)
    todo: list[Any] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            found.update(name for key in _NAMING if isinstance(name := node.get(key), str))
            names.update(map(fold, node.get("using_columns", ())))
            if node.get("ref_type") == "NATURAL":
                names.add(_ANY)
            node = node.values()
        todo += [value for value in node if value and isinstance(value, (dict, list))]
    names.update(fold(PurePosixPath(name).name.split(".")[0] if looks_like_file(name) else name) for name in found)
    return frozenset(names)


_NAMING = ("alias", "table_name", "function_name", "key", "text")
"""Where a tree has names, or the text of a constant, by which DuckDB may name a column."""
