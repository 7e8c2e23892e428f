/* @asset
description = """
How much of the range do we promote each week, and where? A placement is one product in one store in one week, in a
special display, in the mailer, or in both. Codes 0 and A of display_location are the product's usual place, not a display.
"""
tags = ["weekly", "heavy"]
owner = "marketing@shop.example"
unique_key = ["week"]
checks = [
  "displayed + mailed - displayed_and_mailed <= placements",
  "on_front_page <= mailed",
  { row_count = { min = 53, max = 53 } },
]
*/
SELECT
    week,                                                            -- @not_null @unique @min(1) @max(53)
    count(*) AS placements,                                          -- @min(1)
    count(DISTINCT product_id) AS products,                          -- @min(1)
    count(DISTINCT store_id) AS stores,                              -- @min(1)
    count(*) FILTER (WHERE display_location NOT IN ('0', 'A')) AS displayed,
    count(*) FILTER (WHERE mailer_location <> '0') AS mailed,
    count(*) FILTER (WHERE display_location NOT IN ('0', 'A') AND mailer_location <> '0') AS displayed_and_mailed,
    count(*) FILTER (WHERE mailer_location = 'D') AS on_front_page
FROM promotions
GROUP BY week
ORDER BY week
