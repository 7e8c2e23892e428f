"""A year of facts, a Parquet file a day, and what a night can bring: more days, a day again, a row late.

python -m benchmarks.nights DIR --rows 20000000            makes the project
python -m benchmarks.nights DIR --rows 20000000 --bring replaced 7
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import duckdb

DAYS = 365
FIRST = date(2024, 1, 1)
ASSETS = {
    "clean": "SELECT * FROM facts WHERE value >= 100",
    "sold": (
        "SELECT day, facts.product, department, store, value, value * price AS amount "
        "FROM clean AS facts JOIN products ON facts.product = products.product"
    ),
    "by_day": (
        "SELECT day, department, sum(value) AS value, count(*) AS n, max(amount) AS amount FROM sold GROUP BY ALL"
    ),
}


def write_day(folder: Path, number: int, rows: int, salt: int = 0) -> None:
    """One day of facts; another `salt` gives other values."""
    day = FIRST + timedelta(days=number)
    path = folder / "data" / "facts" / f"{number:04}.parquet"
    new = path.with_suffix(".new")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT DATE '{day}' AS day, {number}::BIGINT * 1000000 + i AS id, "
            f"(hash(i, {salt}) % 5000)::INTEGER AS product, (hash(i, 1) % 200)::INTEGER AS store, "
            f"(hash(i, {salt}, 2) % 1000)::INTEGER AS value, hash(i, 3)::VARCHAR AS note "
            f"FROM range({rows}) t(i)) TO '{new}' (FORMAT parquet, COMPRESSION zstd)"
        )
    new.replace(path)


def generate(folder: Path, rows: int) -> None:
    (folder / "data" / "facts").mkdir(parents=True)
    (folder / "assets").mkdir()
    for number in range(DAYS):
        write_day(folder, number, rows // DAYS)
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i::INTEGER AS product, 'department ' || i % 40 AS department, "
            f"(i % 97)::DECIMAL(9, 2) AS price FROM range(5000) t(i)) "
            f"TO '{folder}/data/products.parquet' (FORMAT parquet)"
        )
    for name, sql in ASSETS.items():
        (folder / "assets" / f"{name}.sql").write_text(sql + "\n")
    (folder / "assetflow.toml").write_text(
        '[sources.facts]\nfiles = "data/facts/*.parquet"\n[sources.products]\nfiles = "data/products.parquet"\n'
    )


def bring(folder: Path, rows: int, what: str, number: int) -> None:
    """What a night brings; `number` tells one night from another."""
    usual = rows // DAYS
    if what == "appended":
        new = rows // 100
        for at in range(4):
            write_day(folder, DAYS + number * 4 + at, new // 4)
    elif what == "replaced":
        write_day(folder, 100, usual, salt=number + 1)
    elif what == "late":
        write_day(folder, 200, usual + number + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--bring", nargs=2, metavar=("WHAT", "NUMBER"))
    given = parser.parse_args()
    if given.bring is None:
        generate(given.folder, given.rows)
    else:
        bring(given.folder, given.rows, given.bring[0], int(given.bring[1]))


if __name__ == "__main__":
    main()
