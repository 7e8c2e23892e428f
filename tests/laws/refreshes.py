"""Makes random projects of random SQL under random histories, for the law of refreshing.

Every table has the same five columns, so that any query can stand on any other:

    k BIGINT, g BIGINT, v BIGINT, d DATE, s VARCHAR

The last asset, which nobody reads, has columns of its own: decimals, sums of 128 bits, totals; it comes and goes.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from unittest import mock

import duckdb

from tests.conftest import Shop

COLUMNS = {"k": "BIGINT", "g": "BIGINT", "v": "BIGINT", "d": "DATE", "s": "VARCHAR"}
SOURCES = ("orders", "items", "people")
ASSETS = ("one", "two", "three", "four", "five", "last")
STEPS = 8
REFRESHES = "assetflow.running.refreshes"
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
    "SELECT * FROM {a} ORDER BY v DESC, k, g, d, s LIMIT 5",
    "SELECT x.k, x.g, y.v, x.d, y.s FROM {a} x JOIN {b} y USING (k) ORDER BY ALL LIMIT 6",
    "SELECT * FROM {a} WHERE v > {n} QUALIFY row_number() OVER (ORDER BY d, v, k, g, s) <= 4",
    "SELECT k, g, any_value(v) * 0 AS v, max(d) AS d, max(s) AS s FROM {a} GROUP BY k, g",
    "SELECT k, count(*) AS g, sum(v)::BIGINT AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY k",
    "SELECT k, g, coalesce(sum(v), 0)::BIGINT AS v, d, max(s) AS s FROM {a} GROUP BY k, g, d",
    "SELECT count(v) AS k, g, count(*) AS v, d, s FROM {a} WHERE v <> {n} GROUP BY g, d, s HAVING count(*) > 1",
    "SELECT g AS k, count(*) AS g, max(v) AS v, min(d) AS d, max(s) AS s FROM {a} GROUP BY ALL ORDER BY k",
    "SELECT count(*) AS k, max(g) AS g, min(v) AS v, max(d) AS d, min(s) AS s FROM {a}",
    "SELECT count(*) AS k, count(v) AS g, NULL::BIGINT AS v, NULL::DATE AS d, 'all' AS s FROM {a} WHERE v > {n}",
    "SELECT * FROM {a} t WHERE NOT EXISTS (SELECT 1 FROM {b} u WHERE u.k = t.k AND u.v > t.g)",
    "SELECT * FROM {a} t WHERE EXISTS (SELECT 1 FROM {b} u WHERE u.k = t.k AND u.s = t.s) OR v = {n}",
    "SELECT * FROM {a} t WHERE k NOT IN (SELECT g FROM {b} u WHERE v > {n})",
    "SELECT k, g, (SELECT max(u.v) FROM {b} u WHERE u.k = t.k) AS v, d, s FROM {a} t",
    "SELECT k, (SELECT count(*) FROM {b} u WHERE u.g = t.g AND u.v < t.v) AS g, v, d, s FROM {a} t WHERE v > {n}",
    "SELECT k, x.g, y.v, x.d, y.s FROM {a} x FULL JOIN {b} y USING (k)",
    "SELECT x.k, x.g, y.v, x.d, y.s FROM {a} x FULL JOIN {b} y ON x.k = y.g AND x.v > y.v",
    "SELECT DISTINCT ON (k) * FROM {a} ORDER BY k, v DESC, g, d, s",
    "SELECT DISTINCT ON (g, s) k, g, v, d, s FROM {a} ORDER BY v, k, d, g, s",
    "SELECT * FROM {a} QUALIFY rank() OVER (PARTITION BY g ORDER BY v DESC) <= 2",
    "SELECT * FROM {a} WHERE v > {n} QUALIFY row_number() OVER (PARTITION BY k ORDER BY d, v, g, s) < 3",
    "SELECT DISTINCT * FROM {a} WHERE v <> {n}",
    "WITH w AS (SELECT DISTINCT k, g, v, d, s FROM {a}) SELECT * FROM w",
    "SELECT k, count(*) AS g, round(avg(v), 3)::BIGINT AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY k",
    "SELECT k, g, sum(v)::BIGINT % 1000 AS v, max(d) AS d, s FROM {a} GROUP BY ROLLUP (k, (g, s))",
    "SELECT k, g, count(v) AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY GROUPING SETS ((k), (g), (k, g), ())",
    (
        "WITH w AS (SELECT k, g, count(*) AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY k, g)"
        " SELECT k, g, rank() OVER (ORDER BY v, k, g) AS v, d, s FROM w"
    ),
    "SELECT k, g, count(*) AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY k, g ORDER BY count(*) DESC, k, g LIMIT 3",
    (
        "WITH w AS (SELECT k, count(*) AS g, sum(v)::BIGINT AS v, max(d) AS d, min(s) AS s FROM {a} GROUP BY k)"
        " SELECT w.k, w.g, w.v, y.d, w.s FROM w JOIN (SELECT max(d) AS d, max(g) AS g FROM w) y ON w.g = y.g ORDER BY ALL LIMIT 3"
    ),
    "SELECT k, g, v, d, s FROM {a} WHERE v <= (SELECT max(v) FROM {b} u)",
    "WITH w AS (SELECT k, g, s, max(v) AS v, min(d) AS d FROM {a} GROUP BY k, g, s) SELECT k, count(*) AS g, sum(v)::BIGINT % 1000 AS v, min(d) AS d, min(s) AS s FROM w GROUP BY k",
    "SELECT k, g, count_if(v > {n})::BIGINT AS v, max(d) AS d, s FROM {a} GROUP BY k, g, s",
    "SELECT 1 AS k, count(*) AS g, max(v) AS v, max(d) AS d, 'all' AS s FROM {a} GROUP BY ALL",
    (
        "SELECT coalesce(x.k, y.k) AS k, x.g, y.v, x.d, y.s"
        " FROM {a} x FULL JOIN {b} y ON coalesce(x.k, -1) = coalesce(y.k, -1) AND x.g = y.g"
    ),
)
LAST = (
    "SELECT k, count(*) AS n, sum(v) AS total, sum(v * 1.25) AS money FROM {a} GROUP BY k",
    "SELECT k, count(*) AS n, sum(v::HUGEINT * 10000000000000000000000000000000000) AS wide FROM {a} GROUP BY k",
    "SELECT g, s, count(v) AS n, sum(v::DECIMAL(12, 3) / 8) AS part, sum(v) / count(v) AS mean FROM {a} GROUP BY g, s",
    "SELECT sum(v) AS total, count(v) AS n, max(d) AS latest, min(v) AS least FROM {a}",
    "SELECT sum(v) AS total, count(*) AS n, sum(k) FILTER (WHERE g > 0) AS some FROM {a}",
    "SELECT d, sum(v) AS total, avg(v::DECIMAL(9, 2)) AS mean FROM {a} GROUP BY ALL",
    "SELECT k, v::DECIMAL(38, 2) / 3 AS third, v::HUGEINT * 1000 AS much FROM {a} WHERE v > {n}",
    "SELECT x.k, sum(x.v * y.v) AS total, count(*) AS n, bool_or(x.v > 3) AS some FROM {a} x JOIN {b} y USING (k) GROUP BY x.k",
    "SELECT s, list(v ORDER BY v, k, g, d) AS all_of_them, count(DISTINCT g) AS n FROM {a} GROUP BY s",
    "SELECT k, count(*) AS n, sum(v) AS total FROM {a} GROUP BY k HAVING sum(v) > {n} AND n < 9",
    "SELECT k, coalesce(sum(v), 0) AS total, count(*) AS n, max(v) - min(v) AS spread, max(v) AS m, min(v) AS l FROM {a} GROUP BY k",
    "SELECT k, g, count(*) AS n FROM {a} GROUP BY ROLLUP (k, g)",
    "SELECT k, avg(v) AS mean, stddev(v) AS spread, approx_count_distinct(s) AS n FROM {a} GROUP BY k",
    "SELECT avg(v) AS mean, var_pop(g) AS spread, sum(v) AS total, count(*) AS n FROM {a}",
    "SELECT k, g, sum(v) AS total, avg(v / 7) AS mean, grouping(k, g) AS which FROM {a} GROUP BY CUBE (k, g)",
    "WITH w AS (SELECT k, sum(v) AS t FROM {a} GROUP BY k) SELECT k, t, t / sum(t) OVER () AS share FROM w",
    "SELECT x.s, avg(y.v) AS mean, count(*) AS n FROM {a} x LEFT JOIN {b} y ON x.k = y.k GROUP BY x.s",
    "SELECT k, sum(coalesce(v, g)) AS total, count_if(v > g) AS more, count(*) AS n, n + 1 AS next FROM {a} GROUP BY ALL",
)
"""What is asked at the end: columns of other types and numbers."""


def written(value: str) -> str:
    return value if value == "NULL" else '"' + value.replace('"', '""') + '"'


def rounded(row: tuple[object, ...]) -> str:
    """A row as text, its floats to nine digits: sums of floats depend on the order of addition."""
    return repr(tuple(nine_digits(value) if isinstance(value, float) else value for value in row))


def nine_digits(value: float) -> float:
    """What is left of numbers around one that cancel each other out is nothing but the order of their addition."""
    return 0.0 if abs(value) < 1e-12 else float(f"{value:.9g}")


class World:
    """A project on disk, and the same tables as plain DuckDB makes them from nothing."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        among = random.Random(f"views of {seed}")
        self.views = {name for name in ASSETS if among.random() < 0.25}
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

    @property
    def names(self) -> list[str]:
        """The assets that are there."""
        return [name for name in ASSETS if name in self.queries]

    # Data

    def rows(self) -> list[Row]:
        return [self.row() for _ in range(self.draw.randrange(1, 6))]

    def row(self) -> Row:
        number = lambda most: self.draw.choice([str(each) for each in range(most)] + ["NULL"])  # noqa: E731
        day = self.draw.choice(["2024-01-05", "2024-01-20", "2024-02-03", "2023-06-30", "NULL"])
        value = self.draw.choice(["-1", "-2", *map(str, range(7)), "NULL", "NULL"])
        return (number(4), number(3), value, day, self.draw.choice([*WORDS, "NULL"]))

    def write(self, name: str, file: str) -> None:
        rows = [",".join(map(written, row)) for row in self.files[name][file]]
        quoted = [",".join(COLUMNS), *rows]
        self.shop.write(f"data/{name}/{file}.csv", "\n".join(quoted) + "\n")

    # Code

    def query(self, tables: list[str], depth: int, shapes: tuple[str, ...] = SHAPES) -> str:
        shape = self.draw.choice(shapes)
        found = {}
        for part in ("a", "b"):
            if depth > 0 and self.draw.random() < 0.4:
                found[part] = f"({self.query(tables, depth - 1)})"
            else:
                found[part] = self.draw.choice(tables)
        if not found["b"].isidentifier() and "FROM {b} WHERE" in shape:
            found["b"] += " sub"
        return shape.format(a=found["a"], b=found["b"], n=self.draw.randrange(6))

    def put(self, name: str, query: str, *, check: str = "") -> None:
        said = 'materialized = "view"\n' * (name in self.views) + check
        self.shop.sql(name, f"/* @asset\n{said}*/\n{query}" if said else query)

    def declare(self, name: str) -> None:
        if name in self.queries:
            self.older.append((name, self.queries[name]))
        self.queries[name] = self.query(
            [*SOURCES, *ASSETS[: ASSETS.index(name)]], 1, LAST if name == ASSETS[-1] else SHAPES
        )
        self.put(name, self.queries[name])

    def edit(self) -> str:
        """One change of the world, in words."""
        kind = self.draw.choice(
            ["append", "append", "append", "late", "late", "grow", "replace", "delete", "rename", "reorder", "revert",
             "code", "code back", "nothing", "break", "column", "drop", "rollback", "kill"]
        )  # fmt: skip
        name = self.draw.choice(SOURCES)
        files = self.files[name]
        file = self.draw.choice(sorted(files))
        if kind == "nothing" and self.views:
            return self.refuse(name, file)
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
                self.put(asset, f"SELECT error('broken') AS k FROM {SOURCES[0]}")
                self.shop.run()
                self.put(asset, self.queries[asset])
            return f"{kind} {asset}: {self.queries[asset]}"
        elif kind == "column":
            query = self.queries.get(ASSETS[-1], "")
            query = (
                f"SELECT *, 1 AS one FROM ({query})"
                if query and "AS one" not in query
                else self.query([*SOURCES], 1, LAST)
            )
            return self.say_last(query, kind)
        elif kind == "drop" and self.queries.pop(ASSETS[-1], ""):
            self.shop.remove(f"assets/{ASSETS[-1]}.sql")
            return kind
        elif kind == "rollback":
            return self.roll_back(self.draw.choice(ASSETS[:-1]))
        elif kind == "kill":
            files[file] += self.rows()
            self.write(name, file)
            return self.kill(f"{kind} after {name}/{file} grew")
        elif kind == "code back" and self.older:
            asset, query = self.older.pop()
            self.queries[asset] = query
            self.put(asset, query)
            return f"code back {asset}"
        self.write(name, file)
        return f"{kind} {name}/{file}"

    def say_last(self, query: str, kind: str) -> str:
        """Another query for the last asset, which may be there or not."""
        self.queries[ASSETS[-1]] = query
        self.put(ASSETS[-1], query)
        return f"{kind} {ASSETS[-1]}: {query}"

    def refuse(self, source: str, file: str) -> str:
        """Other rows, and maybe other code, that a check refuses: nobody sees them, not through a view either."""
        asset = self.draw.choice(sorted(self.views & self.queries.keys()) or ASSETS[:1])
        before = self.shop.tables([asset])[asset]
        self.files[source][file] += self.rows()
        self.write(source, file)
        if self.draw.random() < 0.3:
            self.declare(asset)
        self.put(asset, self.queries[asset], check="checks = [{ row_count = { min = 1000000 } }]\n")
        self.shop.run()
        after = self.shop.tables([asset])[asset]
        assert Counter(map(rounded, after)) == Counter(map(rounded, before)), (asset, self.queries, before, after)
        self.put(asset, self.queries[asset])
        return f"refuse {asset} after {source}/{file} grew"

    def roll_back(self, asset: str) -> str:
        """Take an asset back to what it was, go on from there, and let it go again."""
        if self.shop.cli("rollback", asset, "-1").code:
            return "nothing to roll back"
        self.shop.run()
        assert self.shop.cli("rollback", asset, "--release").code == 0
        return f"rollback {asset}"

    def kill(self, said: str) -> str:
        """Start a run, and end it at some moment, by all means."""
        process = subprocess.Popen(
            [sys.executable, "-m", "assetflow", "materialize", "--quiet"], cwd=self.shop.root,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(timeout=self.draw.uniform(0.2, 3))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return said

    # What is right

    def from_nothing(self) -> dict[str, Counter[str]]:
        found = {}
        with duckdb.connect() as connection:
            for name in SOURCES:
                typed = ", ".join(f"'{column}': '{kind}'" for column, kind in COLUMNS.items())
                path = self.shop.root / "data" / name / "*.csv"
                connection.execute(
                    f"CREATE TABLE {name} AS FROM read_csv('{path}', header=true, columns={{{typed}}}, nullstr='NULL', "
                    "quote='\"', escape='\"')"
                )
            for name in self.names:
                connection.execute(f"CREATE TABLE {name} AS {self.queries[name]}")
                found[name] = Counter(map(rounded, connection.execute(f"FROM {name}").fetchall()))
        return found


def history(shop: Shop, seed: int) -> Counter[tuple[str, str]]:
    """Live through a history, comparing every table after each step; the modes of steps whose inputs changed, and why."""
    # What is done with tables of many rows and many files is done here with those of a few, in some histories.
    many = (10_000, 2)[seed % 2]
    rewriting = {"MANY_REPLACED": many, "MOST_SMALL": (32, 3)[seed // 2 % 2]}
    # Or whatever changed counts as replaced, as long as it is not the same rows again; or as mostly where it was.
    drawn = {"ONE_DRAWN_OF": 1, "ENOUGH_DRAWN": 1} if seed // 4 % 3 else {"ONE_DRAWN_OF": 64}
    shares = {"MOST_REPLACED": (0.1, 0.999, -1)[seed // 4 % 3], "LEAST_STAYING": (0.5, 0.5, -1)[seed // 4 % 3]}
    with (
        mock.patch.multiple(f"{REFRESHES}.rewriting", **rewriting),
        mock.patch(f"{REFRESHES}.deletes.MANY_GONE", many),
        mock.patch("assetflow.running.tasks.changes.MANY_FILES", (8, 1)[seed % 2]),
        mock.patch("assetflow.running.tasks.telling.MANY_ROWS", (1_000_000, 0)[seed % 2]),
        mock.patch.multiple(f"{REFRESHES}.difference", **drawn),
        mock.patch.multiple(f"{REFRESHES}.difference", **shares),
    ):
        return lived(shop, seed)


def lived(shop: Shop, seed: int) -> Counter[tuple[str, str]]:
    world = World(shop, seed)
    told, modes = ["at first"], Counter[tuple[str, str]]()
    for _ in range(STEPS):
        result = shop.materialize()
        assert result.status in {"succeeded", "nothing_to_do"}, (told, world.queries, result)
        assert not any(each.warnings for each in result.assets), (told, [each.warnings for each in result.assets])
        right, read = world.from_nothing(), shop.tables(world.names)
        for name in world.names:
            made = next((each for each in result.assets if each.asset == name), None)
            how = (made.outcome, made.mode, made.mode_reason) if made is not None else None
            found = Counter(map(rounded, read[name]))
            assert found == right[name], (told, name, world.queries, how, found - right[name], right[name] - found)
        for each in result.assets:
            caused = {reason.kind for reason in each.reasons}
            if each.outcome == "materialized" and each.rows is not None and caused == {"input_changed"}:
                modes[str(each.mode), str(each.mode_reason)] += 1
        assert shop.run() == {}, (told, world.queries)
        told.append(world.edit())
    return modes
