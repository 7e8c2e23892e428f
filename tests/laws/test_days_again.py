"""The law of days that come again: whatever stands in the place of a day's file, tables equal those made from nothing.

A file whose rows are nearly all others is not compared row by row, and the rows to take out of a table are then sought
between the least and the greatest value of them; both are told to the tables above. Here small files count as large.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pytest

from tests.conftest import Shop

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "6"))
STEPS = 14
DAYS = 4
REFRESHES = "assetflow.running.refreshes"
Row = tuple[Any, ...]
QUERIES = {
    "clean": "SELECT * FROM facts WHERE v > 2",
    "sold": "SELECT day, facts.k, name, v * 2 AS w, note FROM clean AS facts JOIN names USING (k)",
    "plain": "SELECT k, v, note FROM clean",
    "large": "SELECT day, (k + {large})::HUGEINT AS h, note FROM clean",
    "sorted": "SELECT * FROM clean ORDER BY ALL",
    "by_day": "SELECT day, count(*) AS n, sum(w) AS w, max(w) AS most, min(note) AS note FROM sold GROUP BY day",
    "places": "SELECT day, k, w, rank() OVER (PARTITION BY day ORDER BY w DESC) AS place FROM sold",
    "pairs": "SELECT a.day, a.v, b.k FROM clean AS a JOIN clean AS b ON a.day = b.day AND a.v = b.v + 1",
    "together": "SELECT k, v FROM plain UNION ALL SELECT k, w FROM sold",
    "all_days": "SELECT name, k, count(*) AS n FROM names LEFT JOIN clean USING (k) GROUP BY ALL",
}
FUNCTION = """
import polars as pl
from assetflow import Changes, asset


@asset(merge="upsert", unique_key=["day"])
def by_hand(sold: Changes[pl.DataFrame]) -> pl.DataFrame:
    known = sold.added.filter(pl.col("day").is_not_null())
    return known.group_by("day").agg(pl.col("w").sum().alias("w"), pl.len().alias("n"))
"""
BY_HAND = "SELECT day, sum(w) AS w, count(*) AS n FROM sold WHERE day IS NOT NULL GROUP BY day"


class World:
    """A file for each day, of which any may hold rows of other days, rows twice, and rows without a day."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.notes = 0
        self.files: dict[int, list[Row]] = {}
        # HUGEINT is stored by the largest number that there is: beyond 38 digits otherwise.
        large = self.draw.choice((0, 0, 10**37))
        self.queries = {name: sql.format(large=large) for name, sql in QUERIES.items()}
        shop.write(
            "assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n[sources.names]\nfiles = "names.csv"\n'
        )
        self.write_names()
        for name, sql in self.queries.items():
            shop.sql(name, sql)
        shop.python("by_hand", FUNCTION)
        for at in range(DAYS):
            self.write(at, self.new_rows(at))

    def write_names(self) -> None:
        names = [f"{k},name {self.draw.randrange(3)}" for k in (0, 1, 2, 3, 3, 4, 5)]
        self.shop.write("names.csv", "\n".join(["k,name", *names, ""]))

    def new_rows(self, at: int) -> list[Row]:
        return [self.new_row(at) for _ in range(self.draw.choice((0, 3, 8, 8, 12)))]

    def new_row(self, at: int) -> Row:
        self.notes += 1
        day = self.draw.choice((at,) * 12 + (at + 1, None))
        return (
            day,
            self.draw.randrange(6),
            self.draw.randrange(9),
            f"note {self.notes // self.draw.choice((1, 1, 4))}",
        )

    def write(self, at: int, rows: list[Row]) -> None:
        self.files[at] = rows
        path = self.shop.root / "data" / f"{at}.parquet"
        path.parent.mkdir(exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE facts (day INTEGER, k INTEGER, v INTEGER, note VARCHAR)")
            if rows:
                connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", rows)
            connection.execute(f"COPY facts TO '{path}.new' (FORMAT parquet)")
        Path(f"{path}.new").replace(path)

    def edit(self) -> str:
        at = self.draw.choice(sorted(self.files))
        kind = self.draw.choice(("again", "again", "again", "few", "some", "late", "twice", "turned", "away", "more"))
        rows = list(self.files[at])
        if self.draw.random() < 0.15:
            self.write_names()
        if kind == "again":
            rows = self.new_rows(at)
        elif kind in ("few", "some"):
            for place in range(len(rows)):
                if self.draw.random() < (0.1 if kind == "few" else 0.8):
                    rows[place] = self.new_row(at)
        elif kind == "late":
            rows.append(self.new_row(self.draw.randrange(DAYS)))
        elif kind == "twice":
            rows = [row for row in self.new_rows(at) for _ in range(self.draw.choice((1, 2)))] + rows[:2] * 2
        elif kind == "turned":
            self.draw.shuffle(rows)
        elif kind == "more":
            at = max(self.files) + 1
            rows = self.new_rows(at)
        elif len(self.files) > 2:
            del self.files[at]
            (self.shop.root / "data" / f"{at}.parquet").unlink()
            return f"{at} away"
        self.write(at, rows)
        return f"{at} {kind}"

    def wrong(self) -> list[str]:
        """The tables that differ from what plain DuckDB makes of the files."""
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE facts (day INTEGER, k INTEGER, v INTEGER, note VARCHAR)")
            rows = [row for rows in self.files.values() for row in rows]
            if rows:
                connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", rows)
            connection.execute(f"CREATE TABLE names AS FROM read_csv('{self.shop.root}/names.csv')")
            for name, sql in {**self.queries, "by_hand": BY_HAND}.items():
                connection.execute(f"CREATE TABLE {name} AS {sql}")
            names = [*self.queries, "by_hand"]
            found = self.shop.tables(names)
            return [
                name for name in names if Counter(found[name]) != Counter(connection.sql(f"FROM {name}").fetchall())
            ]


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_tables_over_days_that_come_again_equal_those_made_from_nothing(tmp_path: Path, seed: int) -> None:
    shares = {"MOST_REPLACED": (0.1, 0.999, -1)[seed % 3], "LEAST_STAYING": (0.5, 0.5, -1)[seed % 3]}
    drawn = {"ONE_DRAWN_OF": 1, "ENOUGH_DRAWN": 2}
    many = (2, 4)[seed // 2 % 2]
    rewriting = {"MANY_REPLACED": many, "MOST_SMALL": (32, 3)[seed // 4 % 2]}
    with (
        mock.patch.multiple(f"{REFRESHES}.difference", **drawn),
        mock.patch.multiple(f"{REFRESHES}.difference", **shares),
        mock.patch.multiple(f"{REFRESHES}.rewriting", **rewriting),
        mock.patch(f"{REFRESHES}.deletes.MANY_GONE", many),
        mock.patch("assetflow.running.tasks.changes.MANY_FILES", (1, 8)[seed // 8 % 2]),
        mock.patch("assetflow.running.tasks.telling.MANY_ROWS", 0),
        mock.patch("assetflow.running.tasks.worth.WORTH_IT", 1e9),
    ):
        world = World(Shop(tmp_path), seed)
        told = ["at first"]
        for _ in range(STEPS):
            result = world.shop.materialize()
            assert result.status in {"succeeded", "nothing_to_do"}, (told, result)
            assert not any(each.warnings for each in result.assets), (told, [each.warnings for each in result.assets])
            wrong = world.wrong()
            assert not wrong, (told, wrong, [(each.asset, each.mode, each.mode_reason) for each in result.assets])
            assert world.shop.run() == {}, told
            told.append(world.edit())
