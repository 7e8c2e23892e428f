"""Which product categories go into the same basket."""

from assetflow import Query, asset


@asset(
    description="What is bought together? Pairs of product categories on the same receipt. Lift is how many times "
    "as often the two meet as they would by chance; confidence is the share of the baskets with category_a that "
    "also hold category_b. Pairs that meet in fewer than min_baskets baskets, and fuel, are left out.",
    tags=["weekly"],
    owner="sales@shop.example",
    unique_key=["category_a", "category_b"],
    checks=[
        {"unique": ["category_a", "category_b"]},
        "category_a < category_b",
        "confidence BETWEEN 0 AND 1",
        "lift > 0",
    ],
)
def product_affinity(min_baskets: int = 500) -> Query:
    return Query(f"""
        WITH contents AS (
            SELECT DISTINCT basket_id, product_category AS category
            FROM sales
            WHERE product_category IS NOT NULL AND product_category <> 'COUPON/MISC ITEMS' AND NOT is_fuel
        ),
        categories AS (
            SELECT category, count(*) AS baskets FROM contents GROUP BY category HAVING count(*) >= {min_baskets}
        ),
        common AS (SELECT basket_id, category FROM contents SEMI JOIN categories USING (category)),
        pairs AS (
            SELECT a.category AS category_a, b.category AS category_b, count(*) AS baskets
            FROM common AS a
            JOIN common AS b ON a.basket_id = b.basket_id AND a.category < b.category
            GROUP BY a.category, b.category
            HAVING count(*) >= {min_baskets}
        ),
        everything AS (SELECT count(DISTINCT basket_id) AS baskets FROM contents)
        SELECT
            category_a,
            category_b,
            pairs.baskets,
            pairs.baskets / a.baskets AS confidence,
            pairs.baskets * everything.baskets / (a.baskets * b.baskets) AS lift
        FROM pairs
        JOIN categories AS a ON a.category = category_a
        JOIN categories AS b ON b.category = category_b
        CROSS JOIN everything
        ORDER BY lift DESC, category_a, category_b
    """)
