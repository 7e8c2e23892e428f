"""Reads back many small tables at once: a query takes a millisecond, however few the rows that it reads.

    a query  --write_small-->  Written  --read_together, with others-->  Staged

What is odd about one of them is not looked into here: it is made again by itself, which tells what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.errors import WarehouseError
from assetflow.materialization import ReadSet, Sums
from assetflow.warehouse.content.columns import columns_of
from assetflow.warehouse.content.digest import sums_together
from assetflow.warehouse.content.reading import Staged, Unforeseen, read_back, readable, staged_of
from assetflow.warehouse.content.scans import scan_of

if TYPE_CHECKING:
    import duckdb

FEW_ROWS = 10_000
"""More than that are read by themselves: summing them up by tables takes longer than setting up a query."""


class Written(Struct, frozen=True):
    """A file that was written and not read back yet, so that nobody knows what it holds.

    `columns` are names and types that it has to show, `rows` how many were written, `reads` the sets of columns that
    somebody reads.
    """

    path: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    reads: tuple[ReadSet, ...]


def read_together(cursor: duckdb.DuckDBPyConnection, written: Sequence[Written]) -> tuple[Staged | None, ...]:
    """Decode every row of these files; None for one that holds or shows something else, or cannot be read."""
    from assetflow.duck import duckdb

    few = [one for one in written if one.rows <= FEW_ROWS]
    try:
        found = sums_together(cursor, [(scan_of([one.path]), columns_of(one.columns), wanted(one)) for one in few])
    except duckdb.InterruptException:
        raise
    except duckdb.Error:  # of which file it speaks is seen when each is read by itself
        found = {}
    of_files = {few[number].path: each for number, each in found.items()}
    return tuple(_staged(cursor, one, *of_files.get(one.path, NOTHING)) for one in written)


NOTHING: tuple[tuple[Sums, ...], tuple[tuple[str, str], ...]] = ((), ())
"""What is found of a table without rows, or with many."""


def wanted(written: Written) -> list[ReadSet]:
    """What is digested: all columns first."""
    return [ReadSet(), *readable(columns_of(written.columns), written.reads)]


def _staged(
    cursor: duckdb.DuckDBPyConnection, one: Written, found: tuple[Sums, ...], shown: tuple[tuple[str, str], ...]
) -> Staged | None:
    columns = columns_of(one.columns)
    with suppress(Unforeseen, WarehouseError, OSError):
        if shown == one.columns:
            return staged_of(columns, [one.path], wanted(one), [found], one.rows)
        return read_back(cursor, columns, [one.path], one.rows, reads=one.reads, shown=one.columns)
    return None
