"""Records what a source holds: files that are parsed are turned into Parquet once, Parquet is read where it lies."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.errors import SourceError
from assetflow.materialization import Column, Fingerprint, ReadSet, SnapshotFile
from assetflow.running.built import Built, finished
from assetflow.running.sources.before import NEVER, Before, brings_little, columns_in_place
from assetflow.running.sources.checking import SourceChecks, check_source
from assetflow.running.sources.parse import parse
from assetflow.running.sources.steady import refuse_changed
from assetflow.running.workshop import Workplace, workshop
from assetflow.source import Observed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class SourceTask(Struct, frozen=True):
    """A source to record, a folder for what is made of its files, what is known to be read of it, and what it was.

    `checks`: what it is asked before anything is made of it.
    """

    observed: Observed
    staging: str
    read_sets: tuple[ReadSet, ...] = ()
    before: Before = NEVER
    checks: SourceChecks | None = None


def source_fingerprint(observed: Observed) -> Fingerprint:
    """What the record of a source is made from: its data version."""
    return Fingerprint(observed.version, "", {})


def ingest(task: SourceTask, place: Workplace) -> Built:
    """Read a source; SourceError, with its name, file and line, when it cannot be read."""
    from assetflow.duck import duckdb

    began = time.perf_counter()
    source = task.observed.source
    session = workshop(place).session
    opened = session.small_cursor() if brings_little(task.observed, task.before) else closing(session.cursor())
    try:
        with opened as cursor:
            in_place = columns_in_place(task.observed, task.before, cursor)
            built = parse_in_parts(task, cursor) if in_place is None else read_in_place(task, in_place, cursor)
        refuse_changed(task.observed)
        if task.checks is not None:
            folder = os.path.join(task.staging, "checks")
            built = replace(built, checks=check_source(source, built, task.checks, folder, workshop(place)))
    except (duckdb.Error, SourceError) as error:
        from assetflow.sources.files.explain import explain_read_error

        raise explain_read_error(error, source, place.root) from error
    return finished(built, time.perf_counter() - began)


def paths_of(task: SourceTask) -> tuple[str, ...]:
    return tuple(file.stat.path for file in task.observed.files)


def read_in_place(task: SourceTask, types: Mapping[str, str], cursor: Cursor) -> Built:
    """The row counts of Parquet files from their footers, and the digests of what is read of these columns.

    These have to be taken now, as long as the files are there; only files that are new are looked into.
    """
    from assetflow.warehouse.content.file_sums import by_file, digests_together, missing_sums
    from assetflow.warehouse.content.reading import readable

    columns = tuple(Column(name, kind) for name, kind in types.items())
    listed = listed_files(task, cursor)
    narrow = readable(columns, task.read_sets)
    found = missing_sums(cursor, "", listed, columns, narrow, task.before.sums)
    known = {**task.before.sums, **by_file(found)}
    rows, size = sum(file.rows for file in listed), sum(file.bytes for file in listed)
    projections = tuple(digests_together(columns, listed, narrow, known))
    return Built(columns, listed, rows, size, None, 0.0, sums=found, projections=projections)


def listed_files(task: SourceTask, cursor: Cursor) -> tuple[SnapshotFile, ...]:
    """The files with their rows, as far as they were not known before."""
    from assetflow.quoting import quote_literal

    known = {file.sha256: file.rows for file in task.before.files}
    new = [file.stat.path for file in task.observed.files if file.sha256 not in known]
    counted: dict[str, int] = {}
    if new:
        from assetflow.sources.files.read import escape

        paths = ", ".join(quote_literal(escape(path)) for path in new)
        asked = f"SELECT file_name, num_rows FROM parquet_file_metadata([{paths}])"
        counted = {str(path): int(rows) for path, rows in cursor.execute(asked).fetchall()}
    return tuple(
        SnapshotFile(
            file.stat.path, file.sha256, known.get(file.sha256, counted.get(file.stat.path, 0)), file.stat.size
        )
        for file in task.observed.files
    )


def parse_in_parts(task: SourceTask, cursor: Cursor) -> Built:
    """Read CSV or JSON once, with one type for each column over all files, into Parquet."""
    parsed = parse(task.observed, task.before.known, cursor, task.staging, task.read_sets)
    rows, size = sum(file.rows for file in parsed.files), sum(file.bytes for file in parsed.files)
    return Built(
        parsed.columns, parsed.files, rows, size, task.observed.version, 0.0, projections=parsed.projections,
        sums=parsed.sums, bounds=parsed.bounds, parsed=parsed,
    )  # fmt: skip
