"""Digests of a snapshot that is kept, computed anew from the rows in its files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assetflow.materialization import ReadSet, Snapshot
from assetflow.warehouse.content.digest import content_digest, digests
from assetflow.warehouse.content.reading import readable
from assetflow.warehouse.content.scans import scan_of

if TYPE_CHECKING:
    import duckdb


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
