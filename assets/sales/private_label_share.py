"""How much of each department is our own brand."""

from assetflow import asset


@asset(
    description="How much of each department's revenue is our own brand? Fuel and products of no known brand are left "
    "out, and so are departments with less than 1,000 dollars a year.",
    tags=["report"],
    owner="sales@shop.example",
    unique_key=["department"],
    checks=[
        "private_label_share BETWEEN 0 AND 1",
        {"unique": ["department"]},
        {"min": {"column": "revenue", "value": 1000}},
    ],
)
def private_label_share(sales, min_revenue: int = 1000):
    return (
        sales.filter("NOT is_fuel AND brand IS NOT NULL")
        .aggregate(
            """
            department,
            count(DISTINCT product_id) FILTER (WHERE brand = 'Private') AS private_products,
            count(DISTINCT product_id) AS products,
            coalesce(sum(sales_value) FILTER (WHERE brand = 'Private'), 0)::DECIMAL(12, 2) AS private_revenue,
            sum(sales_value)::DECIMAL(12, 2) AS revenue
            """,
            "department",
        )
        .filter(f"revenue >= {min_revenue}")
        .project("*, private_revenue / revenue AS private_label_share")
        .order("department")
    )
