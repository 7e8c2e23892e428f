/* @asset
description = """
What was sold: one row for each product on each receipt, with its department and brand.
sales_value is what the retailer receives, so it is already less the loyalty discount (retail_disc) and the retailer's
match of a coupon (coupon_match_disc), but not less the manufacturer's coupon (coupon_disc), which the manufacturer
pays back. regular_value is what the shelf price would have brought, customer_paid what the household handed over;
a coupon is booked on one line and may be worth more than that line, so customer_paid can be negative there.
sold_at is store time (New York); the receipts come in UTC, while the retailer's week runs from Monday to Sunday in store time.
Fuel is counted in thousandths of a gallon or not at all, so units is empty for it. Products missing from the product
list (mostly coupons without goods) stay, in department UNKNOWN, so that revenue ties with the tills.
"""
tags = ["nightly", "core"]
owner = "sales@shop.example"
unique_key = ["basket_id", "product_id"]
checks = [
  { unique = ["basket_id", "product_id"] },
  { row_count = { min = 1_000_000 } },
  { freshness = { column = "sold_at", within = "10000 days" } },
  "regular_value >= sales_value",
  "units IS NULL OR NOT is_fuel",
  { expression = "customer_paid > -60", severity = "warn", name = "coupon_is_plausible" },
]
*/
WITH receipts AS (
    SELECT
        household_id, store_id, basket_id, product_id, week, quantity,
        transaction_timestamp AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS sold_at,
        sales_value::DECIMAL(12, 2) AS sales_value,
        retail_disc::DECIMAL(12, 2) AS retail_disc,
        coupon_disc::DECIMAL(12, 2) AS coupon_disc,
        coupon_match_disc::DECIMAL(12, 2) AS coupon_match_disc
    FROM transactions
)
SELECT
    basket_id,                                                         -- @not_null
    household_id,                                                      -- @not_null @pii
    store_id,                                                          -- @not_null
    product_id,                                                        -- @not_null
    week,                                                              -- @not_null @min(1) @max(53)
    sold_at,                                                           -- @not_null
    sold_at::DATE AS sold_on,                                          -- @not_null
    coalesce(department, 'UNKNOWN') AS department,                     -- @not_null
    product_category,
    product_type,
    brand,                                                             -- @accepted_values('National', 'Private')
    coalesce(product_type = 'GASOLINE-REG UNLEADED', false) AS is_fuel, -- @not_null
    quantity,                                                          -- @not_null @min(0)
    CASE WHEN product_type IS DISTINCT FROM 'GASOLINE-REG UNLEADED' THEN quantity END AS units, -- @min(0)
    sales_value,                                                       -- @not_null @min(0)
    retail_disc,                                                       -- @not_null @min(0)
    coupon_disc,                                                       -- @not_null @min(0)
    coupon_match_disc,                                                 -- @not_null @min(0)
    (sales_value + retail_disc + coupon_match_disc)::DECIMAL(12, 2) AS regular_value, -- @not_null @min(0)
    (sales_value - coupon_disc)::DECIMAL(12, 2) AS customer_paid       -- @not_null
FROM receipts
LEFT JOIN products USING (product_id)
