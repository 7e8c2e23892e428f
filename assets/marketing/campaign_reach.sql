/* @asset
description = """
Whom did each campaign reach, and who answered? Households that received it, coupons it offered, and the households
that redeemed at least one. In a campaign of Type A every household got 16 coupons of the pool, picked for it;
in Types B and C every household got all of them.
"""
tags = ["report"]
owner = "marketing@shop.example"
unique_key = ["campaign_id"]
checks = [
  "households_redeeming <= households",
  "households_redeeming <= redemptions",
  { relationships = { column = "campaign_id", to = "campaign_descriptions.campaign_id" } },
]
*/
WITH reach AS (
    SELECT campaign_id, count(DISTINCT household_id) AS households FROM campaigns GROUP BY campaign_id
),
offered AS (
    SELECT campaign_id, count(DISTINCT coupon_upc) AS coupons, count(DISTINCT product_id) AS products
    FROM coupons
    GROUP BY campaign_id
),
answered AS (
    SELECT campaign_id, count(*) AS redemptions, count(DISTINCT household_id) AS households_redeeming
    FROM coupon_redemptions
    GROUP BY campaign_id
)
SELECT
    campaign_id,                                                     -- @not_null @unique
    campaign_type,                                                   -- @not_null @accepted_values('Type A', 'Type B', 'Type C')
    start_date::DATE AS first_day,                                   -- @not_null
    end_date::DATE AS last_day,                                      -- @not_null
    end_date::DATE - start_date::DATE + 1 AS days,                   -- @min(1)
    households,                                                      -- @not_null @min(1)
    coupons,                                                         -- @not_null @min(1)
    products,                                                        -- @not_null @min(1)
    coalesce(redemptions, 0) AS redemptions,                         -- @min(0)
    coalesce(households_redeeming, 0) AS households_redeeming,       -- @min(0)
    coalesce(households_redeeming, 0) / households AS response_rate  -- @min(0) @max(1)
FROM campaign_descriptions
JOIN reach USING (campaign_id)
JOIN offered USING (campaign_id)
LEFT JOIN answered USING (campaign_id)
ORDER BY campaign_id
