"""What households save, and who pays for it."""

from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc

from assetflow import asset, upstream

COLUMNS = ["week", "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc", "regular_value"]


@asset(
    description="What do discounts cost each week, and who pays? loyalty_cost and match_cost are given up by us; "
    "manufacturer_paid is what manufacturers pay back for their coupons. own_discount_rate is what we give up, "
    "as a share of the shelf price.",
    tags=["report"],
    owner="marketing@shop.example",
    unique_key=["week"],
    checks=[
        {"unique": ["week"]},
        {"row_count": {"min": 53, "max": 53}},
        {"max": {"column": "own_discount_rate", "value": 0.5}},
        "revenue + loyalty_cost + match_cost = regular_value",
    ],
)
def coupon_savings(lines: Annotated[pa.Table, upstream("sales", columns=COLUMNS)]) -> pa.Table:
    sums = lines.group_by("week").aggregate([(column, "sum") for column in COLUMNS[1:]]).sort_by("week")
    money = {column: pc.cast(sums[f"{column}_sum"], pa.decimal128(12, 2)) for column in COLUMNS[1:]}
    given_up = pc.cast(pc.add(money["retail_disc"], money["coupon_match_disc"]), pa.float64())
    return pa.table(
        {
            "week": sums["week"],
            "revenue": money["sales_value"],
            "regular_value": money["regular_value"],
            "loyalty_cost": money["retail_disc"],
            "match_cost": money["coupon_match_disc"],
            "manufacturer_paid": money["coupon_disc"],
            "own_discount_rate": pc.divide(given_up, pc.cast(money["regular_value"], pa.float64())),
        }
    )
