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
