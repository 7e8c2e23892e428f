"""Groups that are kept are written and read whole, also where several assets do so at once in one DuckDB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from assetflow.running.refreshes.kept_groups import taken_up, written
from assetflow.warehouse.disk.sha256 import hash_of_file


def test_nobody_reads_half_of_what_another_writes(tmp_path: Path) -> None:
    with duckdb.connect() as connection, ThreadPoolExecutor(4) as pool:

        def keep_and_read(number: int) -> list[str] | None:
            cursor = connection.cursor()
            cursor.execute("CREATE TEMP TABLE groups AS SELECT range AS k, range AS n FROM range(100)")
            found: list[str] | None = []
            for _ in range(12):
                path = Path(str(written(cursor, [("kept", "groups")], str(tmp_path / str(number)))))
                path = path.rename(path.with_name(f"x.{hash_of_file(str(path))}.duckdb"))
                found = taken_up(cursor, str(path))
                if found != ["kept"] or cursor.execute("SELECT count(*) FROM kept").fetchall() != [(100,)]:
                    break
            return found

        assert list(pool.map(keep_and_read, range(4))) == [["kept"]] * 4


def test_a_file_that_is_not_what_was_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / f"x.{'0' * 64}.duckdb"
    path.write_bytes(b"something else")
    assert taken_up(duckdb.connect(), str(path)) is None
