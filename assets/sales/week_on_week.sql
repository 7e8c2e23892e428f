/* @asset
description = """
Which departments grew or shrank against the week before? The first full week (2) has no week to compare with,
because week 1 is a single Sunday.
"""
materialized = "view"
tags = ["report"]
owner = "sales@shop.example"
*/
WITH full_weeks AS (
    SELECT week, department, revenue FROM sales_by_week WHERE week >= 2
)
SELECT
    this_week.week,
    this_week.department,
    this_week.revenue,
    last_week.revenue AS revenue_last_week,
    this_week.revenue - last_week.revenue AS change,
    this_week.revenue / nullif(last_week.revenue, 0) - 1 AS growth
FROM full_weeks AS this_week
LEFT JOIN full_weeks AS last_week
    ON last_week.department = this_week.department AND last_week.week = this_week.week - 1
