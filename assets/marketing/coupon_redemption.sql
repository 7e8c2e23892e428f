/* @asset
description = """
Which coupons work? For each coupon of each campaign: the products it is good for, how often and by how many households
it was redeemed, and their share of the households that received the campaign. In a campaign of Type A not every one of
those households got this very coupon, so its rate is a lower bound there.
"""
tags = ["weekly"]
owner = "marketing@shop.example"
unique_key = ["campaign_id", "coupon_upc"]
checks = [
  { unique = ["campaign_id", "coupon_upc"] },
  "households_redeeming <= redemptions",
]
*/
WITH offered AS (
    SELECT campaign_id, coupon_upc, count(DISTINCT product_id) AS products FROM coupons GROUP BY ALL
),
redeemed AS (
    SELECT campaign_id, coupon_upc, count(*) AS redemptions, count(DISTINCT household_id) AS households_redeeming
    FROM coupon_redemptions
    GROUP BY ALL
),
reach AS (
    SELECT campaign_id, count(DISTINCT household_id) AS households FROM campaigns GROUP BY ALL
)
SELECT
    campaign_id,                                                     -- @not_null
    coupon_upc,                                                      -- @not_null
    products,                                                        -- @not_null @min(1)
    households,                                                      -- @not_null @min(1)
    coalesce(redemptions, 0) AS redemptions,                         -- @min(0)
    coalesce(households_redeeming, 0) AS households_redeeming,       -- @min(0)
    coalesce(households_redeeming, 0) / households AS redemption_rate -- @min(0) @max(1)
FROM offered
JOIN reach USING (campaign_id)
LEFT JOIN redeemed USING (campaign_id, coupon_upc)
