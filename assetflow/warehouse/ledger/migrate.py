"""Brings a ledger of an older format to today's: a copy first, then one transaction.

Tables take today's shape whatever the format was. What columns that were added since held before is said below, as
SQL over the old row; a table that was added since begins empty.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping

from assetflow.warehouse.ledger.backups import copy_ledger
from assetflow.warehouse.ledger.schema import FORMAT_VERSION, TABLES

ADDED: dict[int, Mapping[str, Mapping[str, str]]] = {
    2: {
        "materializations": {"read_hash": "''", "meaning": "''"},
        # What was compared in the order of rows was compared by the snapshot itself.
        "inputs": {"ordered": "digest = snapshot"},
    },
    3: {"steps": {"mode_reason": "NULL"}},
}
"""Format: the columns that came with it, by table."""


def migrate(connection: sqlite3.Connection, path: str, version: int) -> None:
    """Bring the ledger at `path` from a format to today's. The caller keeps everybody else off."""
    copy_ledger(connection, f"{path.removesuffix('.db')}.format{version}.db")
    # A table that is replaced must stay what the keys of others mean; these are settings outside of transactions.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _reshape(connection, version)
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute("PRAGMA legacy_alter_table = OFF")
        connection.execute("PRAGMA foreign_keys = ON")


def _reshape(connection: sqlite3.Connection, version: int) -> None:
    old = {name: columns_of(connection, name) for name in tables_of(connection)}
    made = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    for (index,) in connection.execute(made).fetchall():
        connection.execute(f"DROP INDEX {index}")
    for name in old:
        connection.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    for statement in statements():
        connection.execute(statement)
    for name in tables_of(connection):
        if name in old:
            filled = _filled(name, columns_of(connection, name), old[name], version)
            connection.execute(f"INSERT INTO {name} ({', '.join(filled)}) SELECT {', '.join(filled.values())} "
                               f"FROM old_{name}")  # fmt: skip
    for name in old:
        connection.execute(f"DROP TABLE old_{name}")


def _filled(table: str, columns: list[str], old: list[str], version: int) -> dict[str, str]:
    """For each column of a table the SQL that gives its value from the old row."""
    added = {
        column: value
        for number in range(version + 1, FORMAT_VERSION + 1)
        for column, value in ADDED.get(number, {}).get(table, {}).items()
    }
    return {
        column: column if column in old else added[column] for column in columns if column in old or column in added
    }


def tables_of(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return [name for (name,) in found if not name.startswith("old_")]


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def statements() -> Iterator[str]:
    """The statements that make today's tables, one by one."""
    for statement in re.split(r";\n", TABLES):
        if statement.strip():
            yield statement
