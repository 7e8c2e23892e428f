"""What a churn model learns from: how a household bought before a day, and whether it came back after it."""

from typing import Annotated

import polars as pl

from assetflow import asset, upstream
from shop_dates import LAST_DAY, weeks_before

COLUMNS = ["household_id", "basket_id", "sold_on", "department", "sales_value", "coupon_disc"]


@asset(
    description="Which households are about to leave? Features of each household up to a day that lies horizon_weeks "
    "before the end of the year, and the answer (churned): it bought nothing in the weeks after that day. "
    "No feature looks past that day. Only households seen in the 26 weeks before it are scored.",
    tags=["weekly", "ml"],
    owner="customers@shop.example",
    unique_key=["household_id"],
    checks=[
        {"unique": ["household_id"]},
        {"not_null": ["churned", "revenue_4w", "revenue_13w", "days_away"]},
        "revenue_4w <= revenue_13w AND revenue_13w <= revenue_26w",
        "days_away >= 0",
    ],
)
def churn_features(
    lines: Annotated[pl.LazyFrame, upstream("sales", columns=COLUMNS)], horizon_weeks: int = 8
) -> pl.DataFrame:
    as_of = weeks_before(LAST_DAY, horizon_weeks)
    sold_on, revenue = pl.col("sold_on"), pl.col("sales_value")
    known = lines.filter(sold_on <= as_of, sold_on > weeks_before(as_of, 26))
    features = known.group_by("household_id").agg(
        days_away=(pl.lit(as_of) - sold_on.max()).dt.total_days(),
        trips_4w=pl.col("basket_id").filter(sold_on > weeks_before(as_of, 4)).n_unique(),
        trips_26w=pl.col("basket_id").n_unique(),
        revenue_4w=revenue.filter(sold_on > weeks_before(as_of, 4)).sum(),
        revenue_13w=revenue.filter(sold_on > weeks_before(as_of, 13)).sum(),
        revenue_26w=revenue.sum(),
        departments=pl.col("department").n_unique(),
        coupon_disc_26w=pl.col("coupon_disc").sum(),
    )
    returned = lines.filter(sold_on > as_of).select("household_id").unique().with_columns(churned=pl.lit(False))
    answered = features.join(returned, on="household_id", how="left").with_columns(pl.col("churned").fill_null(True))
    return answered.sort("household_id").collect()
