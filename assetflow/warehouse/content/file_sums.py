"""Digests of tables out of the sums of their files: one that got another file is digested by reading that file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.materialization import Column, FileSums, ReadSet, SnapshotFile, Sums
from assetflow.warehouse.content.digest import digest_of, sums_key
from assetflow.warehouse.content.reading import Staged, readable, sums_of_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Known = Mapping[tuple[str, str], Sums]
"""What is known of files, by their SHA-256 and the key of the columns that were summed up."""


def by_file(found: Iterable[FileSums]) -> dict[tuple[str, str], Sums]:
    return {(one.file, one.key): one.sums for one in found}


def missing_sums(
    cursor: Cursor, root: str, files: Sequence[SnapshotFile], columns: Sequence[Column], reads: Sequence[ReadSet],
    known: Known,
) -> tuple[FileSums, ...]:  # fmt: skip
    """What is not known of the files yet, from the rows of these alone, in one pass."""
    keys = [sums_key(columns, read) for read in reads]
    new = [file for file in files if any((file.sha256, key) not in known for key in keys)]
    if not new:
        return ()
    paths = [os.path.join(root, file.path) for file in new]
    found = sums_of_files(cursor, paths, columns, reads, about=sum(file.rows for file in new))
    return tuple(
        FileSums(file.sha256, key, one)
        for file, sums in zip(new, found, strict=True)
        for key, one in zip(keys, sums, strict=True)
    )


def digests_together(
    columns: Sequence[Column], files: Sequence[SnapshotFile], reads: Sequence[ReadSet], known: Known
) -> list[tuple[ReadSet, str]]:
    """The digests of the rows of all files, of those read-sets of which the sums are known for every file."""
    found = []
    for read in reads:
        key = sums_key(columns, read)
        if all((file.sha256, key) in known for file in files):
            found.append((read, digest_of(columns, read, [known[file.sha256, key] for file in files])))
    return found


def one_table(
    cursor: Cursor, root: str, staged: Staged, stay: Sequence[SnapshotFile], new: Sequence[SnapshotFile],
    reads: Sequence[ReadSet], known: Known,
) -> Staged:  # fmt: skip
    """Files that stay, and the new ones of what was staged: the first are looked into only where nothing is known."""
    columns, files = staged.columns, [*stay, *new]
    wanted = [ReadSet(), *readable(columns, reads)]
    known = {**known, **by_file(staged.sums)}
    whole = sums_key(columns, ReadSet())
    unknown = [file for file in stay if (file.sha256, whole) not in known]
    more = missing_sums(cursor, root, unknown, columns, wanted, known)
    (_, digest), *projections = digests_together(columns, files, wanted, {**known, **by_file(more)})
    return replace(
        staged, files=tuple(files), rows=sum(file.rows for file in files), bytes=sum(file.bytes for file in files),
        digest=digest, projections=tuple(projections), sums=(*staged.sums, *more),
    )  # fmt: skip
