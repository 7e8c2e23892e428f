"""Asks the checks of a table, before anybody else can see its rows; what fails is kept to look at."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from assetflow.check import Check, CheckResult, condition_of, looks_at_rows_alone
from assetflow.engines import Table, Where
from assetflow.errors import AssetError, AssetflowError, Interrupted
from assetflow.running.workshop import Workshop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.materialization import Column, SnapshotFile

NEW = "__assetflow_new"
MOST_FAILING_ROWS = 1000
"""How many failing rows of a check are kept to look at."""
FEW_ROWS = 100_000
"""Rows up to which they are asked many checks at once."""


def rows_beyond(
    known: Sequence[SnapshotFile], files: Sequence[SnapshotFile], columns: Sequence[Column], root: str
) -> New | None:
    """The rows of those files that are not known; None where none of them is.

    A file that was there once and stands there twice now, as the files of a source with the same bytes do, is new once.
    """
    from assetflow.warehouse.content.scans import scan_files

    there = Counter((file.path, file.sha256) for file in known)
    new = []
    for file in files:
        if there[file.path, file.sha256]:
            there[file.path, file.sha256] -= 1
        else:
            new.append(file)
    if len(new) == len(files):
        return None
    shown = [os.path.join(root, file.path) for file in new or files[:1]]
    return New(scan_files(columns, shown) + ("" if new else " WHERE false"), sum(file.rows for file in new))


class New(Struct, frozen=True):
    """The SELECT of the rows that came since the checks of a table passed, and how many these are.

    All other rows of the table were there then.
    """

    sql: str
    rows: int


class Subject(Struct, frozen=True):
    """A table under check: its name, the SELECT that gives its rows, and the folder for failing rows.

    `rows` is how many it has, where that is known; `new` are those that its checks did not see before.
    """

    name: str
    sql: str
    checks: tuple[Check, ...]
    folder: str
    now: str
    run_id: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: int | None = None
    new: New | None = None


def check_rows(subject: Subject, tables: tuple[Table, ...], shop: Workshop) -> tuple[CheckResult, ...]:
    """Run every check; one that cannot run counts as failed, with its error."""
    from assetflow.quoting import quote_identifier

    cursor = shop.session.cursor()
    try:
        shop.session.attach(tables, cursor)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(subject.name)} AS {subject.sql}")
        if subject.new is not None:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(subject.name + NEW)} AS {subject.new.sql}")
        os.makedirs(subject.folder, exist_ok=True)
        passed = passed_at_once(subject, cursor)
        return tuple(
            CheckResult(check.name, check.severity, 0, check.column)
            if number in passed
            else run_check(check, number, subject, tables, shop, cursor)
            for number, check in enumerate(subject.checks)
        )
    finally:
        cursor.close()


def passed_at_once(subject: Subject, cursor: Cursor) -> set[int]:
    """The numbers of the checks that few rows pass when each row is asked all of them; the others are asked by one.

    A query takes a millisecond however few its rows are, and a table has many such checks. Of many rows a query for
    each is better: it passes over most of them by the statistics of their files.
    """
    passed: set[int] = set()
    of_new: list[int] = []
    of_all: list[int] = []
    for number, check in enumerate(subject.checks):
        if looks_at_rows_alone(check):
            (of_new if subject.new is not None and check.severity == "error" else of_all).append(number)
    for numbers, table, rows in (
        (of_new, subject.name + NEW, None if subject.new is None else subject.new.rows),
        (of_all, subject.name, subject.rows),
    ):
        if len(numbers) > 1 and rows is not None and rows <= FEW_ROWS:
            passed.update(those_passed(numbers, table, subject, cursor))
    return passed


def those_passed(numbers: Sequence[int], table: str, subject: Subject, cursor: Cursor) -> list[int]:
    """Those of some checks of single rows that all rows of a table pass; none where that cannot be asked."""
    from assetflow.engines.duckdb import sql_errors
    from assetflow.quoting import quote_identifier

    # The line breaks keep a comment at the end of a condition from swallowing the parenthesis.
    counts = ", ".join(f"count(*) FILTER (\nWHERE {condition_of(subject.checks[at])}\n)" for at in numbers)
    sql = f"SELECT {counts} FROM {quote_identifier(table)} AS {quote_identifier(subject.name)}"
    try:
        with sql_errors(cursor, sql, Where(subject.name, "", 1, "")):
            found = cursor.execute(sql).fetchall()[0]
    except AssetError:
        return []  # one of them is wrong, and has to say so by itself
    return [number for number, failing in zip(numbers, found, strict=True) if failing == 0]


def run_check(
    check: Check, number: int, subject: Subject, tables: tuple[Table, ...], shop: Workshop, cursor: Cursor
) -> CheckResult:
    sample = os.path.join(subject.folder, f"failing-{number}.parquet")
    try:
        if check.function is None:
            failures = failing_rows_of_sql(check, subject, cursor, sample)
        else:
            failures = failing_rows_of_function(check, subject, tables, shop, cursor, sample)
    except Interrupted:  # who stops the run says nothing about the rows
        raise
    except AssetflowError as error:
        said, details = error.message, None
        if check.function is not None:  # of SQL the message shows the place
            said = f"{error.where}: {said}" if error.where else said
            details = error.details if isinstance(error, AssetError) else None
        return CheckResult(check.name, check.severity, 0, check.column, error=said, details=details)
    return CheckResult(check.name, check.severity, failures, check.column, sample if failures else None)


def failing_rows_of_sql(check: Check, subject: Subject, cursor: Cursor, sample: str) -> int:
    from assetflow.checks.tables import run_sql
    from assetflow.engines.duckdb import sql_errors
    from assetflow.quoting import quote_identifier
    from assetflow.warehouse.content.staging import stage_query

    where = Where(subject.name, check.path or "", check.line or 1, "")
    sql = run_sql(check, quote_identifier(subject.name), subject.now)
    with sql_errors(cursor, sql, where):
        if subject.new is not None:
            shorter = of_new_rows(check, subject, cursor)
            if shorter is None:
                return 0
            sql = shorter or sql
        failures = int(cursor.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0][0])
        if failures:
            staged = stage_query(cursor, f"SELECT * FROM ({sql}) LIMIT {MOST_FAILING_ROWS}", folder_of(sample))
            os.replace(staged.files[0].path, sample)
    return failures


def of_new_rows(check: Check, subject: Subject, cursor: Cursor) -> str | None:
    """The query of a check that passed before, for what the new rows can change; "" where they tell nothing.

    None where they tell that it passes.
    """
    from assetflow.checks.columns import unique_columns, unique_for
    from assetflow.checks.tables import is_freshness, run_sql
    from assetflow.quoting import quote_identifier

    new = quote_identifier(subject.name + NEW)
    if is_freshness(check):
        # The newest of all rows is at least as new as the newest of some.
        return "" if cursor.execute(run_sql(check, new, subject.now)).fetchall() else None
    if check.severity != "error":  # it may have found rows before, and they are to be found again
        return ""
    if looks_at_rows_alone(check):
        return run_sql(check, f"{new} AS {quote_identifier(subject.name)}", subject.now)
    columns = unique_columns(check)
    if not columns:
        return ""
    return run_sql(check._replace(sql=unique_for(columns, new)), quote_identifier(subject.name), subject.now)


def failing_rows_of_function(
    check: Check, subject: Subject, tables: tuple[Table, ...], shop: Workshop, cursor: Cursor, sample: str
) -> int:
    from assetflow.engines import frames, python
    from assetflow.warehouse.content.staging import stage_parquet, stage_query

    where = Where(check.name, check.path or "", check.line or 1, shop.place.root)
    function = shop.check_function(check, subject.name)
    parameters = shop.parameters(function, check.path or "")
    known = {table.name: table for table in (*tables, Table(subject.name, subject.sql))}
    for parameter in parameters:
        if parameter.upstream not in known:
            raise where.error(f"it compares with {parameter.upstream}, which was never made")
    given = {
        parameter.name: frames.to_frame(parameter.arrives, known[parameter.upstream], parameter.columns, cursor, where)
        for parameter in parameters
    }
    folder = folder_of(sample)
    result = frames.from_result(python.call(function, given, where=where), cursor, folder, where, tables)
    with frames.read_errors(result, where):
        if result.file is not None:
            staged = stage_parquet(result.cursor, result.file, folder)
        else:
            staged = stage_query(result.cursor, result.sql or "", folder)
    os.replace(staged.files[0].path, sample)
    return staged.rows


def folder_of(sample: str) -> str:
    """Where failing rows are made before they stand at their place."""
    folder = sample.removesuffix(".parquet")
    os.makedirs(folder, exist_ok=True)
    return folder
