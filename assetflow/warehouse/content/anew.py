"""Digests of a snapshot that is kept, computed anew from the rows in its files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from assetflow.materialization import FileSums, ReadSet, Snapshot
from assetflow.warehouse.content.digest import content_digest
from assetflow.warehouse.content.file_sums import Known, by_file, digests_together, missing_sums
from assetflow.warehouse.content.reading import readable
from assetflow.warehouse.content.scans import scan_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def digest_anew(cursor: Cursor, snapshot: Snapshot, root: str) -> str:
    """The digest of the rows of a snapshot, read from its files."""
    return content_digest(
        cursor, scan_of([os.path.join(root, file.path) for file in snapshot.files]), snapshot.columns
    )[1]


def project(
    open_cursor: Callable[[], Cursor], snapshot: Snapshot, root: str, read: ReadSet, known: Known
) -> tuple[str | None, tuple[FileSums, ...]]:
    """The digest of some columns of a snapshot, and what it is made of, as far as that is not `known` of its files.

    None where there is none: it is a view, or has not got these columns. DuckDB's own error when files are missing.
    """
    if snapshot.sql is not None or not readable(snapshot.columns, [read]):
        return None, ()
    found = digests_together(snapshot.columns, snapshot.files, [read], known)
    if found:
        return found[0][1], ()
    more = missing_sums(open_cursor(), root, snapshot.files, snapshot.columns, [read], known)
    [(_, digest)] = digests_together(snapshot.columns, snapshot.files, [read], {**known, **by_file(more)})
    return digest, more
