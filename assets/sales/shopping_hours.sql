/* @asset
description = """
When must the tills be staffed? Baskets by weekday (1 is Monday) and hour of store time. baskets_per_day is the average
over the days of that weekday on which anything was sold at all.
"""
tags = ["report"]
owner = "sales@shop.example"
checks = [{ unique = ["weekday", "hour"] }, { row_count = { max = 168 } }]
*/
WITH open_days AS (
    SELECT isodow(sold_on) AS weekday, count(DISTINCT sold_on) AS open_days FROM baskets GROUP BY weekday
),
by_hour AS (
    SELECT
        isodow(sold_on) AS weekday,
        hour(sold_at) AS hour,
        count(*) AS baskets,
        sum(lines) / count(*) AS lines_per_basket,
        sum(revenue)::DECIMAL(12, 2) AS revenue
    FROM baskets
    GROUP BY weekday, hour
)
SELECT
    weekday,                                                         -- @not_null @min(1) @max(7)
    hour,                                                            -- @not_null @min(0) @max(23)
    baskets,                                                         -- @not_null @min(1)
    baskets / open_days AS baskets_per_day,                          -- @not_null
    lines_per_basket,                                                -- @not_null @min(1)
    revenue                                                          -- @not_null @min(0)
FROM by_hour
JOIN open_days USING (weekday)
ORDER BY weekday, hour
