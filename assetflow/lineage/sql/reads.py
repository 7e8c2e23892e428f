"""What a parse tree reads: tables, files, and things whose content no fingerprint can hold.

A name that the query defines itself is hidden where DuckDB sees that definition: a CTE in the CTEs after it and in its
query, and in the recursive part of its own. What is not understood is reported as a table or a note, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from assetflow.lineage.sql.canonical import VALUE_FUNCTIONS
from assetflow.lineage.sql.names import asset_name, fold, is_remote, looks_like_file
from assetflow.lineage.sql.tree import Tree, parse, place

Names = frozenset[str]


class Read(Struct, frozen=True):
    """One thing that is read: a table's name, a file's path or a note's words, and where (in bytes) if that is known.

    `word` is how it is spelled in the query, for those whose place the parser does not tell.
    """

    kind: Literal["table", "file", "note"]
    what: str
    word: str
    place: int | None
    function: str | None = None


def reads(node: Any, source: bytes, hidden: Names = frozenset()) -> Iterator[Read]:
    """Everything that is read below `node`, a part of the tree of `source`, in no particular order."""
    found: list[Read] = []
    _look(node, source, hidden, found)
    return iter(found)


def _look(node: Any, source: bytes, hidden: Names, found: list[Read]) -> None:
    if isinstance(node, list):
        for item in node:
            _look(item, source, hidden, found)
    elif isinstance(node, dict):
        if "cte_map" in node:
            for cte in node["cte_map"]["map"]:
                _look(cte["value"], source, hidden, found)
                hidden |= {fold(cte["key"])}
        kind = node.get("type")
        # The type of a constant is a part of the tree itself.
        if (type(kind) is str and kind in _READING) or node.get("sample"):
            found += _read_here(node, source, hidden)
        for key, value in node.items():
            if not value or type(value) not in _NESTED or key == "cte_map":
                continue
            sees_itself = kind == "RECURSIVE_CTE_NODE" and key == "right"
            _look(value, source, hidden | {fold(node["cte_name"])} if sees_itself else hidden, found)


_NESTED = frozenset({dict, list})
_READING = frozenset({"BASE_TABLE", "SHOW_REF", "TABLE_FUNCTION", "FUNCTION", "COLUMN_REF"})
"""What may read something by itself; so may whatever has a sample."""


def _read_here(node: Tree, source: bytes, hidden: Names) -> Iterator[Read]:
    match node.get("type"):
        case "BASE_TABLE":
            yield from _table(node["qualified_name"]["path"], place(node), hidden)
        case "SHOW_REF" if node["show_type"] == "SHOW_SPECIAL":
            yield Read("note", "SHOW reads the catalog", "show", place(node))
        case "SHOW_REF" if node["table_name"]:
            yield from _table(node["qualified_name"]["path"], place(node), hidden)
        case "TABLE_FUNCTION":
            yield from _table_function(node, hidden)
        case "FUNCTION" if node.get("class") == "FUNCTION":
            yield from _function(node)
        case "COLUMN_REF":
            yield from _value_function(node, source)
    sample = node.get("sample")
    if sample and not sample.get("repeatable"):
        yield Read("note", "a sample without REPEATABLE is random", "sample", place(node))


def _table(path: list[str], where: int | None, hidden: Names) -> Iterator[Read]:
    folded = [fold(part) for part in path]
    is_hidden = folded[-1] in hidden and (len(path) == 1 or folded[:-1] == ["recurring"])
    if is_hidden:
        return
    if len(path) == 1 and looks_like_file(path[0]):
        yield _file(path[0], None, where)
    elif len(path) > 1 and folded[-2] in _CATALOG_SCHEMAS:
        yield Read("note", f"{'.'.join(folded)} is the catalog of the engine", path[-1], where)
    else:
        yield Read("table", asset_name(path), path[-1], where)


def _file(path: str, function: str | None, where: int | None) -> Read:
    if is_remote(path):
        return Read("note", f"{path} is on another machine", path, where)
    return Read("file", path, path, where, function)


def _table_function(node: Tree, hidden: Names) -> Iterator[Read]:
    function = node["function"]
    name, where = fold(function["function_name"]), place(node)
    if name in _ROWS_FROM_ARGUMENTS:
        return
    arguments = [argument["expression"] for argument in function["arguments"]]
    constants = _constants(arguments[0]) if arguments else None
    if name in _FILE_READERS and constants is not None:
        for text, constant_place in constants:
            yield _file(text, name, where if constant_place is None else constant_place)
    elif name in _FILE_READERS:
        yield Read("note", f"{name}() with a path that is computed", name, where)
    elif name == "query_table" and constants is not None:
        for text, _ in constants:
            yield from _table([part.strip('"') for part in text.split(".")], where, hidden)
    elif name == "query" and constants is not None:
        yield from _nested_query(constants[0][0], where, hidden)
    else:
        yield Read("note", f"{name}() reads what assetflow does not track", name, where)


def _nested_query(text: str, where: int | None, hidden: Names) -> Iterator[Read]:
    parsed = parse(text)
    if parsed.problem is not None:
        yield Read("note", "query() with a text that is no query", "query", where)
    for statement in parsed.statements:
        for read in reads(statement, text.encode(), hidden):
            yield Read(read.kind, read.what, "query", where, read.function)


def _constants(node: Tree) -> list[tuple[str, int | None]] | None:
    """The texts in `'a'` or `['a', 'b']` with their places; None when they are not constant."""
    if node["class"] == "CONSTANT" and node["literal"]["kind"] == "STRING":
        return [(node["literal"].get("text", ""), place(node))]
    if node["class"] == "FUNCTION" and node["function_name"] == "list_value":
        lists = [_constants(argument["expression"]) for argument in node["arguments"]]
        if lists and all(item is not None for item in lists):
            return [constant for item in lists if item is not None for constant in item]
    return None


def _function(node: Tree) -> Iterator[Read]:
    name = fold(node["function_name"])
    why = _WHY_VOLATILE.get(name)
    if name == "age" and len(node["arguments"]) == 1:
        why = _CLOCK
    if why is not None:
        yield Read("note", f"{name}() {why}", name, place(node))


def _value_function(node: Tree, source: bytes) -> Iterator[Read]:
    if len(node["column_names"]) != 1:
        return
    name, where = fold(node["column_names"][0]), place(node)
    is_quoted = where is not None and source[where : where + 1] == b'"'
    if name in VALUE_FUNCTIONS and name in _WHY_VOLATILE and not is_quoted:
        yield Read("note", f"{name} {_WHY_VOLATILE[name]}", name, where)


_CATALOG_SCHEMAS = frozenset({"information_schema", "pg_catalog"})
_ROWS_FROM_ARGUMENTS = frozenset(
    ["generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"]
)
_FILE_READERS = frozenset(
    [
        "parquet_scan",
        "read_blob",
        "read_csv",
        "read_csv_auto",
        "read_json",
        "read_json_auto",
        "read_json_objects",
        "read_json_objects_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_ndjson_objects",
        "read_parquet",
        "read_text",
    ]
)

_CLOCK = "reads the clock"
_WHY_VOLATILE = {
    "ago": _CLOCK,
    "current_date": _CLOCK,
    "current_localtime": _CLOCK,
    "current_localtimestamp": _CLOCK,
    "current_time": _CLOCK,
    "current_timestamp": _CLOCK,
    "get_current_time": _CLOCK,
    "get_current_timestamp": _CLOCK,
    "localtime": _CLOCK,
    "localtimestamp": _CLOCK,
    "now": _CLOCK,
    "pg_conf_load_time": _CLOCK,
    "pg_postmaster_start_time": _CLOCK,
    "today": _CLOCK,
    "transaction_timestamp": _CLOCK,
    "gen_random_uuid": "is random",
    "random": "is random",
    "setseed": "is random",
    "uuid": "is random",
    "uuidv4": "is random",
    "uuidv7": "is random",
    "current_catalog": "reads the session",
    "current_connection_id": "reads the session",
    "current_database": "reads the session",
    "current_query": "reads the session",
    "current_query_id": "reads the session",
    "current_schema": "reads the session",
    "current_schemas": "reads the session",
    "current_setting": "reads the session",
    "current_transaction_id": "reads the session",
    "currval": "reads the session",
    "getvariable": "reads the session",
    "in_search_path": "reads the session",
    "nextval": "reads the session",
    "pg_get_constraintdef": "reads the session",
    "pg_get_viewdef": "reads the session",
    "setval": "reads the session",
    "txid_current": "reads the session",
    "stats": "reads how the engine keeps the rows",
    "vector_type": "reads how the engine keeps the rows",
    "pg_sleep": "waits",
    "sleep_ms": "waits",
    "write_log": "writes a log",
    "getenv": "reads the environment",
}
"""DuckDB's functions that are not the same at each call, but for `error`; `current_user` and its kin always are.

DuckDB itself does not say so of its macros (`ago`), nor of `current_localtime` and `current_localtimestamp`.
"""
