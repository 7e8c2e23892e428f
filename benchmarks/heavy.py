"""Makes a project with heavy SQL: ten assets over one table of millions of receipt lines.

python -m benchmarks.heavy FOLDER --rows 20000000
"""

from __future__ import annotations

import argparse
from pathlib import Path

QUERIES = {
    # Each name with its query; a query reads sources and the names above it.
    "store_weeks": """
        SELECT store, date_trunc('week', day) AS week, sum(quantity * price) AS revenue, sum(quantity) AS units,
               count(*) AS lines
        FROM receipts GROUP BY ALL ORDER BY ALL""",
    "household_totals": """
        SELECT household, sum(quantity * price) AS spent, count(DISTINCT receipt) AS visits, min(day) AS first_day,
               max(day) AS last_day
        FROM receipts GROUP BY household""",
    "product_months": """
        SELECT product, date_trunc('month', day) AS month, sum(quantity) AS units, sum(quantity * price) AS revenue,
               avg(price) AS price
        FROM receipts GROUP BY ALL""",
    "online_lines": """
        SELECT receipt, household, product, day, quantity * price AS amount
        FROM receipts WHERE channel = 'online' AND NOT has_coupon""",
    "baskets": """
        SELECT receipt, any_value(household) AS household, any_value(day) AS day, count(*) AS lines,
               sum(quantity * price) AS amount
        FROM receipts GROUP BY receipt""",
    "department_weeks": """
        SELECT department, brand, region, date_trunc('week', day) AS week, sum(quantity * price) AS revenue,
               approx_count_distinct(household) AS households
        FROM receipts JOIN products USING (product) JOIN stores USING (store)
        GROUP BY ALL ORDER BY ALL""",
    "household_segments": """
        SELECT household, spent, visits, ntile(5) OVER (ORDER BY spent, household) AS value,
               ntile(5) OVER (ORDER BY last_day, household) AS recency
        FROM household_totals""",
    "visit_gaps": """
        SELECT household, day, amount, day - lag(day) OVER visits AS days_since,
               sum(amount) OVER (visits ROWS UNBOUNDED PRECEDING) AS spent_so_far
        FROM baskets WINDOW visits AS (PARTITION BY household ORDER BY day, receipt)""",
    "segment_departments": """
        SELECT value, recency, department, sum(amount) AS revenue, count(*) AS lines
        FROM online_lines JOIN products USING (product) JOIN household_segments USING (household)
        GROUP BY ALL ORDER BY ALL""",
    "trending_products": """
        SELECT product, month, units, units - lag(units) OVER months AS change,
               rank() OVER (PARTITION BY month ORDER BY revenue DESC, product) AS place
        FROM product_months WINDOW months AS (PARTITION BY product ORDER BY month)
        QUALIFY place <= 1000""",
}  # fmt: skip

SOURCES = {
    "receipts": """
        SELECT n // 4 AS receipt,
               (hash(n // 4) % 200_000)::INTEGER AS household,
               (hash(n, 'product') % 50_000)::INTEGER AS product,
               (hash(n // 4, 'store') % 400)::SMALLINT AS store,
               DATE '2024-01-01' + (hash(n // 4, 'day') % 730)::INTEGER AS day,
               (1 + hash(n, 'quantity') % 6)::INTEGER AS quantity,
               (0.5 + (hash(n, 'price') % 5000) / 100)::DECIMAL(9, 2) AS price,
               ['store', 'store', 'online', 'phone'][1 + (hash(n // 4, 'channel') % 4)::INTEGER] AS channel,
               hash(n, 'coupon') % 10 = 0 AS has_coupon
        FROM range({rows}) AS numbers(n)""",
    "products": """
        SELECT n::INTEGER AS product, 'department ' || n % 40 AS department,
               if(n % 3 = 0, 'private', 'national') AS brand
        FROM range(50_000) AS numbers(n)""",
    "stores": "SELECT n::SMALLINT AS store, 'region ' || n % 12 AS region FROM range(400) AS numbers(n)",
}


def generate(root: Path, rows: int) -> None:
    """Write the project and its sources, the larger of `rows` rows, below `root`."""
    # Imported here: the process that measures stays small.
    import duckdb

    (root / "assets").mkdir(parents=True)
    (root / "data").mkdir()
    for name, sql in SOURCES.items():
        duckdb.execute(f"COPY ({sql.format(rows=rows)}) TO '{root / 'data' / name}.parquet' (COMPRESSION zstd)")
    settings = (f'[sources.{name}]\nfiles = "data/{name}.parquet"\n' for name in SOURCES)
    (root / "assetflow.toml").write_text("\n".join(settings))
    for name, sql in QUERIES.items():
        (root / "assets" / f"{name}.sql").write_text(f"{sql.strip()}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--rows", type=int, default=20_000_000)
    given = parser.parse_args()
    generate(given.root, given.rows)
