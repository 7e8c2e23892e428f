"""The ledger's SQL, and how records become rows and rows become records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import astuple

from assetflow.check import CheckResult
from assetflow.errors import WarehouseError
from assetflow.long_json import compact, parse
from assetflow.materialization import (
    Bounds,
    Column,
    Fingerprint,
    Input,
    Materialization,
    Partition,
    Proof,
    Snapshot,
    SnapshotFile,
    is_whole,
)
from assetflow.reason import Reason
from assetflow.warehouse.content.manifest import snapshot_id
from assetflow.warehouse.ledger.records import LastStep, RunRecord, StepRecord, Version

Row = tuple[Any, ...]
Told = Mapping[str, tuple[str, Sequence[object]]]
"""Rows by table: a condition, and its parameters."""
Gone = Iterable[tuple[str, Mapping[str, object]]]
"""Rows that were taken out: a table, and what these rows had in some of its columns."""

SELECT_CURRENT = """
SELECT asset, nullif(partition, ''), materialization, fingerprint_hash, digest, snapshot, rows, published_at, checks,
       paths
FROM pointers WHERE env = ?
"""
SELECT_MOVED = """
SELECT DISTINCT p.asset, c.materialization
FROM publications p LEFT JOIN pointers c ON c.env = p.env AND c.asset = p.asset AND c.partition = p.partition
WHERE p.env = :env AND p.generation > :generation
"""
# A view keeps no rows, and no files.
SELECT_VIEWS_OVER = """
SELECT DISTINCT p.asset, p.materialization FROM pointers p JOIN inputs i ON i.materialization = p.materialization
WHERE p.env = :env AND p.rows IS NULL AND p.paths = '' AND i.upstream IN (SELECT value FROM json_each(:tables))
"""
SELECT_SNAPSHOTS = """
SELECT id, asset, digest, columns, files, rows, bytes, sql FROM snapshots WHERE id IN (SELECT value FROM json_each(?))
"""
SELECT_MATERIALIZATIONS = """
SELECT m.id, m.asset, m.partition, m.run_id, m.code, m.config, m.inputs, m.snapshot, m.digest, m.rows, m.bytes,
       m.built_at, m.seconds, m.checks, m.code_text, m.code_parts, m.meaning, m.reasons
FROM materializations m
"""
SELECT_INPUTS = """
SELECT materialization, upstream, digest, snapshot, columns, ordered
FROM inputs WHERE materialization IN (SELECT value FROM json_each(?)) ORDER BY materialization, upstream
"""
SELECT_RUNS = "SELECT id, env, started_at, status, finished_at, selection, host, pid FROM runs"
SELECT_STEPS = """
SELECT asset, outcome, partition, mode, reasons, rows, seconds, snapshot, error, mode_reason
FROM steps WHERE run_id = ? ORDER BY number
"""
SELECT_PARTITIONS_MADE = """
SELECT run_id, outcome, partition FROM steps
WHERE asset = ? AND partition != '' AND run_id IN (SELECT value FROM json_each(?)) ORDER BY number
"""
SELECT_LAST_MADE = """
SELECT s.run_id, r.started_at, s.rows, s.reasons, s.outcome, s.error FROM steps s JOIN runs r ON r.id = s.run_id
WHERE r.env = ? AND s.asset = ? AND s.partition = ? AND s.outcome IN ('materialized', 'restored', 'failed')
ORDER BY s.number DESC LIMIT 1
"""
SELECT_VERSIONS = """
SELECT p.asset, p.partition, m.id, m.snapshot, p.run_id, p.published_at,
       p.number = (SELECT max(number) FROM publications q
                   WHERE q.env = p.env AND q.asset = p.asset AND q.partition = p.partition),
       m.rows, m.bytes, m.code, m.digest
FROM publications p JOIN materializations m ON m.id = p.materialization
WHERE p.env = :env AND (:asset IS NULL OR p.asset = :asset)
ORDER BY p.number DESC LIMIT :limit
"""
SELECT_WHYS = """
SELECT r.id, r.selection, s.asset, s.partition, s.reasons FROM runs r LEFT JOIN steps s ON s.run_id = r.id
WHERE r.id IN (SELECT value FROM json_each(?))
"""
SELECT_CHECK_RESULTS = """
SELECT name, severity, failures, column, sample, error FROM check_results
WHERE asset = :asset AND run_id = (
    SELECT r.id FROM check_results c JOIN runs r ON r.id = c.run_id
    WHERE c.asset = :asset AND r.env = :env ORDER BY r.number DESC LIMIT 1
) ORDER BY name
"""
SELECT_REFUSED_RESULTS = """
SELECT name, severity, failures, column, sample, error FROM check_results
WHERE asset = :asset AND run_id = (
    SELECT f.run_id FROM steps f JOIN runs r ON r.id = f.run_id
    WHERE r.env = :env AND f.asset = :asset AND f.outcome = 'failed' ORDER BY f.number DESC LIMIT 1
) ORDER BY name
"""
SELECT_REFUSED_OF_SOURCE = """
SELECT name, severity, failures, column, sample, error FROM check_results
WHERE asset = :source AND run_id = (
    SELECT r.id FROM check_results c JOIN runs r ON r.id = c.run_id
    WHERE c.asset = :source AND r.env = :env AND EXISTS (SELECT 1 FROM steps s WHERE s.run_id = r.id)
    ORDER BY r.number DESC LIMIT 1
) ORDER BY name
"""
SELECT_FAILED = """
SELECT DISTINCT f.asset FROM steps f JOIN runs r ON r.id = f.run_id
WHERE r.env = :env AND f.outcome = 'failed'
  AND NOT EXISTS (
    SELECT 1 FROM steps s JOIN runs q ON q.id = s.run_id
    WHERE s.asset = f.asset AND s.partition = f.partition AND s.number > f.number AND q.env = r.env
      AND s.outcome IN ('materialized', 'restored', 'skipped'))
  AND NOT EXISTS (
    SELECT 1 FROM publications p JOIN runs q ON q.id = p.run_id
    WHERE p.env = r.env AND p.asset = f.asset
      AND (f.partition = '' AND q.number >= r.number OR f.partition != '' AND q.number > r.number))
"""

SELECT_LAST_ERROR = """
SELECT f.error FROM steps f JOIN runs r ON r.id = f.run_id
WHERE r.env = :env AND f.asset = :asset AND f.outcome = 'failed' ORDER BY f.number DESC LIMIT 1
"""

INSERT_RUN = """
INSERT INTO runs (id, env, started_at, status, finished_at, selection, host, pid) VALUES (?,?,?,?,?,?,?,?)
"""
FINISH_RUN = "UPDATE runs SET status = ?, finished_at = ? WHERE id = ?"
INSERT_SNAPSHOT = """
INSERT INTO snapshots (id, asset, digest, columns, files, paths, rows, bytes, sql) VALUES (?,?,?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET digest = excluded.digest  -- the same files under another version of the digest
"""
INSERT_MATERIALIZATION = """
INSERT INTO materializations (id, asset, partition, run_id, fingerprint_hash, read_hash, code, config, inputs, snapshot,
                              digest, rows, bytes, built_at, seconds, checks, code_text, code_parts, meaning, reasons)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING
"""
INSERT_INPUT = """
INSERT INTO inputs (materialization, upstream, digest, snapshot, columns, ordered) VALUES (?,?,?,?,?,?)
ON CONFLICT (materialization, upstream) DO NOTHING
"""
INSERT_LAYER = """
INSERT INTO layers (materialization, number, keys, base) VALUES (?,?,?,?)
ON CONFLICT (materialization, number) DO NOTHING
"""
SELECT_LAYERS = """
SELECT materialization, keys, base FROM layers
WHERE materialization IN (SELECT value FROM json_each(?)) ORDER BY materialization, number
"""
SELECT_BUILT_PARTS = """
SELECT partition, snapshot FROM materializations
WHERE asset = ? AND partition != '' AND fingerprint_hash = ? ORDER BY number
"""
INSERT_PROJECTION = """
INSERT OR REPLACE INTO projections (snapshot, columns, ordered, digest) VALUES (?,?,?,?)
"""
INSERT_FILE_SUMS = "INSERT OR REPLACE INTO file_sums (file, key, rows, low, high) VALUES (?,?,?,?,?)"
SELECT_FILE_SUMS = """
SELECT file, key, rows, low, high FROM file_sums
WHERE file IN (SELECT value FROM json_each(?))
"""
INSERT_FILE_BOUNDS = "INSERT OR REPLACE INTO file_bounds (file, columns) VALUES (?,?)"
SELECT_FILE_BOUNDS = "SELECT file, columns FROM file_bounds WHERE file IN (SELECT value FROM json_each(?))"
INSERT_PART = "INSERT OR REPLACE INTO parts (reading, types, tags, file) VALUES (?,?,?,?)"
SELECT_PARTS = "SELECT tags, file FROM parts WHERE reading = ? AND types = ?"
INSERT_SNIFFED = "INSERT OR REPLACE INTO sniffed (source, reading, types, tags) VALUES (?,?,?,?)"
SELECT_SNIFFED = "SELECT reading, types, tags FROM sniffed WHERE source = ?"
SELECT_SECONDS = """
SELECT seconds FROM steps WHERE asset = ? AND mode = ? AND outcome = 'materialized' ORDER BY number DESC LIMIT 1
"""
INSERT_SHADOW = "INSERT OR REPLACE INTO shadows (asset, code, is_right, run_id) VALUES (?,?,?,?)"
SELECT_SHADOW = "SELECT is_right FROM shadows WHERE asset = ? AND code = ?"
SELECT_PROJECTION = "SELECT digest FROM projections WHERE snapshot = ? AND columns = ? AND ordered = ?"
INSERT_PROOF = """
INSERT INTO proofs (env, asset, partition, materialization, run_id, proven_at, fingerprint_hash, same_code, compared)
SELECT :env, :asset, '', :materialization, :run_id, :at, :fingerprint, :same_code, :compared
FROM pointers WHERE env = :env AND asset = :asset AND partition = '' AND materialization = :materialization
"""
MARK_PROVEN = """
UPDATE pointers SET fingerprint_hash = :fingerprint
WHERE env = :env AND asset = :asset AND partition = '' AND materialization = :materialization
"""
INSERT_CHECK_RESULT = """
INSERT OR REPLACE INTO check_results (run_id, asset, partition, name, severity, failures, column, sample, error)
VALUES (?,?,?,?,?,?,?,?,?)
"""
INSERT_STEP = """
INSERT INTO steps (run_id, asset, partition, outcome, mode, reasons, rows, seconds, snapshot, error, mode_reason)
VALUES (?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (run_id, asset, partition) DO UPDATE SET
    outcome = excluded.outcome, mode = excluded.mode, reasons = excluded.reasons, rows = excluded.rows,
    seconds = excluded.seconds, snapshot = excluded.snapshot, error = excluded.error,
    mode_reason = excluded.mode_reason
"""
INSERT_PUBLICATION = """
INSERT INTO publications (env, asset, partition, materialization, generation, published_at, run_id)
VALUES (?,?,'',?,?,?,?)
"""
INSERT_ENVIRONMENT = """
INSERT INTO environments (name, generation, published_at) VALUES (?,?,?)
ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, published_at = excluded.published_at
"""
MOVE_POINTER = """
INSERT OR REPLACE INTO pointers (env, asset, partition, materialization, fingerprint_hash, digest, snapshot, rows,
                                 published_at, checks, paths)
SELECT :env, m.asset, m.partition, m.id, m.fingerprint_hash, m.digest, m.snapshot, m.rows, :at, m.checks, s.paths
FROM materializations m JOIN snapshots s ON s.id = m.snapshot WHERE m.id = :id AND m.asset = :asset
"""


to_bounds = msgspec.json.Decoder(dict[str, Bounds]).decode
"""The bounds of a file's columns, of their text."""


def as_json(value: object) -> str:
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(separators=(",", ":"))
"""Made once: a ledger is told many small texts."""


def among(column: str, values: Iterable[object]) -> tuple[str, tuple[str]]:
    """The condition that a column has one of these values."""
    return f"{column} IN (SELECT value FROM json_each(?))", (as_json(sorted(set(values), key=str)),)


def from_run(run: RunRecord) -> Row:
    return (run.id, run.env, run.started_at, run.status, run.finished_at, run.selection, run.host, run.pid)


def from_snapshot(snapshot: Snapshot) -> Row:
    columns = as_json([[column.name, column.type, column.stored_as] for column in snapshot.columns])
    files = compact([file.listed for file in snapshot.files])
    paths = [file.path for file in snapshot.files]
    for path in paths:
        if "\n" in path:
            raise WarehouseError("this file's name holds a line break", path=path, hint="Rename the file.")
    listed = "\n".join(paths)
    return (
        snapshot.id, snapshot.asset, snapshot.digest, columns, files, listed, snapshot.rows, snapshot.bytes,
        snapshot.sql,
    )  # fmt: skip


@lru_cache(maxsize=8)
def to_snapshot(row: Row) -> Snapshot:
    """What a row says; a run asks for a few snapshots again and again, and each may list many files."""
    id, asset, digest, columns, files, count, size, sql = row
    try:
        snapshot = Snapshot(
            id=id,
            asset=asset,
            digest=digest,
            columns=tuple(Column(*column) for column in json.loads(columns)),
            files=tuple(SnapshotFile(*file) for file in parse(files)),
            rows=count,
            bytes=size,
            sql=sql,
        )
    except (ValueError, TypeError) as error:
        raise _damaged(f"snapshot {id} of {asset}") from error
    if snapshot_id(snapshot) != id:
        raise _damaged(f"snapshot {id} of {asset}")
    return snapshot


def _damaged(what: str) -> WarehouseError:
    hint = "`assetflow doctor --rebuild` restores the ledger from its journal."
    return WarehouseError(f"the ledger's record of {what} is damaged", hint=hint)


def from_materialization(made: Materialization) -> Row:
    fingerprint = made.fingerprint
    return (
        made.id, made.asset, made.partition or "", made.run_id, fingerprint.hash, read_hash(made), fingerprint.code,
        fingerprint.config, as_json(dict(fingerprint.inputs)), made.snapshot, made.digest, made.rows, made.bytes,
        made.built_at, made.seconds, made.checks, made.code_text, as_json(made.code_parts), made.meaning,
        from_reasons(made.reasons),
    )  # fmt: skip


def read_hash(made: Materialization) -> str:
    """The hash of what is read alone, where something less than everything is; else there is nothing to find by it."""
    narrow = is_whole(made.meaning) and any(one.columns is not None for one in made.inputs)
    return made.fingerprint.of_reads(made.meaning, made.inputs) if narrow else ""


Layers = tuple[tuple[str, str], ...]


def to_materialization(row: Row, inputs: tuple[Input, ...], layers: Layers = ()) -> Materialization:
    try:
        return _materialization(row, inputs, layers)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(f"materialization {row[0]}") from error


def _materialization(row: Row, inputs: tuple[Input, ...], layers: Layers) -> Materialization:
    id, asset, partition, run_id, code, config, digests, snapshot, digest, count, size, *rest = row
    built_at, seconds, checks, code_text, code_parts, meaning, reasons = rest
    return Materialization(
        id=id,
        asset=asset,
        partition=partition or None,
        run_id=run_id,
        fingerprint=Fingerprint(code, config, json.loads(digests)),
        inputs=inputs,
        snapshot=snapshot,
        digest=digest,
        rows=count,
        bytes=size,
        built_at=built_at,
        seconds=seconds,
        checks=checks,
        code_text=code_text,
        code_parts=tuple((name, version) for name, version in json.loads(code_parts)),
        meaning=meaning,
        reasons=to_reasons(reasons),
        layers=layers,
    )


def from_layers(made: Materialization) -> list[Row]:
    return [(made.id, number, keys, base or made.id) for number, (keys, base) in enumerate(made.layers)]


def to_layers(found: Iterable[Row]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Layers by the materialization that they belong to."""
    layers: dict[str, tuple[tuple[str, str], ...]] = {}
    for made, keys, base in found:
        layers[made] = (*layers.get(made, ()), (keys, base))
    return layers


def from_inputs(made: Materialization) -> list[Row]:
    return [
        (made.id, one.upstream, one.digest, one.snapshot, from_columns(one.columns), one.ordered) for one in made.inputs
    ]


def to_inputs(found: Iterable[Row]) -> dict[str, tuple[Input, ...]]:
    """Inputs by the materialization that they belong to."""
    inputs: dict[str, tuple[Input, ...]] = {}
    for made, upstream, digest, snapshot, columns, ordered in found:
        one = Input(upstream, digest, snapshot, to_columns(columns), bool(ordered))
        inputs[made] = (*inputs.get(made, ()), one)
    return inputs


def from_columns(columns: tuple[str, ...] | None) -> str | None:
    return None if columns is None else as_json(columns)


def to_columns(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def from_proof(env: str, run_id: str, at: str, proof: Proof) -> dict[str, Any]:
    return {
        "env": env,
        "asset": proof.asset,
        "materialization": proof.materialization,
        "run_id": run_id,
        "at": at,
        "fingerprint": proof.fingerprint,
        "same_code": proof.same_code,
        "compared": as_json([astuple(each) for each in proof.compared]),
    }


def from_checks(run_id: str, asset: str, partition: Partition, results: Sequence[CheckResult]) -> list[Row]:
    key = (run_id, asset, partition or "")
    return [(*key, one.name, one.severity, one.failures, one.column, one.sample, one.error) for one in results]


def from_step(run_id: str, step: StepRecord) -> Row:
    return (
        run_id, step.asset, step.partition or "", step.outcome, step.mode, from_reasons(step.reasons), step.rows,
        step.seconds, step.snapshot, step.error, step.mode_reason,
    )  # fmt: skip


def to_step(row: Row) -> StepRecord:
    asset, outcome, partition, mode, reasons, count, seconds, snapshot, error, why = row
    return StepRecord(
        asset, outcome, partition or None, mode, to_reasons(reasons), count, seconds, snapshot, error, why
    )


def to_last_step(row: Row) -> LastStep:
    run_id, started_at, count, reasons, outcome, error = row
    return LastStep(run_id, started_at, outcome, count, to_reasons(reasons), error)


def to_version(row: Row) -> Version:
    asset, partition, made, snapshot, run_id, published_at, current, count, size, code, digest = row
    return Version(
        asset, partition or None, made, snapshot, run_id, published_at, bool(current), count, size, code, digest
    )


def from_reasons(reasons: Sequence[Reason]) -> str:
    return as_json([reason.to_dict() for reason in reasons])


def to_reasons(text: str) -> tuple[Reason, ...]:
    return tuple(Reason.from_dict(reason) for reason in json.loads(text))
