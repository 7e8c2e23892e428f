"""A function that makes one partition after the other is given its rows by their keys, whichever columns it looks at."""

from __future__ import annotations

import pytest

from tests.conftest import Shop
from tests.stories.test_partitions import parts

BODY = {
    "told": """
        return {upstream}.select(pl.col("x").sum()).with_columns(day=pl.lit(context.partition.key).str.to_date())
    """,
    "seen": """
        total = {upstream}.select(pl.col("x").sum()).collect().item()
        return pl.LazyFrame({{"x": [total], "day": [context.partition.key]}}).with_columns(pl.col("day").str.to_date())
    """,
}
FUNCTION = """
    import polars as pl

    from assetflow import Context, asset


    @asset(partition="day(day)")
    def totals({upstream}: pl.LazyFrame, context: Context) -> pl.LazyFrame:
"""


@pytest.mark.parametrize("body", BODY)
@pytest.mark.parametrize("upstream", ["raw", "sold", "positive"])
def test_a_row_that_moved_to_another_day_makes_both(empty_shop: Shop, upstream: str, body: str) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "raw.csv"\n')
    shop.write("raw.csv", "day,id,x\n2024-01-01,1,1\n2024-01-02,2,2\n2024-01-02,3,4\n2024-01-03,4,8\n")
    shop.sql("sold", "SELECT * FROM raw")
    shop.sql("positive", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM sold WHERE x > 0')
    shop.python("functions", (FUNCTION + BODY[body]).format(upstream=upstream))
    parts(shop)
    shop.replace("raw.csv", "2024-01-02,3", "2024-01-03,3")
    assert parts(shop)["totals"] == ["2024-01-02", "2024-01-03"]
    assert shop.rows("SELECT x FROM totals ORDER BY day") == [(1,), (2,), (12,)]
    shop.replace("raw.csv", "2024-01-03,3,4", "2024-01-03,3,5")
    assert parts(shop)["totals"] == ["2024-01-03"]
    assert shop.rows("SELECT x FROM totals ORDER BY day") == [(1,), (2,), (13,)]
    assert parts(shop) == {}


def test_columns_that_are_declared_to_be_read_are_those_of_the_key_too(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "raw.csv"\n')
    shop.write("raw.csv", "day,id,x\n2024-01-01,1,1\n")
    given = 'raw: Annotated[pl.LazyFrame, upstream(columns=["x"])]'
    function = (FUNCTION + BODY["told"]).format(upstream="raw").replace("raw: pl.LazyFrame", given)
    shop.python("functions", f"    from typing import Annotated\n\n    from assetflow import upstream\n{function}")
    assert shop.cli("lineage", "totals", "--json").json["read_sets"]["totals"] == {"raw": ["day", "x"]}


THE_DAY_BEFORE = {
    "sql": """
        /* @asset
        partition = "day(day)"
        */
        SELECT $partition_start AS day, coalesce(sum(x), 0)::BIGINT AS x FROM raw
        WHERE day >= $partition_start - INTERVAL 1 DAY AND day < $partition_start
    """,
    "py": """
        import polars as pl

        from assetflow import Context, asset


        @asset(partition={"time": "day", "column": "day", "upstreams": {"raw": "-1"}})
        def before(raw: pl.LazyFrame, context: Context) -> pl.LazyFrame:
            return raw.select(pl.col("x").sum(), day=pl.lit(context.partition.key).str.to_date())
    """,
}


@pytest.mark.parametrize("kind", THE_DAY_BEFORE)
def test_a_day_of_which_only_others_are_read_comes_and_goes_with_its_rows(empty_shop: Shop, kind: str) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "raw/*.csv"\n')
    shop.write("raw/1.csv", "day,x\n2024-01-01,1\n2024-01-02,2\n")
    shop.write(f"assets/before.{kind}", THE_DAY_BEFORE[kind])
    parts(shop)

    def rows() -> dict[int, int]:
        return dict(shop.rows("SELECT day(day), x FROM before"))

    shop.write("raw/2.csv", "day,x\n2024-01-05,8\n")
    assert "2024-01-05" in parts(shop)["before"]
    assert rows() == {1: 0, 2: 1, 5: 0}
    shop.write("raw/2.csv", "day,x\n2024-01-03,8\n")
    parts(shop)
    assert rows() == {1: 0, 2: 1, 3: 2}
    shop.write("raw/2.csv", "day,x\n2024-01-02,4\n2024-01-03,9\n")
    assert "2024-01-02" not in parts(shop)["before"]
    assert rows() == {1: 0, 2: 1, 3: 6}
    assert parts(shop) == {}


def test_rows_that_begin_a_day_make_no_other_day_of_sql_that_is_not_told_its_day(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "raw/*.csv"\n')
    shop.write("raw/1.csv", "day,x\n2024-01-01,1\n2024-01-02,2\n")
    declared = 'partition = { time = "day", column = "day", upstreams = { raw = "-1" } }'
    shop.sql("before", f"/* @asset\n{declared}\n*/\nSELECT day + INTERVAL 1 DAY AS day, x FROM raw")
    parts(shop)
    shop.write("raw/2.csv", "day,x\n2024-01-03,8\n")
    assert parts(shop)["before"] == ["2024-01-04"]
    shop.remove("raw/2.csv")
    parts(shop)
    assert shop.rows("SELECT day(day), x FROM before ORDER BY day") == [(2, 1), (3, 2)]
    assert parts(shop) == {}
