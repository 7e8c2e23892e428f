"""The rhythm in which each household shops."""

from assetflow import asset
from shop_dates import LAST_DAY


@asset(
    description="How long does each household usually stay away? Days between one shopping day and the next, for "
    "households with at least two shopping days. A household that is away for longer than its longest gap is leaving.",
    tags=["weekly"],
    owner="customers@shop.example",
    unique_key=["household_id"],
    checks=[{"unique": ["household_id"]}, "median_gap <= longest_gap", {"min": {"column": "median_gap", "value": 1}}],
)
def trip_gaps(baskets):
    days = baskets.aggregate("household_id, sold_on", "household_id, sold_on")
    gaps = days.project(
        "household_id, sold_on, sold_on - lag(sold_on) OVER (PARTITION BY household_id ORDER BY sold_on) AS gap"
    )
    return gaps.aggregate(
        f"""
        household_id,
        count(*) AS shopping_days,
        median(gap) AS median_gap,
        max(gap) AS longest_gap,
        DATE '{LAST_DAY}' - max(sold_on) AS days_away
        """,
        "household_id",
    ).filter("shopping_days >= 2")
