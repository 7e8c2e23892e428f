"""The work of one step, as a value that any worker can do: it reads snapshots by path and writes staged files.

Task (definition, tables, checks)  --compute-->  Built (staged files, digest, check results)
"""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from assetflow.asset import Asset, Query
from assetflow.check import CheckResult
from assetflow.engines import Context, PartitionKey, Table, Where
from assetflow.errors import AssetError
from assetflow.materialization import Column, FileSums, ReadSet, SnapshotFile
from assetflow.running.checking import Subject, check_rows, run_checks
from assetflow.running.seen import Seen, Watching, confirmed, read_by_query, watch
from assetflow.running.workshop import Workplace, Workshop, workshop
from assetflow.secret import Secret, is_reference, with_secrets

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.running.changes import Delta, Refresh
    from assetflow.running.history.keep import Added
    from assetflow.running.history.kept import Kept as KeptHistory
    from assetflow.running.parts import Parsed
    from assetflow.running.pieces import Pieces
    from assetflow.warehouse.snapshots import Staged


@dataclass(frozen=True, slots=True)
class Task:
    """One asset to compute. `tables` are its upstreams in the order in which they can be attached.

    `staging` is a folder for this task alone; `now` the time of the run, which checks of freshness compare with.
    `read_sets` are what others are known to read of it. `watching`: how to note which columns of its LazyFrames are
    read, if at all. `refresh` is what it can be made from without reading everything; None: it is made in full, and
    `why_full`. `pieces`: the files that its function is called with, one by one. `spread`: its rows may be written
    into several files, in any order. `kept` is what a table with history holds so far.
    `partition`: the one that a function is called for.
    """

    asset: Asset
    run_id: str
    now: str
    staging: str
    tables: tuple[Table, ...]
    check_tables: tuple[Table, ...] = ()
    read_sets: tuple[ReadSet, ...] = ()
    watching: Watching | None = None
    refresh: Refresh | None = None
    why_full: str | None = None
    pieces: Pieces | None = None
    spread: bool = False
    kept: KeptHistory | None = None
    partition: PartitionKey | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Which new files (by SHA-256) hold the results of which files that a function was called with, by their tags."""

    key: str
    reading: str
    columns: Mapping[str, str]
    parts: tuple[tuple[tuple[str, ...], str], ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What a task made: staged files (none for a view), the digest of their content, what the checks found.

    `projections` are the digests of what others read of it. `reads` are the columns (None: all) that it was seen to
    read of upstreams, where the code does not tell, or tells less; `surprises` are the upstreams of which it tells
    less. `warnings` are what its author should know. `sums` are what digests of its new files are made of, `parsed`
    which files of a source stand in which of them. `is_right`: an incremental refresh was compared with a full one,
    and gave the same. `delta` are the rows that came and went, where somebody wants to know.
    `error`: it failed, and `files` are only `kept` for the next time.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int | None
    bytes: int
    digest: str | None
    seconds: float
    attempts: int = 1
    checks: tuple[CheckResult, ...] = ()
    projections: tuple[tuple[ReadSet, str], ...] = ()
    reads: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    surprises: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sums: tuple[FileSums, ...] = ()
    parsed: Parsed | None = None
    mode: Literal["full", "incremental"] = "full"
    mode_reason: str | None = None
    is_right: bool | None = None
    rows_read: int = 0
    delta: Delta | None = None
    kept: Kept | None = None
    error: AssetError | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of an incremental refresh: its rows, or why there are none; `is_full` where all of them were made.
    `error`: it failed for one of its files, and `staged` is what was made of others.

    `is_right` where it was compared with a full one, which took so many `seconds`.
    """

    staged: Staged | None = None
    why: str | None = None
    is_right: bool | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    delta: Delta | None = None
    is_full: bool = False
    kept: Kept | None = None
    error: AssetError | None = None


def compute(task: Task, place: Workplace) -> Built:
    """Make the rows of one asset in the staging folder, read them back, and check them; AssetError when it fails."""
    began = time.perf_counter()
    shop = workshop(place)
    os.makedirs(task.staging, exist_ok=True)
    attempts = task.asset.retries + 1
    for attempt in range(1, attempts + 1):
        try:
            built = attempt_once(task, shop)
        except AssetError:
            if attempt == attempts or shop.stopping.wait(task.asset.retry_delay):
                raise
        else:
            if built.error is not None and attempt < attempts and not shop.stopping.wait(task.asset.retry_delay):
                continue
            # What the comparison took is no time of the refresh.
            return finished(built, time.perf_counter() - began - built.seconds, attempt)
    raise AssertionError("the last attempt returns or raises")


def finished(built: Built, seconds: float, attempts: int) -> Built:
    from dataclasses import replace

    return replace(built, seconds=round(seconds, 6), attempts=attempts)


def attempt_once(task: Task, shop: Workshop) -> Built:
    from assetflow.engines.limit import time_limit

    asset = task.asset
    where = where_of(asset, shop.place.root)
    cursor = shop.session.cursor()
    tried = Tried()
    mode: Literal["full", "incremental"] | None = None
    seen: dict[str, Seen] = {}
    try:
        shop.session.attach(task.tables, cursor)
        with time_limit(asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
            if asset.is_view:
                columns, built = view_columns(asset, cursor, where), None
            else:
                tried = try_refresh(task, shop, cursor, where)
                if tried.error is not None and tried.staged is not None:
                    return unfinished(tried, tried.staged)
                built = tried.staged
                if built is None:
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
        delta=tried.delta,
        kept=tried.kept,
    )


def unfinished(tried: Tried, staged: Staged) -> Built:
    """What can be used the next time of an asset that failed for one of its files."""
    return Built(
        staged.columns, staged.files, staged.rows, staged.bytes, staged.digest, 0.0, sums=staged.sums, kept=tried.kept,
        error=tried.error,
    )  # fmt: skip


def try_refresh(task: Task, shop: Workshop, cursor: Cursor, where: Where) -> Tried:
    """Make the rows out of those that are there, where that is possible."""
    if task.pieces is not None:
        from assetflow.running.piecewise import by_pieces

        return by_pieces(task, task.pieces, shop.function(task.asset), cursor, where)
    if task.refresh is None:
        return Tried(why=task.why_full)
    if task.asset.merge is not None:
        from assetflow.running.merging import attempt_function

        return attempt_function(task, task.refresh, shop.function(task.asset), cursor, where)
    from assetflow.running.refreshing import attempt

    return attempt(task.asset, task.refresh, cursor, task.staging, task.read_sets)


def where_of(asset: Asset, root: str) -> Where:
    return Where(asset.name, asset.path, asset.line, root)


def evaluate(
    task: Task,
    shop: Workshop,
    cursor: Cursor,
    where: Where,
    seen: dict[str, Seen] | None = None,
    why_full: str | None = None,
) -> Result:
    """The body of the asset, evaluated: SQL that can be run on the cursor, or a file that is written already."""
    from assetflow.engines.duckdb import Result, evaluate_sql

    asset = task.asset
    if asset.kind == "sql":
        sql = asset.sql or ""
        # Reading the project has shown that it is one query; only a PIVOT has to be taken apart once more.
        return evaluate_sql(cursor, sql, where, task.tables) if "pivot" in sql.lower() else Result(cursor, sql)
    from assetflow.engines import frames, python

    function = shop.function_in(asset, task.run_id) if asset.partition else shop.function(asset)
    given = arguments(task, function, cursor, where, why_full)
    if task.watching is not None and seen is not None:
        seen.update(watch(task.asset, given, task.watching))
    value = python.call(function, given, where=where)
    if isinstance(value, Query):
        if asset.merge is not None or asset.per is not None:
            raise query_of_rows(asset)
        refuse_surprises(asset, value)
        if seen is not None and not asset.parameters:
            seen.update(read_by_query(value, task, cursor))
    return frames.from_result(value, cursor, task.staging, where, task.tables)


def arguments(
    task: Task,
    function: Callable[..., Any],
    cursor: Cursor,
    where: Where,
    why_full: str | None = None,
    but: Collection[str] = (),
) -> dict[str, object]:
    """What the function is called with: upstreams as frames, the config that the settings override, the context.

    Of an upstream whose changes it takes, everything was added; `why_full` it is so. `but` these parameters.
    """
    from assetflow.engines import frames

    tables = {table.name: table for table in task.tables}
    given: dict[str, object] = {
        name: like_default(function, name, value) for name, value in task.asset.overrides.items()
    }
    for parameter in task.asset.parameters:
        if parameter.name in but:
            continue
        table = tables[parameter.upstream]
        if parameter.changes:
            given[parameter.name] = frames.everything(
                parameter.arrives, table, parameter.columns, cursor, where, why_full
            )
            continue
        given[parameter.name] = frames.to_frame(parameter.arrives, table, parameter.columns, cursor, where)
    if task.asset.takes_context:
        given["context"] = Context(task.asset.name, task.run_id, task.partition, with_secrets(task.asset.config))
    return given


def query_of_rows(asset: Asset) -> AssetError:
    """What a function that is given some rows of an upstream has to be told when it returns SQL."""
    given = "takes Changes" if asset.merge is not None else f"is called per {asset.per}"
    return AssetError(
        f"it {given} and returned a Query, which reads whole tables",
        path=asset.path,
        line=asset.line,
        hint="Return rows; or write the query as a SQL asset, which is refreshed by its changes by itself.",
    )


def keep_key(asset: Asset, staged: Staged, cursor: Cursor) -> None:
    """Refuse rows that share the key by which they are to replace each other."""
    if asset.merge == "upsert":
        from assetflow.running.merging import refuse_twins

        refuse_twins(asset, staged, cursor)


def like_default(function: Callable[..., Any], name: str, value: Any) -> Any:
    """A value from the settings as the type that the parameter's default has, where TOML or JSON has no such type."""
    default = inspect.signature(function).parameters[name].default
    if is_reference(value):
        return Secret(value["env"])
    if isinstance(default, date) and isinstance(value, str):
        return type(default).fromisoformat(value)
    if isinstance(default, Decimal | tuple | set | frozenset):
        return type(default)(value)
    return value


def refuse_surprises(asset: Asset, query: Query) -> None:
    """Hold SQL that a function built to what was known of it when the project was read: else a skip could be wrong."""
    from assetflow.lineage.sql import read_query

    found = read_query(query.sql, asset.path, first_line=asset.line)
    files = [file.text for file in found.files if file.text not in asset.files]
    if files:
        raise AssetError(
            f"its SQL reads {files[0]!r} in place, which could not be seen before it ran",
            path=asset.path,
            line=asset.line,
            hint="Declare the file as a source, and take it as a parameter.",
        )
    if found.notes and asset.volatile is None and not asset.notes:
        raise AssetError(
            f"its SQL has {found.notes[0].what}, which could not be seen before it ran",
            path=asset.path,
            line=asset.line,
            hint='Declare volatile = "rebuild" (made in every run) or "ignore" (harmless).',
        )


def stage(result: Result, task: Task, where: Where) -> Staged:
    from assetflow.engines.duckdb import sql_errors
    from assetflow.engines.python import user_errors
    from assetflow.warehouse.snapshots import stage_parquet, stage_query

    if result.file is not None:
        return stage_parquet(result.cursor, result.file, task.staging, reads=task.read_sets)
    sql = result.sql or ""
    if task.asset.kind == "sql":
        with sql_errors(result.cursor, sql, where):
            return stage_query(result.cursor, sql, task.staging, reads=task.read_sets, spread=task.spread)
    with user_errors(where), sql_errors(result.cursor, sql, where):
        return stage_query(result.cursor, sql, task.staging, reads=task.read_sets)


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


def keep_contract(asset: Asset, columns: tuple[Column, ...], cursor: Cursor) -> None:
    """Refuse rows that break what `columns = {...}` promises: each named column is there, with that type."""
    found = {column.name.lower(): column for column in columns}
    for name, declared in asset.columns.items():
        column = found.get(name.lower())
        if column is None:
            raise AssetError(
                f"it has no column {name}, which `columns` promises",
                path=asset.path,
                line=asset.line,
                hint=f"It has {', '.join(column.name for column in columns)}.",
            )
        try:
            expected = str(cursor.sql(f"SELECT CAST(NULL AS {declared}) AS x").types[0])
        except Exception as error:
            raise AssetError(
                f"`columns` says that {name} is {declared!r}, which is no DuckDB type", path=asset.path, line=asset.line
            ) from error
        if expected != column.type:
            raise AssetError(
                f"column {name} is {column.type}, but `columns` promises {expected}",
                path=asset.path,
                line=asset.line,
                hint=f"Cast it in the query, or change the promise to {column.type}.",
            )


def check_again(task: Task, table: Table, place: Workplace) -> Built:
    """What the checks of the asset say of rows that were made before; nothing is made."""
    subject = Subject(task.asset.name, table.sql, task.asset.checks, task.staging, task.now, task.run_id)
    found = check_rows(subject, (*task.tables, *task.check_tables), workshop(place))
    return Built((), (), None, 0, None, 0.0, checks=found)
