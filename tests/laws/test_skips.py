"""The law of skipping: whatever is left alone is what a rebuild would make.

Random tables over random sources, under random edits of data and code. After each run every table, whether it was made,
skipped, restored or not even looked at, is compared with what plain DuckDB computes from nothing.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Shop
from tests.oracle.made_up import Maker

HISTORIES = int(os.environ.get("ASSETFLOW_HISTORIES", "10"))
STEPS = 6
SOURCES = {
    "sales": {"id": "n", "shop": "t", "city": "t", "qty": "n"},
    "shops": {"shop": "t", "city": "t", "size": "n"},
    "people": {"id": "n", "name": "t", "parent": "n"},
}
TYPES = {"n": "BIGINT", "t": "VARCHAR"}
ASSETS = ("one", "two", "three", "four", "five")


class World:
    """A project on disk, and the same tables as plain DuckDB makes them."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.rows = {name: [self.row(columns) for _ in range(8)] for name, columns in SOURCES.items()}
        self.extra: set[str] = set()
        self.queries: dict[str, str] = {}
        self.columns: dict[str, dict[str, str]] = dict(SOURCES)
        settings = ""
        for name, columns in SOURCES.items():
            listed = ", ".join(f'{column} = "{TYPES[kind]}"' for column, kind in columns.items())
            settings += f'[sources.{name}]\nfiles = "data/{name}.csv"\ncolumns = {{ {listed} }}\n\n'
        shop.write("assetflow.toml", settings)
        for name in SOURCES:
            self.write_source(name)
        for name in ASSETS:
            self.write_asset(name)

    def row(self, columns: dict[str, str]) -> list[str]:
        return [self.value(kind) for kind in columns.values()]

    def value(self, kind: str) -> str:
        return self.draw.choice(["1", "2", "3", "4", ""] if kind == "n" else ["a", "b", "c", "x"])

    def write_source(self, name: str) -> None:
        lines = [",".join(SOURCES[name]), *(",".join(row) for row in self.rows[name])]
        self.shop.write(f"data/{name}.csv", "\n".join(lines) + "\n")

    def write_asset(self, name: str) -> None:
        """A new query for an asset, over sources and the assets before it; the names of its columns stay."""
        before = [*SOURCES, *ASSETS[: ASSETS.index(name)]]
        made = Maker(self.draw, {table: self.columns[table] for table in before}).query(2)
        kinds = [self.draw.choice("nt") for _ in range(3)] if name not in self.columns else None
        if kinds is not None:
            self.columns[name] = {f"k{at}": kind for at, kind in enumerate(kinds)}
        alias = "z"
        maker = Maker(self.draw)
        listed = ", ".join(
            f"{maker.value(made.columns, alias, kind)[0]} AS {column}" for column, kind in self.columns[name].items()
        )
        self.queries[name] = f"SELECT {listed} FROM ({made.sql}) {alias}"
        self.shop.sql(name, self.queries[name])

    def edit(self) -> str:
        """One change of the world."""
        kind = self.draw.choice(
            ["column", "column", "column", "shuffle", "row", "twice", "code", "layout", "nothing", "output"]
        )
        source = self.draw.choice(list(SOURCES))
        rows = self.rows[source]
        asset = self.draw.choice(ASSETS)
        if kind == "column":
            at = self.draw.randrange(len(SOURCES[source]))
            for row in self.draw.sample(rows, 3):
                row[at] = self.value(list(SOURCES[source].values())[at])
        elif kind == "shuffle":
            self.draw.shuffle(rows)
        elif kind == "row":
            rows[self.draw.randrange(len(rows))] = self.row(SOURCES[source])
        elif kind == "twice":
            rows.append(list(self.draw.choice(rows)))
        elif kind == "code":
            self.write_asset(asset)
        elif kind == "layout":
            self.queries[asset] = f"-- again\nWITH w AS ({self.queries[asset]})\nSELECT *\nFROM w"
            self.shop.sql(asset, self.queries[asset])
        elif kind == "output":
            columns = list(self.columns[asset])
            changed = self.draw.choice(columns)
            empty = "NULL::BIGINT" if self.columns[asset][changed] == "n" else "'y'"
            listed = ", ".join(f"{empty} AS {name}" if name == changed else name for name in columns)
            self.queries[asset] = f"SELECT {listed} FROM ({self.queries[asset]})"
            self.shop.sql(asset, self.queries[asset])
        if kind in {"column", "shuffle", "row", "twice"}:
            self.write_source(source)
        return f"{kind} of {asset if kind in {'code', 'layout', 'output'} else source}"

    def from_nothing(self) -> dict[str, Counter[tuple[object, ...]]]:
        found = {}
        with duckdb.connect() as connection:
            for name, columns in SOURCES.items():
                typed = ", ".join(f"'{column}': '{TYPES[kind]}'" for column, kind in columns.items())
                path = self.shop.root / "data" / f"{name}.csv"
                connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{path}', header=true, columns={{{typed}}})")
            for name in ASSETS:
                connection.execute(f"CREATE TABLE {name} AS {self.queries[name]}")
                found[name] = Counter(connection.execute(f"FROM {name}").fetchall())
        return found


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_is_left_alone_is_what_a_rebuild_would_make(tmp_path: Path, seed: int) -> None:
    world = World(Shop(tmp_path), seed)
    told = ["at first"]
    for _ in range(STEPS):
        outcomes = world.shop.run()
        assert set(outcomes.values()) <= {"materialized", "skipped", "restored"}, (told, outcomes)
        right = world.from_nothing()
        for name in ASSETS:
            left_alone = outcomes.get(name) != "materialized"
            assert Counter(world.shop.rows(f"FROM {name}")) == right[name], (
                told,
                name,
                "left alone" if left_alone else "made",
            )
        assert world.shop.run() == {}, told
        told.append(world.edit())
