"""Which households spend more than they did, and which less."""

import polars as pl

from assetflow import asset
from shop_dates import FIRST_FULL_WEEK, LAST_WEEK, SECOND_HALF

HALF = SECOND_HALF - FIRST_FULL_WEEK


@asset(
    description="Which households spend more in the second half of the year than in the first, and which less? "
    "Two halves of 26 full weeks; a change within the tolerance counts as steady. "
    "New means nothing bought in the first half, gone means nothing in the second.",
    tags=["weekly"],
    owner="customers@shop.example",
    unique_key=["household_id"],
    checks=[
        {"unique": ["household_id"]},
        {"accepted_values": {"column": "trend", "values": ["more", "steady", "less", "new", "gone"]}},
        {"not_null": ["weekly_before", "weekly_after"]},
    ],
)
def spending_trend(baskets: pl.DataFrame, tolerance: float = 0.1) -> pl.DataFrame:
    full_weeks = baskets.filter(pl.col("week").is_between(FIRST_FULL_WEEK, LAST_WEEK), pl.col("revenue") > 0)
    is_after = pl.col("week") >= SECOND_HALF
    revenue = pl.col("revenue")
    halves = full_weeks.group_by("household_id").agg(
        weekly_before=revenue.filter(~is_after).sum().cast(pl.Float64) / HALF,
        weekly_after=revenue.filter(is_after).sum().cast(pl.Float64) / HALF,
    )
    before, after = pl.col("weekly_before"), pl.col("weekly_after")
    trend = (
        pl.when(before == 0)
        .then(pl.lit("new"))
        .when(after == 0)
        .then(pl.lit("gone"))
        .when(after > before * (1 + tolerance))
        .then(pl.lit("more"))
        .when(after < before * (1 - tolerance))
        .then(pl.lit("less"))
        .otherwise(pl.lit("steady"))
    )
    return halves.with_columns(trend=trend).sort("household_id")
