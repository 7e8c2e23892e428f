"""Asks the checks of an asset, before anybody else can see its rows; what fails is kept to look at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assetflow.check import Check, CheckResult, looks_at_rows_alone
from assetflow.engines import Table, Where
from assetflow.errors import AssetflowError
from assetflow.running.workshop import Workshop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.running.task import Task
    from assetflow.warehouse.snapshots import Staged

NEW = "__assetflow_new"
MOST_FAILING_ROWS = 1000
"""How many failing rows of a check are kept to look at."""


def run_checks(task: Task, shop: Workshop, staged: Staged | None) -> tuple[CheckResult, ...]:
    """What the checks of the asset say of what was staged, before anybody else can see it."""
    if not task.asset.checks:
        return ()
    from assetflow.warehouse.snapshots import scan_files

    place = shop.place.warehouse
    paths = [] if staged is None else [os.path.join(place, file.path) for file in staged.files]
    sql = task.asset.sql or "" if staged is None else scan_files(staged.columns, paths)
    subject = Subject(
        task.asset.name, sql, task.asset.checks, task.staging, task.now, task.run_id, new_sql=new_rows(task, staged)
    )
    return check_rows(subject, (*task.tables, *task.check_tables), shop)


def new_rows(task: Task, staged: Staged | None) -> str | None:
    """The SELECT of the rows that the checks did not see before; None where they are to see all."""
    from assetflow.warehouse.snapshots import scan_files

    if staged is None or task.refresh is None or task.refresh.checks != task.asset.checks_version:
        return None
    known = {file.path for file in task.refresh.files}
    if known.isdisjoint(file.path for file in staged.files):
        return None
    new = [file.path for file in staged.files if file.path not in known]
    shown = new or [os.path.join(task.refresh.root, staged.files[0].path)]
    return scan_files(staged.columns, shown) + ("" if new else " WHERE false")


@dataclass(frozen=True, slots=True)
class Subject:
    """A table under check: its name, the SELECT that gives its rows, and the folder for failing rows.

    `new_sql` gives the rows that its checks did not see before.
    """

    name: str
    sql: str
    checks: tuple[Check, ...]
    folder: str
    now: str
    run_id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    new_sql: str | None = None


def check_rows(subject: Subject, tables: tuple[Table, ...], shop: Workshop) -> tuple[CheckResult, ...]:
    """Run every check; one that cannot run counts as failed, with its error."""
    from assetflow.quoting import quote_identifier

    cursor = shop.session.cursor()
    try:
        shop.session.attach(tables, cursor)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(subject.name)} AS {subject.sql}")
        if subject.new_sql is not None:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(subject.name + NEW)} AS {subject.new_sql}")
        os.makedirs(subject.folder, exist_ok=True)
        return tuple(
            run_check(check, number, subject, tables, shop, cursor) for number, check in enumerate(subject.checks)
        )
    finally:
        cursor.close()


def run_check(
    check: Check, number: int, subject: Subject, tables: tuple[Table, ...], shop: Workshop, cursor: Cursor
) -> CheckResult:
    sample = os.path.join(subject.folder, f"failing-{number}.parquet")
    try:
        if check.function is None:
            failures = failing_rows_of_sql(check, subject, cursor, sample)
        else:
            failures = failing_rows_of_function(check, subject, tables, shop, cursor, sample)
    except AssetflowError as error:
        return CheckResult(check.name, check.severity, 0, check.column, error=error.message)
    return CheckResult(check.name, check.severity, failures, check.column, sample if failures else None)


def failing_rows_of_sql(check: Check, subject: Subject, cursor: Cursor, sample: str) -> int:
    from assetflow.checks.tables import run_sql
    from assetflow.engines.duckdb import sql_errors
    from assetflow.quoting import quote_identifier, quote_literal

    is_seen = subject.new_sql is not None and check.severity == "error" and looks_at_rows_alone(check)
    sql = run_sql(check, quote_identifier(subject.name + NEW if is_seen else subject.name), subject.now)
    where = Where(subject.name, check.path or "", check.line or 1, "")
    with sql_errors(cursor, sql, where):
        failures = int(cursor.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])
        if failures:
            cursor.execute(
                f"COPY (SELECT * FROM ({sql}) LIMIT {MOST_FAILING_ROWS}) TO {quote_literal(sample)} (FORMAT parquet)"
            )
    return failures


def failing_rows_of_function(
    check: Check, subject: Subject, tables: tuple[Table, ...], shop: Workshop, cursor: Cursor, sample: str
) -> int:
    from assetflow.engines import frames, python
    from assetflow.warehouse.snapshots import stage_parquet, stage_query

    where = Where(subject.name, check.path or "", check.line or 1, shop.place.root)
    function = shop.check_function(check, subject.name)
    parameters = shop.parameters(function, check.path or "")
    known = {table.name: table for table in (*tables, Table(subject.name, subject.sql))}
    given = {
        parameter.name: frames.to_frame(parameter.arrives, known[parameter.upstream], parameter.columns, cursor, where)
        for parameter in parameters
    }
    folder = os.path.join(subject.folder, os.path.basename(sample).removesuffix(".parquet"))
    os.makedirs(folder, exist_ok=True)
    with python.user_errors(where):
        result = frames.from_result(python.call(function, given, where=where), cursor, folder, where, tables)
        if result.file is not None:
            staged = stage_parquet(result.cursor, result.file, folder)
        else:
            staged = stage_query(result.cursor, result.sql or "", folder)
    os.replace(staged.files[0].path, sample)
    return staged.rows


def kept(result: CheckResult, path: str | None) -> CheckResult:
    """The same result with its failing rows at the place where they stay."""
    return result._replace(sample=path)
