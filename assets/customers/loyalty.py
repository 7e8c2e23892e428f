"""Which households belong to the loyalty programme's tiers."""

import polars as pl

from assetflow import asset


@asset(
    description="Which households should be in the loyalty programme? Silver from min_spend dollars of revenue in the "
    "year, gold from gold_factor times as much. Age and income are empty for households that never told us.",
    tags=["nightly"],
    owner="customers@shop.example",
    unique_key=["household_id"],
    checks=[
        {"unique": ["household_id"]},
        {"accepted_values": {"column": "tier", "values": ["silver", "gold"]}},
        "revenue > 0",
    ],
)
def loyalty(
    sales: pl.LazyFrame, households: pl.LazyFrame, min_spend: float = 1000.0, gold_factor: float = 4.0
) -> pl.LazyFrame:
    spending = sales.group_by("household_id").agg(
        trips=pl.col("basket_id").n_unique(),
        revenue=pl.col("sales_value").sum(),
    )
    spent = pl.col("revenue").cast(pl.Float64)
    members = spending.filter(spent >= min_spend).with_columns(
        tier=pl.when(spent >= min_spend * gold_factor).then(pl.lit("gold")).otherwise(pl.lit("silver"))
    )
    return members.join(households.select("household_id", "age", "income"), on="household_id", how="left")
