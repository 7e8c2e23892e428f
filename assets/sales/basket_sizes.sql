/* @asset
description = """
Do we live from quick stops or from the weekly shop? Baskets by their number of different products, with their share
of all baskets and of all revenue.
"""
tags = ["report"]
owner = "sales@shop.example"
checks = [{ row_count = { min = 6, max = 6 } }]
*/
WITH banded AS (
    SELECT
        CASE
            WHEN lines = 1 THEN '1'
            WHEN lines <= 3 THEN '2-3'
            WHEN lines <= 7 THEN '4-7'
            WHEN lines <= 15 THEN '8-15'
            WHEN lines <= 31 THEN '16-31'
            ELSE '32+'
        END AS lines_band,
        lines, revenue
    FROM baskets
)
SELECT
    lines_band,       -- @not_null @unique @accepted_values('1', '2-3', '4-7', '8-15', '16-31', '32+')
    min(lines) AS fewest_lines,
    count(*) AS baskets,                                             -- @min(1)
    sum(revenue)::DECIMAL(12, 2) AS revenue,                         -- @not_null
    sum(revenue) / count(*) AS revenue_per_basket,                   -- @not_null
    count(*) / sum(count(*)) OVER () AS share_of_baskets,            -- @min(0) @max(1)
    sum(revenue) / sum(sum(revenue)) OVER () AS share_of_revenue     -- @min(0) @max(1)
FROM banded
GROUP BY lines_band
ORDER BY fewest_lines
