/* @asset
description = """
How much does each department sell each week? Revenue is what the retailer receives; discount_rate is the share of
the shelf price given away by the loyalty card and by matching coupons. Week 1 is a single Sunday.
"""
tags = ["nightly", "report"]
owner = "sales@shop.example"
unique_key = ["week", "department"]
checks = [
  { unique = ["week", "department"] },
  "regular_value >= revenue",
]
*/
SELECT
    week,                                                            -- @not_null @min(1) @max(53)
    department,                                                      -- @not_null
    sum(sales_value)::DECIMAL(12, 2) AS revenue,                     -- @not_null @min(0)
    sum(regular_value)::DECIMAL(12, 2) AS regular_value,             -- @not_null
    1 - sum(sales_value) / nullif(sum(regular_value), 0) AS discount_rate, -- @min(0) @max(1)
    sum(units)::BIGINT AS units,                                     -- @min(0)
    count(DISTINCT basket_id) AS baskets,                            -- @not_null @min(1)
    count(DISTINCT household_id) AS households                       -- @not_null @min(1)
FROM sales
GROUP BY week, department
