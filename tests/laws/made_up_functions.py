"""Makes up Python assets over given tables: Polars lazy and eager, watched, narrowed, relations, and built queries.

What comes out of each follows from the bags of rows that it is given, not from their order, so that a rebuild from
nothing can be compared with.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.made_up import Maker

HEAD = """\
from typing import Annotated

import duckdb
import polars as pl

from assetflow import Query, asset, upstream

c = pl.col


"""
STYLES = ("lazy", "lazy", "lazy", "watched", "watched", "eager", "narrow", "narrow", "query", "relation")
ANNOTATIONS = {
    "lazy": "pl.LazyFrame", "watched": "pl.LazyFrame", "eager": "pl.DataFrame", "narrow": "pl.DataFrame",
    "relation": "duckdb.DuckDBPyRelation",
}  # fmt: skip
Columns = Mapping[str, str]


@dataclass(frozen=True)
class Function:
    """The text of a file that declares one asset, and how its parameters arrive."""

    name: str
    style: str
    parameters: Mapping[str, tuple[str, ...] | None]
    body: str

    @property
    def text(self) -> str:
        kind = ANNOTATIONS.get(self.style, "")
        taken = ", ".join(f"{name}: {_annotation(kind, narrowed)}" for name, narrowed in self.parameters.items())
        returns = "Query" if self.style == "query" else kind
        return f"{HEAD}@asset\ndef {self.name}({taken}) -> {returns}:\n{self.body}"


def _annotation(kind: str, narrowed: tuple[str, ...] | None) -> str:
    return kind if narrowed is None else f"Annotated[{kind}, upstream(columns={list(narrowed)!r})]"


def made_up_function(
    draw: random.Random,
    name: str,
    tables: Mapping[str, Columns],
    columns: Columns,
    styles: Sequence[str] = STYLES,
) -> Function:
    """A function over some of `tables` whose result has these columns with these kinds (`n` or `t`)."""
    style = draw.choice(styles)
    if style == "query":
        sql = shaped(draw, tables, columns)
        return Function(name, style, {}, f'    return Query("""{sql}""")\n')
    chosen = draw.sample(list(tables), min(len(tables), draw.choice([1, 2])))
    if style == "relation":
        table = chosen[0]
        # What DuckDB calls the relation in the text is its alias.
        sql = shaped(draw, {"given": tables[table]}, columns)
        narrowed = draw.random() < 0.3
        steps = f".filter({draw.choice(_filters(tables[table]))!r})" if narrowed else ""
        return Function(name, style, {table: None}, f'    return {table}{steps}.query("given", """{sql}""")\n')
    seen = {table: dict(tables[table]) for table in chosen}
    narrow: dict[str, tuple[str, ...] | None] = dict.fromkeys(chosen)
    if style == "narrow":
        for table in chosen:
            kept = draw.sample(list(seen[table]), draw.randint(1, len(seen[table])))
            seen[table] = {column: seen[table][column] for column in kept}
            narrow[table] = tuple(kept)
    maker = FrameMaker(draw, seen)
    lines = ""
    if style == "watched":
        table = chosen[-1]
        number = maker.number(seen[table])
        lines = f"    if ({table}.select(x={number}.sum()).collect().item() or 0) > {draw.randint(1, 20)}:\n"
        lines += f"        return {maker.shaped(draw.randint(1, 2), columns)}\n"
    return Function(name, style, narrow, f"{lines}    return {maker.shaped(draw.randint(1, 3), columns)}\n")


def _filters(columns: Columns) -> list[str]:
    return [f"{name} > 1" if kind == "n" else f"{name} <> 'b'" for name, kind in columns.items()]


def shaped(draw: random.Random, tables: Mapping[str, Columns], columns: Columns) -> str:
    """A query whose result has these columns."""
    made = Maker(draw, {table: dict(each) for table, each in tables.items()}).query(2)
    maker = Maker(draw)
    listed = (f"{maker.value(made.columns, 'z', kind)[0]}::{TYPES[kind]} AS {name}" for name, kind in columns.items())
    return f"SELECT {', '.join(listed)} FROM ({made.sql}) z"


TYPES = {"n": "BIGINT", "t": "VARCHAR"}


@dataclass(frozen=True)
class Frame:
    """An expression that is a frame, and its columns with their kinds."""

    code: str
    columns: Columns


class FrameMaker:
    """Makes Polars code over parameters that are frames, lazy or not."""

    def __init__(self, draw: random.Random, tables: Mapping[str, Columns]) -> None:
        self.draw = draw
        self.tables = tables
        self.names = 0

    def shaped(self, depth: int, columns: Columns) -> str:
        made = self.frame(depth)
        types = {"n": "pl.Int64", "t": "pl.String"}
        listed = [f"{name}={self.value(made.columns, kind)}.cast({types[kind]})" for name, kind in columns.items()]
        if self.draw.random() < 0.5:
            return f"{made.code}.select({', '.join(listed)})"
        return f"{made.code}.with_columns({', '.join(listed)}).select({list(columns)!r})"

    def frame(self, depth: int) -> Frame:
        if depth == 0:
            table = self.draw.choice(list(self.tables))
            return Frame(table, self.tables[table])
        makers = [
            self.filter, self.filter, self.filter, self.extend, self.select, self.group, self.join, self.half_join, self.unique, self.head,
            self.concat, self.count, self.drop, self.rename,
        ]  # fmt: skip
        return self.draw.choice(makers)(depth)

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def pick(self, columns: Columns, kind: str) -> str | None:
        known = [name for name, one in columns.items() if one == kind]
        return f'c("{self.draw.choice(known)}")' if known else None

    def number(self, columns: Columns) -> str:
        one, other = self.pick(columns, "n"), self.pick(columns, "n")
        text = self.pick(columns, "t")
        if one is None:
            return f"{text}.str.len_chars().cast(pl.Int64)" if text else "pl.lit(1)"
        return self.draw.choice(
            [one, f"({one} + {other})", f"pl.when({one} > 2).then({other})", f"{one}.fill_null(0)",
             f"{one}.is_in([1, 2]).cast(pl.Int64)", f"{one}.max().over({text or other})",
             f'{one}.rank("dense").over({text or other}).cast(pl.Int64)', f"({one} - {one}.min())",
             f"pl.coalesce({one}, {other})"]
        )  # fmt: skip

    def text(self, columns: Columns) -> str:
        one, other, number = self.pick(columns, "t"), self.pick(columns, "t"), self.pick(columns, "n")
        if one is None:
            return f"{number}.cast(pl.String)" if number else 'pl.lit("x")'
        return self.draw.choice(
            [one, f"({one} + {other})", f"{one}.str.to_uppercase()",
             f"pl.when({number or 'pl.lit(2)'} > 1).then({one}).otherwise({other})",
             f"{one}.map_elements(lambda v: repr(v), return_dtype=pl.String)"]
        )  # fmt: skip

    def value(self, columns: Columns, kind: str) -> str:
        return self.number(columns) if kind == "n" else self.text(columns)

    def condition(self, columns: Columns) -> str:
        number, text = self.pick(columns, "n"), self.pick(columns, "t")
        choices = [f"{number} > 1", f"{number}.is_null()", f"{number} == {number}.max()"] if number else []
        choices += [f'{text} == "a"', f'({text} != "b")'] if text else []
        return self.draw.choice(choices or ["pl.lit(True)"])

    def listed(self, columns: Columns) -> tuple[str, dict[str, str]]:
        made = {self.name(): self.draw.choice("nt") for _ in range(self.draw.randint(1, 3))}
        return ", ".join(f"{name}={self.value(columns, kind)}" for name, kind in made.items()), made

    def filter(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        return Frame(f"{below.code}.filter({self.condition(below.columns)})", below.columns)

    def extend(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        listed, made = self.listed(below.columns)
        return Frame(f"{below.code}.with_columns({listed})", {**below.columns, **made})

    def select(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        listed, made = self.listed(below.columns)
        return Frame(f"{below.code}.select({listed})", made)

    def group(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        key = self.draw.choice(list(below.columns))
        name, call = self.name(), self.draw.choice(["sum()", "max()", "n_unique()", "count()"])
        number = self.number(below.columns)
        where = f".filter({self.condition(below.columns)})" if self.draw.random() < 0.3 else ""
        code = f'{below.code}.group_by("{key}").agg({name}=({number}){where}.{call}.cast(pl.Int64))'
        return Frame(code, {key: below.columns[key], name: "n"})

    def keys(self, left: Columns, right: Columns) -> tuple[str, str] | None:
        kinds = [kind for kind in "nt" if kind in left.values() and kind in right.values()]
        if not kinds:
            return None
        kind = self.draw.choice(kinds)
        chosen = [name for name, one in right.items() if one == kind]
        return f"{self.pick(left, kind)}", self.draw.choice(chosen)

    def join(self, depth: int) -> Frame:
        left, right = self.frame(depth - 1), self.frame(depth - 1)
        keys = self.keys(left.columns, right.columns)
        if keys is None:
            return left
        one, first = self.listed(left.columns)
        other, second = self.listed(right.columns)
        keep = {f"l{name}": kind for name, kind in left.columns.items()}
        kept = ", ".join(f'l{name}=c("{name}")' for name in left.columns)
        how = self.draw.choice(["inner", "left", "full"])
        # One partner at most, or else the rows of a few joins would fill the memory.
        partners = f'{right.code}.with_columns({other}).group_by("{keys[1]}").agg(pl.all().max())'
        if keys[1] in second:
            return left
        code = (
            f"{left.code}.with_columns({one}).with_columns({kept})"
            f'.join({partners}, left_on={keys[0]}, right_on="{keys[1]}", how="{how}")'
            f".select({[*first, *second, *keep]!r})"
        )
        return Frame(code, {**first, **second, **keep})

    def half_join(self, depth: int) -> Frame:
        left, right = self.frame(depth - 1), self.frame(depth - 1)
        keys = self.keys(left.columns, right.columns)
        if keys is None:
            return left
        how = self.draw.choice(["semi", "anti"])
        on = f'left_on={keys[0]}, right_on="{keys[1]}", how="{how}"'
        return Frame(f"{left.code}.join({right.code}, {on})", left.columns)

    def unique(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        return Frame(f"{below.code}.unique()", below.columns)

    def head(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        return Frame(f"{below.code}.sort(pl.all()).head({self.draw.randint(1, 5)})", below.columns)

    def concat(self, depth: int) -> Frame:
        left, right = self.frame(depth - 1), self.frame(depth - 1)
        name, other = self.name(), self.name()
        heads = [
            f"{each.code}.select({name}={self.number(each.columns)}.cast(pl.Int64), {other}={self.text(each.columns)})"
            for each in (left, right)
        ]  # fmt: skip
        return Frame(f"pl.concat([{', '.join(heads)}])", {name: "n", other: "t"})

    def count(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        name = self.name()
        return Frame(f"{below.code}.select({name}=pl.len().cast(pl.Int64))", {name: "n"})

    def drop(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        if len(below.columns) < 2:
            return below
        gone = self.draw.choice(list(below.columns))
        left = {name: kind for name, kind in below.columns.items() if name != gone}
        return Frame(f'{below.code}.drop("{gone}")', left)

    def rename(self, depth: int) -> Frame:
        below = self.frame(depth - 1)
        old, new = self.draw.choice(list(below.columns)), self.name()
        made = {new if name == old else name: kind for name, kind in below.columns.items()}
        return Frame(f'{below.code}.rename({{"{old}": "{new}"}})', made)
