"""Random histories of tables that are cut into partitions, and what plain DuckDB makes of the same rows at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from tests.conftest import Shop

Row = tuple[int, str, str, int, str]
QUERIES = {
    "clean": ("day(ts)", "SELECT id, ts, region, amount FROM orders WHERE amount > 2"),
    "monthly": (
        {"time": "month", "column": "month"},
        (
            "SELECT date_trunc('month', ts) AS month, region, count(*) AS n, sum(amount)::BIGINT AS amount "
            "FROM clean GROUP BY ALL"
        ),
    ),
    "named": (
        {"day": {"time": "day", "column": "day"}, "region": {"values": ["eu", "us", "as"]}},
        "SELECT ts::DATE AS day, o.region, r.name, amount FROM orders o LEFT JOIN regions r ON o.region = r.region",
    ),
    "ranked": (
        {"column": "region"},
        "SELECT region, id, row_number() OVER (PARTITION BY region ORDER BY amount, id) AS place FROM clean",
    ),
    "shares": (
        {"time": "week", "column": "day"},
        (
            "SELECT ts::DATE AS day, sum(amount)::BIGINT AS amount, (SELECT count(*) FROM regions) AS regions "
            "FROM orders GROUP BY ALL"
        ),
    ),
    "summed": ("day(day)", "SELECT day, sum(amount)::BIGINT AS amount FROM named GROUP BY day"),
    "latest": (
        {"time": "month", "column": "ts", "start": "2024-02"},
        (
            "SELECT region, ts, id FROM orders WHERE ts >= '2024-02-01' QUALIFY row_number() OVER "
            "(PARTITION BY region, ts::DATE ORDER BY id DESC) = 1"
        ),
    ),
}
VIEWS = {
    "seen": "SELECT id, ts, region, amount FROM orders WHERE amount > 1",
    "by_day": ("SELECT ts::DATE AS day, region, sum(amount)::BIGINT AS amount, max(id) AS id FROM seen GROUP BY ALL"),
    "told": (
        "SELECT b.day, b.region, b.amount, s.id, r.name FROM by_day b JOIN seen s ON s.id = b.id "
        "LEFT JOIN regions r ON r.region = b.region"
    ),
}
"""Through these the tables below read what stands behind."""
OVER_VIEWS = {
    "kept": ("day(ts)", "SELECT * FROM seen"),
    "best": (
        {"column": "region"},
        (
            "SELECT region, max(amount) AS amount, count(*) AS n, CASE region WHEN 'eu' THEN 'us' ELSE 'eu' END AS also "
            "FROM by_day GROUP BY region"
        ),
    ),
    "twice": (
        {"time": "month", "column": "day"},
        "SELECT t.day, t.id, t.name, o.note, k.amount FROM told t JOIN orders o USING (id) LEFT JOIN kept k USING (id)",
    ),
}
YEAR = {"time": "day", "column": "ts", "start": "2024-01-01", "end": "2024-12-31"}
LISTED = [
    {"day": YEAR, "region": {"values": [*more, "eu", "us", "as"]}} for more in ((), ("uk",), ("au", "uk"), ("br",))
]
"""So many that they share files, with values of which there are no rows."""
RECUTS: dict[str, list[Any]] = {
    "kept": [
        *("day(ts)", {"time": "day", "column": "ts", "zone": "Asia/Tokyo"}, "month(ts)", {"column": "region"}),
        *LISTED,
    ],
    "best": [{"column": "region"}, {"column": "also"}],
}
"""How these may be declared to be cut; some of them have the same keys, for other rows."""
MINE = """
SELECT $partition_start AS day, sum(amount)::BIGINT AS amount FROM orders
WHERE ts >= $partition_start - INTERVAL 2 DAY AND ts < $partition_end GROUP BY ALL
HAVING count(*) FILTER (ts >= $partition_start) > 0
"""
SEEN_MINE = """
SELECT day, region, amount FROM by_day WHERE day >= $partition_start AND day < $partition_end
"""
MINE_AT_ONCE = """
SELECT d.day, sum(amount)::BIGINT AS amount FROM (SELECT DISTINCT ts::DATE AS day FROM orders) d
JOIN orders ON ts >= d.day - INTERVAL 2 DAY AND ts < d.day + INTERVAL 1 DAY GROUP BY ALL
"""
FUNCTION = """
import polars as pl

from assetflow import Context, asset


@asset(partition="day(ts)")
def tripled(clean: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    day = pl.lit(context.partition.key).alias("day")
    return clean.group_by("region").agg(pl.col("amount").sum() * 3, pl.col("ts").min()).with_columns(day)
"""
IN_ORDER = """
import polars as pl

from assetflow import asset


@asset(partition="month(ts)")
def in_order_seen(seen: pl.LazyFrame) -> pl.LazyFrame:
    return seen.select(pl.col("id").cast(pl.String).str.join(","), pl.col("ts").min())


@asset(partition="month(ts)")
def in_order(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders.select(pl.col("id").cast(pl.String).str.join(","), pl.col("ts").min())
"""
IN_ORDER_AT_ONCE = "SELECT string_agg(id, ',') AS id, min(ts) AS ts FROM orders GROUP BY month(ts)"
TRIPLED = """
SELECT region, (sum(amount) * 3)::BIGINT AS amount, min(ts) AS ts, ts::DATE::VARCHAR AS day
FROM clean GROUP BY region, ts::DATE
"""
AT_ONCE = {
    "mine": MINE_AT_ONCE,
    "tripled": TRIPLED,
    "in_order": IN_ORDER_AT_ONCE,
    "in_order_seen": IN_ORDER_AT_ONCE.replace("orders", "seen"),
    "seen_mine": "SELECT day, region, amount FROM by_day",
}


@dataclass
class World:
    """A project, its rows by file, and how many partitions its runs have made."""

    shop: Shop
    chance: random.Random
    files: dict[str, list[Row]] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=lambda: {"eu": "Europe", "us": "States"})
    number: int = 0
    partitions: int = 0
    told: list[str] = field(default_factory=list)
    cuts: dict[str, Any] = field(default_factory=lambda: {name: OVER_VIEWS[name][0] for name in RECUTS})

    def begin(self) -> None:
        self.shop.write(
            "assetflow.toml",
            '[sources.orders]\nfiles = "data/orders/*.csv"\n[sources.regions]\nfiles = "data/regions.csv"\n',
        )
        for name, (cut, sql) in QUERIES.items():
            self.shop.sql(name, f"/* @asset\npartition = {toml(cut)}\n*/\n{sql}")
        for name, sql in VIEWS.items():
            self.shop.sql(name, f'/* @asset\nmaterialized = "view"\n*/\n{sql}')
        for name, (cut, sql) in OVER_VIEWS.items():
            self.shop.sql(name, f"/* @asset\npartition = {toml(cut)}\n*/\n{sql}")
        self.shop.sql("seen_mine", f'/* @asset\npartition = "day(day)"\n*/{SEEN_MINE}')
        self.shop.sql("mine", f'/* @asset\npartition = "day(day)"\n*/{MINE}')
        self.shop.python("functions", FUNCTION)
        self.shop.python("ordered", IN_ORDER)
        for name in ("a", "b"):
            self.files[name] = [self.row() for _ in range(self.chance.randint(1, 6))]
        self.files["a"].append((*self.row()[:3], 9, "x"))  # functions are not called for no rows at all
        self.write()

    def row(self) -> Row:
        self.number += 1
        day = f"2024-0{self.chance.randint(1, 3)}-0{self.chance.randint(1, 5)} 0{self.chance.randint(0, 9)}:00:00"
        return self.number, day, self.chance.choice(["eu", "us", "as"]), self.chance.randint(0, 9), "x"

    def write(self) -> None:
        for path in (self.shop.root / "data/orders").glob("*.csv"):
            path.unlink()
        for name, rows in self.files.items():
            lines = "".join(f"{','.join(map(str, row))}\n" for row in rows)
            self.shop.write(f"data/orders/{name}.csv", f"id,ts,region,amount,note\n{lines}")
        lines = "".join(f"{region},{name}\n" for region, name in self.regions.items())
        self.shop.write("data/regions.csv", f"region,name\n{lines}")

    # What happens

    def change(self) -> None:
        actions = [self.add, self.add, self.remove, self.edit, self.note, self.new_file, self.rename, self.repeat]
        actions += [self.shuffle] * 2
        action = self.chance.choice(actions)
        self.told.append(action.__name__)
        action()
        self.write()

    def some(self) -> list[Row]:
        return self.files[self.chance.choice(sorted(self.files))]

    def add(self) -> None:
        self.some().append(self.row())

    def remove(self) -> None:
        rows = self.some()
        if len(rows) > 1:
            rows.pop(self.chance.randrange(len(rows)))

    def edit(self) -> None:
        rows = self.some()
        at = self.chance.randrange(len(rows))
        rows[at] = (rows[at][0], *self.row()[1:])

    def note(self) -> None:
        rows = self.some()
        at = self.chance.randrange(len(rows))
        rows[at] = (*rows[at][:4], f"note {self.number}")

    def new_file(self) -> None:
        self.files[f"f{len(self.files)}"] = [self.row() for _ in range(self.chance.randint(1, 3))]

    def rename(self) -> None:
        self.regions[self.chance.choice(["eu", "us", "as"])] = f"name {self.chance.randint(0, 3)}"

    def repeat(self) -> None:
        rows = self.some()
        rows.append(self.chance.choice(rows))

    def shuffle(self) -> None:
        self.chance.shuffle(self.some())

    # Runs

    def run(self) -> None:
        """A whole run, perhaps after one that was stopped, or that made only some partitions."""
        kind = self.chance.choice(["whole", "whole", "stopped", "some", "forced", "edited", "recut", "recut"])
        self.told.append(f"run {kind}")
        if kind == "stopped":
            self.stop_after(self.chance.randint(1, 12))
        elif kind == "some":
            self.materialize("clean", "named", partition=self.chance.choice(["2024-01", "2024-01-02..2024-02-03"]))
        elif kind == "forced":
            self.materialize("clean", full_refresh=True, partition="2024-02")
        elif kind == "edited":
            more = self.chance.randint(0, 4)
            sql = QUERIES["clean"][1].replace("> 2", f"> {more}")
            self.shop.sql("clean", f'/* @asset\npartition = "day(ts)"\n*/\n{sql}')
            if self.chance.random() < 0.5:
                self.materialize("clean", partition="2024-02")
        elif kind == "recut":
            self.recut(self.chance.choice(sorted(RECUTS)))
        self.materialize()

    def recut(self, name: str) -> None:
        cut = self.chance.choice([one for one in RECUTS[name] if one != self.cuts[name]])
        self.cuts[name] = cut
        self.told.append(f"{name} by {cut}")
        self.shop.sql(name, f"/* @asset\npartition = {toml(cut)}\n*/\n{OVER_VIEWS[name][1]}")
        if self.chance.random() < 0.7:
            some = "eu" if isinstance(cut, dict) and "time" not in cut else "2024-02-01..2024-02-03"
            some = "2024-02" if cut == "month(ts)" else some
            before = self.shop.rows(f"FROM {name} ORDER BY ALL")
            result = self.shop.materialize(f"+{name}", partition=some)
            # Of none of the old partitions anything can stay, so that all of the table stays until all are made.
            assert [one.outcome for one in result.assets if one.asset == name][-1:] in ([], ["failed"]), self.told
            assert self.shop.rows(f"FROM {name} ORDER BY ALL") == before, (self.told, name)

    def materialize(self, *select: str, **options: Any) -> None:
        result = self.shop.materialize(*select, **options)
        for each in result.assets:
            assert each.outcome not in {"failed", "blocked"}, (self.told, each.asset, each.partition, str(each.error))
            self.partitions += each.partition is not None and each.outcome == "materialized"

    def stop_after(self, count: int) -> None:
        project = self.shop.project()
        running = project.run(project.plan())
        for event in running:
            count -= event.event == "finished"
            if not count:
                break
        running.close()

    # What must hold

    @contextmanager
    def at_once(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All tables, as plain DuckDB makes them of the files."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            types = "{'id': 'BIGINT', 'ts': 'TIMESTAMP', 'region': 'VARCHAR', 'amount': 'BIGINT', 'note': 'VARCHAR'}"
            for name, path, said in [
                ("orders", "data/orders/*.csv", f", columns = {types}"),
                ("regions", "data/regions.csv", ""),
            ]:
                connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{self.shop.root}/{path}'{said})")
            for name in (*QUERIES, *VIEWS, *OVER_VIEWS):
                sql = self.shop.read(f"assets/{name}.sql").rpartition("*/")[2]
                connection.execute(f"CREATE TABLE {name} AS {sql}")
            for name, sql in AT_ONCE.items():
                connection.execute(f"CREATE TABLE {name} AS {sql}")
            yield connection

    def check(self) -> None:
        with self.at_once() as connection:
            for name in (*QUERIES, *VIEWS, *OVER_VIEWS, *AT_ONCE):
                expected = connection.execute(f"FROM {name} ORDER BY ALL").fetchall()
                assert self.shop.rows(f"FROM {name} ORDER BY ALL") == expected, (self.told, name)
        again = self.shop.run()
        assert again == {}, (self.told, again)


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return f'"{value}"'
