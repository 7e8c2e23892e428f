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
from assetflow.warehouse.content.digest import Scan, sums_together, tells_order
from assetflow.warehouse.content.reading import Staged, Unforeseen, read_back, readable, staged_of
from assetflow.warehouse.content.scans import scan_of, this_very_file

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

    try:
        found = _found(cursor, _alike([one for one in written if one.rows <= FEW_ROWS]))
    except duckdb.InterruptException:
        raise
    except duckdb.Error:  # of which file it speaks is seen when each is read by itself
        found = {}
    return tuple(_staged(cursor, one, *found.get(one.path, NOTHING)) for one in written)


NOTHING: tuple[tuple[Sums, ...], tuple[tuple[str, str], ...]] = ((), ())
"""What is found of a table without rows, or with many, or one that is not like the others."""


def _alike(written: Sequence[Written]) -> list[list[Written]]:
    """Those that can be read as one table."""
    groups: dict[object, list[Written]] = {}
    for one in written:
        is_alone = not tells_order(columns_of(one.columns))
        groups.setdefault(one.path if is_alone else one.columns, []).append(one)
    return list(groups.values())


def _found(
    cursor: duckdb.DuckDBPyConnection, groups: Sequence[Sequence[Written]]
) -> dict[str, tuple[tuple[Sums, ...], tuple[tuple[str, str], ...]]]:
    """What is summed up of each file, by its path, and the names and types that it shows."""
    reads = [list(dict.fromkeys(read for one in group for read in wanted(one))) for group in groups]
    scans = [
        Scan(scan_of([one.path for one in group]), len(group), columns_of(group[0].columns), of_group)
        for group, of_group in zip(groups, reads, strict=True)
    ]
    others = {path for group in groups if len(group) > 1 for path in _unlike_first(cursor, group)}
    found = {}
    for (number, at), (sums, shown) in sums_together(cursor, scans).items():
        one = groups[number][at]
        if one.path not in others:
            found[one.path] = tuple(sums[reads[number].index(read)] for read in wanted(one)), shown
    return found


def _unlike_first(cursor: duckdb.DuckDBPyConnection, group: Sequence[Written]) -> set[str]:
    """Files that show other columns than the first, which all of them show when they are read as one table."""
    listed = ", ".join(this_very_file(one.path) for one in group)
    shown: dict[str, list[tuple[object, ...]]] = {one.path: [] for one in group}
    asked = f"SELECT file_name, name, num_children, duckdb_type, type, logical_type FROM parquet_schema([{listed}])"
    for path, *column in cursor.execute(asked).fetchall():
        shown.setdefault(path, []).append(tuple(column))
    return {one.path for one in group if not shown[one.path] or shown[one.path] != shown[group[0].path]}


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
