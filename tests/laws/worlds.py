"""Random projects under random edits of data and code, and what plain DuckDB and Polars make of them from nothing."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from tests.conftest import Shop
from tests.laws.made_up_functions import HEAD, TYPES, Function, made_up_function, shaped

SOURCES = {
    "sales": {"id": "n", "shop": "t", "city": "t", "qty": "n", "price": "n", "kind": "t", "weight": "n", "note": "t"},
    "shops": {"shop": "t", "city": "t", "size": "n", "boss": "n", "colour": "t"},
    "people": {"id": "n", "name": "t", "parent": "n", "town": "t", "age": "n", "mood": "t"},
}
ASSETS = ("one", "two", "three", "four", "five", "six")
EDITS = ["column"] * 3 + ["columns"] * 6
EDITS += ["shuffle", "row", "twice", "code", "code", "code", "layout", "nothing", "output", "wider"]


MOST_ROWS = 2000


class TooLarge(Exception):
    """The joins of a world multiply its rows beyond reason."""


@dataclass
class Tally:
    """What a history came to: tables that were left alone and compared, and those of them that were wrong.

    `touched` are those left alone although something that they are made from, or their own text, had been edited.
    """

    left_alone: int = 0
    touched: int = 0
    made: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.left_alone += other.left_alone
        self.touched += other.touched
        self.made += other.made
        self.wrong += other.wrong


class World:
    """A project on disk. The names and kinds of the columns of a table stay, whatever is edited."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.rows = {name: [self.row(columns) for _ in range(8)] for name, columns in SOURCES.items()}
        self.columns: dict[str, dict[str, str]] = dict(SOURCES)
        self.code: dict[str, str | Function] = {}
        settings = ""
        for name, columns in SOURCES.items():
            listed = ", ".join(f'{column} = "{TYPES[kind]}"' for column, kind in columns.items())
            settings += f'[sources.{name}]\nfiles = "data/{name}.csv"\ncolumns = {{ {listed} }}\n\n'
        shop.write("assetflow.toml", settings)
        for name in SOURCES:
            self.write_source(name)
        for name in ASSETS:
            self.columns[name] = {f"k{at}": self.draw.choice("nt") for at in range(4)}
            self.rewrite(name)

    def row(self, columns: dict[str, str]) -> list[str]:
        return [self.value(kind) for kind in columns.values()]

    def value(self, kind: str) -> str:
        return self.draw.choice(["1", "2", "3", "4", ""] if kind == "n" else ["a", "b", "c", "x"])

    def write_source(self, name: str) -> None:
        lines = [",".join(SOURCES[name]), *(",".join(row) for row in self.rows[name])]
        self.shop.write(f"data/{name}.csv", "\n".join(lines) + "\n")

    def before(self, name: str) -> dict[str, dict[str, str]]:
        """The tables that an asset may read."""
        return {table: self.columns[table] for table in (*SOURCES, *ASSETS[: ASSETS.index(name)])}

    def rewrite(self, name: str) -> None:
        """Other code for an asset, which can run."""
        if self.draw.random() < 0.5:
            self.put(name, shaped(self.draw, self.before(name), self.columns[name]))
            return
        while True:
            function = made_up_function(self.draw, name, self.before(name), self.columns[name])
            if self.can_run(function):
                self.put(name, function)
                return

    def can_run(self, function: Function) -> bool:
        """False where Polars refuses what was made up, with rows or without."""
        for rows in (8, 0):
            with duckdb.connect() as connection:
                for table, columns in self.before(function.name).items():
                    listed = ", ".join(f"NULL::{TYPES[kind]} AS {name}" for name, kind in columns.items())
                    connection.execute(f"CREATE TABLE {table} AS SELECT {listed} FROM range({rows})")
                try:
                    run_function(function.text, function, connection)
                except (pl.exceptions.PolarsError, duckdb.Error):
                    return False
        return True

    def put(self, name: str, code: str | Function) -> None:
        self.code[name] = code
        (self.shop.root / f"assets/{name}.sql").unlink(missing_ok=True)
        (self.shop.root / f"assets/{name}.py").unlink(missing_ok=True)
        if isinstance(code, str):
            self.shop.sql(name, code)
        else:
            self.shop.write(f"assets/{name}.py", code.text)

    def edit(self) -> tuple[str, list[str]]:
        """One change of the world; what it was, and of which tables."""
        kind = self.draw.choice(EDITS)
        if kind == "nothing":
            return kind, []
        if kind in {"code", "layout", "output", "wider"}:
            asset = self.draw.choice(ASSETS)
            self.edit_asset(kind, asset)
            return kind, [asset]
        sources = list(SOURCES) if kind == "columns" else [self.draw.choice(list(SOURCES))]
        for source in sources:
            self.edit_rows("column" if kind == "columns" else kind, source)
        return kind, sources

    def edit_asset(self, kind: str, asset: str) -> None:
        if kind == "code":
            self.rewrite(asset)
        else:
            self.put(asset, self.edited(kind, asset, self.code[asset]))

    def edit_rows(self, kind: str, source: str) -> None:
        rows = self.rows[source]
        if kind == "column":
            at = self.draw.randrange(len(SOURCES[source]))
            for row in self.draw.sample(rows, self.draw.choice([1, 3, 8])):
                row[at] = self.value(list(SOURCES[source].values())[at])
        elif kind == "shuffle":
            self.draw.shuffle(rows)
        elif kind == "row":
            rows[self.draw.randrange(len(rows))] = self.row(SOURCES[source])
        elif kind == "twice":
            rows.append(list(self.draw.choice(rows)))
        self.write_source(source)

    def edited(self, kind: str, asset: str, code: str | Function) -> str | Function:
        """The same code in another layout, with a constant for a column, or with a column more."""
        changed = self.draw.choice(list(self.columns[asset]))
        number = self.columns[asset][changed] == "n"
        if isinstance(code, Function):
            return edited_function(kind, code, changed, is_number=number)
        if kind == "layout":
            return f"-- again\nWITH w AS ({code})\nSELECT *\nFROM w"
        constant = "NULL::BIGINT" if number else "'y'"
        if kind == "output":
            return f"SELECT * REPLACE ({constant} AS {changed}) FROM ({code})"
        return f"SELECT *, {changed} AS {extra_name(code)} FROM ({code})"

    def from_nothing(self) -> dict[str, Counter[tuple[object, ...]]]:
        """What every table should hold; TooLarge when that is more than is good for this machine."""
        found = {}
        with duckdb.connect(config={"memory_limit": "1GB", "threads": "1"}) as connection:
            patience = threading.Timer(5, connection.interrupt)
            patience.start()
            try:
                for name in SOURCES:
                    self.load_source(name, connection)
                for name in ASSETS:
                    found[name] = self.rows_of(name, connection)
            except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
                raise TooLarge from error
            finally:
                patience.cancel()
        return found

    def load_source(self, name: str, connection: duckdb.DuckDBPyConnection) -> None:
        typed = ", ".join(f"'{column}': '{TYPES[kind]}'" for column, kind in SOURCES[name].items())
        path = self.shop.root / "data" / f"{name}.csv"
        connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{path}', header=true, columns={{{typed}}})")

    def rows_of(self, name: str, connection: duckdb.DuckDBPyConnection) -> Counter[tuple[object, ...]]:
        code = self.code[name]
        if isinstance(code, str):
            connection.execute(f"CREATE TABLE {name} AS FROM ({code}) LIMIT {MOST_ROWS + 1}")
        else:
            run_function(code.text, code, connection)
        rows = connection.execute(f"FROM {name}").fetchall()
        if len(rows) > MOST_ROWS:
            raise TooLarge
        return Counter(rows)

    def small(self) -> dict[str, Counter[tuple[object, ...]]]:
        """What every table should hold, after other code for all of them wherever that is too much."""
        while True:
            try:
                return self.from_nothing()
            except TooLarge:
                for name in ASSETS:
                    self.rewrite(name)

    def after(self, tables: list[str]) -> set[str]:
        """Tables and all that is made from them."""
        graph = self.shop.project().definitions.graph
        known = [table for table in tables if table in graph]
        return {*known, *graph.descendants(known)}


def extra_name(code: str) -> str:
    return f"more{code.count(' AS more')}"


def edited_function(kind: str, function: Function, changed: str, *, is_number: bool) -> Function:
    """A function around the body of another, or its body with a comment."""
    body = function.body
    if kind == "layout":
        return Function(function.name, function.style, function.parameters, f"    # as it was\n\n{body}")
    if function.style in {"query", "relation"}:
        constant = "NULL::BIGINT" if is_number else "'y'"
        more = f"SELECT *, {changed} AS {extra_name(body)} FROM ("
        head = f"SELECT * REPLACE ({constant} AS {changed}) FROM (" if kind == "output" else more
        start = body.index('"""') + 3
        body = f"{body[:start]}{head}{body[start:]}".replace('""")', ')""")', 1)
        return Function(function.name, function.style, function.parameters, body)
    constant = "pl.lit(None, pl.Int64)" if is_number else 'pl.lit("y")'
    extra = f"more{body.count('.with_columns(more')}"
    step = f"{changed}={constant}" if kind == "output" else f'{extra}=c("{changed}")'
    lines = [f"{line}.with_columns({step})" if "return " in line else line for line in body.splitlines()]
    return Function(function.name, function.style, function.parameters, "\n".join(lines) + "\n")


def run_function(text: str, function: Function, connection: duckdb.DuckDBPyConnection) -> None:
    """Call the function with whole tables, and keep what it returns as a table of its name."""
    known: dict[str, Any] = {}
    exec(compile(text, "<made up>", "exec"), known)
    given: dict[str, Any] = {}
    for table, narrowed in function.parameters.items():
        relation = connection.sql(f"FROM {table}")
        if function.style == "relation":
            given[table] = relation.set_alias(table)
            continue
        frame = relation.pl() if narrowed is None else relation.pl().select(narrowed)
        given[table] = frame.lazy() if function.style in {"lazy", "watched"} else frame
    value = known[function.name](**given)
    if function.style == "query":
        connection.execute(f"CREATE TABLE {function.name} AS FROM ({value.sql}) LIMIT {MOST_ROWS + 1}")
    elif function.style == "relation":
        value.limit(MOST_ROWS + 1).create(function.name)
    else:
        connection.register("made_up", value.lazy().collect())
        connection.execute(f"CREATE TABLE {function.name} AS FROM made_up")
        connection.unregister("made_up")


def history(shop: Shop, seed: int, steps: int) -> Tally:
    """Build a world, edit it, run it, and compare every table with what comes of nothing, each time."""
    world, tally = World(shop, seed), Tally()
    told, edited = ["at first"], list[str]()
    for step in range(steps):
        right = world.small()
        outcomes = shop.run()
        touched, read = world.after(edited), shop.tables(ASSETS)
        for name in ASSETS:
            outcome = outcomes.get(name, "fresh")
            is_right = Counter(read[name]) == right[name]
            if outcome == "materialized":
                tally.made += 1
            elif step:
                tally.left_alone += 1
                tally.touched += name in touched
            if not is_right or outcome not in {"fresh", "materialized", "skipped", "restored"}:
                tally.wrong.append(f"seed {seed}: {name} was {outcome}, after {', '.join(told)}\n{shown(world, name)}")
        again = shop.run()
        tally.wrong += [f"seed {seed}: not fresh after a run, after {', '.join(told)}: {again}"] if again else []
        if tally.wrong:
            return tally
        kind, edited = world.edit()
        told.append(f"{kind} of {' and '.join(edited)}" if edited else kind)
    return tally


def shown(world: World, name: str) -> str:
    code = world.code[name]
    return code if isinstance(code, str) else code.text.removeprefix(HEAD)
