"""The law of order: who reads the order of rows holds what that order gives, whoever else was left alone.

A table that comes out with the same rows in another order keeps its old files, so that what a reader should hold follows
from the rows as they are published. After each run every table is made again from those that it reads, and compared.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest

from tests.conftest import Shop

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "4"))
ONCE_WRONG = (15, 22, 37, 46)
"""Where the digest of an order that was not kept stood for the files that were."""
STEPS = 20
ASSETS = ("one", "two", "three")
VIEW = '/* @asset\nmaterialized = "view"\n*/\n'
TURNED: tuple[str, ...] = (
    "SELECT id, k, v{more} FROM {table} WHERE id > {n} UNION ALL SELECT id, k, v{more} FROM {table} WHERE id <= {n}",
    "SELECT id, k, v{more} FROM {table} WHERE id <= {n} UNION ALL SELECT id, k, v{more} FROM {table} WHERE id > {n}",
)
PASSING: tuple[str, ...] = (
    *TURNED,
    "SELECT id, k, v{more} FROM {table} WHERE id <> {n}",
    "SELECT id, k, v{more} FROM {table} ORDER BY v, id DESC",
    "SELECT id, k, v{more} FROM {table} ORDER BY id",
)
READING: tuple[str, ...] = (
    "SELECT id, k, v{more} FROM {table} LIMIT {n}",
    "SELECT id, k, v{more} FROM {table} LIMIT {n} OFFSET 1",
    "SELECT id, k, row_number() OVER () AS v{more} FROM {table}",
    "SELECT id, k, coalesce(lag(v) OVER (), 0) AS v{more} FROM {table}",
    "SELECT id, k, v{more} FROM (SELECT id, k, v FROM {table} LIMIT {n}) WHERE v > 1",
)
FUNCTIONS: tuple[str, ...] = (
    "{table}.head({n}).select('id', 'k', 'v')",
    "{table}.with_columns(v=pl.col('v').shift(1, fill_value=0)).select('id', 'k', 'v')",
    "{table}.unique('k', keep='first', maintain_order=True).select('id', 'k', 'v')",
)
KINDS = (READING, READING, READING, PASSING, FUNCTIONS)
EDITS = ("turned", "column", "number")
OTHERS = ("shuffle", "turn", "value", "more", "less", "code", "back", "layout")


class Code(NamedTuple):
    """What a table is made by: one of the texts above, and what stands in it."""

    text: str
    n: int
    more: str = ""
    head: str = ""
    is_edited: bool = False

    @property
    def is_sql(self) -> bool:
        return self.text not in FUNCTIONS

    def query(self, table: str) -> str:
        return self.text.format(table=table, n=self.n, more=self.more)

    def file(self, name: str, table: str) -> str:
        if self.is_sql:
            return f"{self.head}{self.query(table)}\n{'-- as it was' * self.is_edited}"
        body = f"def {name}({table}: pl.DataFrame) -> pl.DataFrame:\n    return {self.query(table)}"
        return f"import polars as pl\nfrom assetflow import asset\n\n\n@asset\n{body}\n{'# as it was' * self.is_edited}"


class World:
    """A table of three columns, all numbers, and two that are made from it."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.rows = [[at, at % 3, at % 2] for at in range(1, 7)]
        self.code: dict[str, Code] = {}
        self.past: list[tuple[str, Code]] = []
        shop.write("assetflow.toml", '[sources.items]\nfiles = "items.csv"\n')
        self.write_rows()
        for name in ASSETS:
            self.put(name, self.made_up(name))

    def write_rows(self) -> None:
        lines = "\n".join(",".join(map(str, row)) for row in self.rows)
        self.shop.write("items.csv", f"id,k,v\n{lines}\n")

    def below(self, name: str) -> str:
        return "items" if name == "one" else "one"

    def made_up(self, name: str) -> Code:
        text = self.draw.choice(self.draw.choice(KINDS if name != "one" else [TURNED, PASSING]))
        return Code(text, self.draw.randint(1, 4), head=VIEW if self.draw.random() < 0.15 else "")

    def put(self, name: str, code: Code) -> None:
        self.code[name] = code
        self.past.append((name, code))
        for kind in ("sql", "py"):
            (self.shop.root / f"assets/{name}.{kind}").unlink(missing_ok=True)
        self.shop.write(f"assets/{name}.{'sql' if code.is_sql else 'py'}", code.file(name, self.below(name)))

    def edit(self) -> str:
        kind, name = self.draw.choice(self.draw.choice([EDITS, EDITS, EDITS, OTHERS])), self.draw.choice(ASSETS)
        changed = self.edited(kind, name, self.code[name])
        if changed is not None:
            self.put(name, changed)
            return f"{kind} of {name}"
        if kind == "back":
            self.put(*self.draw.choice(self.past))
        else:
            self.edit_rows(kind, self.draw.randrange(len(self.rows)))
        return kind

    def edited(self, kind: str, name: str, code: Code) -> Code | None:
        """Other code for a table; None for what is no edit of code."""
        if kind == "code":
            return self.made_up(name)
        if kind == "layout":
            return code._replace(is_edited=not code.is_edited)
        if kind == "number":
            return code._replace(n=self.draw.randint(1, 4))
        if kind == "column":
            return code._replace(more="" if code.more else ", 1 AS more")
        if kind == "turned":
            others = {TURNED[0]: TURNED[1], TURNED[1]: TURNED[0]}
            return code._replace(text=others.get(code.text, code.text))
        return None

    def edit_rows(self, kind: str, at: int) -> None:
        if kind == "shuffle":
            self.draw.shuffle(self.rows)
        elif kind == "turn":
            self.rows.reverse()
        elif kind == "value":
            self.rows[at][2] += 1
        elif kind == "more":
            self.rows.insert(at, [max(row[0] for row in self.rows) + 1, 1, at])
        elif len(self.rows) > 3:
            del self.rows[at]
        self.write_rows()

    def is_right(self, name: str) -> bool:
        """Whether a table holds what its code makes of the rows that are published below it."""
        code, below = self.code[name], self.below(name)
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute(f"ATTACH '{self.shop.root}/warehouse/prod.duckdb' AS published (READ_ONLY)")
            connection.execute("USE published")
            found = connection.execute(f"SELECT id, k, v FROM {name}").fetchall()
            if code.is_sql:
                right = connection.execute(f"SELECT id, k, v FROM ({code.query(below)})").fetchall()
            else:
                right = run_function(code.file(name, below), name, connection.sql(f"FROM {below}").pl())
        return found == right if "ORDER BY" in code.text else Counter(found) == Counter(right)


def run_function(code: str, name: str, frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    known: dict[str, Any] = {}
    exec(compile(code, "<made up>", "exec"), known)
    rows: list[tuple[Any, ...]] = known[name](frame).rows()
    return rows


@pytest.mark.parametrize("seed", sorted({*range(HISTORIES), *ONCE_WRONG}))
def test_who_reads_the_order_of_rows_holds_what_that_order_gives(tmp_path: Path, seed: int) -> None:
    world = World(Shop(tmp_path), seed)
    told = ["at first"]
    for _ in range(STEPS):
        outcomes = world.shop.run()
        wrong = [name for name in ASSETS if not world.is_right(name)]
        assert not wrong, f"{wrong} after {', '.join(told)}: {outcomes} of {world.code}"
        assert world.shop.run() == {}, told
        told.append(world.edit())
