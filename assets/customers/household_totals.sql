/* @asset
description = """
What is each household worth to us in the year? Visits (trips), days with a purchase, first and last day, revenue, and
what was given away to it. Everything about customers starts here.
"""
tags = ["nightly", "core"]
owner = "customers@shop.example"
unique_key = ["household_id"]
checks = [
  "first_sold_on <= last_sold_on",
  "shopping_days <= trips",
  { row_count = { min = 1 } },
]
*/
SELECT
    household_id,                                                    -- @not_null @unique @pii
    min(sold_on) AS first_sold_on,                                   -- @not_null
    max(sold_on) AS last_sold_on,                                    -- @not_null
    count(*) AS trips,                                               -- @not_null @min(1)
    count(DISTINCT sold_on) AS shopping_days,                        -- @not_null @min(1)
    count(DISTINCT store_id) AS stores,                              -- @not_null @min(1)
    sum(revenue)::DECIMAL(12, 2) AS revenue,                         -- @not_null @min(0)
    sum(revenue) / count(*) AS revenue_per_trip,                     -- @not_null @min(0)
    sum(private_label_revenue)::DECIMAL(12, 2) AS private_label_revenue,
    sum(retail_disc)::DECIMAL(12, 2) AS retail_disc,                 -- @min(0)
    sum(coupon_disc)::DECIMAL(12, 2) AS coupon_disc,                 -- @min(0)
    count(*) FILTER (WHERE coupon_disc > 0) AS trips_with_coupon     -- @min(0)
FROM baskets
GROUP BY household_id
