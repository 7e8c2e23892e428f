"""DuckDB as all of assetflow uses it: its engine alone, and what every connection of ours is opened with.

The package around the engine, which makes relations, takes twice as long to import: the first relation brings it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    from duckdb import DuckDBPyConnection as Cursor

__all__ = ["WITHOUT_DOWNLOADS", "WITHOUT_STRAGGLERS", "described", "duckdb", "type_in_full", "with_relations"]

WITHOUT_DOWNLOADS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""DuckDB would fetch an extension that a query happens to need, and run it."""

WITHOUT_STRAGGLERS: dict[str, str | bool | int | float | list[str]] = {"async_threads": 0}
"""For connections that write: nothing of a COPY goes on once it has failed.

DuckDB 2.0.0 writes with threads of their own. Once in a hundred times a COPY that fails waits for one of them for ever
(duckdb/duckdb#23885 is alike), or one of them removes its file later, when another COPY has written it again.
Without them it takes the same processor time.
"""


def described(cursor: Cursor, sql: str) -> list[tuple[str, str]]:
    """Names and types of a query's columns."""
    return [row[:2] for row in cursor.execute(f"DESCRIBE {sql}").fetchall()]


def type_in_full(cursor: Cursor, kind: str) -> str:
    """A type as DuckDB shows it in columns: DECIMAL(18,3) for DECIMAL."""
    return described(cursor, f"SELECT CAST(NULL AS {kind}) AS x")[0][1]


def with_relations() -> None:
    """Have connections make relations, and see data frames."""
    import_module("duckdb")


def __getattr__(name: str) -> Any:
    """`duckdb`: importing this module imports no engine."""
    if name != "duckdb":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _engine()


@cache
def _engine() -> Any:
    try:
        engine = import_module("_duckdb")
    except ImportError:
        engine = import_module("duckdb")
    if not hasattr(engine.DuckDBPyConnection, "sql"):
        engine.DuckDBPyConnection.sql = _first_relation
    return engine


def _first_relation(connection: Cursor, *query: Any, **given: Any) -> Any:
    """Stands for the method of the package, which puts its own in this one's place."""
    with_relations()
    return connection.sql(*query, **given)
