"""A file that came in the place of another: where it begins with the rows of that one, only those behind them came.

    sums of the new file - sums of the old one = sums of the last rows  =>  the others are the rows of the old one

Nothing but these last rows is read. Sums of hashes are what all content is told apart by (warehouse/content/digest.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetflow.materialization import Column
from assetflow.quoting import quote_identifier
from assetflow.running.refreshes.temporary import make_table
from assetflow.running.tasks.changes import Grown, TableChange
from assetflow.warehouse.content.digest import sums, tells_order
from assetflow.warehouse.content.scans import scan_files, scan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection as Cursor


def rows_that_came(change: TableChange, cursor: Cursor) -> str | None:
    """A SELECT of the rows that came, where none went: each file that went is how another one begins. None: it is not.

    `change` has files that came and such that went.
    """
    if not change.grown or not tells_order(change.columns) or any(column.stored_as for column in change.columns):
        return None
    tails = [f"{change.name}__assetflow_tail_{at}" for at in range(len(change.grown))]
    if not all(is_tail(each, name, change.columns, cursor) for name, each in zip(tails, change.grown, strict=True)):
        return None
    grown = {each.path for each in change.grown}
    others = [path for path in change.came if path not in grown]
    listed = ", ".join(quote_identifier(column.name) for column in change.columns)
    terms = [f"FROM {quote_identifier(name)}" for name in tails]
    if others:
        terms.append(f"SELECT {listed} FROM ({scan_files(change.columns, others)})")
    return " UNION ALL ".join(f"({term})" for term in terms)


def is_tail(file: Grown, name: str, columns: Sequence[Column], cursor: Cursor) -> bool:
    """Make a temporary table of the last rows of a file; True when the others are those of the file that went."""
    listed = ", ".join(quote_identifier(column.name) for column in columns)
    last = f"SELECT {listed} FROM {scan_of([file.path])} WHERE file_row_number >= {file.rows}"
    make_table(cursor, name, last)
    return sums(cursor, quote_identifier(name), columns, [file.read], about=file.tail.rows)[1] == (file.tail,)
