"""A frame that is watched, or streamed from DuckDB, gives what it gives without; and it notes what is asked of it."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from assetflow.engines.polars_scan import _stream
from assetflow.engines.polars_watch import Watched

c = pl.col
ROWS = "SELECT i AS a, 'x' || i % 3 AS b, i % 2 AS c FROM range(6) t(i)"
FORMS: dict[str, tuple[Callable[[pl.LazyFrame], pl.LazyFrame], str]] = {
    "all": (lambda f: f, "abc"),
    "columns": (lambda f: f.select("b"), "b"),
    "filter": (lambda f: f.filter(c("a") > 2).select("b"), "ab"),
    "head, then filter": (lambda f: f.head(3).filter(c("a") > 0).select("b"), "ab"),
    "filter, then head": (lambda f: f.filter(c("a") > 0).head(2).select("b"), "ab"),
    "slice, then filter": (lambda f: f.slice(1, 3).filter(c("a") > 1).select("a"), "a"),
    "tail": (lambda f: f.tail(2).select("a"), "a"),
    "filter by an aggregate": (lambda f: f.filter(c("a") == c("a").max()).select("b"), "ab"),
    "row numbers": (lambda f: f.with_row_index("n").select("n"), ""),
    "row numbers of some": (lambda f: f.filter(c("b") == "x1").with_row_index("n").select("n"), "b"),
    "literal": (lambda f: f.select(pl.lit(1).alias("one")), ""),
    "twice": (lambda f: f.join(f.group_by("c").agg(m=c("a").max()), on="c").select("a", "m").sort("a"), "ac"),
    "collected": (lambda f: f.select("a").collect().lazy(), "a"),
}


@pytest.fixture
def cursor() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_what_is_watched_or_streamed_is_the_same(
    cursor: duckdb.DuckDBPyConnection, form: tuple[Callable[[pl.LazyFrame], pl.LazyFrame], str], engine: str
) -> None:
    make, asked = form
    plain = cursor.sql(ROWS).pl()
    right = make(plain.lazy()).collect(engine=engine)
    relation = cursor.sql(ROWS)
    types = dict(zip(relation.columns, relation.types, strict=True))
    assert make(_stream(ROWS, types, cursor)).collect(engine=engine).equals(right)
    for takes_filters in (True, False):
        watched = Watched(plain.lazy(), takes_filters=takes_filters)
        assert make(watched.lazy()).collect(engine=engine).equals(right)
        assert watched.columns == set(asked)


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_condition_with_a_function_of_python_stays_above(cursor: duckdb.DuckDBPyConnection, engine: str) -> None:
    outside = object()
    watched = Watched(cursor.sql(ROWS).pl().lazy(), takes_filters=False)
    kept = watched.lazy().filter(c("a").map_elements(lambda v: repr(outside) and v > 3, return_dtype=pl.Boolean))
    assert kept.select("b").collect(engine=engine).height == 2
    assert watched.columns == {"a", "b"}
