"""Keys as a table that a query can be joined with, with what stands for `$partition_start` and the like in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.partitions.parameters import example_key, variables
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.slices import Key
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

KEYS = "assetflow_partitions"


def note_keys(cursor: Cursor, cut: Partitioning, keys: Sequence[Key]) -> None:
    """Make a temporary table of keys, with what stands for `$partition_start` and the like in each."""
    columns = ", ".join(["number", *(quote_identifier(name) for name in variables(cut, example_key(cut)))])
    rows = [f"({number}, {', '.join(variables(cut, key).values())})" for number, key in enumerate(keys)]
    example = f"(-1, {', '.join(variables(cut, example_key(cut)).values())})"
    listed = ", ".join([example, *rows])
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {KEYS} AS SELECT * FROM (VALUES {listed}) AS x({columns})")
    cursor.execute(f"DELETE FROM {KEYS} WHERE number < 0")


def columns_of_keys(cut: Partitioning) -> dict[str, str]:
    """The columns of that table, by the parameters that they stand for."""
    return {name: f"{KEYS}.{quote_identifier(name)}" for name in variables(cut, example_key(cut))}
