"""Small random databases to run queries on, and what a query gives as a bag of rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import duckdb

SCHEMAS: dict[str, tuple[tuple[str, str], ...]] = {
    "sales": (
        ("id", "BIGINT"), ("shop", "VARCHAR"), ("city", "VARCHAR"), ("amount", "DECIMAL(9,2)"), ("qty", "INTEGER"),
        ("day", "DATE"), ("price", "DOUBLE"),
    ),
    "shops": (("shop", "VARCHAR"), ("city", "VARCHAR"), ("size", "INTEGER"), ("opened", "DATE"), ("boss", "BIGINT")),
    "people": (
        ("id", "BIGINT"), ("name", "VARCHAR"), ("city", "VARCHAR"), ("tags", "VARCHAR[]"),
        ("addr", "STRUCT(zip VARCHAR, floor INTEGER)"), ("active", "BOOLEAN"), ("parent", "BIGINT"),
    ),
    "events": (("moment", "TIMESTAMP"), ("id", "BIGINT"), ("kind", "VARCHAR"), ("value", "INTEGER"), ("extra", "MAP(VARCHAR, INTEGER)")),
}  # fmt: skip

Row = list[Any]
Database = dict[str, list[Row]]
Bag = Counter[tuple[str, ...]]

TEXTS = ["a", "b", "c", "x", "", None]
VALUES = {
    "BIGINT": lambda draw: draw.choice([1, 2, 3, 4, 5, None]),
    "INTEGER": lambda draw: draw.choice([0, 1, 2, 3, 10, None]),
    "VARCHAR": lambda draw: draw.choice(TEXTS),
    "DECIMAL(9,2)": lambda draw: draw.choice(["1.00", "2.50", "10.00", "-3.25", None]),
    "DOUBLE": lambda draw: draw.choice([1.0, 2.0, 8.0, -4.0, None]),
    "DATE": lambda draw: draw.choice(["2024-01-01", "2024-01-02", "2024-02-01", "2025-01-01", None]),
    "TIMESTAMP": lambda draw: draw.choice(["2024-01-01 00:00:00", "2024-01-01 12:30:00", "2024-01-03 01:00:00", None]),
    "BOOLEAN": lambda draw: draw.choice([True, False, None]),
    "VARCHAR[]": lambda draw: draw.choice([["a"], ["a", "b"], [], [None], ["c", "a", "x"], None]),
    "STRUCT(zip VARCHAR, floor INTEGER)": lambda draw: draw.choice(
        [{"zip": zip, "floor": floor} for zip in ("a", "b", None) for floor in (1, 2, None)]
    ),
    "MAP(VARCHAR, INTEGER)": lambda draw: draw.choice([{"a": 1}, {"a": 2, "b": 3}, {}, None]),
}


def random_value(kind: str, draw: random.Random) -> Any:
    return VALUES[kind](draw)


def random_database(draw: random.Random) -> Database:
    """Every table with a few rows, among them NULLs, empty texts, ties and duplicates."""
    made: Database = {}
    for name, schema in SCHEMAS.items():
        rows = [[random_value(kind, draw) for _, kind in schema] for _ in range(draw.randint(3, 9))]
        made[name] = rows + [list(row) for row in rows[: draw.randint(0, 2)]]
    return made


def with_other_column(database: Database, table: str, column: str, draw: random.Random) -> Database:
    """The same database with other values in one column: new ones, or the old ones in another order."""
    at = [name for name, _ in SCHEMAS[table]].index(column)
    kind = SCHEMAS[table][at][1]
    old = [row[at] for row in database[table]]
    if draw.random() < 0.3:
        new = draw.sample(old, len(old))
    else:
        share = draw.choice([0.3, 1.0])
        new = [random_value(kind, draw) if draw.random() < share else value for value in old]
    rows = [[*row[:at], value, *row[at + 1 :]] for row, value in zip(database[table], new, strict=True)]
    return {**database, table: rows}


class Engine:
    """A DuckDB of one thread, so that the same rows in the same order give the same answer."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": "1", "legacy_disable_null_type": True})
        self.connection.execute("SET TimeZone = 'UTC'")
        for name, schema in SCHEMAS.items():
            columns = ", ".join(f"{column} {kind}" for column, kind in schema)
            self.connection.execute(f"CREATE TABLE {name} ({columns})")

        self.loaded: dict[str, list[Row]] = {}

    def load(self, database: Database) -> None:
        """Fill the tables whose rows are others than those that are there."""
        for name, rows in database.items():
            if self.loaded.get(name) == rows:
                continue
            # Not DELETE: the numbers of rows would go on.
            columns = ", ".join(f"{column} {kind}" for column, kind in SCHEMAS[name])
            self.connection.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
            values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
            self.connection.execute(f"INSERT INTO {name} VALUES {values}")
            self.loaded[name] = rows

    def rows(self, query: str) -> list[tuple[str, ...]] | None:
        """Every row with its values as text; None where the query fails on this data."""
        try:
            found = self.connection.execute(query).fetchall()
        except duckdb.Error:
            return None
        return [tuple(map(shown, row)) for row in found]


def shown(value: Any) -> str:
    """A value as text; sums of floating-point numbers differ in their last digits with the order of addition."""
    return f"{value:.9g}" if isinstance(value, float) else repr(value)


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict) and "zip" in value:
        return f"{{'zip': {literal(value['zip'])}, 'floor': {literal(value['floor'])}}}"
    if isinstance(value, dict):
        return f"MAP {{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
    return "'" + str(value).replace("'", "''") + "'"


def bag(rows: list[tuple[str, ...]], positions: Sequence[int] | None = None) -> Bag:
    """The rows, or the tuples of some of their columns, however they are ordered."""
    if positions is None:
        return Counter(rows)
    return Counter(tuple(row[at] for at in positions) for row in rows)
