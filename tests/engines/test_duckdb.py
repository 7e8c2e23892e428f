"""SQL in a session: who sees which table, and what a user reads when the SQL is wrong."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from assetflow.engines import Table, Where
from assetflow.engines.duckdb import Cursor, Session, evaluate_sql, siblings, sql_errors
from assetflow.errors import AssetError, Interrupted, WarehouseError


def rows(cursor: Cursor, sql: str) -> list[tuple[object, ...]]:
    return cursor.sql(sql).fetchall()


def run(cursor: Cursor, sql: str, where: Where) -> list[tuple[object, ...]]:
    with sql_errors(cursor, sql, where):
        result = evaluate_sql(cursor, sql, where)
        assert result.sql is not None
        return rows(result.cursor, result.sql)


def test_an_attached_table_is_seen_by_every_cursor_under_any_case(session: Session) -> None:
    session.attach([Table("Sales", "SELECT 1 AS week")], session.cursor())
    assert rows(session.cursor(), "FROM sales") == [(1,)]


def test_the_same_name_with_other_rows_is_seen_by_one_cursor_only(session: Session) -> None:
    first, second = session.cursor(), session.cursor()
    session.attach([Table("sales", "SELECT 1 AS week", ("a.parquet",))], first)
    session.attach([Table("sales", "SELECT 2 AS week", ("b.parquet",))], second)
    assert rows(first, "FROM sales") == [(1,)]
    assert rows(second, "FROM sales") == [(2,)]


def test_a_query_that_reads_a_hiding_table_is_hidden_with_it(session: Session) -> None:
    weekly = Table("weekly", "SELECT week + 10 AS week FROM sales")
    first, second = session.cursor(), session.cursor()
    session.attach([Table("sales", "SELECT 1 AS week", ("a.parquet",)), weekly], first)
    session.attach([Table("sales", "SELECT 2 AS week", ("b.parquet",)), weekly], second)
    assert rows(first, "FROM weekly") == [(11,)]
    assert rows(second, "FROM weekly") == [(12,)]
    assert rows(siblings(second)(), "FROM weekly") == [(12,)]


def test_a_sibling_does_not_take_a_registered_frame_for_a_table(session: Session, cursor: Cursor) -> None:
    session.attach([Table("sales", "SELECT 1 AS week")], cursor)
    assert cursor.sql("SELECT 7 AS week").query("sales", "FROM sales").fetchall() == [(7,)]
    assert rows(siblings(cursor)(), "FROM sales") == [(1,)]


def test_many_threads_attach_the_same_tables(session: Session) -> None:
    tables = [Table(f"t{number}", f"SELECT {number} AS n") for number in range(40)]
    seen: list[object] = []

    def attach() -> None:
        cursor = session.cursor()
        session.attach(tables, cursor)
        seen.append(rows(cursor, "SELECT n FROM t39"))

    threads = [threading.Thread(target=attach) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[(39,)]] * 6


def test_a_table_that_cannot_be_read_is_named(session: Session) -> None:
    missing = Table("sales", "FROM read_parquet(['/nowhere/x.parquet'])")
    with pytest.raises(WarehouseError, match="sales cannot be read: IO Error: .*x.parquet"):
        session.attach([missing], session.cursor())


MISSING = Table("sales", "FROM read_parquet(['/nowhere/x.parquet'])", ("/nowhere/x.parquet",))


def test_a_table_that_a_query_cannot_read_is_named(session: Session, cursor: Cursor, where: Where) -> None:
    """Also where the query names another one first, and by whoever attaches it next."""
    week = Table("week", "SELECT 1 AS week")
    for other in (cursor, session.cursor()):
        with (
            pytest.raises(WarehouseError, match="sales cannot be read: IO Error: .*x.parquet") as raised,
            session.attached([week, MISSING], other),
        ):
            run(other, "SELECT * FROM week, sales", where)
        assert "verify --deep" in (raised.value.hint or "")
    with pytest.raises(WarehouseError, match="sales cannot be read: IO Error: .*x.parquet"):
        session.attach([MISSING], session.cursor())
    hidden = Table("week", MISSING.sql, MISSING.files)
    with pytest.raises(WarehouseError, match="week cannot be read"), session.attached([hidden], cursor):
        run(cursor, "FROM week", where)


def test_an_error_of_a_query_over_tables_that_can_be_read_is_its_own(
    session: Session, cursor: Cursor, where: Where, tmp_path: Path
) -> None:
    file = str(tmp_path / "week.parquet")
    cursor.execute(f"COPY (SELECT 1 AS week) TO '{file}'")
    week = Table("week", f"FROM read_parquet('{file}')", (file,))
    with pytest.raises(AssetError, match="revenue"), session.attached([week], cursor):
        run(cursor, "SELECT revenue FROM week", where)
    session.attach([week], cursor)
    assert rows(session.cursor(), "FROM week") == [(1,)]


def test_many_threads_read_what_nobody_has_read(session: Session, tmp_path: Path) -> None:
    file = str(tmp_path / "one.parquet")
    session.cursor().execute(f"COPY (SELECT 1 AS n) TO '{file}'")
    tables = [Table(f"t{number}", f"FROM read_parquet('{file}')", (file,)) for number in range(40)]
    seen: list[object] = []

    def read() -> None:
        cursor = session.cursor()
        for table in tables:
            with session.attached([table], cursor):
                seen.append(cursor.execute(f"FROM {table.name}").fetchall())

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[(1,)]] * 240


def test_relative_files_are_found_from_the_project(session: Session, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("a,b\n1,2\n")
    assert rows(session.cursor(), "FROM 'data/x.csv'") == [(1, 2)]


def test_times_are_utc_and_a_python_variable_is_no_table(session: Session) -> None:
    customers = [1, 2]  # noqa: F841 - must not be found by name
    cursor = session.cursor()
    assert rows(cursor, "SELECT CAST(TIMESTAMPTZ '2024-07-01 00:00:00+00' AS VARCHAR)") == [("2024-07-01 00:00:00+00",)]
    with pytest.raises(Exception, match="customers does not exist"):
        rows(cursor, "FROM customers")


ERRORS = [
    pytest.param(
        "SELECT week,\n       revenu\nFROM weekly",
        5,
        'Binder Error: Referenced column "revenu" not found in FROM clause!',
        'Candidate bindings: "revenue", "week"',
        id="column",
    ),
    pytest.param(
        "SELECT *\n\nFROM weekli",
        6,
        "Catalog Error: Table with name weekli does not exist!",
        'Did you mean "weekly"?',
        id="table",
    ),
    pytest.param(
        "SELECT week\nFROM weekly\nWHERE (", 6, 'Parser Error: syntax error at or near "("', None, id="syntax"
    ),
    pytest.param(
        "SELECT\n  CAST('x' || week AS INTEGER)\nFROM weekly",
        5,
        "Conversion Error: Could not convert string 'x1' to INT32",
        None,
        id="while running",
    ),
    pytest.param(
        "SELECT 'é',\n  1 AS \"é\",\n  nofunction(week)\nFROM weekly",
        6,
        "Catalog Error: Scalar Function with name nofunction does not exist!",
        None,
        id="function after characters of two bytes",
    ),
]


@pytest.mark.parametrize(("sql", "line", "message", "hint"), ERRORS)
def test_an_error_names_the_line_of_the_file_and_the_next_step(
    session: Session, where: Where, sql: str, line: int, message: str, hint: str | None
) -> None:
    cursor = session.cursor()
    session.attach([Table("weekly", "SELECT 1 AS week, 2 AS revenue")], cursor)
    with pytest.raises(AssetError) as caught:
        run(cursor, sql, where)
    error = caught.value
    assert (error.where, error.message) == (f"assets/sales.sql:{line}", message)
    if hint is not None:
        assert error.hint == hint
    assert "Traceback" not in str(error)
    assert rows(cursor, "SELECT 1") == [(1,)]


def test_the_line_is_right_when_staging_wraps_the_query(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    sql = "SELECT range,\n  CAST('n' || range AS INTEGER) AS number\nFROM range(3)"
    with pytest.raises(AssetError) as caught, sql_errors(cursor, sql, where):
        cursor.execute(f"COPY (\n{sql}\n) TO '{tmp_path}/x.parquet'")
    assert caught.value.line == 5
    assert caught.value.details is not None
    assert caught.value.details.splitlines()[0].strip() == "CAST('n' || range AS INTEGER) AS number"
    assert caught.value.details.splitlines()[1].strip().strip("^") == ""


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TABLE x AS SELECT 1", "CREATE is not a query"),
        ("SELECT 1; SELECT 2", "2 statements where one SELECT is expected"),
        ("-- nothing", "no query where one SELECT is expected"),
    ],
)
def test_only_one_query_is_evaluated(cursor: Cursor, where: Where, sql: str, message: str) -> None:
    with pytest.raises(AssetError) as caught:
        evaluate_sql(cursor, sql, where)
    assert (caught.value.message, caught.value.where) == (message, "assets/sales.sql:4")


@pytest.mark.parametrize(
    "sql",
    [
        "PIVOT (SELECT 'a' AS k, 1 AS v UNION ALL SELECT 'b', 2) ON k USING sum(v)",
        "SELECT CAST(1 AS HUGEINT) AS a, CAST(2 AS HUGEINT) AS b",
    ],
)
def test_a_pivot_that_finds_its_columns_can_be_staged_like_any_query(
    cursor: Cursor, where: Where, tmp_path: Path, sql: str
) -> None:
    result = evaluate_sql(cursor, sql, where)
    cursor.execute(f"COPY ({result.sql}) TO '{tmp_path}/x.parquet'")
    assert rows(cursor, f"FROM '{tmp_path}/x.parquet'") == [(1, 2)]


def test_a_copy_that_fails_in_the_middle_ends(session: Session, tmp_path: Path) -> None:
    """With asynchronous writes it hung, at one of these times or at another: 400 of them never got to their end."""
    cursor = session.cursor()
    assert cursor.execute("SELECT current_setting('async_threads')").fetchall() == [(0,)]
    for number in range(10):
        rows = f"SELECT i, CASE WHEN i = {100_000 + number} THEN error('bad') END AS bad FROM range(200_000) AS t(i)"
        with pytest.raises(duckdb.Error, match="bad"):
            cursor.execute(f"COPY ({rows}) TO '{tmp_path / 'out.parquet'}' (ROW_GROUP_SIZE 20_000)")


def test_interrupting_the_session_stops_its_queries_and_leaves_them_usable(session: Session, where: Where) -> None:
    cursor = session.cursor()
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000) b"
    over = threading.Event()

    def interrupt_until_over() -> None:
        while not over.wait(0.01):
            session.interrupt()

    thread = threading.Thread(target=interrupt_until_over)
    thread.start()
    with pytest.raises(Interrupted):
        run(cursor, endless, where)
    over.set()
    thread.join()
    assert rows(cursor, "SELECT 1") == [(1,)]


def test_closing_waits_for_a_task_that_opens_its_cursor(tmp_path: Path) -> None:
    """Ctrl-C at the moment in which a task is handed over: DuckDB refuses to close what is busy."""
    session = Session(str(tmp_path))
    closing = threading.Thread(target=session.close)
    with session._lock:
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        assert session._connection.execute("SELECT 1").fetchall() == [(1,)]
    closing.join()
    with pytest.raises(duckdb.ConnectionException):
        session.cursor()
