"""A DuckDB in memory on which SQL is read: parsed, bound over empty tables, asked which functions there are.

One for each process, since opening one takes as long as reading ten queries. It opens no files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Lock

from msgspec import Struct

from assetflow.duck import WITHOUT_DOWNLOADS, duckdb


class Functions(Struct, frozen=True):
    """Names of DuckDB's functions: aggregates, and those whose answer can differ for the same arguments."""

    aggregates: frozenset[str]
    volatile: frozenset[str]


def scratch() -> duckdb.DuckDBPyConnection:
    """A cursor of its own for whoever asks; temporary tables on it are seen by nobody else."""
    with _one_at_a_time:
        return _database().cursor()


@contextmanager
def reading_on(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Parse, and ask for functions, on another database that is open already, for what this thread does meanwhile.

    Opening the one for reading SQL takes as long as a small refresh; where it is open, it is used.
    """
    if _database.cache_info().currsize:
        yield
        return
    with cursor.cursor() as other:
        other.execute(QUICKLY)
        token = _lent.set(other)
        try:
            yield
        finally:
            _lent.reset(token)


def lent() -> duckdb.DuckDBPyConnection | None:
    return _lent.get()


def is_aggregate(name: str) -> bool:
    return name in AGGREGATES or (name not in STEADY and name in functions().aggregates)


def is_volatile(name: str) -> bool:
    """True for a function whose answer can differ for the same arguments."""
    return name not in STEADY and name not in AGGREGATES and name in functions().volatile


AGGREGATES = frozenset({
    "any_value", "approx_count_distinct", "arg_max", "arg_min", "array_agg", "avg", "bool_and", "bool_or", "count",
    "count_if", "count_star", "first", "last", "list", "max", "max_by", "median", "min", "min_by", "mode",
    "quantile_cont", "quantile_disc", "stddev", "stddev_pop", "stddev_samp", "string_agg", "sum", "var_pop", "var_samp",
    "variance",
})  # fmt: skip
STEADY = frozenset({
    "+", "-", "*", "/", "//", "%", "**", "||", "=", "!=", "<", "<=", ">", ">=", "IS DISTINCT FROM", "~~", "!~~", "~~*",
    "->>",
    "__cast", "abs", "array_extract", "ceil", "concat", "concat_ws", "contains", "date_diff", "date_part", "date_trunc",
    "datediff", "datepart", "datetrunc", "day", "dayofweek", "dayofyear", "ends_with", "epoch", "epoch_ms", "exp",
    "floor", "greatest", "hash", "hour", "if", "instr", "isnan", "isodow", "isoyear", "json_extract",
    "json_extract_string", "last_day", "least", "left", "len", "length", "list_contains", "list_extract", "list_value",
    "ln", "lower", "lpad", "ltrim", "make_date", "md5", "minute", "mod", "month", "monthname", "nullif", "power",
    "quarter", "regexp_extract", "regexp_matches", "regexp_replace", "replace", "reverse", "right", "round", "rpad",
    "rtrim", "second", "sign", "split_part", "sqrt", "starts_with", "str_split", "strftime", "strptime",
    "struct_extract", "struct_pack", "substr", "substring", "time_bucket", "timezone", "to_days", "trim", "trunc",
    "upper", "week", "year",
})  # fmt: skip
"""Functions that are met everywhere: asking DuckDB for all that there are takes as long as refreshing a small table."""


@cache
def functions() -> Functions:
    """All functions, by DuckDB's own word."""
    asked = "SELECT DISTINCT function_name, function_type = 'aggregate', stability FROM duckdb_functions()"
    found = (lent() or scratch()).execute(asked).fetchall()
    return Functions(
        frozenset(name for name, is_aggregate, _ in found if is_aggregate),
        frozenset(name for name, _, stability in found if stability is not None and stability != "CONSISTENT"),
    )


_one_at_a_time = Lock()
_lent: ContextVar[duckdb.DuckDBPyConnection | None] = ContextVar("_lent", default=None)
QUICKLY = "PRAGMA disable_optimizer"
"""Halves the time of a call."""


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
