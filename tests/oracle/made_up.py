"""Makes up queries: random trees of projections, filters, joins, groups, windows, set operations and subqueries."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

TABLES = {
    "sales": {"id": "n", "shop": "t", "city": "t", "amount": "n", "qty": "n"},
    "shops": {"shop": "t", "city": "t", "size": "n", "boss": "n"},
    "people": {"id": "n", "name": "t", "city": "t", "parent": "n"},
    "events": {"id": "n", "kind": "t", "value": "n"},
}


@dataclass(frozen=True)
class Query:
    """A text, and its columns with their kind: `n` for a number, `t` for a text."""

    sql: str
    columns: dict[str, str]


def made_up(seed: int) -> str:
    """The same query for the same seed."""
    return Maker(random.Random(seed)).query(3).sql


class Maker:
    """Makes queries over `tables`: their columns with their kinds."""

    def __init__(self, draw: random.Random, tables: Mapping[str, dict[str, str]] = TABLES) -> None:
        self.draw = draw
        self.tables = tables
        self.names = 0

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def query(self, depth: int) -> Query:
        if depth == 0:
            table = self.draw.choice(list(self.tables))
            return Query(f"SELECT * FROM {table}", self.tables[table])
        make = self.draw.choice(
            [self.project, self.filter, self.join, self.group, self.window, self.unite, self.distinct, self.shared,
             self.limit, self.semi]
        )  # fmt: skip
        return make(depth)

    def value(self, columns: dict[str, str], alias: str, kind: str | None = None) -> tuple[str, str]:
        """An expression over the columns, and its kind."""
        numbers = [f"{alias}.{name}" for name, one in columns.items() if one == "n"]
        texts = [f"{alias}.{name}" for name, one in columns.items() if one == "t"]
        kind = kind or self.draw.choice("nt")
        if kind == "n":
            pool = numbers or ["1"]
            one, other = self.draw.choice(pool), self.draw.choice(pool)
            more = f"length({self.draw.choice(texts)})" if texts else one
            choices = [one, f"{one} + {other}", f"CASE WHEN {one} > 2 THEN {other} END", more, f"coalesce({one}, 0)"]
            return self.draw.choice(choices), "n"
        pool = texts or ["'x'"]
        one, other = self.draw.choice(pool), self.draw.choice(pool)
        number = self.draw.choice(numbers or ["2"])
        choices = [one, f"{one} || {other}", f"CASE WHEN {number} > 1 THEN {one} ELSE {other} END", f"upper({one})"]
        return self.draw.choice(choices), "t"

    def condition(self, columns: dict[str, str], alias: str) -> str:
        number, text = self.value(columns, alias, "n")[0], self.value(columns, alias, "t")[0]
        choices = [f"{number} > 1", f"{text} = 'a'", f"{number} IS NULL", f"{text} <> 'b' OR {number} < 3"]
        return self.draw.choice(choices)

    def listed(self, columns: dict[str, str], alias: str) -> Query:
        """Some expressions, as a select list."""
        parts, made = [], {}
        for _ in range(self.draw.randint(1, 3)):
            sql, kind = self.value(columns, alias)
            name = self.name("c")
            parts.append(f"{sql} AS {name}")
            made[name] = kind
        return Query(", ".join(parts), made)

    def project(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        chosen = self.listed(below.columns, alias)
        return Query(f"SELECT {chosen.sql} FROM ({below.sql}) {alias}", chosen.columns)

    def filter(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        condition = self.condition(below.columns, alias)
        return Query(f"SELECT * FROM ({below.sql}) {alias} WHERE {condition}", below.columns)

    def join(self, depth: int) -> Query:
        left, right = self.query(depth - 1), self.query(depth - 1)
        one, other = self.name("q"), self.name("q")
        kind = self.draw.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        on = f"{self.value(left.columns, one, 'n')[0]} = {self.value(right.columns, other, 'n')[0]}"
        first, second = self.listed(left.columns, one), self.listed(right.columns, other)
        sql = f"SELECT {first.sql}, {second.sql} FROM ({left.sql}) {one} {kind} ({right.sql}) {other} ON {on}"
        return Query(sql, {**first.columns, **second.columns})

    def group(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        key, kind = self.value(below.columns, alias)
        number = self.value(below.columns, alias, "n")[0]
        function = self.draw.choice(["sum", "max", "count", "count(DISTINCT"])
        call = f"{function} {number})" if "(" in function else f"{function}({number})"
        where = f" FILTER (WHERE {self.condition(below.columns, alias)})" if self.draw.random() < 0.3 else ""
        having = " HAVING count(*) > 1" if self.draw.random() < 0.3 else ""
        name, total = self.name("c"), self.name("c")
        sql = f"SELECT {key} AS {name}, {call}{where} AS {total} FROM ({below.sql}) {alias} GROUP BY {key}{having}"
        return Query(sql, {name: kind, total: "n"})

    def window(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        number, part = self.value(below.columns, alias, "n")[0], self.value(below.columns, alias)[0]
        name = self.name("c")
        call = self.draw.choice(
            [f"sum({number}) OVER (PARTITION BY {part})", f"rank() OVER (PARTITION BY {part} ORDER BY {number})",
             f"max({number}) OVER (ORDER BY {part} RANGE UNBOUNDED PRECEDING)"]
        )  # fmt: skip
        qualify = f" QUALIFY {name} > 1" if self.draw.random() < 0.3 else ""
        sql = f"SELECT {alias}.*, {call} AS {name} FROM ({below.sql}) {alias}{qualify}"
        return Query(sql, {**below.columns, name: "n"})

    def unite(self, depth: int) -> Query:
        left, right = self.query(depth - 1), self.query(depth - 1)
        one, other = self.name("q"), self.name("q")
        kinds = [self.draw.choice("nt") for _ in range(2)]
        names = [self.name("c") for _ in kinds]
        operator = self.draw.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "UNION ALL BY NAME"])
        heads = [
            ", ".join(f"{self.value(each.columns, alias, kind)[0]} AS {name}" for kind, name in zip(kinds, names, strict=True))
            for each, alias in ((left, one), (right, other))
        ]  # fmt: skip
        sql = f"SELECT {heads[0]} FROM ({left.sql}) {one} {operator} SELECT {heads[1]} FROM ({right.sql}) {other}"
        return Query(sql, dict(zip(names, kinds, strict=True)))

    def distinct(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        chosen = self.listed(below.columns, alias)
        return Query(f"SELECT DISTINCT {chosen.sql} FROM ({below.sql}) {alias}", chosen.columns)

    def shared(self, depth: int) -> Query:
        below, name = self.query(depth - 1), self.name("w")
        one, other = self.name("q"), self.name("q")
        first, second = self.listed(below.columns, one), self.listed(below.columns, other)
        on = f"{self.value(below.columns, one, 'n')[0]} = {self.value(below.columns, other, 'n')[0]}"
        sql = f"WITH {name} AS ({below.sql}) SELECT {first.sql}, {second.sql} FROM {name} {one} JOIN {name} {other} ON {on}"
        return Query(sql, {**first.columns, **second.columns})

    def limit(self, depth: int) -> Query:
        below, alias = self.query(depth - 1), self.name("q")
        keys = ", ".join(f"{alias}.{name}" for name in below.columns)
        return Query(
            f"SELECT * FROM ({below.sql}) {alias} ORDER BY {keys} LIMIT {self.draw.randint(1, 5)}", below.columns
        )

    def semi(self, depth: int) -> Query:
        """A condition with a subquery, correlated or not."""
        below, inner = self.query(depth - 1), self.query(0)
        alias, other = self.name("q"), self.name("q")
        own, theirs = self.value(below.columns, alias, "n")[0], self.value(inner.columns, other, "n")[0]
        link = f"{self.value(below.columns, alias, 't')[0]} = {self.value(inner.columns, other, 't')[0]}"
        choices = [
            f"{own} IN (SELECT {theirs} FROM ({inner.sql}) {other})",
            f"EXISTS (SELECT 1 FROM ({inner.sql}) {other} WHERE {link})",
            f"NOT EXISTS (SELECT 1 FROM ({inner.sql}) {other} WHERE {link} AND {theirs} > {own})",
            f"{own} > (SELECT max({theirs}) FROM ({inner.sql}) {other} WHERE {link})",
        ]
        return Query(f"SELECT * FROM ({below.sql}) {alias} WHERE {self.draw.choice(choices)}", below.columns)
