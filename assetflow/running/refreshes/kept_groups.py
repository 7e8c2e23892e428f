"""Takes up the groups that were kept beside a table, on a worker's cursor, and writes down those to keep."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.duck import duckdb
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.cache.kept_groups import is_sound
from assetflow.warehouse.disk.removal import remove_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

DAMAGED = "what is kept is damaged"
NAMES = "assetflow_names"
"""The table of names: asking DuckDB which tables there are would look at the databases of others, too."""
SMALL_BLOCKS = 16384
"""Most of these files hold a few hundred groups, and DuckDB writes whole blocks."""


def taken_up(cursor: Cursor, path: str) -> list[str] | None:
    """Make temporary tables of the groups in a file; returns their names, None where it cannot be read."""
    if not is_sound(path):
        return None
    with opened(cursor, path, "READ_ONLY") as database:
        if database is None:
            return None
        names = [str(name) for (name,) in cursor.execute(f"SELECT name FROM {database}.main.{NAMES}").fetchall()]
        for name in names:
            table = quote_identifier(name)
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {quote_identifier(database)}.main.{table}")
    return names


def written(cursor: Cursor, keeps: Sequence[tuple[str, str]], folder: str) -> str | None:
    """Write tables into one file in the staging folder, by the names under which they are asked for.

    None where DuckDB left a part of it in a log beside it, as it does while others look at all databases.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "kept.duckdb")
    for old in (path, f"{path}.wal"):
        remove_file(folder, old)
    with opened(cursor, path, f"BLOCK_SIZE {SMALL_BLOCKS}") as database:
        cursor.execute(f"CREATE TABLE {database}.main.{NAMES} (name VARCHAR)")
        for name, table in keeps:
            cursor.execute(f"INSERT INTO {database}.main.{NAMES} VALUES ({quote_literal(name)})")
            cursor.execute(
                f"CREATE TABLE {quote_identifier(str(database))}.main.{quote_identifier(name)} AS "
                f"FROM {quote_identifier(table)}"
            )
    return path if not os.path.exists(f"{path}.wal") else None


class opened:  # noqa: N801
    """A database file for as long as a block runs; None where it can only be read and cannot be opened."""

    def __init__(self, cursor: Cursor, path: str, options: str) -> None:
        self.cursor, self.path, self.options = cursor, path, options
        self.name = f"assetflow_kept_{abs(hash(path))}"

    def __enter__(self) -> str | None:
        try:
            self.cursor.execute(f"ATTACH {quote_literal(self.path)} AS {self.name} ({self.options})")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            if self.options != "READ_ONLY":
                raise
            return None
        return self.name

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(duckdb.Error):
            self.cursor.execute(f"DETACH {self.name}")
