"""Asks DuckDB for the parse tree of a query: with the parser alone.

Nothing is bound, opened or executed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from assetflow import long_json
from assetflow.lineage.scratch import QUICKLY, lent, scratch

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Tree = dict[str, Any]
"""One node of DuckDB's parse tree, as `json_serialize_sql` writes it."""


class Parsed(Struct, frozen=True):
    """The statements of a text; or, when they have no tree, why: DuckDB's words and the offset in bytes."""

    statements: tuple[Tree, ...] = ()
    problem: str | None = None
    position: int | None = None
    is_syntax_error: bool = False


def parse(text: str) -> Parsed:
    """The tree of every statement in `text`; only queries have one."""
    said = _ahead.pop(text, None)
    answer = long_json.parse(_asked("SELECT json_serialize_sql(?)", text) if said is None else said)
    if not answer["error"]:
        return Parsed(tuple(answer["statements"]))
    position = answer.get("position")
    return Parsed(
        problem=answer["error_message"],
        position=None if position is None else int(position),
        is_syntax_error=answer["error_type"] != "not implemented",
    )


def parse_ahead(texts: Iterable[str]) -> None:
    """Have DuckDB parse many texts together, for those who `parse` them next: a call takes longer than what it does."""
    from assetflow.duck import duckdb

    _ahead.clear()
    with suppress(duckdb.Error):  # it gives up on one of them: each is asked for alone
        _ahead.update(_rows(_TOGETHER, list(texts)))


def unparse(statement: Tree) -> str:
    """The text of a statement whose tree may have been changed."""
    tree = msgspec.json.encode({"error": False, "statements": [statement]}).decode()
    return _asked("SELECT json_deserialize_sql(?)", tree)


def _asked(sql: str, given: str) -> str:
    return str(_rows(sql, given)[0][0])


def _rows(sql: str, given: str | list[str]) -> list[tuple[Any, ...]]:
    other = lent()
    if other is not None:
        return other.execute(sql, [given]).fetchall()
    with _one_at_a_time:
        return _parser().execute(sql, [given]).fetchall()


def statement_kinds(text: str) -> list[str]:
    """What each statement of a text without syntax errors is: SELECT, INSERT, MULTI (a PIVOT over unknown values)..."""
    with _one_at_a_time:
        return [statement.type.name for statement in _parser().extract_statements(text)]


def output_names(statement: Tree) -> list[str | None]:
    """The names in the select list that names the columns of a query; None for `*` and for what has no name."""
    node = statement["node"]
    while node["type"] == "SET_OPERATION_NODE":
        node = node["children"][0] if "children" in node else node["left"]
    return [_output_name(expression) for expression in node.get("select_list", ())]


def place(node: Tree) -> int | None:
    """Where a node stands in its text, in bytes; None for what the parser made up or does not place."""
    where = node.get("query_location")
    return None if where is None or where == _NOWHERE else int(where)


_NOWHERE = 2**64 - 1


def _output_name(expression: Tree) -> str | None:
    if expression["alias"]:
        return str(expression["alias"])
    if expression["class"] == "COLUMN_REF":
        return str(expression["column_names"][-1])
    return None


_TOGETHER = "SELECT text, json_serialize_sql(text) FROM (SELECT unnest(?) AS text)"

_ahead: dict[str, str] = {}
"""What DuckDB said of texts that nobody has asked for yet."""

_one_at_a_time = Lock()
"""DuckDB refuses a second thread on one connection, and a cursor for each text costs more than the parse."""


@cache
def _parser() -> Cursor:
    cursor = scratch()
    cursor.execute(QUICKLY)
    return cursor
