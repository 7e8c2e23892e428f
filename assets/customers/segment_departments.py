"""What each segment of households buys."""

import polars as pl

from assetflow import asset


@asset(
    description="What does each segment buy more of than others? The share of a segment's revenue that each department "
    "gets, and index: that share against the department's share of all revenue, where 100 is the average.",
    tags=["weekly"],
    owner="customers@shop.example",
    unique_key=["segment", "department"],
    checks=[{"unique": ["segment", "department"]}, "share BETWEEN 0 AND 1", {"not_null": ["index"]}],
)
def segment_departments(sales: pl.LazyFrame, rfm_segments: pl.LazyFrame) -> pl.LazyFrame:
    bought = (
        sales.group_by("household_id", "department")
        .agg(pl.col("sales_value").sum())
        .join(rfm_segments.select("household_id", "segment"), on="household_id")
        .group_by("segment", "department")
        .agg(revenue=pl.col("sales_value").sum())
        .filter(pl.col("revenue") > 0)
    )
    revenue = pl.col("revenue").cast(pl.Float64)
    total = pl.col("revenue").sum()
    share = revenue / total.over("segment").cast(pl.Float64)
    average = total.over("department").cast(pl.Float64) / total.cast(pl.Float64)
    return bought.with_columns(share=share, index=100 * share / average)
