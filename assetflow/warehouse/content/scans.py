"""The SELECTs that read the files of a table, with the types that its author made."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from assetflow.materialization import Column, Snapshot
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.content.columns import cast_to
from assetflow.warehouse.content.types import restore, shown_as

MANY_FILES = 32
"""From here on one long text is read five times as fast as a list of many: DuckDB makes an expression of each."""


def scan(snapshot: Snapshot, root: str) -> str:
    """The SELECT that reads a snapshot, with the types that its author made. `root` is the warehouse folder."""
    if snapshot.sql is not None:
        return snapshot.sql
    return scan_files(snapshot.columns, [os.path.join(root, file.path) for file in snapshot.files])


def scan_files(columns: Sequence[Column], paths: Sequence[str]) -> str:
    """The SELECT that reads files of these columns, staged or kept, with the types that their author made."""
    if not any(column.stored_as for column in columns):
        return f"SELECT * FROM {scan_of(paths)}"
    return f"SELECT {', '.join(map(_restored, columns))} FROM {scan_of(paths)}"


def scan_large(snapshot: Snapshot, root: str) -> str:
    """`scan` of a table in several large files, for a query that reads all of it: DuckDB looks into each file first.

    Without that it knows the bounds of no column, and plans joins and groups that take four times as long.
    """
    paths = scan_of([os.path.join(root, file.path) for file in snapshot.files])
    # Files that are joined by name would show each other's columns, if they had any.
    listed = ", ".join(map(_restored, snapshot.columns))
    return f"SELECT {listed} FROM {paths.removesuffix(')')}, union_by_name = true)"


def scan_placed(columns: Sequence[Column], paths: Sequence[str], number: str = "file_index") -> str:
    """`scan_files`, and where each row stands: the `number` of its file, which counts from 0, and of the row in there.

    For tables that have no column of these names (`tells_order`).
    """
    listed = ", ".join(map(_restored, columns))
    return f"SELECT {listed}, {number} AS assetflow_file, file_row_number AS assetflow_row FROM {scan_of(paths)}"


def scan_for_everyone(snapshot: Snapshot, root: str) -> str:
    """`scan`, with columns of types that DuckDB 1.x does not know shown as the nearest that it does."""
    shown = {column.name: shown_as(column.type) for column in snapshot.columns}
    if not any(shown.values()):
        return scan(snapshot, root)
    listed = ", ".join(cast_to(name, kind) for name, kind in shown.items())
    return f"SELECT {listed} FROM ({scan(snapshot, root)}\n)"


def scan_of(paths: Sequence[str]) -> str:
    """`read_parquet([...])` of these very files: no pattern, and no columns out of the names of folders."""
    together = "|".join(paths)
    if len(paths) > MANY_FILES and together.count("|") == len(paths) - 1:
        listed = f"string_split({this_very_file(together)}, '|')"
    else:
        literals = [this_very_file(path) for path in paths]
        listed = literals[0] if len(literals) == 1 else f"[{', '.join(literals)}]"
    # Each option and each list takes DuckDB a tenth of a millisecond, as much as reading a small file.
    options = ", hive_partitioning = false" if "=" in together else ""
    return f"read_parquet({listed}{options})"


def this_very_file(path: str) -> str:
    """The path as DuckDB must be given it, who takes every path for a pattern: `old [1]` for the folder `old 1`."""
    # Many files are one long text, in which mostly there is nothing to write otherwise.
    plain = not any(letter in path for letter in "*?[")
    return quote_literal(path if plain else re.sub(r"[*?\[]", r"[\g<0>]", path))


def _restored(column: Column) -> str:
    name = quote_identifier(column.name)
    if column.stored_as is None:
        return name
    return f"{restore(name, column.type, column.stored_as)} AS {name}"
