"""Says to a warehouse what a run says, in one line each."""

from __future__ import annotations

import os

import duckdb

from assetflow.check import CheckResult
from assetflow.materialization import Fingerprint, Input, Materialization, Snapshot
from assetflow.warehouse.content.staging import stage_query
from assetflow.warehouse.ledger.records import Built, RunRecord
from assetflow.warehouse.warehouse import Warehouse


def at(hour: int) -> str:
    return f"2026-11-20T{hour:02}:00:00.000000Z"


def run(warehouse: Warehouse, run_id: str, env: str = "prod") -> None:
    warehouse.ledger.start_run(RunRecord(run_id, env, at(0)))


def keep(warehouse: Warehouse, cursor: duckdb.DuckDBPyConnection, asset: str, sql: str) -> Snapshot:
    staged = stage_query(cursor, sql, os.path.join(warehouse.root, "staging", "run", asset))
    return warehouse.keep(asset, staged.columns, staged.files, staged.rows, staged.bytes, staged.digest)


def built(
    snapshot: Snapshot,
    run_id: str,
    *,
    code: str = "code",
    inputs: tuple[str, ...] = (),
    checks: tuple[CheckResult, ...] = (),
) -> Built:
    made_of = Fingerprint(code, "", dict.fromkeys(inputs, "digest"))
    record = Materialization(
        id=f"{run_id}.{snapshot.asset}",
        asset=snapshot.asset,
        partition=None,
        run_id=run_id,
        fingerprint=made_of,
        inputs=tuple(Input(name, "digest", "snapshot") for name in inputs),
        snapshot=snapshot.id,
        digest=snapshot.digest,
        rows=snapshot.rows,
        bytes=snapshot.bytes,
        built_at=at(1),
        seconds=0.5,
    )
    return Built(record, snapshot, checks)


def publish(warehouse: Warehouse, run_id: str, hour: int, *all_built: Built, env: str = "prod") -> int:
    """Record and publish on top of whatever is current."""
    warehouse.ledger.record_built(all_built)
    now = warehouse.ledger.current(env)
    moves = {one.materialization.asset: one.materialization.id for one in all_built}
    expected = {name: now[name].materialization if name in now else None for name in moves}
    return warehouse.ledger.publish(env, run_id, moves, expected, at(hour))
