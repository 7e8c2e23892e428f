"""Does the work of one step, on a worker: from what changed or in full, then the contract, then the checks.

compute -> attempt_once -> try_refresh | body.evaluate  -> stage -> promised.keep_contract -> checking.run_checks
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Literal

from assetflow.asset import Asset
from assetflow.engines import Table, Where
from assetflow.errors import AssetError
from assetflow.materialization import Column
from assetflow.running.body import evaluate, stage
from assetflow.running.checking import Subject, check_rows, run_checks
from assetflow.running.promised import keep_contract
from assetflow.running.seen import Seen, confirmed
from assetflow.running.task import Built, Task, Tried, finished, where_of
from assetflow.running.workshop import Workplace, Workshop, workshop
from assetflow.warehouse.costs import InVain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.engines.limit import Limit
    from assetflow.running.history.keep import Added
    from assetflow.running.history.kept import Kept as KeptHistory
    from assetflow.warehouse.snapshots import Staged


def compute(task: Task, place: Workplace) -> Built:
    """Make the rows of one asset in the staging folder, read them back, and check them; AssetError when it fails."""
    began = time.perf_counter()
    shop = workshop(place)
    os.makedirs(task.staging, exist_ok=True)
    attempts = task.asset.retries + 1
    for attempt in range(1, attempts + 1):
        try:
            with shop.meter.running():
                built = attempt_once(task, shop)
        except AssetError:
            if attempt == attempts or shop.stopping.wait(task.asset.retry_delay):
                raise
        else:
            if built.error is not None and attempt < attempts and not shop.stopping.wait(task.asset.retry_delay):
                continue
            # What the comparison took is no time of the refresh.
            return finished(built, time.perf_counter() - began - built.seconds)
    raise AssertionError("the last attempt returns or raises")


def attempt_once(task: Task, shop: Workshop) -> Built:
    from assetflow.engines.limit import time_limit

    asset = task.asset
    where = where_of(asset, shop.place.root)
    cursor = shop.session.cursor()
    tried = Tried()
    mode: Literal["full", "incremental"] | None = None
    wasted = 0.0
    seen: dict[str, Seen] = {}
    try:
        shop.session.attach(task.tables, cursor)
        with time_limit(asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
            if asset.is_view:
                columns, built = view_columns(asset, cursor, where), None
            else:
                tried = try_refresh(task, shop, cursor, where, limit)
                if tried.error is not None and tried.staged is not None:
                    return unfinished(tried, tried.staged)
                built = tried.staged
                if built is None:
                    wasted = shop.meter.used()
                    result = evaluate(task, shop, cursor, where, seen, tried.why)
                    limit.also(result.cursor.interrupt)
                    if task.kept is None:
                        built = stage(result, task, where)
                        keep_key(asset, built, cursor)
                    else:
                        added = keep_in_history(result, task, task.kept, where)
                        built, tried = added.staged, Tried(why=added.how, delta=added.delta)
                        mode = added.mode
                columns = built.columns
        keep_contract(asset, columns, cursor)
        checks = run_checks(task, shop, built)
    finally:
        cursor.close()
    if built is None:
        return Built(columns, (), None, 0, None, 0.0, checks=checks)
    read = confirmed(asset.name, seen, task.watching)
    return Built(
        columns,
        built.files,
        built.rows,
        built.bytes,
        built.digest,
        tried.seconds,
        checks=checks,
        projections=built.projections,
        reads=read.reads,
        surprises=read.surprises,
        sums=built.sums,
        mode=mode or ("full" if tried.staged is None or tried.is_full else "incremental"),
        mode_reason=tried.why,
        is_right=tried.is_right,
        warnings=(*read.warnings, *tried.warnings),
        rows_read=sum(change.rows for change in task.refresh.changes) if task.refresh is not None else 0,
        # What was made twice to be compared costs more than it will.
        used=None if tried.is_right else shop.meter.used() - wasted,
        in_vain=InVain(task.refresh.what, tried.why or "") if tried.in_vain and task.refresh is not None else None,
        delta=tried.delta,
        kept=tried.kept,
        groups=tried.groups,
    )


def unfinished(tried: Tried, staged: Staged) -> Built:
    """What can be used the next time of an asset that failed for one of its files."""
    return Built(
        staged.columns, staged.files, staged.rows, staged.bytes, staged.digest, 0.0, sums=staged.sums, kept=tried.kept,
        error=tried.error,
    )  # fmt: skip


def try_refresh(task: Task, shop: Workshop, cursor: Cursor, where: Where, limit: Limit) -> Tried:
    """Make the rows out of those that are there, where that is possible."""
    if task.pieces is not None:
        from assetflow.running.refreshes.piecewise import by_pieces

        return by_pieces(task, task.pieces, shop.function(task.asset), cursor, where, limit)
    if task.refresh is None:
        return Tried(why=task.why_full)
    if task.asset.merge is not None:
        from assetflow.running.refreshes.merging import attempt_function

        return attempt_function(task, task.refresh, shop.function(task.asset), cursor, where)
    from assetflow.running.refreshes.refreshing import attempt

    return attempt(task.asset, task.refresh, cursor, task.staging, task.read_sets)


def keep_key(asset: Asset, staged: Staged, cursor: Cursor) -> None:
    """Refuse rows that share the key by which they are to replace each other."""
    if asset.merge == "upsert":
        from assetflow.running.refreshes.merging import refuse_twins

        refuse_twins(asset, staged, cursor)


def keep_in_history(result: Result, task: Task, kept: KeptHistory, where: Where) -> Added:
    """Add what the body gives to the history that is kept so far."""
    from assetflow.engines.duckdb import sql_errors
    from assetflow.engines.python import user_errors
    from assetflow.running.history.keep import keep_history
    from assetflow.warehouse.snapshots import scan_of

    sql = result.sql or "" if result.file is None else f"SELECT * FROM {scan_of([result.file])}"
    with contextlib.ExitStack() as errors:
        if task.asset.kind == "python":
            errors.enter_context(user_errors(where))
        errors.enter_context(sql_errors(result.cursor, sql, where))
        return keep_history(result.cursor, sql, task.asset, kept, task.now, task.staging, task.read_sets)


def view_columns(asset: Asset, cursor: Cursor, where: Where) -> tuple[Column, ...]:
    """The columns of a view, which also proves that its query binds."""
    from assetflow.engines.duckdb import sql_errors

    with sql_errors(cursor, asset.sql or "", where):
        relation = cursor.sql(asset.sql or "")
        return tuple(Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))


def check_again(task: Task, table: Table, place: Workplace) -> Built:
    """What the checks of the asset say of rows that were made before; nothing is made."""
    subject = Subject(task.asset.name, table.sql, task.asset.checks, task.staging, task.now, task.run_id)
    found = check_rows(subject, (*task.tables, *task.check_tables), workshop(place))
    return Built((), (), None, 0, None, 0.0, checks=found)
