"""The shop's published figures, against the same figures worked out from the Parquet files by another route.

Here everything is pandas and numpy, with money as whole cents; the shop uses SQL, Polars and Arrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

# One build and one reading of the files serve all tests of this file, so they go to one worker.
pytestmark = pytest.mark.xdist_group("shop")

Shop = duckdb.DuckDBPyConnection
Raw = Callable[[str], pd.DataFrame]


def rows(shop: Shop, sql: str) -> list[tuple[Any, ...]]:
    return shop.sql(sql).fetchall()


def tuples(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(frame.itertuples(index=False, name=None))


def assert_same(published: Sequence[tuple[Any, ...]], expected: Sequence[tuple[Any, ...]]) -> None:
    """The same rows in the same order; fractions up to rounding, and everything else to the last digit."""
    assert len(published) == len(expected)
    for ours, theirs in zip(published, expected, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert a == (pytest.approx(b, rel=1e-9) if isinstance(b, float) else b), (ours, theirs)


# sales


def test_every_receipt_line_is_sold_once_and_revenue_ties_with_the_files(
    shop: Shop, raw: Raw, lines: pd.DataFrame
) -> None:
    [(count, revenue, fuel, units)] = rows(
        shop, "SELECT count(*), sum(sales_value)::VARCHAR, count(*) FILTER (WHERE is_fuel), sum(units) FROM sales"
    )
    assert count == len(raw("transactions")) == 1_469_307
    assert revenue == "4596039.58"
    assert fuel == int(lines["is_fuel"].sum()) == 14_697
    assert units == int(lines["units"].sum())


@pytest.mark.parametrize(
    ("basket", "received", "regular", "paid"),
    [
        (35730137393, "1.67", "1.67", "1.67"),
        (31672240446, "3.34", "3.70", "3.34"),
        (36027750817, "2.89", "3.34", "2.34"),
    ],
)
def test_prices_follow_the_three_examples_of_the_guide(
    shop: Shop, basket: int, received: str, regular: str, paid: str
) -> None:
    columns = "sales_value::VARCHAR, regular_value::VARCHAR, customer_paid::VARCHAR"
    sql = f"SELECT {columns} FROM sales WHERE basket_id = {basket} AND product_id = 819063"
    assert rows(shop, sql) == [(received, regular, paid)]


def test_weeks_run_from_monday_to_sunday_in_store_time(shop: Shop, lines: pd.DataFrame) -> None:
    week = "1 + (date_trunc('week', sold_on)::DATE - DATE '2016-12-26') // 7"
    assert rows(shop, f"SELECT count(*) FROM sales WHERE week <> {week} OR sold_on <> sold_at::DATE") == [(0,)]
    assert rows(shop, "SELECT min(sold_on), max(sold_on) FROM sales") == [(date(2017, 1, 1), date(2017, 12, 31))]
    first = lines["sold_at"].min().to_pydatetime()
    assert rows(shop, "SELECT min(sold_at) FROM sales") == [(first,)]


def test_weekly_revenue_by_department(shop: Shop, lines: pd.DataFrame) -> None:
    frame = lines.assign(regular=lines["sales_value"] + lines["retail_disc"] + lines["coupon_match_disc"])
    expected = frame.groupby(["week", "department"], as_index=False).agg(
        cents=("sales_value", "sum"),
        regular=("regular", "sum"),
        baskets=("basket_id", "nunique"),
        households=("household_id", "nunique"),
    )
    published = rows(
        shop,
        "SELECT week, department, (revenue * 100)::BIGINT, (regular_value * 100)::BIGINT, baskets, households"
        " FROM sales_by_week ORDER BY week, department",
    )
    assert published == tuples(expected.sort_values(["week", "department"]))


def test_growth_against_the_week_before(shop: Shop, lines: pd.DataFrame) -> None:
    grocery = lines.query("department == 'GROCERY' and week >= 2").groupby("week")["sales_value"].sum()
    expected = [(week, float(growth)) for week, growth in grocery.pct_change().items() if week > 2]
    sql = "SELECT week, growth FROM week_on_week WHERE department = 'GROCERY' AND week > 2 ORDER BY week"
    assert_same(rows(shop, sql), expected)


def test_baskets(shop: Shop, receipts: pd.DataFrame) -> None:
    assert len(receipts) == 155_848
    sql = "SELECT basket_id, household_id, store_id, lines, (revenue * 100)::BIGINT FROM baskets ORDER BY basket_id"
    columns = ["basket_id", "household_id", "store_id", "lines", "cents"]
    assert rows(shop, sql) == tuples(receipts.sort_values("basket_id")[columns])


def test_basket_sizes(shop: Shop, receipts: pd.DataFrame) -> None:
    labels = ["1", "2-3", "4-7", "8-15", "16-31", "32+"]
    bands = pd.cut(receipts["lines"], [0, 1, 3, 7, 15, 31, 10_000], labels=labels)
    grouped = receipts.groupby(bands, observed=True)["cents"]
    total = receipts["cents"].sum()
    expected = [
        (band, len(cents), int(cents.sum()), len(cents) / len(receipts), float(cents.sum() / total))
        for band, cents in grouped
    ]
    sql = "SELECT lines_band, baskets, (revenue * 100)::BIGINT, share_of_baskets, share_of_revenue FROM basket_sizes"
    assert_same(rows(shop, f"{sql} ORDER BY fewest_lines"), expected)


def test_shopping_hours(shop: Shop, receipts: pd.DataFrame) -> None:
    frame = receipts.assign(weekday=receipts["day"].dt.day_of_week + 1, hour=receipts["sold_at"].dt.hour)
    open_days = frame.groupby("weekday")["day"].nunique()
    expected = [
        (weekday, hour, len(group), len(group) / open_days[weekday], float(group["lines"].mean()))
        for (weekday, hour), group in frame.groupby(["weekday", "hour"])
    ]
    sql = "SELECT weekday, hour, baskets, baskets_per_day, lines_per_basket FROM shopping_hours ORDER BY weekday, hour"
    assert_same(rows(shop, sql), expected)


def test_store_performance(shop: Shop, receipts: pd.DataFrame) -> None:
    grouped = receipts.groupby("store_id", as_index=False)
    stores = grouped.agg(baskets=("lines", "size"), households=("household_id", "nunique"), cents=("cents", "sum"))
    stores = stores.sort_values(["cents", "store_id"], ascending=[False, True])
    expected = [(rank, *row) for rank, row in enumerate(tuples(stores), start=1)]
    columns = "rank, store_id, baskets, households, (revenue * 100)::BIGINT"
    assert rows(shop, f"SELECT {columns} FROM store_performance ORDER BY rank") == expected


def test_private_label_share(shop: Shop, lines: pd.DataFrame) -> None:
    branded = lines[lines["brand"].notna() & ~lines["is_fuel"]]
    cents = branded.pivot_table(index="department", columns="brand", values="sales_value", aggfunc="sum", fill_value=0)
    cents = cents[cents.sum(axis=1) >= 100_000]
    expected = list((cents["Private"] / cents.sum(axis=1)).items())
    sql = "SELECT department, private_label_share FROM private_label_share ORDER BY department"
    assert_same(rows(shop, sql), expected)


def test_product_affinity(shop: Shop, lines: pd.DataFrame) -> None:
    is_known = lines["product_category"].notna() & (lines["product_category"] != "COUPON/MISC ITEMS")
    contents = lines.loc[is_known & ~lines["is_fuel"], ["basket_id", "product_category"]].drop_duplicates()
    baskets = contents.groupby("product_category")["basket_id"].agg(set)
    everything = contents["basket_id"].nunique()
    frequent = sorted(category for category, held in baskets.items() if len(held) >= 500)
    for a, b in [("CAT FOOD", "CAT LITTER"), ("BEEF", "SALAD MIX"), ("BAKED BREAD/BUNS/ROLLS", "FLUID MILK PRODUCTS")]:
        both = len(baskets[a] & baskets[b])
        expected = (both, both / len(baskets[a]), both * everything / (len(baskets[a]) * len(baskets[b])))
        condition = f"category_a = '{a}' AND category_b = '{b}'"
        assert_same(rows(shop, f"SELECT baskets, confidence, lift FROM product_affinity WHERE {condition}"), [expected])
    cat_food = [b for b in frequent if b > "CAT FOOD" and len(baskets["CAT FOOD"] & baskets[b]) >= 500]
    sql = "SELECT category_b FROM product_affinity WHERE category_a = 'CAT FOOD' ORDER BY category_b"
    assert rows(shop, sql) == [(category,) for category in cat_food]


# customers


def test_household_totals(shop: Shop, households: pd.DataFrame) -> None:
    assert len(households) == 2_469
    columns = "household_id, trips, shopping_days, (revenue * 100)::BIGINT"
    assert rows(shop, f"SELECT {columns} FROM household_totals ORDER BY household_id") == tuples(
        households[["household_id", "trips", "days", "cents"]]
    )
    first_and_last = rows(shop, "SELECT first_sold_on, last_sold_on FROM household_totals ORDER BY household_id")
    assert first_and_last == [(a.date(), b.date()) for a, b in tuples(households[["first", "last"]])]


def test_household_profiles(shop: Shop, raw: Raw, households: pd.DataFrame) -> None:
    known = households.merge(raw("demographics"), on="household_id", validate="one_to_one")
    assert len(known) == 801
    grouped = known.groupby(["age", "income"], as_index=False)
    expected = grouped.agg(households=("cents", "size"), cents=("cents", "sum"))
    sql = "SELECT age, income, households, (revenue * 100)::BIGINT FROM household_profiles ORDER BY age, income"
    assert rows(shop, sql) == tuples(expected.sort_values(["age", "income"]))


def test_rfm_scores_are_fifths_in_which_ties_share_the_better_one(shop: Shop, households: pd.DataFrame) -> None:
    frame = households.copy()
    for column, score in [("last", "recency"), ("trips", "frequency"), ("cents", "value")]:
        ordered = np.sort(frame[column].to_numpy())
        not_better = np.searchsorted(ordered, frame[column].to_numpy(), side="right")
        frame[score] = np.ceil(5 * not_better / len(frame)).astype(int)
    sql = "SELECT household_id, recency, frequency, value FROM rfm_segments ORDER BY household_id"
    assert rows(shop, sql) == tuples(frame[["household_id", "recency", "frequency", "value"]])


@pytest.mark.parametrize(
    ("segment", "rule"),
    [
        ("at risk", lambda r, f, v: r <= 2 and v >= 4),
        ("lapsed", lambda r, f, v: r <= 2 and v < 4),
        ("champion", lambda r, f, v: r > 2 and f >= 4 and v >= 4),
        ("loyal", lambda r, f, v: r > 2 and (f == 3 or (f > 3 and v < 4))),
        ("occasional", lambda r, f, v: r > 2 and f < 3),
    ],
)
def test_segments_follow_their_description(shop: Shop, segment: str, rule: Callable[[int, int, int], bool]) -> None:
    scored = rows(shop, "SELECT household_id, recency, frequency, value, segment FROM rfm_segments")
    members = {household for household, *_, named in scored if named == segment}
    assert members == {household for household, r, f, v, _ in scored if rule(r, f, v)}
    assert members


def test_loyalty_tiers(shop: Shop, raw: Raw, households: pd.DataFrame) -> None:
    frame = households.query("cents >= 100_000").merge(raw("demographics"), on="household_id", how="left")
    tiers = ["gold" if cents >= 400_000 else "silver" for cents in frame["cents"]]
    assert (tiers.count("gold"), tiers.count("silver")) == (301, 1_077)
    ages = [age if isinstance(age, str) else None for age in frame["age"]]
    expected = list(zip(frame["household_id"], frame["trips"], frame["cents"], tiers, ages, strict=True))
    sql = "SELECT household_id, trips, (revenue * 100)::BIGINT, tier, age FROM loyalty ORDER BY household_id"
    assert rows(shop, sql) == expected


def test_spending_trend(shop: Shop, receipts: pd.DataFrame) -> None:
    halves = receipts.query("week >= 2").assign(after=lambda frame: frame["week"] >= 28)
    cents = halves.pivot_table(index="household_id", columns="after", values="cents", aggfunc="sum", fill_value=0)
    cents = cents[cents.sum(axis=1) > 0]

    def trend(before: int, after: int) -> str:
        if before == 0 or after == 0:
            return "new" if before == 0 else "gone"
        return "more" if 10 * after > 11 * before else "less" if 10 * after < 9 * before else "steady"

    expected = [(household, trend(before, after)) for household, before, after in cents.itertuples()]
    assert rows(shop, "SELECT household_id, trend FROM spending_trend ORDER BY household_id") == expected


def test_trip_gaps(shop: Shop, receipts: pd.DataFrame) -> None:
    expected = []
    for household, days in receipts.groupby("household_id")["day"]:
        gaps = np.diff(np.sort(days.unique())) / np.timedelta64(1, "D")
        if len(gaps):
            away = (pd.Timestamp(2017, 12, 31) - days.max()).days
            expected.append((household, len(gaps) + 1, float(np.median(gaps)), int(gaps.max()), away))
    sql = "SELECT household_id, shopping_days, median_gap, longest_gap, days_away FROM trip_gaps ORDER BY household_id"
    assert_same(rows(shop, sql), expected)


def test_churn_features_look_only_at_the_weeks_before(shop: Shop, receipts: pd.DataFrame) -> None:
    as_of = pd.Timestamp(2017, 11, 5)
    before, after = receipts[receipts["day"] <= as_of], receipts[receipts["day"] > as_of]
    scored = before[before["day"] > as_of - pd.Timedelta(weeks=26)]
    recent = scored[scored["day"] > as_of - pd.Timedelta(weeks=4)].groupby("household_id")["cents"].sum()
    grouped = scored.groupby("household_id")
    expected = grouped.agg(last=("day", "max"), trips=("lines", "size"), cents=("cents", "sum")).reset_index()
    expected["away"] = (as_of - expected["last"]).dt.days
    expected["recent"] = expected["household_id"].map(recent).fillna(0).astype(int)
    expected["churned"] = ~expected["household_id"].isin(after["household_id"])
    sql = """
        SELECT household_id, days_away, trips_26w, (revenue_26w * 100)::BIGINT, (revenue_4w * 100)::BIGINT, churned
        FROM churn_features ORDER BY household_id
    """
    assert rows(shop, sql) == tuples(expected[["household_id", "away", "trips", "cents", "recent", "churned"]])


def test_segment_departments(shop: Shop, lines: pd.DataFrame) -> None:
    segments = dict(rows(shop, "SELECT household_id, segment FROM rfm_segments"))
    bought = lines.assign(segment=lines["household_id"].map(segments))
    cents = bought.pivot_table(index="segment", columns="department", values="sales_value", aggfunc="sum", fill_value=0)
    share = cents.div(cents.sum(axis=1), axis=0)
    index = 100 * share / (cents.sum() / cents.to_numpy().sum())
    expected = [
        (segment, department, float(share.loc[segment, department]), float(index.loc[segment, department]))
        for segment in cents.index
        for department in cents.columns
        if cents.loc[segment, department] > 0
    ]
    sql = "SELECT segment, department, share, index FROM segment_departments ORDER BY segment, department"
    assert_same(rows(shop, sql), expected)


# marketing


def test_campaign_reach(shop: Shop, raw: Raw) -> None:
    reached = raw("campaigns").groupby("campaign_id")["household_id"].nunique()
    redeemed = raw("coupon_redemptions").groupby("campaign_id")["household_id"].agg(["size", "nunique"])
    redeemed = redeemed.reindex(reached.index, fill_value=0)
    expected = [
        (campaign, households, *(int(count) for count in redeemed.loc[campaign]))
        for campaign, households in reached.items()
    ]
    assert sum(redemptions for _, _, redemptions, _ in expected) == 2_102
    columns = "campaign_id, households, redemptions, households_redeeming"
    assert rows(shop, f"SELECT {columns} FROM campaign_reach ORDER BY campaign_id") == expected


def test_coupon_redemption(shop: Shop, raw: Raw) -> None:
    keys = ["campaign_id", "coupon_upc"]
    coupons = raw("coupons").groupby(keys)["product_id"].nunique().rename("products").reset_index()
    redeemed = raw("coupon_redemptions").groupby(keys)["household_id"].agg(redemptions="size", redeeming="nunique")
    expected = coupons.merge(redeemed.reset_index(), on=keys, how="left").fillna(0).astype(int).sort_values(keys)
    sql = "SELECT campaign_id, coupon_upc, products, redemptions, households_redeeming FROM coupon_redemption"
    assert rows(shop, f"{sql} ORDER BY campaign_id, coupon_upc") == tuples(expected)


def test_campaign_lift(shop: Shop, raw: Raw, receipts: pd.DataFrame) -> None:
    targets = raw("campaigns").groupby("campaign_id")["household_id"].agg(set)
    expected = []
    for campaign in raw("campaign_descriptions").sort_values("campaign_id").itertuples():
        days = (campaign.end_date - campaign.start_date).days + 1
        before = campaign.start_date - pd.Timedelta(days=days)
        if before < pd.Timestamp(2017, 1, 1) or campaign.end_date > pd.Timestamp(2017, 12, 31):
            continue
        during = receipts[receipts["day"].between(campaign.start_date, campaign.end_date)]
        earlier = receipts[(receipts["day"] >= before) & (receipts["day"] < campaign.start_date)]
        received = targets[campaign.campaign_id]
        cents = [
            float(frame.loc[frame["household_id"].isin(received) == is_targeted, "cents"].sum())
            for is_targeted in (True, False)
            for frame in (earlier, during)
        ]
        per_day = cents[0] / 100 / len(received) / days
        expected.append((campaign.campaign_id, per_day, (cents[1] / cents[0]) / (cents[3] / cents[2]) - 1))
    assert len(expected) == 18
    published = rows(shop, "SELECT campaign_id, targeted_before, lift FROM campaign_lift ORDER BY campaign_id")
    assert_same([row[:2] for row in published], [row[:2] for row in expected])
    assert [row[2] for row in published] == pytest.approx([row[2] for row in expected], abs=1e-9)


def test_coupon_savings(shop: Shop, lines: pd.DataFrame) -> None:
    cents = lines.groupby("week")[["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]].sum()
    given_up = cents["retail_disc"] + cents["coupon_match_disc"]
    rates = given_up / (cents["sales_value"] + given_up)
    expected = [(*row, float(rate)) for row, rate in zip(tuples(cents.reset_index()), rates, strict=True)]
    columns = ["revenue", "loyalty_cost", "manufacturer_paid", "match_cost"]
    money = ", ".join(f"({column} * 100)::BIGINT" for column in columns)
    assert_same(rows(shop, f"SELECT week, {money}, own_discount_rate FROM coupon_savings ORDER BY week"), expected)


def test_redeemer_value(shop: Shop, raw: Raw, households: pd.DataFrame) -> None:
    redeemed = set(raw("coupon_redemptions")["household_id"])
    received = set(raw("campaigns")["household_id"]) - redeemed
    audiences = [
        "redeemed" if household in redeemed else "received only" if household in received else "not targeted"
        for household in households["household_id"]
    ]
    grouped = households.groupby(pd.Series(audiences, name="audience"))
    expected = grouped.agg(households=("cents", "size"), trips=("trips", "sum"), cents=("cents", "sum")).reset_index()
    sql = "SELECT audience, households, trips, (revenue * 100)::BIGINT FROM redeemer_value ORDER BY audience"
    assert rows(shop, sql) == tuples(expected)


def test_promotion_calendar(shop: Shop, placements: pd.DataFrame) -> None:
    both = placements.assign(both=placements["displayed"] & placements["mailed"])
    both["front"] = both["mailer_location"] == "D"
    grouped = both.groupby("week")
    expected = grouped[["displayed", "mailed", "both", "front"]].sum()
    expected.insert(0, "placements", grouped.size())
    expected.insert(1, "products", grouped["product_id"].nunique())
    assert int(expected["placements"].sum()) == 20_940_529
    columns = "week, placements, products, displayed, mailed, displayed_and_mailed, on_front_page"
    assert rows(shop, f"SELECT {columns} FROM promotion_calendar ORDER BY week") == tuples(expected.reset_index())


def test_promotion_effect(shop: Shop, raw: Raw, lines: pd.DataFrame, placements: pd.DataFrame) -> None:
    # One row for each product, store and week in which the product was sold or promoted, however often.
    keys = ["product_id", "store_id", "week"]
    sold = lines.query("week >= 2").groupby(keys)["sales_value"].sum().rename("cents").reset_index()
    pairs = sold[keys[:2]].drop_duplicates()
    placed = placements.query("week >= 2")[[*keys, "displayed", "mailed"]].merge(pairs, on=keys[:2])
    placed = placed.groupby(keys, as_index=False)[["displayed", "mailed"]].any()
    sold = sold.merge(placed[keys[:2]].drop_duplicates(), on=keys[:2])
    weeks = placed.merge(sold, on=keys, how="outer").fillna({"displayed": False, "mailed": False, "cents": 0})
    kinds = np.array(["plain", "display", "mailer", "display and mailer"])
    weeks["promotion"] = kinds[weeks["displayed"].astype(int) + 2 * weeks["mailed"].astype(int)]

    # A week without sale or promotion has no row, so plain weeks are what remains of the 52.
    by_kind = weeks.groupby([*keys[:2], "promotion"])["cents"].agg(["size", "sum"]).unstack(fill_value=0)
    plain_weeks = 52 - sum(by_kind["size", kind] for kind in kinds[1:])
    has_plain = plain_weeks > 0
    by_kind, plain_weeks = by_kind[has_plain], plain_weeks[has_plain]
    departments = by_kind.reset_index()["product_id"].map(raw("products").set_index("product_id")["department"])
    expected = []
    for kind in kinds[1:]:
        result = pd.DataFrame(
            {
                "department": departments.fillna("UNKNOWN").to_numpy(),
                "weeks": by_kind["size", kind].to_numpy(),
                "cents": by_kind["sum", kind].to_numpy(),
                "expected": (by_kind["sum", "plain"] * by_kind["size", kind] / plain_weeks).to_numpy() / 100,
            }
        )
        totals = result.groupby("department").sum().query("weeks >= 1000")
        expected += [(name, kind, int(row.weeks), int(row.cents), row.expected) for name, row in totals.iterrows()]
    columns = "department, promotion, store_weeks, (revenue * 100)::BIGINT, expected_revenue::DOUBLE, lift"
    published, expected = sorted(rows(shop, f"SELECT {columns} FROM promotion_effect")), sorted(expected)
    assert [row[:4] for row in published] == [row[:4] for row in expected]
    # The shop rounds what it expects of a product in a store to a millionth of a dollar.
    assert [row[4] for row in published] == pytest.approx([row[4] for row in expected], abs=0.01)
    lifts = [cents / 100 / revenue - 1 for _, _, _, cents, revenue in expected]
    assert [row[5] for row in published] == pytest.approx(lifts, rel=1e-4)
