"""Puts tables in the place of files that a query reads by itself, so that it can be bound without opening them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from assetflow.lineage.sql.names import fold
from assetflow.lineage.sql.tree import Tree, parse, unparse

READERS = ("read_", "parquet_scan", "scan_parquet", "sniff_")


def without_scans(text: str, tables: Collection[str]) -> tuple[str, dict[str, str]]:
    """The query over stub tables in place of files, and which stub stands for which of `tables`.

    A query that reads no file stays as it is written. One whose files are several at once is left to whoever binds it.
    """
    files = [name for name in tables if name in text and not name.isidentifier()]
    if not files:
        return text, {}
    parsed = parse(text)
    if parsed.problem is not None:
        return text, {}
    stubs: dict[str, str] = {}
    statement = parsed.statements[0]
    _replace(statement, {name: f"__scan_{number}" for number, name in enumerate(sorted(files))}, stubs)
    return (unparse(statement), stubs) if stubs else (text, {})


def scan_of(text: str, file: str) -> str | None:
    """The SELECT that reads a file just as a query does; None when it does so in several ways, or leaves rows out."""
    parsed = parse(text)
    if parsed.problem is not None or len(parsed.statements) != 1:
        return None
    found = {unparse(_select_from(node)) for node in _references(parsed.statements[0], file)}
    scan = found.pop() if len(found) == 1 else ""
    return scan if scan and not any(option in scan.lower() for option in TOLERANT) else None


TOLERANT = ("ignore_errors", "store_rejects", "null_padding", "sample_size")
"""Options by which the values of one column can decide about the rows, or the types, of another."""


def _references(node: Any, file: str) -> Iterator[Tree]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item, file)
    elif isinstance(node, dict):
        if path_of(node) == file:
            yield node
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _references(value, file)


def path_of(node: Tree) -> str:
    """The file that a part of a FROM clause reads, if it is one."""
    if node.get("type") == "BASE_TABLE" and len(node["qualified_name"]["path"]) == 1:
        return str(node["qualified_name"]["path"][0])
    if node.get("type") == "TABLE_FUNCTION" and fold(node["function"]["function_name"]).startswith(READERS):
        return _constant(node["function"]["arguments"])
    return ""


def _select_from(node: Tree) -> Tree:
    """A query for all that one part of a FROM clause gives, whatever it is called there."""
    statement: Tree = parse("FROM a AS b").statements[0]
    bare = {**node, "alias": "", "sample": None, "column_name_alias": []}
    statement["node"]["from_table"] = bare
    return statement


def _replace(node: Any, names: dict[str, str], stubs: dict[str, str]) -> None:
    if isinstance(node, list):
        for item in node:
            _replace(item, names, stubs)
    elif isinstance(node, dict):
        _replace_here(node, names, stubs)
        for value in node.values():
            if isinstance(value, dict | list):
                _replace(value, names, stubs)


def _replace_here(node: Tree, names: dict[str, str], stubs: dict[str, str]) -> None:
    if node.get("type") == "BASE_TABLE" and len(node["qualified_name"]["path"]) == 1:
        path = node["qualified_name"]["path"][0]
        if path in names:
            alias = node["alias"] or _stem(path)
            _become(node, names[path], alias)
            stubs[names[path]] = path
    elif node.get("type") == "TABLE_FUNCTION":
        function = node["function"]
        path = _constant(function["arguments"])
        if path in names and fold(function["function_name"]).startswith(READERS):
            alias = node["alias"] or function["function_name"]
            _become(node, names[path], alias)
            stubs[names[path]] = path


def _become(node: Tree, stub: str, alias: str) -> None:
    """Turn a reference to a file into one to a table, known by the name that the query knows it by."""
    kept: Tree = {key: node[key] for key in ("sample", "query_location", "column_name_alias") if key in node}
    node.clear()
    node.update(_plain_table())
    node.update(kept)
    node["alias"] = alias
    node["table_name"] = stub
    node["qualified_name"] = {"path": [stub]}


@cache
def _plain_table() -> Tree:
    tree: Tree = parse("FROM a AS b").statements[0]["node"]["from_table"]
    return tree


def _constant(arguments: list[Tree]) -> str:
    """The text of the first argument where that is one constant, else nothing."""
    if not arguments:
        return ""
    first = arguments[0]["expression"]
    is_text = first["class"] == "CONSTANT" and first["literal"]["kind"] == "STRING"
    return str(first["literal"].get("text", "")) if is_text else ""


def _stem(path: str) -> str:
    """What DuckDB calls a file that has no alias: its name without folders and suffix."""
    return path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
