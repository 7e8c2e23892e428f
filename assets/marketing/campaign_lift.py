"""What each campaign did to the spending of the households that received it."""

import polars as pl

from assetflow import asset
from shop_dates import FIRST_DAY, LAST_DAY


@asset(
    description="Did a campaign make households spend more? Revenue per household and day while it ran, against the "
    "same number of days before, for households that received it (targeted) and for all others. Lift is the growth of "
    "the targeted over the growth of the others, so that a season that moves everybody does not count. Households "
    "were chosen for what they buy, not by lot: lift shows a difference, not proof. "
    "Campaigns without receipts for both spans are left out.",
    tags=["weekly"],
    owner="marketing@shop.example",
    unique_key=["campaign_id"],
    checks=[
        {"unique": ["campaign_id"]},
        {"relationships": {"column": "campaign_id", "to": "campaign_descriptions.campaign_id"}},
        {"not_null": ["targeted_before", "targeted_during", "others_before", "others_during"]},
        "lift > -1",
    ],
)
def campaign_lift(sales: pl.LazyFrame, campaigns: pl.DataFrame, campaign_descriptions: pl.DataFrame) -> pl.DataFrame:
    daily = sales.group_by("household_id", "sold_on").agg(revenue=pl.col("sales_value").sum()).collect()
    spans = spans_of(campaign_descriptions)
    spending = spending_in(spans, daily, campaigns)
    targeted = campaigns.group_by("campaign_id").agg(targeted=pl.col("household_id").n_unique().cast(pl.Int64))
    lifts = (
        spans.join(targeted, on="campaign_id")
        .with_columns(others=daily["household_id"].n_unique() - pl.col("targeted"))
        .join(spending, on="campaign_id")
        .with_columns(per_day(group, when) for group in ("targeted", "others") for when in ("before", "during"))
        .with_columns(lift=growth("targeted") / growth("others") - 1)
    )
    return lifts.sort("campaign_id")


def spans_of(campaign_descriptions: pl.DataFrame) -> pl.DataFrame:
    """The days of each campaign, both ends included, and the first of as many days before it."""
    days = (pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1
    return (
        campaign_descriptions.select(
            "campaign_id",
            "campaign_type",
            first_day=pl.col("start_date").dt.date(),
            last_day=pl.col("end_date").dt.date(),
        )
        .with_columns(days=days)
        .with_columns(compared_from=pl.col("first_day") - pl.duration(days=pl.col("days")))
        .filter(pl.col("compared_from") >= FIRST_DAY, pl.col("last_day") <= LAST_DAY)
    )


def spending_in(spans: pl.DataFrame, daily: pl.DataFrame, campaigns: pl.DataFrame) -> pl.DataFrame:
    """Revenue by campaign: of the targeted and of the others, before it and during it."""
    sold_on, revenue = pl.col("sold_on"), pl.col("revenue")
    is_before, is_targeted = sold_on < pl.col("first_day"), pl.col("is_targeted").fill_null(False)
    received = campaigns.unique().with_columns(is_targeted=pl.lit(True))
    return (
        daily.join_where(spans, sold_on >= pl.col("compared_from"), sold_on <= pl.col("last_day"))
        .join(received, on=["campaign_id", "household_id"], how="left")
        .group_by("campaign_id")
        .agg(
            targeted_before=revenue.filter(is_targeted & is_before).sum(),
            targeted_during=revenue.filter(is_targeted & ~is_before).sum(),
            others_before=revenue.filter(~is_targeted & is_before).sum(),
            others_during=revenue.filter(~is_targeted & ~is_before).sum(),
        )
    )


def per_day(group: str, when: str) -> pl.Expr:
    """Revenue per household and day."""
    return pl.col(f"{group}_{when}").cast(pl.Float64) / (pl.col(group) * pl.col("days"))


def growth(group: str) -> pl.Expr:
    return pl.col(f"{group}_during") / pl.col(f"{group}_before")
