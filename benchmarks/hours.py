"""A table that is cut into hours, one row each, and a row that comes late."""

from __future__ import annotations

from pathlib import Path

import duckdb

HOURLY = """/* @asset
partition = "hour(ts)"
*/
SELECT id, ts, amount FROM events
"""


def generate(folder: Path, hours: int) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "assets" / "hourly.sql").write_text(HOURLY)
    (folder / "assetflow.toml").write_text('[sources.events]\nfiles = "data/*.parquet"\n')
    ts = "TIMESTAMP '2014-01-01' + to_hours(i)"
    write(folder / "data" / "all.parquet", f"SELECT i AS id, {ts} AS ts, i % 97 AS amount FROM range({hours}) t(i)")


def bring_late(folder: Path) -> None:
    write(
        folder / "data" / "late.parquet",
        "SELECT 0::BIGINT AS id, TIMESTAMP '2014-01-05 05:05:00' AS ts, 1::BIGINT AS amount",
    )


def write(path: Path, sql: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
