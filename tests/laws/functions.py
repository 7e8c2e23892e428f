"""Makes random histories of tables that functions are refreshed from, for the law of incremental Python.

events(k, g, s): CSV files   base: SQL over events   others(k), names(g, name): one CSV file each
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from tests.conftest import Shop

Row = tuple[int | None, int | None, str]
Bag = Counter[tuple[object, ...]]

CODE = """
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa

from assetflow import Changes, Context, asset

FACTOR = {factor}


@asset(merge="append", incremental="auto")
def appended(events: Changes[pl.DataFrame], names: pl.DataFrame) -> pl.DataFrame:
    return events.added.join(names, on="g").select("k", "name", v=pl.col("g") * FACTOR)


@asset(merge="upsert", unique_key=["k"])
def keyed(base: Changes[pl.LazyFrame]) -> pl.LazyFrame:
    found = base.added.group_by("k").agg(t=pl.col("g").sum() * FACTOR, n=pl.len())
    return found.filter(pl.col("n") != 3)


@asset(merge="upsert", unique_key=["k"])
def paired(events: Changes[pa.Table], others: Changes[pd.DataFrame]) -> pl.DataFrame:
    one = pl.DataFrame(events.added).group_by("k").agg(n=pl.len())
    other = pl.from_pandas(others.added).select(pl.col("k").cast(pl.Int64)).group_by("k").agg(m=pl.len())
    return one.join(other, on="k", nulls_equal=True)


@asset(per="row")
def rowwise(base: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    return base.join(names, on="g").select("k", "name", v=pl.col("g") + FACTOR)


@asset(per="file")
def filed(events: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    return events.select(file=pl.lit(context.file.name), n=pl.len(), top=pl.col("g").max() * FACTOR)


@asset(per="file")
def read(events: Path) -> pl.DataFrame:
    return pl.DataFrame({{"file": [events.name], "lines": [len(events.read_text().splitlines()) * FACTOR]}})


@asset(merge="append")
def chained(keyed: Changes[pl.DataFrame]) -> pl.DataFrame:
    return keyed.added.select("t")
"""
SQL = {
    "base": "SELECT k, g, s FROM events WHERE s <> 'x'",
    "counted": "SELECT t, count(*) AS n FROM keyed GROUP BY t",
}
NAMES = ("appended", "keyed", "paired", "rowwise", "filed", "read", "chained", "counted")


class World:
    """A project on disk, and the same tables in plain Python."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.factor = 1
        self.files = {f"day{number}": self.rows() for number in range(3)}
        self.others = [self.draw.randrange(4) for _ in range(4)]
        self.names = [(0, "zero"), (2, "two")]
        self.gone: list[tuple[str, list[Row]]] = []
        self.next = 10
        settings = '[sources.events]\nfiles = "data/*.csv"\ncolumns = { k = "BIGINT", g = "BIGINT", s = "VARCHAR" }\n'
        settings += '[sources.others]\nfiles = "others.csv"\n[sources.names]\nfiles = "names.csv"\n'
        shop.write("assetflow.toml", settings)
        for name, sql in SQL.items():
            shop.sql(name, sql)
        self.write()

    def rows(self) -> list[Row]:
        return [self.row() for _ in range(self.draw.randrange(5))]

    def row(self) -> Row:
        number = lambda most: self.draw.choice([*range(most), None])  # noqa: E731
        return (number(5), number(4), self.draw.choice(["a", "b", "x"]))

    def write(self) -> None:
        written = {path.stem for path in (self.shop.root / "data").glob("*.csv")}
        for file in written - self.files.keys():
            self.shop.remove(f"data/{file}.csv")
        for file, rows in self.files.items():
            lines = [f"{'' if k is None else k},{'' if g is None else g},{s}" for k, g, s in rows]
            self.put(f"data/{file}.csv", "\n".join(["k,g,s", *lines]) + "\n")
        self.put("others.csv", "\n".join(["k", *map(str, self.others)]) + "\n")
        self.put("names.csv", "\n".join(["g,name", *(f"{g},{name}" for g, name in self.names)]) + "\n")
        self.put("assets/functions.py", CODE.format(factor=self.factor).lstrip())

    def put(self, path: str, text: str) -> None:
        """Files that are as they should be are not touched."""
        if not (self.shop.root / path).exists() or self.shop.read(path) != text:
            self.shop.write(path, text)

    def edit(self) -> str:
        """One change of the world, in words."""
        kind = self.draw.choice(
            ["append"] * 4 + ["late", "late", "grow", "replace", "delete", "rename", "reorder", "revert", "others",
             "names", "code", "twin", "empty"]
        )  # fmt: skip
        file = self.draw.choice(sorted(self.files))
        if kind == "append":
            self.next += 1
            self.files[f"{self.draw.choice(['a', 'day'])}{self.next}"] = self.rows()
        elif kind == "late":
            self.files[file].insert(self.draw.randrange(len(self.files[file]) + 1), self.row())
        elif kind == "grow":
            self.files[file] += self.rows()
        elif kind == "replace":
            self.files[file] = self.rows()
        elif kind == "delete" and len(self.files) > 1:
            self.gone.append((file, self.files.pop(file)))
        elif kind == "rename":
            self.next += 1
            self.files[f"z{self.next}"] = self.files.pop(file)
        elif kind == "reorder":
            self.draw.shuffle(self.files[file])
        elif kind == "revert" and self.gone:
            name, rows = self.gone.pop()
            self.files[name] = rows
        elif kind == "others":
            self.others = [*self.others[self.draw.randrange(2) :], self.draw.randrange(5)]
        elif kind == "names":
            self.names = [(g, self.draw.choice(["one", "two"])) for g in range(self.draw.randrange(1, 4))]
        elif kind == "code":
            self.factor = self.draw.choice([1, 2])
        elif kind == "twin":
            self.next += 1
            self.files[f"day{self.next}"] = list(self.files[file])
        elif kind == "empty":
            self.files[file] = []
        self.write()
        return f"{kind} {file}"

    # What is right

    def right(self) -> dict[str, Bag]:
        events = [row for rows in self.files.values() for row in rows]
        base = [row for row in events if row[2] != "x"]
        keyed = list(self.keyed(base))
        names = dict(self.names)
        counts, others = Counter(k for k, _, _ in events), Counter(self.others)
        lines = {f"{file}.csv": len(rows) + 1 for file, rows in self.files.items()}
        return {
            "appended": Counter((k, names[g], g * self.factor) for k, g, _ in events if g in names),
            "keyed": Counter(keyed),
            "paired": Counter((k, n, others[k]) for k, n in counts.items() if k in others),
            "rowwise": Counter((k, names[g], g + self.factor) for k, g, _ in base if g in names),
            "filed": Counter(
                (f"data/{file}.csv", len(rows), self.times(max((g for _, g, _ in rows if g is not None), default=None)))
                for file, rows in self.files.items()
            ),
            "read": Counter((file, count * self.factor) for file, count in lines.items()),
            "chained": Counter((t,) for _, t, _ in keyed),
            "counted": Counter(Counter(t for _, t, _ in keyed).items()),
        }

    def keyed(self, base: list[Row]) -> Iterator[tuple[object, ...]]:
        for key in {k for k, _, _ in base}:
            rows = [g for k, g, _ in base if k == key]
            if len(rows) != 3:
                yield key, sum(g for g in rows if g is not None) * self.factor, len(rows)

    def times(self, value: int | None) -> int | None:
        return None if value is None else value * self.factor
