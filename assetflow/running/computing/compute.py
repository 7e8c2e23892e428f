"""Does the work of one step, on a worker: from what changed or in full, then the contract, then the checks.

compute -> make_table -> try_refresh | body.evaluate -> stage  -> promised.keep_contract -> checking.run_checks
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.duck import described
from assetflow.engines import Table, Where
from assetflow.errors import AssetError
from assetflow.materialization import Column
from assetflow.running.bodies.body import evaluate, stage
from assetflow.running.bodies.seen import Seen, confirmed
from assetflow.running.built import Built, How, Tried, built_of, finished
from assetflow.running.checking import Subject, check_rows
from assetflow.running.computing.checking import run_checks
from assetflow.running.computing.promised import keep_contract
from assetflow.running.tasks.task import Task, where_of
from assetflow.running.workshop import Workplace, Workshop, workshop
from assetflow.warehouse.cache.costs import InVain

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.engines.limit import Limit
    from assetflow.running.history.keep import Added
    from assetflow.running.tasks.kept_history import KeptHistory
    from assetflow.warehouse.content.reading import Staged

T = TypeVar("T")


def compute(task: Task, place: Workplace) -> Built:
    """Make the rows of one asset in the staging folder, read them back, and check them; AssetError when it fails."""
    began = time.perf_counter()
    shop = workshop(place)
    os.makedirs(task.staging, exist_ok=True)

    def once() -> Built:
        with shop.meter.running():
            return attempt_once(task, shop)

    built = with_retries(once, task.asset, shop, is_good=lambda built: built.error is None)
    # What the comparison took is no time of the refresh.
    return finished(built, time.perf_counter() - began - built.seconds)


def with_retries(
    once: Callable[[], T], asset: Asset, shop: Workshop, is_good: Callable[[T], bool] = lambda made: True
) -> T:
    """Do it, and again after a while as often as the asset allows it; what comes of the last attempt stands."""
    for left in range(asset.retries, -1, -1):
        try:
            made = once()
        except AssetError:
            if not left or shop.stopping.wait(asset.retry_delay):
                raise
        else:
            if is_good(made) or not left or shop.stopping.wait(asset.retry_delay):
                return made
    raise AssertionError("the last attempt returns or raises")


def attempt_once(task: Task, shop: Workshop) -> Built:
    is_small = task.refresh is not None and task.refresh.is_small
    with shop.session.small_cursor() if is_small else contextlib.closing(shop.session.cursor()) as cursor:
        if task.refresh is not None and task.asset.kind == "sql":
            # What tells its columns looks into the files, and what makes its rows mostly into those that changed.
            with shop.session.attached(task.tables, cursor):
                return make_table(task, shop, cursor)
        shop.session.attach(task.tables, cursor)
        return make_view(task, shop, cursor) if task.asset.is_view else make_table(task, shop, cursor)


def make_view(task: Task, shop: Workshop, cursor: Cursor) -> Built:
    """A view holds no rows: its query is bound, and what it shows is checked."""
    from assetflow.engines.limit import time_limit

    where = where_of(task.asset, shop.place.root)
    with time_limit(task.asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
        columns = view_columns(task.asset, cursor, where)
    keep_contract(task.asset, columns, cursor)
    return Built(columns, (), None, 0, None, 0.0, checks=run_checks(task, shop, None))


def make_table(task: Task, shop: Workshop, cursor: Cursor) -> Built:
    from assetflow.engines.limit import time_limit

    asset, where = task.asset, where_of(task.asset, shop.place.root)
    wasted = 0.0
    seen: dict[str, Seen] = {}
    with time_limit(asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
        tried = try_refresh(task, shop, cursor, where, limit)
        staged = tried.staged
        if staged is None:
            shop.session.use_threads(cursor)
            wasted = shop.meter.used()
            result = evaluate(task, shop, cursor, where, seen, tried.how.reason)
            limit.also(result.cursor.interrupt)
            staged, tried = make_in_full(task, result, tried, where, cursor)
    if tried.error is not None:
        # What can be used the next time of an asset that failed for one of its files.
        return replace(built_of(staged), how=tried.how, error=tried.error)
    keep_contract(asset, staged.columns, cursor)
    checks = run_checks(task, shop, staged)
    # What was made twice to be compared costs more than it will.
    used = None if tried.how.is_right else shop.meter.used() - wasted
    return replace(said_of(task, staged, tried, seen), checks=checks, used=used)


def said_of(task: Task, staged: Staged, tried: Tried, seen: dict[str, Seen]) -> Built:
    """What was staged, with what there is to say of how it was made."""
    read = confirmed(task.asset.name, seen, task.watching)
    refresh = task.refresh
    return replace(
        built_of(staged),
        how=tried.how,
        seconds=tried.seconds,
        reads=read.reads,
        surprises=read.surprises,
        warnings=(*read.warnings, *tried.warnings),
        rows_read=sum(change.rows for change in refresh.changes) if refresh is not None else 0,
        in_vain=InVain(refresh.what, tried.how.reason or "") if tried.in_vain and refresh is not None else None,
    )


def make_in_full(task: Task, result: Result, tried: Tried, where: Where, cursor: Cursor) -> tuple[Staged, Tried]:
    """Stage all rows that the body gives, or add them to the history that is kept."""
    if task.kept is None:
        staged = stage(result, task, where)
        keep_key(task.asset, staged, cursor)
        return staged, tried
    added = keep_in_history(result, task, task.kept, where)
    return added.staged, Tried(added.staged, How(added.mode, added.how, delta=added.delta))


def try_refresh(task: Task, shop: Workshop, cursor: Cursor, where: Where, limit: Limit) -> Tried:
    """Make the rows out of those that are there, where that is possible."""
    if task.pieces is not None:
        from assetflow.running.refreshes.piecewise import by_pieces

        return by_pieces(task, task.pieces, shop.function(task.asset), cursor, where, limit)
    if task.refresh is None:
        return Tried(None, How(reason=task.why_full))
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
    from assetflow.engines.frames import read_errors
    from assetflow.running.history.keep import keep_history
    from assetflow.warehouse.content.scans import scan_of

    sql = result.sql or "" if result.file is None else f"SELECT * FROM {scan_of([result.file])}"
    is_function = task.asset.kind == "python"
    with read_errors(result, where) if is_function else sql_errors(result.cursor, sql, where):
        return keep_history(result.cursor, sql, task.asset, kept, task.now, task.staging, task.read_sets)


def view_columns(asset: Asset, cursor: Cursor, where: Where) -> tuple[Column, ...]:
    """The columns of a view, which also proves that its query binds."""
    from assetflow.engines.duckdb import sql_errors

    with sql_errors(cursor, asset.sql or "", where):
        return tuple(Column(name, kind) for name, kind in described(cursor, asset.sql or ""))


def check_again(task: Task, table: Table, place: Workplace) -> Built:
    """What the checks of the asset say of rows that were made before; nothing is made."""
    subject = Subject(task.asset.name, table.sql, task.asset.checks, task.staging, task.now, task.run_id)
    found = check_rows(subject, (*task.tables, *task.check_tables), workshop(place))
    return Built((), (), None, 0, None, 0.0, checks=found)
