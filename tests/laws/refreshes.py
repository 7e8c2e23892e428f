"""Makes random projects of random SQL under random histories, for the law of refreshing.

Every table has the same five columns, so that any query can stand on any other:

    k BIGINT, g BIGINT, v BIGINT, d DATE, s VARCHAR
"""

from __future__ import annotations

import random
from collections import Counter

import duckdb

from tests.conftest import Shop

COLUMNS = {"k": "BIGINT", "g": "BIGINT", "v": "BIGINT", "d": "DATE", "s": "VARCHAR"}
SOURCES = ("orders", "items", "people")
ASSETS = ("one", "two", "three", "four", "five")
WORDS = ("a", "b", "o'x", 'q"q', "long text, with a comma", "")
Row = tuple[str, ...]

SHAPES = (
    "SELECT k, g, v + {n} AS v, d, s FROM {a} WHERE v > {n} OR v IS NULL",
    "SELECT k, g, CASE WHEN v > {n} THEN v ELSE g END AS v, d, upper(s) AS s FROM {a}",
    "SELECT * FROM {a} WHERE s <> 'a'",
    "SELECT x.k, y.g, (x.v + y.v) % 100 AS v, x.d, y.s FROM {a} x JOIN {b} y ON x.k = y.k AND x.g = y.g",
    "SELECT k, g, x.v, y.d, x.s FROM {a} x JOIN {b} y USING (k, g) WHERE x.v <> {n}",
    "SELECT x.k, x.g, y.v, x.d, y.s FROM {a} x LEFT JOIN {b} y ON x.k = y.k AND x.g = y.g AND y.v > {n}",
    "SELECT y.k, y.g, x.v, y.d, x.s FROM {a} x RIGHT JOIN {b} y ON x.k = y.k AND x.g = y.g",
    "SELECT coalesce(x.k, y.k) AS k, x.g, y.v, x.d, y.s FROM {a} x FULL JOIN {b} y ON x.k = y.k AND x.g = y.g",
    "SELECT x.* FROM {a} x SEMI JOIN {b} y ON x.k = y.k",
    "SELECT x.* FROM {a} x ANTI JOIN {b} y ON x.k = y.k AND x.v = y.v",
    "SELECT * FROM {a} WHERE k IN (SELECT k FROM {b} WHERE v > {n})",
    "SELECT * FROM {a} t WHERE EXISTS (SELECT 1 FROM {b} u WHERE u.k = t.k AND u.v > t.v)",
    "SELECT * FROM {a} t WHERE k NOT IN (SELECT k FROM {b} WHERE k IS NOT NULL)",
    "SELECT k, g, v, d, s FROM {a} WHERE v >= (SELECT avg(v) FROM {b})",
    "SELECT * FROM {a} UNION ALL SELECT * FROM {b}",
    "SELECT * FROM {a} UNION SELECT * FROM {b}",
    "SELECT * FROM {a} EXCEPT SELECT * FROM {b}",
    "SELECT * FROM {a} EXCEPT ALL SELECT * FROM {b}",
    "SELECT * FROM {a} INTERSECT ALL SELECT * FROM {b}",
    "SELECT DISTINCT k, g, v % 3 AS v, d, s FROM {a}",
    "SELECT k, max(g) AS g, sum(v)::BIGINT % 1000 AS v, min(d) AS d, max(s) AS s FROM {a} GROUP BY k",
    "SELECT k, g, count(*) AS v, max(d) AS d, string_agg(s, '' ORDER BY s) AS s FROM {a} GROUP BY ALL",
    "SELECT g AS k, count(DISTINCT k) AS g, sum(v)::BIGINT % 1000 AS v, d, s FROM {a} GROUP BY g, d, s",
    "SELECT k, 1 AS g, min(v) AS v, date_trunc('month', d)::DATE AS d, s FROM {a} GROUP BY k, date_trunc('month', d), s",
    "SELECT k + 1 AS k, g, count(v) AS v, min(d) AS d, min(s) AS s FROM {a} GROUP BY 1, g HAVING count(*) > 1",
    "SELECT 1 AS k, 2 AS g, sum(v)::BIGINT % 1000 AS v, max(d) AS d, min(s) AS s FROM {a}",
    (
        "SELECT x.k, max(y.g) AS g, sum(y.v)::BIGINT % 1000 AS v, max(x.d) AS d, x.s"
        " FROM {a} x LEFT JOIN {b} y ON x.k = y.k GROUP BY x.k, x.s"
    ),
    "SELECT k, g, sum(v) OVER (PARTITION BY k ORDER BY g, v, d, s)::BIGINT % 1000 AS v, d, s FROM {a}",
    "SELECT * REPLACE (row_number() OVER (PARTITION BY k, g ORDER BY v, d, s) AS v) FROM {a}",
    "SELECT k, g, lag(v) OVER (PARTITION BY s ORDER BY k, g, v, d) AS v, d, s FROM {a}",
    "SELECT * FROM {a} QUALIFY row_number() OVER (PARTITION BY k ORDER BY v DESC, g, d, s) = 1",
    (
        "SELECT k, g, sum(v)::BIGINT % 1000 AS v, max(d) AS d, rank() OVER (PARTITION BY k ORDER BY sum(v))::VARCHAR AS s"
        " FROM {a} GROUP BY k, g"
    ),
    "SELECT k, g, rank() OVER (ORDER BY v, k, g, d, s) AS v, d, s FROM {a}",
    (
        "WITH w AS (SELECT k, sum(v) AS t FROM {a} GROUP BY k) SELECT x.k, x.g, (w.t % 100)::BIGINT AS v, x.d, x.s"
        " FROM {b} x JOIN w ON w.k = x.k"
    ),
    "WITH w AS (SELECT * FROM {a} WHERE v > {n}) SELECT x.k, x.g, y.v, x.d, y.s FROM w x, w y WHERE x.k = y.g",
    "SELECT k, g, v, d, s FROM {a} ORDER BY k, g, v, d, s",
    "SELECT k, g, unnest([v, {n}]) AS v, d, s FROM {a}",
    "SELECT k, g, v, d, s FROM {a} ORDER BY k, g, v, d, s LIMIT 4",
    "SELECT k, g, any_value(v) * 0 AS v, max(d) AS d, max(s) AS s FROM {a} GROUP BY k, g",
)


def written(value: str) -> str:
    return value if value == "NULL" else '"' + value.replace('"', '""') + '"'


class World:
    """A project on disk, and the same tables as plain DuckDB makes them from nothing."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.files = {name: {f"{name}{number}": self.rows() for number in range(3)} for name in SOURCES}
        self.gone: list[tuple[str, str, list[Row]]] = []
        self.queries: dict[str, str] = {}
        self.older: list[tuple[str, str]] = []
        self.next = 10
        settings = ""
        for name in SOURCES:
            listed = ", ".join(f'{column} = "{kind}"' for column, kind in COLUMNS.items())
            settings += f'[sources.{name}]\nfiles = "data/{name}/*.csv"\ncolumns = {{ {listed} }}\n'
            settings += "options = { nullstr = 'NULL', quote = '\"', escape = '\"', header = true }\n\n"
        shop.write("assetflow.toml", settings)
        for name, files in self.files.items():
            for file in files:
                self.write(name, file)
        for name in ASSETS:
            self.declare(name)

    # Data

    def rows(self) -> list[Row]:
        return [self.row() for _ in range(self.draw.randrange(1, 6))]

    def row(self) -> Row:
        number = lambda most: self.draw.choice([str(each) for each in range(most)] + ["NULL"])  # noqa: E731
        day = self.draw.choice(["2024-01-05", "2024-01-20", "2024-02-03", "2023-06-30", "NULL"])
        return (number(4), number(3), number(9), day, self.draw.choice([*WORDS, "NULL"]))

    def write(self, name: str, file: str) -> None:
        rows = [",".join(map(written, row)) for row in self.files[name][file]]
        quoted = [",".join(COLUMNS), *rows]
        self.shop.write(f"data/{name}/{file}.csv", "\n".join(quoted) + "\n")

    # Code

    def query(self, tables: list[str], depth: int) -> str:
        shape = self.draw.choice(SHAPES)
        found = {}
        for part in ("a", "b"):
            if depth > 0 and self.draw.random() < 0.4:
                found[part] = f"({self.query(tables, depth - 1)})"
            else:
                found[part] = self.draw.choice(tables)
        if not found["b"].isidentifier() and "FROM {b} WHERE" in shape:
            found["b"] += " sub"
        return shape.format(a=found["a"], b=found["b"], n=self.draw.randrange(6))

    def declare(self, name: str) -> None:
        if name in self.queries:
            self.older.append((name, self.queries[name]))
        self.queries[name] = self.query([*SOURCES, *ASSETS[: ASSETS.index(name)]], 1)
        self.shop.sql(name, self.queries[name])

    def edit(self) -> str:
        """One change of the world, in words."""
        kind = self.draw.choice(
            ["append", "append", "append", "late", "late", "grow", "replace", "delete", "rename", "reorder", "revert",
             "code", "code back", "nothing", "break"]
        )  # fmt: skip
        name = self.draw.choice(SOURCES)
        files = self.files[name]
        file = self.draw.choice(sorted(files))
        if kind == "append":
            self.next += 1
            file = f"{self.draw.choice(['0', name])}{self.next}"
            files[file] = self.rows()
        elif kind == "late":
            files[file].insert(self.draw.randrange(len(files[file]) + 1), self.row())
        elif kind == "grow":
            files[file] += self.rows()
        elif kind == "replace":
            files[file] = self.rows()
        elif kind == "delete" and len(files) > 1:
            self.gone.append((name, file, files.pop(file)))
            self.shop.remove(f"data/{name}/{file}.csv")
            return f"delete {file}"
        elif kind == "rename":
            self.next += 1
            rows = files.pop(file)
            self.shop.remove(f"data/{name}/{file}.csv")
            file = f"z{self.next}"
            files[file] = rows
        elif kind == "reorder":
            self.draw.shuffle(files[file])
        elif kind == "revert" and self.gone:
            name, file, rows = self.gone.pop()
            self.files[name][file] = rows
        elif kind in {"code", "break"}:
            asset = self.draw.choice(ASSETS)
            self.declare(asset)
            if kind == "break":
                self.shop.sql(asset, f"SELECT error('broken') AS k FROM {SOURCES[0]}")
                self.shop.run()
                self.shop.sql(asset, self.queries[asset])
            return f"{kind} {asset}: {self.queries[asset]}"
        elif kind == "code back" and self.older:
            asset, query = self.older.pop()
            self.queries[asset] = query
            self.shop.sql(asset, query)
            return f"code back {asset}"
        self.write(name, file)
        return f"{kind} {name}/{file}"

    # What is right

    def from_nothing(self) -> dict[str, Counter[tuple[object, ...]]]:
        found = {}
        with duckdb.connect() as connection:
            for name in SOURCES:
                typed = ", ".join(f"'{column}': '{kind}'" for column, kind in COLUMNS.items())
                path = self.shop.root / "data" / name / "*.csv"
                connection.execute(
                    f"CREATE TABLE {name} AS FROM read_csv('{path}', header=true, columns={{{typed}}}, nullstr='NULL', "
                    "quote='\"', escape='\"')"
                )
            for name in ASSETS:
                connection.execute(f"CREATE TABLE {name} AS {self.queries[name]}")
                found[name] = Counter(connection.execute(f"FROM {name}").fetchall())
        return found
