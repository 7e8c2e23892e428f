"""`assetflow init`: a small working project, ready to materialize.

A coffee bar: two CSV files, two assets in SQL, one in Python, with checks, descriptions and column tags.
"""

from __future__ import annotations

import os
import shlex

import click

from assetflow.cli.options import project_option
from assetflow.cli.screen import put, say, styled
from assetflow.errors import UsageError


@click.command("init")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path())
@project_option
@click.pass_context
def command(context: click.Context, folder: str | None, project: str | None) -> None:
    """Make a small working project in DIR (default: here). Overwrites nothing."""
    folder = folder or project or context.find_root().obj or "."
    refuse_to_overwrite(folder)
    made = []
    for path, text in FILES.items():
        if path not in OPTIONAL or not os.path.lexists(os.path.join(folder, path)):
            write_file(os.path.join(folder, path), text)
            made.append(path)
    for path in made:
        put(os.path.join(folder, path) if folder != "." else path)
    say(next_steps(folder, kept=[path for path in FILES if path not in made]))


def refuse_to_overwrite(folder: str) -> None:
    from assetflow.project.settings import project_file

    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(f"{folder} is a file, not a folder", hint="Name another folder.")
    there = [path for path in FILES if path not in OPTIONAL and os.path.lexists(os.path.join(folder, path))]
    if there:
        raise UsageError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already, and nothing is overwritten",
            hint="Name another folder: assetflow init DIR",
        )
    settings = project_file(folder)
    if settings is not None:
        raise UsageError(f"there is a project here already: {settings} declares it", hint="See it: assetflow ls")


def write_file(path: str, text: str) -> None:
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        # "x": a file that appeared meanwhile is not overwritten either.
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="Name another folder.") from error


def next_steps(folder: str, kept: list[str]) -> str:
    go = "" if folder == "." else f"  cd {shlex.quote(folder)}\n"
    steps = (
        f"{go}"
        "  assetflow materialize             # makes the three tables and checks them\n"
        "  assetflow show regulars           # rows of one of them\n"
        "  assetflow lineage                 # who depends on what\n"
        "  assetflow explain regulars        # after an edit: what is stale, and why"
    )
    note = f"\n{', '.join(kept)} was left as it is: add the line /warehouse/ to it." if kept else ""
    return f"{styled('Next:', 'bold', err=True)}\n{steps}{note}"


OPTIONAL = (".gitignore",)
"""Files that a folder may have already: they are left as they are."""

FILES = {
    "assetflow.toml": """\
# assets/ holds what is made, warehouse/ what came out. Nothing else needs to be said, but where the sources lie.

[sources.orders]
files = "data/orders.csv"
description = "What the till printed: one row for each drink on each receipt"
columns = { ordered_at = "TIMESTAMP", price = "DECIMAL(6, 2)" }
checks = [{ not_null = ["order_id", "drink"] }]

[sources.customers]
files = "data/customers.csv"
description = "Everybody with a loyalty card"
""",
    "assets/sales.sql": """\
/* @asset
description = "What was sold: one row for each drink on each receipt, with what it brought"
tags = ["daily"]
checks = [{ unique = ["order_id", "drink"] }]
*/
SELECT
    order_id,                                 -- @not_null
    ordered_at::DATE AS day,                  -- @not_null
    customer_id,                              -- @relationships('customers.customer_id')
    drink,                                    -- @accepted_values('espresso', 'flat white', 'cappuccino', 'tea')
    cups,                                     -- @min(1)
    (cups * price)::DECIMAL(8, 2) AS revenue  -- @not_null @min(0)
FROM orders
""",
    "assets/revenue_by_day.sql": """\
/* @asset
description = "How much does the bar earn each day, and with how many customers?"
tags = ["daily", "report"]
*/
SELECT
    day,                                            -- @unique
    sum(revenue)::DECIMAL(10, 2) AS revenue,        -- @min(0)
    sum(cups)::BIGINT AS cups,
    count(DISTINCT customer_id) AS card_holders
FROM sales
GROUP BY day
ORDER BY day
""",
    "assets/regulars.py": '''\
"""Who comes back."""

import polars as pl
from assetflow import asset


@asset(
    description="Which card holders came on at least min_days days, and what do they drink most?",
    tags=["daily"],
    checks=[{"unique": "customer_id"}],
)
def regulars(sales: pl.LazyFrame, customers: pl.LazyFrame, min_days: int = 3) -> pl.LazyFrame:
    visits = sales.drop_nulls("customer_id").group_by("customer_id").agg(
        days=pl.col("day").n_unique(),
        revenue=pl.col("revenue").sum(),
        favourite=pl.col("drink").sort().mode().first(),
    )
    often = visits.filter(pl.col("days") >= min_days)
    return often.join(customers, on="customer_id").sort("revenue", "customer_id", descending=[True, False])
''',
    "data/orders.csv": """\
order_id,ordered_at,customer_id,drink,cups,price
1,2026-03-02 08:05:00,1,espresso,1,2.40
2,2026-03-02 08:11:00,2,flat white,2,3.80
3,2026-03-02 08:40:00,,tea,1,2.90
4,2026-03-02 09:15:00,3,cappuccino,1,3.50
5,2026-03-03 08:02:00,1,espresso,2,2.40
6,2026-03-03 08:20:00,4,tea,1,2.90
6,2026-03-03 08:20:00,4,cappuccino,1,3.50
7,2026-03-03 10:30:00,,flat white,3,3.80
8,2026-03-04 08:07:00,1,cappuccino,1,3.50
9,2026-03-04 08:30:00,2,flat white,1,3.80
10,2026-03-04 11:45:00,3,cappuccino,2,3.50
11,2026-03-05 08:01:00,2,espresso,1,2.40
12,2026-03-05 08:55:00,,espresso,1,2.40
13,2026-03-05 09:20:00,5,tea,2,2.90
14,2026-03-06 08:04:00,1,espresso,1,2.40
15,2026-03-06 08:12:00,2,flat white,1,3.80
16,2026-03-06 09:40:00,3,cappuccino,1,3.50
17,2026-03-06 16:10:00,,tea,4,2.90
""",
    "data/customers.csv": """\
customer_id,name,joined_on
1,Ines,2025-11-03
2,Tomás,2025-12-17
3,Mira,2026-01-08
4,Jonas,2026-02-20
5,Adaeze,2026-03-05
""",
    ".gitignore": """\
/warehouse/
__pycache__/
""",
}
