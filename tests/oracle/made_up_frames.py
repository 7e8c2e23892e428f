"""Functions that are made up, judged one by one: what their lineage says is not read must have no say.

Cheaper by far than whole projects, so that thousands can be tried.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import polars as pl

from assetflow.lineage.columns import Lineage
from assetflow.lineage.plans.frames import lazyframe_lineage
from assetflow.running.python.stubs import duckdb_type, lazy, stub_source, table_of
from tests.laws.made_up_functions import TYPES, Function, made_up_function
from tests.oracle.database import bag as bag_of

SOURCES: dict[str, dict[str, str]] = {
    "sales": {"id": "n", "shop": "t", "city": "t", "qty": "n", "price": "n"},
    "shops": {"shop": "t", "city": "t", "size": "n", "boss": "n"},
}
POLARS = {"n": pl.Int64, "t": pl.String}
VALUES: dict[str, list[Any]] = {"n": [1, 2, 3, 4, None], "t": ["a", "b", "c", "x", None]}
Rows = dict[str, list[list[Any]]]


def lazy_function(seed: int) -> Function:
    """The same function of LazyFrames for the same seed."""
    draw = random.Random(seed)
    while True:
        function = made_up_function(draw, "made", SOURCES, {f"k{at}": draw.choice("nt") for at in range(2)}, ["lazy"])
        try:
            run(function, {table: [] for table in SOURCES})
            run(function, random_rows(random.Random(0)))
        except pl.exceptions.PolarsError:
            continue
        return function


def callable_of(function: Function) -> Any:
    known: dict[str, Any] = {}
    exec(compile(function.text, "<made up>", "exec"), known)
    return known["made"]


def lineage_of(function: Function) -> Lineage:
    stubs = {
        table: lazy(stub_source(table, [(name, TYPES[kind]) for name, kind in SOURCES[table].items()], None))
        for table in function.parameters
    }
    return lazyframe_lineage(callable_of(function)(**stubs), table_of, list(function.parameters), duckdb_type)


def random_rows(draw: random.Random) -> Rows:
    return {
        table: [[draw.choice(VALUES[kind]) for kind in columns.values()] for _ in range(draw.randint(4, 9))]
        for table, columns in SOURCES.items()
    }


def run(function: Function, rows: Mapping[str, list[list[Any]]]) -> pl.DataFrame:
    frames = {
        table: pl.DataFrame(
            rows[table], schema={name: POLARS[kind] for name, kind in SOURCES[table].items()}, orient="row"
        ).lazy()
        for table in function.parameters
    }
    made: pl.DataFrame = callable_of(function)(**frames).collect()
    return made


def missed(function: Function, lineage: Lineage, seed: int, rounds: int) -> list[str]:
    """The columns that have a say and are not told of; and the order of rows, where it is said not to count."""
    draw = random.Random(seed)
    found = []
    for _ in range(rounds):
        rows = random_rows(draw)
        then = _bag(run(function, rows))
        for table in function.parameters:
            told = lineage.reads[table]
            if (
                not lineage.ordered
                and _bag(run(function, {**rows, table: draw.sample(rows[table], len(rows[table]))})) != then
            ):
                found.append(f"the order of {table}")
            for at, (name, kind) in enumerate(SOURCES[table].items()):
                if told is None or name in told:
                    continue
                other = [[*row[:at], draw.choice(VALUES[kind]), *row[at + 1 :]] for row in rows[table]]
                if _bag(run(function, {**rows, table: other})) != then:
                    found.append(f"{table}.{name}")
    return sorted(set(found))


def _bag(frame: pl.DataFrame) -> Any:
    return bag_of([tuple(map(repr, row)) for row in frame.rows()])
