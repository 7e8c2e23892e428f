"""Evaluates the body of an asset: runs its SQL, or calls its function with what it takes, and stages the rows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from assetflow.asset import Asset, Query
from assetflow.engines import Context, Where
from assetflow.errors import AssetError
from assetflow.running.bodies.seen import Seen, read_by_query, watch
from assetflow.running.python.overrides import like_default
from assetflow.running.tasks.task import Task
from assetflow.running.workshop import Workshop
from assetflow.secret import with_secrets

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.duckdb import Result
    from assetflow.warehouse.content.reading import Staged


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
            seen.update(read_by_query(value, task.asset, cursor))
    if task.rows is not None:
        value = frames.beginning(value, task.rows)
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

    An upstream whose Changes it takes is given as if all of it had been added; `why_full` says why. `but` are left out.
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
    return asset.error(
        f"it {given} and returned a Query, which reads whole tables",
        hint="Return rows; or write the query as a SQL asset, which is refreshed by its changes by itself.",
    )


def refuse_surprises(asset: Asset, query: Query) -> None:
    """Hold SQL that a function built to what was known of it when the project was read: else a skip could be wrong."""
    from assetflow.lineage.sql.query import read_query

    found = read_query(query.sql, asset.path, first_line=asset.line)
    files = [file.text for file in found.files if file.text not in asset.files]
    if files:
        raise asset.error(
            f"its SQL reads {files[0]!r} in place, which could not be seen before it ran",
            hint="Declare the file as a source, and take it as a parameter.",
        )
    if found.notes and asset.volatile is None and not asset.notes:
        raise asset.error(
            f"its SQL has {found.notes[0].what}, which could not be seen before it ran",
            hint='Declare volatile = "rebuild" (made in every run) or "ignore" (harmless).',
        )


def stage(result: Result, task: Task, where: Where) -> Staged:
    from assetflow.engines.duckdb import sql_errors
    from assetflow.warehouse.content.staging import stage_parquet, stage_query

    if result.file is not None:
        return stage_parquet(result.cursor, result.file, task.staging, reads=task.read_sets)
    sql = result.sql or ""
    if task.asset.kind == "sql":
        with sql_errors(result.cursor, sql, where):
            return stage_query(
                result.cursor,
                sql,
                task.staging,
                reads=task.read_sets,
                spread=task.spread,
                foreseen=task.columns,
                most=task.rows,
            )
    from assetflow.engines.frames import read_errors

    with read_errors(result, where):
        return stage_query(result.cursor, sql, task.staging, reads=task.read_sets, most=task.rows)
