"""The first rows of all, ordered by columns of any type: refreshed, they are what a rebuild gives, in whatever order."""

from __future__ import annotations

import os
import random
from collections import Counter

import duckdb

from assetflow.incremental.answer import Change, version_of
from assetflow.incremental.blocks import take_apart
from assetflow.incremental.refresh import refresh
from assetflow.incremental.refused import Refused

SEEDS = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "5")) * 40
VALUES = {
    "INTEGER": ["1", "2", "3", "-1"],
    "DOUBLE": ["'nan'", "0.0", "-0.0", "1.5", "'inf'", "0.1", "0.30000000000000004"],
    "FLOAT": ["0.5", "'nan'"],
    "DECIMAL(9,2)": ["1.25", "1.3", "-2"],
    "HUGEINT": ["170141183460469231731687303715884105727", "1", "-5"],
    "DATE": ["'2024-01-01'", "'2024-01-02'", "'infinity'"],
    "TIMESTAMP": ["'2024-01-01'", "'infinity'", "'2024-01-01 00:00:00.000001'"],
    "TIME": ["'01:00:00'", "'23:00:00'"],
    "INTERVAL": ["'1 month'", "'30 days'"],
    "VARCHAR": ["'a'", "'A'", "''", "'ä'"],
    "BLOB": ["'a'", "''"],
    "BOOLEAN": ["true", "false"],
    "UUID": ["'00000000-0000-0000-0000-000000000001'", "'f0000000-0000-0000-0000-000000000001'"],
    "ENUM('z', 'a', 'm')": ["'z'", "'a'", "'m'"],
    "INTEGER[]": ["[1]", "[1, 2]", "[]", "[NULL]"],
    "STRUCT(x INTEGER)": ["{'x': 1}", "{'x': NULL}"],
}
Row = tuple[str, ...]


class World:
    """A table then and now, what came and went, and a query for its first rows."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.kinds = self.draw.sample(list(VALUES), self.draw.randrange(2, 5))
        self.columns = [f"c{at}" for at in range(len(self.kinds))]
        self.old = self.rows(self.draw.choice([0, 2, 8, 15]))
        self.went = [row for row in self.old if self.draw.random() < 0.15] if self.draw.random() < 0.5 else []
        self.came = self.rows(self.draw.randrange(1, 5)) + self.draw.sample(self.old, min(1, len(self.old)))
        self.new = list((Counter(self.old) - Counter(self.went) + Counter(self.came)).elements())
        self.draw.shuffle(self.new)  # a rebuild finds them in any order
        self.query = self.some_query()

    def rows(self, number: int) -> list[Row]:
        return [tuple(self.value(kind) for kind in self.kinds) for _ in range(number)]

    def value(self, kind: str) -> str:
        return "NULL" if self.draw.random() < 0.15 else f"{self.draw.choice(VALUES[kind])}::{kind}"

    def some_query(self) -> str:
        choice = self.draw.choice
        flags = [f"{choice(['', ' DESC'])}{choice(['', ' NULLS FIRST', ' NULLS LAST'])}" for _ in self.columns]
        chosen = self.draw.sample(self.columns, self.draw.randrange(1, len(self.columns) + 1))
        by = ", ".join(f"{name}{flag}" for name, flag in zip(chosen, flags, strict=False))
        number, shown = self.draw.randrange(7), choice(["*", ", ".join(reversed(self.columns))])
        return choice([
            f"SELECT {shown} FROM t WHERE c0 IS NOT NULL ORDER BY {by} LIMIT {number}",
            f"SELECT {shown} FROM t ORDER BY ALL{flags[0]} LIMIT {number}",
            f"SELECT {shown} FROM t QUALIFY row_number() OVER (ORDER BY {by}) <= {number}",
        ])  # fmt: skip

    def make(self, cursor: duckdb.DuckDBPyConnection, name: str, rows: list[Row]) -> None:
        listed = ", ".join(f"{column} {kind}" for column, kind in zip(self.columns, self.kinds, strict=True))
        cursor.execute(f"CREATE TABLE {name} ({listed})")
        if rows:
            values = ", ".join(f"({', '.join(row)})" for row in rows)
            cursor.execute(f"INSERT INTO {name} VALUES {values}")


def refreshed_and_rebuilt(world: World) -> tuple[Counter[str], Counter[str]]:
    with duckdb.connect() as cursor:
        sql = f"SELECT x::VARCHAR FROM ({world.query}) AS x"
        for which, rows in (("new", world.new), ("old", world.old), ("plus", world.came), ("minus", world.went)):
            world.make(cursor, version_of("t", which), rows)  # type: ignore[arg-type]
        rebuilt = Counter(row for (row,) in cursor.execute(sql).fetchall())
        then = world.query.replace("FROM t", f"FROM {version_of('t', 'old')}")
        cursor.execute(f"CREATE TEMP TABLE shown AS {then}")
        changes = {"t": Change(plus=True, minus=bool(world.went))}
        answer = refresh(cursor, take_apart(world.query, frozenset(["t"])), changes, shown="shown", kept=())
        assert answer.is_whole
        found = cursor.execute(f"SELECT x::VARCHAR FROM ({answer.plus}) AS x").fetchall()
        return Counter(row for (row,) in found), rebuilt


def test_the_first_rows_by_columns_of_any_type() -> None:
    refused: Counter[str] = Counter()
    for seed in range(SEEDS):
        world = World(seed)
        try:
            refreshed, rebuilt = refreshed_and_rebuilt(world)
        except Refused as reason:
            refused[reason.what] += 1
        else:
            assert refreshed == rebuilt, (seed, world.query)
    assert refused.total() < 0.7 * SEEDS, refused
