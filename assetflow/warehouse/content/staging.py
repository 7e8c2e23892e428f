"""Stages rows as Parquet files.

    a query or a file  --stage-->  Staged (columns, files, digest)  --keep-->  objects/<ab>/<sha256>.parquet

A worker stages and reads back; only the coordinator keeps.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.duck import described
from assetflow.materialization import Column, FileBounds, ReadSet
from assetflow.quoting import quote_literal
from assetflow.warehouse.content.bounds import Told, bounds_told
from assetflow.warehouse.content.columns import columns_of, refuse_duplicates, survives, with_casts
from assetflow.warehouse.content.reading import Staged, Unforeseen, read_back
from assetflow.warehouse.content.scans import scan_of, this_very_file
from assetflow.warehouse.content.together import Written
from assetflow.warehouse.content.types import is_wide, logical_type, stored_as
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.removal import remove_file, remove_folder

if TYPE_CHECKING:
    import duckdb

PART = "part-0.parquet"
OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""This level takes a tenth less time to write than DuckDB's own choice, for 9 % fewer to 16 % more bytes."""
ONE_FILE = "USE_TMP_FILE false"
"""Staging is private to a run, so the writer needs no temporary name of its own."""
MANY_FILES = "ROW_GROUPS_PER_FILE 2"
"""Files of a quarter of a million rows: what changes in a large table is then in few of them, the others are shared.
DuckDB does not keep the order of rows in them."""
TELLING = "RETURN_STATS true"
"""DuckDB says of each file how many rows it has, and between which values its columns lie."""
BEYOND_DECIMAL = "to DECIMAL(38,0)"
"""What DuckDB says of an integer of more than 38 digits."""


def stage_query(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    folder: str,
    file_name: str = PART,
    *,
    reads: Sequence[ReadSet] = (),
    spread: bool = False,
    with_bounds: bool = False,
    foreseen: Sequence[tuple[str, str]] | None = None,
    most: int | None = None,
) -> Staged:
    """Write the rows of one SELECT to `folder`, streaming and in the query's order, and read them back.

    `reads` are the sets of columns that somebody reads: their digests are computed on the way. `spread`: write many
    rows into several files, in any order. `with_bounds`: say between which values the columns of the file lie, as is
    said of several files. `foreseen` are names and types of its columns, as far as somebody knows:
    DuckDB is then not asked before, and the file that was written has to show the same. `most`: only so many rows, the
    first ones.

    Raises AssetError for two columns of one name, WarehouseError for a full disk, and what DuckDB raises for the
    query itself.
    """
    from assetflow.duck import duckdb

    path = os.path.join(folder, f"{file_name}.parts" if spread else file_name)
    _make_staging(folder)
    if foreseen and not spread and most is None and all(survives(kind) for _, kind in foreseen):
        copied = _copy(cursor, sql, path, spread=False)
        with suppress(Unforeseen):
            return read_back(cursor, columns_of(foreseen), copied.files, copied.rows, reads=reads, shown=foreseen)
    made = described(cursor, sql)
    refuse_duplicates([name for name, _ in made])
    columns = columns_of(made)
    if most is not None:
        sql = f"SELECT * FROM ({sql}\n) LIMIT {most}"
    try:
        copied = _copy(cursor, with_casts(sql, made), path, spread=spread, with_bounds=with_bounds)
    except duckdb.ConversionException as error:
        if BEYOND_DECIMAL not in str(error) or not any(is_wide(column.type) for column in columns):
            raise
        columns = columns_of(made, wide=True)
        copied = _copy(cursor, with_casts(sql, made, wide=True), path, spread=spread, with_bounds=with_bounds)
    staged = read_back(cursor, columns, copied.files, copied.rows, reads=reads)
    return replace(staged, bounds=_bounds(staged, copied))


def write_small(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    path: str,
    foreseen: Sequence[tuple[str, str]],
    reads: Sequence[ReadSet],
) -> Written:
    """Write the rows of one SELECT to a file at `path`, and leave them to `read_together`.

    `foreseen` are names and types of its columns, all of which survive.
    """
    _make_staging(os.path.dirname(path))
    rows = _copy(cursor, sql, path, spread=False).rows
    return Written(path, tuple(foreseen), rows, tuple(reads))


def stage_parquet(
    cursor: duckdb.DuckDBPyConnection, path: str, folder: str, *, reads: Sequence[ReadSet] = ()
) -> Staged:
    """Take over a Parquet file that another writer made: as it is where its types survive, else written anew."""
    read = f"SELECT * FROM {scan_of([path])}"
    made = described(cursor, read)
    refuse_duplicates(_names_in_file(cursor, path) if _looks_renamed(made) else [name for name, _ in made])
    kept = os.path.join(folder, PART)
    if path == kept:
        path = f"{kept}.given"
        os.rename(kept, path)
        read = f"SELECT * FROM {scan_of([path])}"
    if any(logical_type(kind) != kind or stored_as(kind) for _, kind in made):
        staged = stage_query(cursor, read, folder, reads=reads)
        remove_file(folder, path)
        return staged
    _make_staging(folder)
    os.rename(path, kept)
    return read_back(cursor, columns_of(made), [kept], reads=reads)


def write_rows(cursor: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column], path: str) -> int:
    """Write rows that have these columns into a file for `scan_files`, which nobody keeps; returns how many."""
    wide = any(column.stored_as != stored_as(column.type) for column in columns)
    cast = with_casts(sql, [column[:2] for column in columns], wide=wide)
    # It is read once and gone: compressing it takes longer.
    copied = cursor.execute(f"COPY ({cast}\n) TO {quote_literal(path)} (FORMAT parquet, COMPRESSION uncompressed)")
    return int(copied.fetchall()[0][0])


def _make_staging(folder: str) -> None:
    with durable.writing(folder):
        os.makedirs(folder, exist_ok=True)


class _Copied(Struct, frozen=True):
    """How many rows were written into which files; and what DuckDB tells of each, where it was asked."""

    rows: int
    files: list[str]
    told: list[Told]


def _copy(
    cursor: duckdb.DuckDBPyConnection, sql: str, path: str, *, spread: bool, with_bounds: bool = False
) -> _Copied:
    """Write the rows of a query into a file, or into files of a new folder."""
    from assetflow.duck import duckdb

    if spread:
        remove_folder(os.path.dirname(path), path)
    tells = spread or with_bounds
    options = ", ".join((OPTIONS, MANY_FILES if spread else ONE_FILE, *([TELLING] if tells else [])))
    try:
        # The query stays on the first line, so that the lines of DuckDB's errors are those of the query.
        copied = cursor.execute(f"COPY ({sql}\n) TO {quote_literal(path)} ({options})").fetchall()
    except duckdb.Error as error:
        if durable.says_out_of_space(str(error)):
            raise durable.out_of_space(path) from error
        raise
    if not tells:
        return _Copied(int(copied[0][0]), [path], [])
    if spread:
        copied.sort(key=lambda file: _number(file[0]))
    return _Copied(sum(file[1] for file in copied), [file[0] for file in copied], [file[4] for file in copied])


def _bounds(staged: Staged, copied: _Copied) -> tuple[FileBounds, ...]:
    return tuple(
        FileBounds(file.sha256, bounds_told(staged.columns, told))
        for file, told in zip(staged.files, copied.told, strict=bool(copied.told))
    )


def _number(path: str) -> int:
    """The place of a file among those of one COPY: `data_12.parquet`."""
    return int(re.findall(r"\d+", os.path.basename(path))[0])


def _looks_renamed(made: Sequence[tuple[str, str]]) -> bool:
    # Reading a file with the columns a and A, DuckDB calls the second one A_1 without a word.
    return any(re.search(r"_\d+$", name) for name, _ in made)


def _names_in_file(cursor: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The names of a file's columns as its writer gave them."""
    rows = cursor.execute(f"SELECT name, num_children FROM parquet_schema({this_very_file(path)})").fetchall()
    names, skip = [], 0
    for name, children in rows[1:]:
        if skip == 0:
            names.append(name)
        skip = max(skip - 1, 0) + (children or 0)
    return names
