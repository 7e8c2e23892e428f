"""Records what a source holds: files that are parsed are turned into Parquet once, Parquet is read where it lies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetflow.errors import SourceError
from assetflow.materialization import Column, Fingerprint, ReadSet, SnapshotFile
from assetflow.running.parts import Known, parse
from assetflow.running.steady import refuse_changed
from assetflow.running.task import Built, finished
from assetflow.running.workshop import Workplace, workshop
from assetflow.source import Observed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


@dataclass(frozen=True, slots=True)
class SourceTask:
    """A source to record, a folder for what is made of its files, and what is known to be read of it.

    `known` is what was parsed of it before.
    """

    observed: Observed
    staging: str
    read_sets: tuple[ReadSet, ...] = ()
    known: Known | None = None


def source_fingerprint(observed: Observed) -> Fingerprint:
    """What the record of a source is made from: its data version."""
    return Fingerprint(observed.version, "", {})


def ingest(task: SourceTask, place: Workplace) -> Built:
    """Read a source; SourceError, with its name, file and line, when it cannot be read."""
    import duckdb

    began = time.perf_counter()
    source = task.observed.source
    cursor = workshop(place).session.cursor()
    try:
        built = read_in_place(task, cursor) if opens_in_place(task, cursor) else parse_in_parts(task, cursor)
        refuse_changed(task.observed)
    except (duckdb.Error, SourceError) as error:
        from assetflow.sources.files.explain import explain_read_error

        raise explain_read_error(error, source, place.root) from error
    finally:
        cursor.close()
    return finished(built, time.perf_counter() - began, 1)


def opens_in_place(task: SourceTask, cursor: Cursor) -> bool:
    """True when readers may open the files as they are: Parquet whose files agree on their columns."""
    return task.observed.source.location.opens_in_place(cursor, paths_of(task))


def paths_of(task: SourceTask) -> tuple[str, ...]:
    return tuple(file.stat.path for file in task.observed.files)


def read_in_place(task: SourceTask, cursor: Cursor) -> Built:
    """The columns and the row count of Parquet files from their footers, and the digests of what is read of them.

    These have to be taken now: who replaces a file leaves nothing to compare with.
    """
    from assetflow.warehouse.digest import digests
    from assetflow.warehouse.snapshots import readable, scan_of

    files = task.observed.files
    scan = task.observed.source.location.scan(paths_of(task))
    relation = cursor.sql(scan)
    columns = tuple(Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))
    rows = int(cursor.execute(f"SELECT count(*) FROM ({scan})").fetchall()[0][0])
    listed = tuple(SnapshotFile(file.stat.path, file.sha256, 0, file.stat.size) for file in files)
    narrow = readable(columns, task.read_sets)
    found = digests(cursor, scan_of(paths_of(task)), columns, narrow)[1] if narrow else ()
    projections = tuple(zip(narrow, found, strict=True))
    return Built(columns, listed, rows, sum(file.bytes for file in listed), None, 0.0, projections=projections)


def parse_in_parts(task: SourceTask, cursor: Cursor) -> Built:
    """Read CSV or JSON once, with one type for each column over all files, into Parquet."""
    parsed = parse(task.observed, task.known, cursor, task.staging, task.read_sets)
    rows, size = sum(file.rows for file in parsed.files), sum(file.bytes for file in parsed.files)
    return Built(
        parsed.columns, parsed.files, rows, size, task.observed.version, 0.0, projections=parsed.projections,
        sums=parsed.sums, parsed=parsed,
    )  # fmt: skip
