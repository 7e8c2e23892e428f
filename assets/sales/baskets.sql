/* @asset
description = """
What is on one receipt? One row for each visit to a till: who, where, when, how many different products (lines),
and what it came to. basket_id is one household in one store at one moment.
"""
tags = ["nightly", "core"]
owner = "sales@shop.example"
unique_key = ["basket_id"]
checks = [
  "revenue >= private_label_revenue",
  "lines >= 1",
]
*/
SELECT
    basket_id,                                                       -- @not_null @unique
    household_id,                                                    -- @not_null @pii
    store_id,                                                        -- @not_null
    week,                                                            -- @not_null
    sold_at,                                                         -- @not_null
    sold_on,                                                         -- @not_null
    count(*) AS lines,                                               -- @not_null
    sum(units)::BIGINT AS units,                                     -- @min(0)
    count(DISTINCT department) AS departments,                       -- @min(1)
    sum(sales_value)::DECIMAL(12, 2) AS revenue,                     -- @not_null @min(0)
    coalesce(sum(sales_value) FILTER (WHERE brand = 'Private'), 0)::DECIMAL(12, 2) AS private_label_revenue,
    sum(retail_disc)::DECIMAL(12, 2) AS retail_disc,                 -- @not_null @min(0)
    sum(coupon_disc)::DECIMAL(12, 2) AS coupon_disc,                 -- @not_null @min(0)
    sum(coupon_match_disc)::DECIMAL(12, 2) AS coupon_match_disc,     -- @not_null @min(0)
    bool_or(is_fuel) AS has_fuel                                     -- @not_null
FROM sales
GROUP BY basket_id, household_id, store_id, week, sold_at, sold_on
