"""A DuckDB in memory on which SQL is read: parsed, bound over empty tables, asked which functions there are.

One for each process, since opening one takes as long as reading ten queries. It opens no files.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import NamedTuple

import duckdb

from assetflow.duck import WITHOUT_DOWNLOADS


class Functions(NamedTuple):
    """Names of DuckDB's functions: aggregates, and those whose answer can differ for the same arguments."""

    aggregates: frozenset[str]
    volatile: frozenset[str]


def scratch() -> duckdb.DuckDBPyConnection:
    """A cursor of its own for whoever asks; temporary tables on it are seen by nobody else."""
    with _one_at_a_time:
        return _database().cursor()


def is_open() -> bool:
    return _database.cache_info().currsize > 0


@cache
def functions() -> Functions:
    """All functions, by DuckDB's own word."""
    with scratch() as cursor:
        asked = "SELECT DISTINCT function_name, function_type = 'aggregate', stability FROM duckdb_functions()"
        found = cursor.execute(asked).fetchall()
    return Functions(
        frozenset(name for name, is_aggregate, _ in found if is_aggregate),
        frozenset(name for name, _, stability in found if stability is not None and stability != "CONSISTENT"),
    )


_one_at_a_time = Lock()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    # As the session in which assets run: a bare NULL is an INTEGER there, too.
    settings: dict[str, str | bool | int | float | list[str]] = {
        **WITHOUT_DOWNLOADS,
        "enable_external_access": False,
        "threads": 1,
        "python_enable_replacements": False,
        "legacy_disable_null_type": True,
    }
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    # What is asked here are single calls without rows: looking for better ways to answer takes a third of the time.
    known = [name for (name,) in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()]
    spared = ",".join(name for name in known if name not in SEEN_IN_PLANS)
    connection.execute(f"SET GLOBAL disabled_optimizers = '{spared}'")
    return connection


SEEN_IN_PLANS = frozenset({"build_side_probe_side", "deliminator", "expression_rewriter"})
"""Optimizers whose absence changes also plans that are not optimized."""
