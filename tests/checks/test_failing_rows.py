"""Which rows fail a check, for the pairs in failing_rows.txt."""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
import pytest

from assetflow.checks.declare import check_from_option
from assetflow.checks.tables import run_sql

TEXT = Path(__file__).with_name("failing_rows.txt").read_text()
BLOCKS = [
    [line for line in block.splitlines() if not line.startswith("#")]
    for block in TEXT.split("\n\n")
    if not all(line.startswith("#") for line in block.splitlines())
]


@pytest.mark.parametrize(("declared", "table", "expected"), [(block[0], block[1], block[2:]) for block in BLOCKS])
def test_rows_that_fail(declared: str, table: str, expected: list[str]) -> None:
    (value,) = tomllib.loads(f"check = {declared}").values()
    checks = check_from_option(value, asset="sales", path="assets/sales.sql", line=1)

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE others AS FROM (VALUES (10, 'known'), (11, 'x'), (NULL, NULL)) AS t(id, b)")
    connection.execute(f"CREATE TABLE staged AS SELECT a, b FROM ({table}) AS t(a, b)")
    rows = [
        " | ".join("NULL" if value is None else value for value in row)
        for check in checks
        for row in connection.execute(
            f"SELECT COLUMNS(*)::VARCHAR FROM ({run_sql(check, 'staged', '2026-11-20T02:00:00Z')})"
        ).fetchall()
    ]

    assert sorted(rows) == expected
