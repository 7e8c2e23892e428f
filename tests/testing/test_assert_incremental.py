"""One line in a user's tests finds out whether a function is what its `merge` or `per` says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assetflow import Changes, Context, asset
from assetflow.errors import UsageError
from assetflow.testing import assert_incremental
from tests.conftest import Shop

EVENTS = pl.DataFrame({"id": [1, 1, 2, None], "x": [5.5, 4.0, 3.0, 1.0], "d": ["a", "b", "c", "d"]})


@asset(merge="append")
def doubled(events: Changes[pl.LazyFrame], factor: int = 2) -> pl.LazyFrame:
    return events.added.filter(pl.col("x") > 3).select("id", y=pl.col("x") * factor)


@asset(merge="upsert", unique_key=["id"])
def totals(events: Changes[pa.Table], context: Context) -> pa.Table:
    return events.added.group_by("id").aggregate([("x", "sum")])


@asset(merge="upsert", unique_key="id")
def joined(
    events: Changes[duckdb.DuckDBPyRelation], others: Changes[pd.DataFrame], names: pl.DataFrame
) -> pl.DataFrame:
    others_now = pl.from_pandas(others.added).group_by("id").agg(n=pl.len())
    made: pl.DataFrame = events.added.aggregate("id, max(x) AS x").pl()
    return made.join(others_now, on="id", nulls_equal=True)


@asset(per="row")
def shouted(events: pl.DataFrame) -> pl.DataFrame:
    return events.select("id", d=pl.col("d").str.to_uppercase())


@pytest.mark.parametrize("function", [doubled, totals, shouted], ids=lambda function: function.__name__)
def test_what_is_right_passes(function: Callable[..., Any]) -> None:
    assert_incremental(function, events=EVENTS, examples=20)


def test_several_upstreams_change_together() -> None:
    others = pd.DataFrame({"id": pd.array([1, 2, 2, None], dtype="Int64")})
    assert_incremental(joined, events=EVENTS, others=others, names=pl.DataFrame({"n": [1]}), examples=20)


@asset(merge="append")
def counted(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    return events.added.group_by("id").agg(n=pl.len())


def test_the_smallest_example_is_shown() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_incremental(counted, events=pl.DataFrame({"id": [7]}))
    assert str(raised.value) == (
        'counted is not what merge = "append" says of it: what it makes of the change, merged with what it made '
        "before, is not what it makes of everything\n\n"
        "rows of events:\n  id\n  7\n\n"
        "rows that come of events:\n  id\n  7\n\n"
        "merged:\n  id  n\n  7   1\n  7   1\n\n"
        "everything:\n  id  n\n  7   2"
    )


@asset(merge="upsert", unique_key=["id"])
def shares(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    """Each row depends on all others."""
    return events.added.group_by("id").agg(pl.col("x").sum()).with_columns(pl.col("x") / pl.col("x").sum())


@asset(merge="upsert", unique_key=["id"])
def twins(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    return events.added


@asset(merge="upsert", unique_key=["name"])
def renamed(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    return events.added.select(name="d").unique()


@asset(merge="append")
def impatient(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    if not events.is_full and len(events.added) == 1:
        raise ValueError("only one row")
    return events.added


@asset(per="row")
def ranked(events: pl.DataFrame) -> pl.DataFrame:
    return events.with_row_index()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (shares, "is not what it makes of everything"),
        (twins, "it returned 2 rows of the key id"),
        (renamed, "events has no column name: it would be made in full with every change"),
        (impatient, "it raised ValueError for the change: only one row"),
        (ranked, 'is not what per = "row" says of it: what it makes of two parts'),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_wrong_is_found(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_incremental(function, events=EVENTS)
    assert said in str(raised.value)


def test_it_says_what_it_needs() -> None:
    with pytest.raises(UsageError, match="of which no rows were given"):
        assert_incremental(doubled)
    with pytest.raises(UsageError, match="events has no rows to make examples of"):
        assert_incremental(doubled, events=EVENTS.clear())
    with pytest.raises(UsageError, match="nothing to compare"):
        assert_incremental(asset(lambda events: events), events=EVENTS)


def test_an_asset_of_a_project_is_tried_on_what_is_published(shop: Shop) -> None:
    shop.python(
        "per_city",
        """
        import polars as pl

        from assetflow import Changes, asset


        @asset(merge="upsert", unique_key=["city"])
        def per_city(sales: Changes[pl.DataFrame]) -> pl.DataFrame:
            return sales.added.group_by("city").agg(pl.col("amount").max())
        """,
    )
    shop.made()
    assert_incremental("per_city", project=str(shop.root), examples=10)
    shop.replace("assets/per_city.py", '.group_by("city").agg(pl.col("amount").max())', '.select("city", n=pl.len())')
    with pytest.raises(AssertionError, match="per_city is not what"):
        assert_incremental("per_city", project=str(shop.root), examples=10)
