"""What households are worth that redeem coupons, that only receive them, and that get none."""

import polars as pl

from assetflow import asset


@asset(
    description="Are households that redeem coupons our good ones? All households in three groups: redeemed at least "
    "one coupon of a campaign, received a campaign but redeemed nothing, received none.",
    tags=["report"],
    owner="marketing@shop.example",
    unique_key=["audience"],
    checks=[
        {"unique": ["audience"]},
        {"accepted_values": {"column": "audience", "values": ["redeemed", "received only", "not targeted"]}},
        "households > 0",
    ],
)
def redeemer_value(
    household_totals: pl.LazyFrame, campaigns: pl.LazyFrame, coupon_redemptions: pl.LazyFrame
) -> pl.LazyFrame:
    received = campaigns.select("household_id").unique().with_columns(received=True)
    redeemed = coupon_redemptions.select("household_id").unique().with_columns(redeemed=True)
    audience = (
        pl.when(pl.col("redeemed").fill_null(False))
        .then(pl.lit("redeemed"))
        .when(pl.col("received").fill_null(False))
        .then(pl.lit("received only"))
        .otherwise(pl.lit("not targeted"))
    )
    return (
        household_totals.join(received, on="household_id", how="left")
        .join(redeemed, on="household_id", how="left")
        .group_by(audience.alias("audience"))
        .agg(
            households=pl.len().cast(pl.Int64),
            trips=pl.col("trips").sum(),
            revenue=pl.col("revenue").sum(),
        )
        .with_columns(
            trips_per_household=pl.col("trips") / pl.col("households"),
            revenue_per_household=pl.col("revenue").cast(pl.Float64) / pl.col("households"),
        )
    )
