"""What the ledger is told of finished steps: which rows that writes, and where the journal finds them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from msgspec.structs import astuple

from assetflow.long_json import compact
from assetflow.materialization import FileBounds, FileSums, ReadSet
from assetflow.warehouse.ledger import rows
from assetflow.warehouse.ledger.records import Built, Parsed, StepRecord
from assetflow.warehouse.ledger.rows import Told, among


def told_of(built: Sequence[Built]) -> Told:
    """The rows that tell of finished steps."""
    made = [one.materialization for one in built]
    parsed = [one.parsed for one in built if one.parsed is not None]
    of_runs, runs = among("run_id", (one.run_id for one in made))
    of_assets, assets = among("asset", (one.asset for one in made))
    of_readings, readings = among("reading", (one.reading for one in parsed))
    of_tags, tags = among("tags", (rows.as_json(held) for one in parsed for held, _ in one.parts))
    return {
        "snapshots": among("id", (one.snapshot.id for one in built)),
        "materializations": among("id", (one.id for one in made)),
        "inputs": among("materialization", (one.id for one in made)),
        "layers": among("materialization", (one.id for one in made)),
        "check_results": (f"{of_runs} AND {of_assets}", (*runs, *assets)),
        "projections": among("snapshot", (one.snapshot.id for one in built)),
        "file_sums": among("file", (sums.file for one in built for sums in one.sums)),
        "file_bounds": among("file", (bounds.file for one in built for bounds in one.bounds)),
        "sniffed": among("source", (one.source for one in parsed)),
        "parts": (f"{of_readings} AND {of_tags}", (*readings, *tags)),
    }


def of_steps(run_id: str, steps: Sequence[StepRecord]) -> tuple[str, tuple[object, ...]]:
    """The rows of steps: a condition, and its parameters."""
    of_assets, names = among("asset", (step.asset for step in steps))
    return f"run_id = ? AND {of_assets}", (run_id, *names)


def from_projections(snapshot: str, projections: Iterable[tuple[ReadSet, str]]) -> list[tuple[object, ...]]:
    return [(snapshot, rows.from_columns(read.columns), read.ordered, digest) for read, digest in projections]


def from_file_sums(found: Iterable[FileSums]) -> list[tuple[object, ...]]:
    return [(one.file, one.key, one.sums.rows, str(one.sums.total), str(one.sums.mixed)) for one in found]


def from_file_bounds(found: Iterable[FileBounds]) -> list[tuple[object, ...]]:
    return [(one.file, compact(one.columns)) for one in found]


def write_parsed(connection: sqlite3.Connection, parsed: Parsed) -> None:
    types = rows.as_json(dict(parsed.types))
    connection.execute(rows.INSERT_SNIFFED, (parsed.source, parsed.reading, types, rows.as_json(parsed.tags)))
    told = [(parsed.reading, types, rows.as_json(tags), rows.as_json(astuple(file))) for tags, file in parsed.parts]
    connection.executemany(rows.INSERT_PART, told)
