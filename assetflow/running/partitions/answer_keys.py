"""The keys of the rows of a query that came or went, as the rules of incremental refresh tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.materialization import Column
from assetflow.partitions.key_columns import KeyColumns, key_of_row
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.slices import Slice, slice_of
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.answer import Answer

Rows = list[tuple[object, ...]]


def keys_of_answer(answer: Answer, keys: KeyColumns, made: Sequence[Column], *, exactly: bool = True) -> str:
    """The SELECT of the keys of all rows that came to a query or went; `exactly`: not of those that did both."""
    from assetflow.incremental.answer import KEY
    from assetflow.incremental.exact import is_inexact
    from assetflow.running.refreshes.difference import bag_difference

    wanted = [column[0] for column in keys.columns if column is not None]
    if answer.keys is not None and set(wanted) <= set(answer.key_columns):
        listed = ", ".join(f"{KEY}{answer.key_columns.index(name) + 1} AS {quote_identifier(name)}" for name in wanted)
        return f"SELECT {keys.listed} FROM (SELECT {listed} FROM {answer.keys})"
    named = ", ".join(quote_identifier(column.name) for column in made)
    plus, minus = (f"SELECT * FROM ({sql}) AS x({named})" for sql in (answer.plus, answer.minus or ""))
    if answer.minus is None:
        return f"SELECT {keys.listed} FROM ({plus})"
    if not exactly or any(is_inexact(column.type) for column in made):
        return f"SELECT {keys.listed} FROM (({plus}) UNION ALL ({minus}))"
    return f"SELECT {keys.listed} FROM ({bag_difference(made, [(plus, 1), (minus, -1)])})"


def slice_of_rows(cut: Partitioning, rows: Rows) -> Slice | None:
    """The keys in some rows; None where one of them cannot be a key, which whoever makes all partitions will tell."""
    found = []
    for row in rows:
        key = key_of_row(row)
        if key is None or not (cut.holds(key) or cut.is_before_or_after(key)):
            return None
        found.append(key)
    return slice_of(found)


def rows_of(cursor: Cursor, sql: str) -> Rows:
    return cursor.execute(f"SELECT DISTINCT * FROM ({sql})").fetchall()
