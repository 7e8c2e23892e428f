"""What a writer told of a file never hides a row: where a condition holds of one, the file is looked into."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.duck import WITHOUT_STRAGGLERS
from assetflow.incremental.ranges import counted_ranges
from assetflow.materialization import Bounds
from assetflow.warehouse.content.bounds import MOST, Between, holds_nothing_else, is_ordered, may_hold
from assetflow.warehouse.content.staging import stage_query

VALUES = {
    "TINYINT": ["-128", "-1", "0", "9", "10", "127"],
    "BIGINT": ["-9223372036854775808", "-10", "-9", "0", "100", "9223372036854775807"],
    "UBIGINT": ["0", "9", "10", "18446744073709551615"],
    "HUGEINT": ["-170141183460469231731687303715884105728", "-1", "0", "99999999999999999999999999999999999999"],
    "DECIMAL(9,2)": ["-1234567.89", "-0.01", "0.00", "9.99", "10.00"],
    "DECIMAL(38,3)": ["-99999999999999999999999999999999999.999", "-0.001", "0", "1.5"],
    "DATE": ["-infinity", "0044-03-15 (BC)", "0001-01-01", "1999-12-31", "2024-02-29", "12024-01-01", "infinity"],
    "TIMESTAMP": ["-infinity", "2023-12-31 23:59:59.999999", "2024-01-01 00:00:00", "2024-01-01 00:00:00.5",
                  "2024-01-01 00:00:00.45", "12024-01-01 00:00:00", "infinity"],
    "TIMESTAMP WITH TIME ZONE": ["2024-01-01 00:00:00+00", "2024-01-01 00:00:00.5+00", "2024-06-01 12:00:00+02"],
    "TIMESTAMP_S": ["1969-12-31 23:59:59", "2024-01-01 00:00:00"],
    "TIMESTAMP_MS": ["1969-12-31 23:59:59.999", "2024-01-01 00:00:00.001"],
    "VARCHAR": ["", "a", "é", "z" * 100],
    "DOUBLE": ["-0.0", "0.0", "nan", "1e300"],
}  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect(config=dict(WITHOUT_STRAGGLERS))
    opened.execute("SET TimeZone = 'UTC'")
    return opened


def rows_of(kind: str, values: list[str | None]) -> str:
    listed = ", ".join("(NULL)" if value is None else f"('{value}')" for value in values)
    return f'SELECT x::{kind} AS "the ""x"".y" FROM (VALUES {listed}) AS t(x)'


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_file_that_holds_a_value_between_two_others_is_looked_into(
    kind: str, connection: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    some = st.lists(st.sampled_from([*VALUES[kind], None]), min_size=1, max_size=4)
    held, sought = data.draw(some), data.draw(some)
    folder = str(tmp_path_factory.mktemp("staged"))
    staged = stage_query(connection, rows_of(kind, held), folder, spread=True)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sought AS {rows_of(kind, sought)}")
    name = staged.columns[0].name
    (between,) = counted_ranges(connection, "sought", [(name, staged.columns[0].type)])[1]
    if between is None:
        return
    bounds = {one.file: one.columns for one in staged.bounds}[staged.files[0].sha256]
    inside = f"x BETWEEN {between.low} AND {between.high}"
    there = connection.execute(f"SELECT count(*) FROM ({rows_of(kind, held)}) AS t(x) WHERE {inside}").fetchall()[0][0]
    assert may_hold(bounds.get(name), between) or not there
    assert there == len(held) or not holds_nothing_else(bounds.get(name), between)
    if kind == "BIGINT" and all(held):  # what is understood is told apart
        assert may_hold(bounds.get(name), between) == (
            int(between.least) <= max(map(int, filter(None, held)))
            and min(map(int, filter(None, held))) <= int(between.greatest)
        )
        assert holds_nothing_else(bounds.get(name), between) == (there == len(held))


def test_it_is_told_how_many_values_are_null(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = 'SELECT CASE WHEN i % 3 = 0 THEN i END AS x, NULL::DATE AS d, i AS "X y" FROM range(10) t(i)'
    staged = stage_query(connection, sql, str(tmp_path), spread=True)
    assert dict(staged.bounds[0].columns) == {
        "x": Bounds("BIGINT", "0", "9", 6),
        "d": Bounds("DATE", None, None, 10),
        "X y": Bounds("BIGINT", "0", "9", 0),
    }


def test_of_thousands_of_columns_a_few_are_kept(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sql = f"SELECT {', '.join(f'{at} AS c{at}' for at in range(2 * MOST))}"
    staged = stage_query(connection, sql, str(tmp_path), spread=True)
    assert len(staged.bounds[0].columns) == MOST


def test_bounds_of_another_type_tell_nothing() -> None:
    assert may_hold(Bounds("DATE", "2024-01-01", "2024-01-02", 0), Between("TIMESTAMP", "2025-01-01", "2025-01-01"))
    assert not may_hold(Bounds("DATE", "2024-01-01", "2024-01-02", 0), Between("DATE", "2025-01-01", "2025-01-01"))
    assert may_hold(None, Between("DATE", "2025-01-01", "2025-01-01"))
    of_days = Between("DATE", "2024-01-01", "2024-01-31")
    assert holds_nothing_else(Bounds("DATE", "2024-01-01", "2024-01-02", 0), of_days)
    assert not holds_nothing_else(Bounds("TIMESTAMP", "2024-01-01", "2024-01-02", 0), of_days)
    assert not holds_nothing_else(Bounds("DATE", "2024-01-01", "2024-01-02", 1), of_days)
    assert not holds_nothing_else(None, of_days)


def test_types_of_which_the_order_is_known() -> None:
    assert is_ordered("DATE")
    assert is_ordered("DECIMAL(9,2)")
    assert not is_ordered("VARCHAR")
    assert not is_ordered("DOUBLE")
    assert not is_ordered("DATE[]")
    assert not is_ordered("DECIMAL(9,2)[]")
    assert not is_ordered("DECIMAL(9,2)[3]")


def test_it_is_told_of_one_file_where_somebody_asks(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    staged = stage_query(connection, "SELECT 5 AS x", str(tmp_path), "parts.parquet", with_bounds=True)
    assert [one.columns["x"] for one in staged.bounds] == [Bounds("INTEGER", "5", "5", 0)]
    assert [one.file for one in staged.bounds] == [file.sha256 for file in staged.files]
    assert stage_query(connection, "SELECT 5 AS x", str(tmp_path)).bounds == ()
