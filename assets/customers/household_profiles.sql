/* @asset
description = """
Which kinds of household spend the most? Revenue by age and income, for the 801 households that told us about
themselves. Small groups are shown with their size, so that nobody reads too much into them.
"""
tags = ["report"]
owner = "customers@shop.example"
checks = [{ unique = ["age", "income"] }]
*/
SELECT
    age,                 -- @not_null @accepted_values('19-24', '25-34', '35-44', '45-54', '55-64', '65+')
    income,                                                          -- @not_null
    count(*) AS households,                                          -- @min(1)
    sum(revenue)::DECIMAL(12, 2) AS revenue,                         -- @not_null @min(0)
    sum(revenue) / count(*) AS revenue_per_household,                -- @not_null
    sum(trips) / count(*) AS trips_per_household                     -- @not_null
FROM households
JOIN household_totals USING (household_id)
GROUP BY age, income
