"""Every household in one segment, by how lately, how often and for how much it buys."""

import polars as pl

from assetflow import asset, check

SEGMENTS = ["champion", "loyal", "occasional", "at risk", "lapsed"]


@asset(
    description="Who are our best customers, and whom are we losing? Recency, frequency (trips) and value (revenue) "
    "are each scored 1 to 5 by fifths of all households, 5 is best; equal households get the same, better score. "
    "At risk: high value but not seen lately. Lapsed: not seen lately. Champion: recent, frequent and of high value. "
    "Loyal: recent and at least of middling frequency. Occasional: everybody else.",
    tags=["nightly"],
    owner="customers@shop.example",
    unique_key=["household_id"],
    checks=[
        {"unique": ["household_id"]},
        {"accepted_values": {"column": "segment", "values": SEGMENTS}},
        {"relationships": {"column": "household_id", "to": "household_totals.household_id"}},
        "recency BETWEEN 1 AND 5 AND frequency BETWEEN 1 AND 5 AND value BETWEEN 1 AND 5",
    ],
)
def rfm_segments(household_totals: pl.LazyFrame) -> pl.LazyFrame:
    scored = household_totals.select(
        "household_id",
        "last_sold_on",
        "trips",
        "revenue",
        recency=fifth("last_sold_on"),
        frequency=fifth("trips"),
        value=fifth("revenue"),
    )
    return scored.with_columns(segment=segment())


def fifth(column: str) -> pl.Expr:
    """1 to 5 by rank; ties share the better score, so that equal households are treated alike."""
    return (pl.col(column).rank("max").cast(pl.Int64) * 5 - 1) // pl.len().cast(pl.Int64) + 1


def segment() -> pl.Expr:
    """The first rule that fits names the segment."""
    is_away, is_valuable = pl.col("recency") <= 2, pl.col("value") >= 4
    return (
        pl.when(is_away & is_valuable)
        .then(pl.lit("at risk"))
        .when(is_away)
        .then(pl.lit("lapsed"))
        .when((pl.col("frequency") >= 4) & is_valuable)
        .then(pl.lit("champion"))
        .when(pl.col("frequency") >= 3)
        .then(pl.lit("loyal"))
        .otherwise(pl.lit("occasional"))
    )


@check("rfm_segments")
def every_household_has_a_segment(rfm_segments: pl.LazyFrame, household_totals: pl.LazyFrame) -> pl.LazyFrame:
    return household_totals.select("household_id").join(rfm_segments, on="household_id", how="anti")
