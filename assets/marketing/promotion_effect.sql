/* @asset
description = """
Do displays and mailers sell? Revenue of each product in each store in its promoted weeks, against what the same product
brought in the same store in weeks without promotion (expected_revenue: its average plain week, times its promoted
weeks). lift 0.5 means half as much again. Price cuts that come with a promotion are part of its effect. Only full weeks
count, and only products that the store sold to our households, with at least one week without promotion. A product
that was on the shelf for part of the year only makes lift look larger. Departments with fewer than 1,000 promoted
store-weeks of a kind are left out, because a single purchase would decide.
"""
tags = ["weekly", "heavy"]
owner = "marketing@shop.example"
unique_key = ["department", "promotion"]
checks = [
  { unique = ["department", "promotion"] },
  "lift > -1",
]
*/
WITH placed AS (
    -- One bit a week turns 20 million placements into one row for each product and store.
    SELECT
        product_id, store_id,
        bit_or(CASE WHEN display_location NOT IN ('0', 'A') THEN 1::BIGINT << week ELSE 0 END) AS display_weeks,
        bit_or(CASE WHEN mailer_location <> '0' THEN 1::BIGINT << week ELSE 0 END) AS mailer_weeks
    FROM promotions
    WHERE week >= 2
    GROUP BY product_id, store_id
),
sold AS (
    SELECT
        department, product_id, store_id,
        bit_count(display_weeks & ~mailer_weeks) AS display_only,
        bit_count(mailer_weeks & ~display_weeks) AS mailer_only,
        bit_count(display_weeks & mailer_weeks) AS both_ways,
        52 - bit_count(display_weeks | mailer_weeks) AS plain,
        coalesce(sum(sales_value) FILTER (WHERE display_weeks & ~mailer_weeks & week_bit <> 0), 0) AS display_revenue,
        coalesce(sum(sales_value) FILTER (WHERE mailer_weeks & ~display_weeks & week_bit <> 0), 0) AS mailer_revenue,
        coalesce(sum(sales_value) FILTER (WHERE display_weeks & mailer_weeks & week_bit <> 0), 0) AS both_revenue,
        coalesce(sum(sales_value) FILTER (WHERE (display_weeks | mailer_weeks) & week_bit = 0), 0) AS plain_revenue
    FROM (
        SELECT department, product_id, store_id, sales_value, 1::BIGINT << week AS week_bit
        FROM sales
        WHERE week >= 2
    )
    JOIN placed USING (product_id, store_id)
    GROUP BY department, product_id, store_id, display_weeks, mailer_weeks
),
compared AS (
    SELECT department, product_id, plain_revenue, plain, 'display' AS promotion, display_only AS weeks, display_revenue AS revenue
    FROM sold
    UNION ALL
    SELECT department, product_id, plain_revenue, plain, 'mailer', mailer_only, mailer_revenue FROM sold
    UNION ALL
    SELECT department, product_id, plain_revenue, plain, 'display and mailer', both_ways, both_revenue FROM sold
)
SELECT
    department,                                                      -- @not_null
    promotion,                     -- @not_null @accepted_values('display', 'mailer', 'display and mailer')
    count(DISTINCT product_id) AS products,                          -- @min(1)
    sum(weeks)::BIGINT AS store_weeks,                               -- @min(1000)
    sum(revenue)::DECIMAL(12, 2) AS revenue,                         -- @not_null @min(0)
    sum((plain_revenue * weeks / plain)::DECIMAL(18, 6))::DECIMAL(18, 6) AS expected_revenue, -- @min(0)
    sum(revenue) / nullif(sum((plain_revenue * weeks / plain)::DECIMAL(18, 6)), 0) - 1 AS lift -- @not_null
FROM compared
WHERE weeks > 0 AND plain > 0
GROUP BY department, promotion
HAVING sum(weeks) >= 1000
ORDER BY department, promotion
