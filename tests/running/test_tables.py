"""A table in several large files is read with what each file tells of itself, and gives the same rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from assetflow.materialization import Snapshot
from assetflow.running.tasks.tables import MANY_ROWS_IN_FILE, Tables
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.staging import stage_query
from assetflow.warehouse.views import Shown

QUERY = "SELECT n % 7 AS \"Key\", n::HUGEINT AS large, if(n % 5 = 0, NULL, 'row ' || n) AS text FROM range({}, {}) t(n)"


def staged(cursor: duckdb.DuckDBPyConnection, folder: Path, rows: int) -> list[Staged]:
    queries = [QUERY.format(0, rows), QUERY.format(rows, 2 * rows)]
    return [stage_query(cursor, sql, str(folder), f"{at}.parquet") for at, sql in enumerate(queries)]


def tables_of(parts: list[Staged], sources: tuple[str, ...] = ()) -> Tables:
    files = tuple(file for part in parts for file in part.files)
    rows = sum(part.rows for part in parts)
    snapshot = Snapshot("s1", "lines", "digest", parts[0].columns, files, rows, 0)
    return Tables(lambda name: snapshot, lambda name: Shown(snapshot, ()), "/", sources)


def test_large_files_give_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    with duckdb.connect() as cursor:
        tables = tables_of(staged(cursor, tmp_path, MANY_ROWS_IN_FILE + 1))
        (usual,) = tables.named(["lines"])
        (whole,) = tables.read_whole([usual])
        assert whole.sql != usual.sql
        one, other = (cursor.sql(table.sql) for table in (usual, whole))
        assert (one.columns, one.types) == (other.columns, other.types)
        assert one.fetchall() == other.fetchall()


@pytest.mark.parametrize(("rows", "sources"), [(10, ()), (MANY_ROWS_IN_FILE + 1, ("lines",))])
def test_small_files_and_sources_are_read_as_ever(tmp_path: Path, rows: int, sources: tuple[str, ...]) -> None:
    with duckdb.connect() as cursor:
        tables = tables_of(staged(cursor, tmp_path, rows), sources)
        usual = tables.named(["lines"])
        assert tables.read_whole(usual) == usual
