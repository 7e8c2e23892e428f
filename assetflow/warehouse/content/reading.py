"""Reads back what was just written: what is published is what the files hold, not what the query said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.duck import described
from assetflow.errors import WarehouseError
from assetflow.materialization import Column, FileBounds, FileSums, ReadSet, SnapshotFile, Sums
from assetflow.warehouse.content.digest import (
    FEW,
    digest_of,
    sums,
    sums_by_file,
    sums_key,
    sums_of_few,
    tells_order,
)
from assetflow.warehouse.content.scans import scan_of
from assetflow.warehouse.disk.sha256 import hash_of_file

if TYPE_CHECKING:
    import duckdb

CHECK_DISK = "Check the disk, then run again; nothing was published."


class Staged(Struct, frozen=True):
    """Rows that were written and read back, and belong to nobody yet. The paths of `files` are absolute.

    `projections` are digests of some of the columns, for those who read only these. `sums` are what digests of each
    file are made of, so that a later snapshot that shares it need not read it again, `bounds` between which values
    the columns of each lie, where there are several.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int
    bytes: int
    digest: str
    projections: tuple[tuple[ReadSet, str], ...] = ()
    sums: tuple[FileSums, ...] = ()
    bounds: tuple[FileBounds, ...] = ()


def read_back(
    cursor: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    paths: Sequence[str],
    written: int | None = None,
    *,
    reads: Sequence[ReadSet] = (),
    shown: Sequence[tuple[str, str]] | None = None,
) -> Staged:
    """Decode every row of some files: their count, their digest, those of `reads`, and the hashes of their bytes.

    WarehouseError when that fails, or when there are not as many rows as were `written`. `shown` are the names and
    types that the file must show.
    """
    from assetflow.duck import duckdb

    try:
        narrow = readable(columns, reads)
        wanted = [ReadSet(), *narrow]
        if shown is None:
            found = sums_of_files(cursor, paths, columns, wanted, about=written)
        else:
            found = [_sums_of_shown(cursor, scan_of(paths), columns, wanted, written or 0, tuple(shown))]
        return staged_of(columns, paths, wanted, found, written)
    except (duckdb.Error, OSError) as error:
        said = f"what was just written cannot be read back: {error}"
        raise WarehouseError(said, path=paths[0], hint=CHECK_DISK) from error


def staged_of(
    columns: Sequence[Column], paths: Sequence[str], wanted: Sequence[ReadSet], found: Sequence[tuple[Sums, ...]],
    written: int | None,
) -> Staged:  # fmt: skip
    """Some files with their digests, the first of which is that of all columns, out of what was `found` in each."""
    files = tuple(_file_read(path, of_file[0].rows) for path, of_file in zip(paths, found, strict=True))
    rows = sum(file.rows for file in files)
    if written is not None and rows != written:
        raise WarehouseError(f"{written:,} rows were written, {rows:,} read back", path=paths[0], hint=CHECK_DISK)
    digest, *others = (
        digest_of(columns, read, each) for read, each in zip(wanted, zip(*found, strict=True), strict=True)
    )
    kept = tuple(
        FileSums(file.sha256, sums_key(columns, read), one)
        for file, of_file in zip(files, found, strict=True)
        for read, one in zip(wanted, of_file, strict=True)
    )
    size = sum(file.bytes for file in files)
    return Staged(tuple(columns), files, rows, size, digest, tuple(zip(wanted[1:], others, strict=True)), kept)


def sums_of_files(
    cursor: duckdb.DuckDBPyConnection, paths: Sequence[str], columns: Sequence[Column], reads: Sequence[ReadSet],
    *, about: int | None = None,
) -> list[tuple[Sums, ...]]:  # fmt: skip
    """What digests of some of the columns each are made of, for each of the files."""
    if len(paths) == 1:
        return [sums(cursor, scan_of(paths), columns, reads, about=about)[1]]
    if not tells_order(columns):  # a column of its own hides in which file a row stands
        return [sums(cursor, scan_of([path]), columns, reads)[1] for path in paths]
    return sums_by_file(cursor, scan_of(paths), columns, reads, len(paths))


def readable(columns: Sequence[Column], reads: Sequence[ReadSet]) -> list[ReadSet]:
    """Those of the read-sets that have a digest of their own in a table of these columns."""
    names = {column.name for column in columns}
    return [
        read
        for read in dict.fromkeys(reads)
        if read.columns is not None and names.issuperset(read.columns) and (tells_order(columns) or not read.ordered)
    ]


class Unforeseen(Exception):
    """A file shows other columns than were foreseen."""


def _sums_of_shown(
    cursor: duckdb.DuckDBPyConnection, scan: str, columns: Sequence[Column], reads: Sequence[ReadSet], rows: int,
    shown: tuple[tuple[str, str], ...],
) -> tuple[Sums, ...]:  # fmt: skip
    """What digests are made of, of a file that must show these columns and no others."""
    from assetflow.duck import duckdb

    try:
        if rows <= FEW:
            found, seen = sums_of_few(cursor, scan, columns, reads)
        else:
            found, seen = sums(cursor, scan, columns, reads)[1], tuple(described(cursor, f"SELECT * FROM {scan}"))
    except duckdb.BinderException as error:
        raise Unforeseen from error
    if seen != shown:
        raise Unforeseen
    return found


def _file_read(path: str, rows: int) -> SnapshotFile:
    return SnapshotFile(path, hash_of_file(path), rows, os.path.getsize(path))
