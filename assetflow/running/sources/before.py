"""What is known of a source from when it was recorded last, so that only what is new of it is looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.materialization import Column, Snapshot, SnapshotFile, Sums
from assetflow.running.sources.known import Known, as_read_now, types_of
from assetflow.running.sources.parts import Part, tag_of
from assetflow.source import Observed
from assetflow.warehouse.ledger.records import Parsed
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class Before(Struct, frozen=True):
    """A source as it was: `known` is what was parsed of it, `files` are those that are read where they lie.

    `columns` are those that all `files` have, `sums` what digests of them are made of.
    """

    known: Known | None = None
    files: tuple[SnapshotFile, ...] = ()
    columns: tuple[Column, ...] = ()
    sums: Mapping[tuple[str, str], Sums] = {}


LITTLE = 8_000_000
"""Bytes of files that are read in no time."""
NEVER = Before()
"""A source that was never recorded."""


def before(name: str, snapshot: Snapshot | None, warehouse: Warehouse, *, for_columns: bool = False) -> Before:
    """What is known of a source of which `snapshot` was recorded last.

    `for_columns`: as far as it tells the columns. To find what is known of the rows of many files takes long.
    """
    if snapshot is None:
        return NEVER
    if any(os.path.isabs(file.path) for file in snapshot.files):
        of_rows = () if for_columns else [file.sha256 for file in snapshot.files]
        sums = warehouse.ledger.file_sums(of_rows) if of_rows else {}
        return Before(None, snapshot.files, snapshot.columns, sums)
    return Before(parsed_before(name, snapshot, warehouse))


def parsed_before(name: str, snapshot: Snapshot, warehouse: Warehouse) -> Known | None:
    """What was parsed of a source, as far as the files are still there."""
    found = warehouse.ledger.parsed(name)
    if found is None or not is_of(found, snapshot):
        return None
    parts = tuple(
        Part(tags, file) for tags, file in found.parts if os.path.exists(os.path.join(warehouse.root, file.path))
    )
    sums = warehouse.ledger.file_sums(part.file.sha256 for part in parts)
    return Known(found.reading, found.tags, found.types, parts, snapshot.columns, sums, warehouse.root)


def is_of(found: Parsed, snapshot: Snapshot) -> bool:
    """False where a run that was stopped parsed what has other columns, and published nothing.

    A type that is declared may be called otherwise than by DuckDB.
    """
    if list(found.types) != [column.name for column in snapshot.columns]:
        return False
    kept = {file.sha256 for file in snapshot.files}
    is_same = list(found.types.values()) == [column.type for column in snapshot.columns]
    return is_same or any(file.sha256 in kept for _, file in found.parts)


def brings_little(observed: Observed, then: Before) -> bool:
    """True where little is new in its files: one thread reads it as soon as several."""
    seen = {file.sha256 for file in then.files}
    return sum(file.stat.size for file in observed.files if file.sha256 not in seen) < LITTLE


def columns_in_place(observed: Observed, then: Before, cursor: Cursor) -> dict[str, str] | None:
    """The columns of files that readers may open as they are: Parquet that agrees on them; None where they may not.

    Of those that were found to agree before one stands for all, and is looked at only where new ones have others: by
    another version of DuckDB a type may be called otherwise.
    """
    seen = {file.sha256 for file in then.files}
    old = [file.stat.path for file in observed.files if file.sha256 in seen]
    new = [file.stat.path for file in observed.files if file.sha256 not in seen]
    recorded = {column.name: column.type for column in then.columns} if old else None
    return observed.source.location.columns_in_place(cursor, (*old[:1], *new), recorded)


def columns_now(observed: Observed, then: Before, cursor: Cursor) -> dict[str, str]:
    """The columns of a source and their types; SourceError, or DuckDB's own, when it cannot be read."""
    in_place = columns_in_place(observed, then, cursor) if then.files else None
    if in_place is not None:
        return in_place
    tags = tuple(tag_of(file, observed) for file in observed.files)
    return types_of(observed, as_read_now(then.known, observed), tags, cursor)
