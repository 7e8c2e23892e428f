"""The script that a person would write without assetflow: the same queries, in order, in one DuckDB connection.

    python plain.py steps.json folder ["COMPRESSION zstd, COMPRESSION_LEVEL 1"]

Each step is written as one Parquet file (with zstd as DuckDB has it, or with the options that are given), made durable
in the same way (the file, then its folder), and shown to the steps after it as a view. It has no lineage, no digests,
no record and no checks, and starts from nothing each time.
"""

from __future__ import annotations

import json
import os
import sys

import duckdb


def run(steps: list[dict[str, str]], folder: str, options: str = "COMPRESSION zstd") -> None:
    """Steps have a name and an SQL query; those of kind `view` are not written, as they only name files."""
    os.makedirs(folder)
    connection = duckdb.connect()
    for step in steps:
        name, sql = step["name"], step["sql"]
        if step["kind"] == "table":
            path = os.path.join(folder, f"{name}.parquet")
            connection.execute(f"COPY ({sql}\n) TO '{path}' (FORMAT parquet, {options})")
            sync(path)
            sync(folder)
            sql = f"SELECT * FROM read_parquet('{path}')"
        connection.execute(f"CREATE VIEW {name} AS {sql}")


def sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        run(json.load(file), *sys.argv[2:])
