"""Tells where a ledger and its journal disagree."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping

from msgspec import Struct

from assetflow.warehouse.ledger import journal
from assetflow.warehouse.ledger.journal import Damage
from assetflow.warehouse.ledger.migrate import columns_of, statements
from assetflow.warehouse.ledger.rebuild import fold


class Differing(Struct, frozen=True):
    """A row of the ledger that the journal knows otherwise; `asset` and `snapshot`, where it is about one."""

    table: str
    asset: str | None
    snapshot: str | None
    detail: str


def differences(root: str, rows: Mapping[str, set[tuple[object, ...]]], waiting: list[tuple[int, str]]) -> Iterator[
    Differing | Damage
]:  # fmt: skip
    """Where the tables of a ledger, given as their rows, are not what its journal adds up to."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements():
            connection.execute(statement)
        _, damaged = fold(connection, root, waiting)
        yield from damaged
        if damaged:
            return  # what is missing in the journal is not wrong in the ledger
        for table in journal.tables_of(connection):
            columns = columns_of(connection, table)
            told = set(connection.execute(f"SELECT * FROM {table}"))
            for row in sorted(rows.get(table, set()) - told, key=repr):
                yield differing(table, columns, row, "says what was never recorded")
            keys = {row[0] for row in rows.get(table, set()) - told}
            for row in sorted(told - rows.get(table, set()), key=repr):
                if row[0] not in keys:
                    yield differing(table, columns, row, "lacks what was recorded")


def differing(table: str, columns: list[str], row: tuple[object, ...], said: str) -> Differing:
    named = dict(zip(columns, row, strict=True))
    asset = named.get("asset")
    snapshot = named.get("snapshot", named["id"] if table == "snapshots" else None)
    key = ", ".join(str(value) for value in row[:3])
    return Differing(
        table,
        asset if isinstance(asset, str) else None,
        snapshot if isinstance(snapshot, str) else None,
        f"table {table} {said}: {key}",
    )
