"""Stages rows as Parquet files, reads them back, and keeps them for good.

    a query or a file  --stage-->  Staged (columns, files, digest)  --keep-->  objects/<ab>/<sha256>.parquet

A worker stages and reads back; only the coordinator keeps. What was read back is what is published: the digest and
the hash are of the files, not of the query.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetflow.errors import AssetError, WarehouseError
from assetflow.materialization import Column, FileSums, ReadSet, Snapshot, SnapshotFile, Sums
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.content.digest import (
    FEW,
    NO_ROWS,
    content_digest,
    digest_of,
    digests,
    sums,
    sums_by_file,
    sums_key,
    sums_of_few,
    tells_order,
)
from assetflow.warehouse.content.types import is_wide, logical_type, restore, shown_as, stored_as, written_as
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.removal import remove_file, remove_folder
from assetflow.warehouse.disk.sha256 import hash_of_file

if TYPE_CHECKING:
    import duckdb

PART = "part-0.parquet"
OPTIONS = "FORMAT parquet, COMPRESSION zstd"
ONE_FILE = "USE_TMP_FILE false"
"""Staging is private to a run, so the writer needs no temporary name of its own."""
MANY_FILES = "ROW_GROUPS_PER_FILE 2, RETURN_FILES true"
"""Files of a quarter of a million rows: what changes in a large table is then in few of them, the others are shared.
DuckDB does not keep the order of rows in them."""
CHECK_DISK = "Check the disk, then run again; nothing was published."
BEYOND_DECIMAL = "to DECIMAL(38,0)"
"""What DuckDB says of an integer of more than 38 digits."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows that were written and read back, and belong to nobody yet. The paths of `files` are absolute.

    `projections` are digests of some of the columns, for those who read only these. `sums` are what digests of each
    file are made of, so that a later snapshot that shares it need not read it again.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int
    bytes: int
    digest: str
    projections: tuple[tuple[ReadSet, str], ...] = ()
    sums: tuple[FileSums, ...] = ()


def stage_query(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    folder: str,
    file_name: str = PART,
    *,
    reads: Sequence[ReadSet] = (),
    spread: bool = False,
    foreseen: Sequence[tuple[str, str]] | None = None,
    most: int | None = None,
) -> Staged:
    """Write the rows of one SELECT to `folder`, streaming and in the query's order, and read them back.

    `reads` are the sets of columns that somebody reads: their digests are computed on the way. `spread`: write many
    rows into several files, in any order. `foreseen` are names and types of its columns, as far as somebody knows:
    DuckDB is then not asked before, and the file that was written has to show the same. `most`: only so many rows, the
    first ones.

    Raises AssetError for two columns of one name, WarehouseError for a full disk, and what DuckDB raises for the
    query itself.
    """
    import duckdb

    path = os.path.join(folder, f"{file_name}.parts" if spread else file_name)
    _make_staging(folder)
    if foreseen and not spread and most is None and all(_survives(kind) for _, kind in foreseen):
        rows, files = _copy(cursor, sql, path, spread=False)
        with suppress(_Unforeseen):
            return read_back(cursor, _columns(foreseen), files, rows, reads=reads, shown=foreseen)
    made = _described(cursor, sql)
    _refuse_duplicates([name for name, _ in made])
    columns = _columns(made)
    if most is not None:
        sql = f"SELECT * FROM ({sql}\n) LIMIT {most}"
    try:
        rows, files = _copy(cursor, _with_casts(sql, made), path, spread=spread)
    except duckdb.ConversionException as error:
        if BEYOND_DECIMAL not in str(error) or not any(is_wide(column.type) for column in columns):
            raise
        columns = _columns(made, wide=True)
        rows, files = _copy(cursor, _with_casts(sql, made, wide=True), path, spread=spread)
    return read_back(cursor, columns, files, rows, reads=reads)


def stage_parquet(
    cursor: duckdb.DuckDBPyConnection, path: str, folder: str, file_name: str = PART, *, reads: Sequence[ReadSet] = ()
) -> Staged:
    """Take over a Parquet file that another writer made: as it is where its types survive, else written anew."""
    read = f"SELECT * FROM {scan_of([path])}"
    made = _described(cursor, read)
    _refuse_duplicates(_names_in_file(cursor, path) if _looks_renamed(made) else [name for name, _ in made])
    kept = os.path.join(folder, file_name)
    if path == kept:
        path = f"{kept}.given"
        os.rename(kept, path)
        read = f"SELECT * FROM {scan_of([path])}"
    if any(logical_type(kind) != kind or stored_as(kind) for _, kind in made):
        staged = stage_query(cursor, read, folder, file_name, reads=reads)
        remove_file(folder, path)
        return staged
    _make_staging(folder)
    os.rename(path, kept)
    return read_back(cursor, _columns(made), [kept], reads=reads)


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
    import duckdb

    try:
        narrow = readable(columns, reads)
        wanted = [ReadSet(), *narrow]
        if shown is None:
            found = sums_of_files(cursor, paths, columns, wanted, about=written)
        else:
            found = [_sums_of_shown(cursor, scan_of(paths), columns, wanted, written or 0, tuple(shown))]
        files = tuple(_file_read(path, of_file[0].rows) for path, of_file in zip(paths, found, strict=True))
    except (duckdb.Error, OSError) as error:
        said = f"what was just written cannot be read back: {error}"
        raise WarehouseError(said, path=paths[0], hint=CHECK_DISK) from error
    rows = sum(file.rows for file in files)
    if written is not None and rows != written:
        raise WarehouseError(f"{written:,} rows were written, {rows:,} read back", path=paths[0], hint=CHECK_DISK)
    totals = [sum(each, NO_ROWS) for each in zip(*found, strict=True)]
    digest, *others = (digest_of(columns, read, total) for read, total in zip(wanted, totals, strict=True))
    kept = tuple(
        FileSums(file.sha256, sums_key(columns, read), one)
        for file, of_file in zip(files, found, strict=True)
        for read, one in zip(wanted, of_file, strict=True)
        if not read.ordered
    )
    size = sum(file.bytes for file in files)
    return Staged(tuple(columns), files, rows, size, digest, tuple(zip(narrow, others, strict=True)), kept)


def sums_of_files(
    cursor: duckdb.DuckDBPyConnection, paths: Sequence[str], columns: Sequence[Column], reads: Sequence[ReadSet],
    *, about: int | None = None,
) -> list[tuple[Sums, ...]]:  # fmt: skip
    """What digests of some of the columns each are made of, for each of the files."""
    if len(paths) == 1:
        return [sums(cursor, scan_of(paths), columns, reads, about=about)[1]]
    return sums_by_file(cursor, scan_of(paths), columns, reads, len(paths))


class _Unforeseen(Exception):
    """A file shows other columns than were foreseen."""


def _sums_of_shown(
    cursor: duckdb.DuckDBPyConnection, scan: str, columns: Sequence[Column], reads: Sequence[ReadSet], rows: int,
    shown: tuple[tuple[str, str], ...],
) -> tuple[Sums, ...]:  # fmt: skip
    """What digests are made of, of a file that must show these columns and no others."""
    import duckdb

    try:
        if rows <= FEW:
            found, seen = sums_of_few(cursor, scan, columns, reads)
        else:
            found, seen = sums(cursor, scan, columns, reads)[1], tuple(_described(cursor, f"SELECT * FROM {scan}"))
    except duckdb.BinderException as error:
        raise _Unforeseen from error
    if seen != shown:
        raise _Unforeseen
    return found


def _file_read(path: str, rows: int) -> SnapshotFile:
    return SnapshotFile(path, hash_of_file(path), rows, os.path.getsize(path))


def readable(columns: Sequence[Column], reads: Sequence[ReadSet]) -> list[ReadSet]:
    """Those of the read-sets that have a digest of their own in a table of these columns."""
    names = {column.name for column in columns}
    return [
        read
        for read in dict.fromkeys(reads)
        if read.columns is not None and names.issuperset(read.columns) and (tells_order(columns) or not read.ordered)
    ]


def digest_anew(cursor: duckdb.DuckDBPyConnection, snapshot: Snapshot, root: str) -> str:
    """The digest of the rows of a snapshot, read from its files."""
    return content_digest(
        cursor, scan_of([os.path.join(root, file.path) for file in snapshot.files]), snapshot.columns
    )[1]


def project(cursor: duckdb.DuckDBPyConnection, snapshot: Snapshot, root: str, read: ReadSet) -> str | None:
    """The digest of some columns of a snapshot, read from its files.

    None where there is none: it is a view, or has not got these columns. DuckDB's own error when files are missing.
    """
    if snapshot.sql is not None or not readable(snapshot.columns, [read]):
        return None
    files = scan_of([os.path.join(root, file.path) for file in snapshot.files])
    return digests(cursor, files, snapshot.columns, [read], about=snapshot.rows)[1][0]


def keep(root: str, files: Sequence[SnapshotFile]) -> tuple[SnapshotFile, ...]:
    """Move staged files to their place for good; the paths returned are relative to `root`.

    Each file is synced before it gets its name, and each folder once afterwards. A file that lies there already has
    the same bytes, since its name is their hash. What was kept before, under a path that is relative, stays.
    """
    with durable.writing(root):
        kept = tuple(_keep_file(root, file) if os.path.isabs(file.path) else file for file in files)
        new = (one for one, file in zip(kept, files, strict=True) if os.path.isabs(file.path))
        durable.sync_folders(os.path.dirname(os.path.join(root, file.path)) for file in new)
    return kept


def kept_path(file: SnapshotFile) -> str:
    """Where a file is kept, or will be, relative to the warehouse."""
    return f"objects/{file.sha256[:2]}/{file.sha256}.parquet" if os.path.isabs(file.path) else file.path


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

    Else it knows of no column between which bounds it lies, and plans joins and groups four times as dear as they are.
    """
    paths = scan_of([os.path.join(root, file.path) for file in snapshot.files])
    # Files that are joined by name would show each other's columns, if they had any.
    listed = ", ".join(map(_restored, snapshot.columns))
    return f"SELECT {listed} FROM {paths.removesuffix(')')}, union_by_name = true)"


def scan_placed(columns: Sequence[Column], paths: Sequence[str]) -> str:
    """`scan_files`, and where each row stands: the number of its file, from 0, and of the row in there.

    For tables that have no column of these names (`tells_order`).
    """
    listed = ", ".join(map(_restored, columns))
    return f"SELECT {listed}, file_index AS assetflow_file, file_row_number AS assetflow_row FROM {scan_of(paths)}"


def write_rows(cursor: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column], path: str) -> int:
    """Write rows that have these columns into a file for `scan_files`, which nobody keeps; returns how many."""
    wide = any(column.stored_as != stored_as(column.type) for column in columns)
    cast = _with_casts(sql, [column[:2] for column in columns], wide=wide)
    # It is read once and gone: compressing it takes longer.
    copied = cursor.execute(f"COPY ({cast}\n) TO {quote_literal(path)} (FORMAT parquet, COMPRESSION uncompressed)")
    return int(copied.fetchall()[0][0])


def columns_made(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Names and types of the columns that a table of these rows has."""
    return [column[:2] for column in _columns(_described(cursor, sql))]


def scan_for_everyone(snapshot: Snapshot, root: str) -> str:
    """`scan`, with columns of types that DuckDB 1.x does not know shown as the nearest that it does."""
    shown = {column.name: shown_as(column.type) for column in snapshot.columns}
    if not any(shown.values()):
        return scan(snapshot, root)
    listed = ", ".join(_cast(name, kind) for name, kind in shown.items())
    return f"SELECT {listed} FROM ({scan(snapshot, root)}\n)"


def scan_of(paths: Sequence[str]) -> str:
    """`read_parquet([...])` of these very files: no pattern, and no columns out of the names of folders."""
    literals = [_this_very_file(path) for path in paths]
    listed = literals[0] if len(literals) == 1 else f"[{', '.join(literals)}]"
    # Each option and each list takes DuckDB a tenth of a millisecond, as much as reading a small file.
    options = ", hive_partitioning = false" if any("=" in path for path in paths) else ""
    return f"read_parquet({listed}{options})"


def _this_very_file(path: str) -> str:
    """The path as DuckDB must be given it, who takes every path for a pattern: `old [1]` for the folder `old 1`."""
    return quote_literal(re.sub(r"[*?\[]", r"[\g<0>]", path))


def _restored(column: Column) -> str:
    name = quote_identifier(column.name)
    if column.stored_as is None:
        return name
    return f"{restore(name, column.type, column.stored_as)} AS {name}"


def _cast(name: str, kind: str | None) -> str:
    quoted = quote_identifier(name)
    return quoted if kind is None else f"CAST({quoted} AS {kind}) AS {quoted}"


def _make_staging(folder: str) -> None:
    with durable.writing(folder):
        os.makedirs(folder, exist_ok=True)


def _described(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Names and types of a query's columns."""
    # A relation that is never run costs a third of DESCRIBE.
    relation = cursor.sql(sql)
    return [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]


def _columns(made: Sequence[tuple[str, str]], *, wide: bool = False) -> tuple[Column, ...]:
    logical = [(name, logical_type(kind)) for name, kind in made]
    return tuple(Column(name, kind, stored_as(kind, wide=wide)) for name, kind in logical)


def _survives(kind: str) -> bool:
    """True for a type that is written as it is, and shown by the file as it is."""
    return logical_type(kind) == kind and written_as(kind) is None and stored_as(kind) is None


def _with_casts(sql: str, made: Sequence[tuple[str, str]], *, wide: bool = False) -> str:
    """The query with every column as it is to be written."""
    casts = [(name, _written(kind, wide=wide)) for name, kind in made]
    if not any(cast for _, cast in casts):
        return sql
    return f"SELECT {', '.join(_cast(name, cast) for name, cast in casts)} FROM ({sql}\n)"


def _written(kind: str, *, wide: bool) -> str | None:
    logical = logical_type(kind)
    return written_as(logical, wide=wide) or (logical if logical != kind else None)


def _copy(cursor: duckdb.DuckDBPyConnection, sql: str, path: str, *, spread: bool) -> tuple[int, list[str]]:
    """Write the rows of a query into a file, or into files of a new folder; returns how many, and the files."""
    import duckdb

    if spread:
        remove_folder(os.path.dirname(path), path)
    options = f"{OPTIONS}, {MANY_FILES if spread else ONE_FILE}"
    try:
        # The query stays on the first line, so that the lines of DuckDB's errors are those of the query.
        copied = cursor.execute(f"COPY ({sql}\n) TO {quote_literal(path)} ({options})").fetchall()[0]
    except duckdb.Error as error:
        if durable.says_out_of_space(str(error)):
            raise durable.out_of_space(path) from error
        raise
    return int(copied[0]), sorted(copied[1], key=_number) if spread else [path]


def _number(path: str) -> int:
    """The place of a file among those of one COPY: `data_12.parquet`."""
    return int(re.findall(r"\d+", os.path.basename(path))[0])


def _refuse_duplicates(names: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.get(name.lower())
        if first is not None:
            alike = repr(name) if first == name else f"{first!r} and {name!r}"
            hint = "Names must differ by more than case; rename one of them with AS."
            raise AssetError(f"two columns are named {alike}", hint=hint)
        seen[name.lower()] = name


def _looks_renamed(made: Sequence[tuple[str, str]]) -> bool:
    # Reading a file with the columns a and A, DuckDB calls the second one A_1 without a word.
    return any(re.search(r"_\d+$", name) for name, _ in made)


def _names_in_file(cursor: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The names of a file's columns as its writer gave them."""
    rows = cursor.execute(f"SELECT name, num_children FROM parquet_schema({_this_very_file(path)})").fetchall()
    names, skip = [], 0
    for name, children in rows[1:]:
        if skip == 0:
            names.append(name)
        skip = max(skip - 1, 0) + (children or 0)
    return names


def _keep_file(root: str, file: SnapshotFile) -> SnapshotFile:
    relative = kept_path(file)
    target = os.path.join(root, relative)
    durable.make_folder(os.path.dirname(target))
    if _has_size(target, file.bytes) and hash_of_file(target) == file.sha256:
        remove_file(root, file.path)
    else:
        os.chmod(file.path, 0o444)
        durable.sync_file(file.path)
        os.replace(file.path, target)
    return file._replace(path=relative)


def _has_size(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False
