"""The law of versions: what one showed once it shows wherever and whenever it is published, to every reader.

And after each run of an environment every table holds what its code makes of the tables that are published there below it,
whatever was promoted, rolled back, let go, swept or stopped before. What is held back or failed its check is left out.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

import assetflow
from assetflow.errors import UsageError, WarehouseError
from assetflow.project.versions import environments
from assetflow.project.versions.versions import find_version
from assetflow.warehouse.ledger.environments import release
from assetflow.warehouse.sweep.gc import sweep
from assetflow.warehouse.sweep.retention import Retention
from assetflow.warehouse.verify import verify
from tests.conftest import Shop

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "2"))
ENVIRONMENTS = ("prod", "dev")
STEPS = 10
BY_DAY, BY_MONTH = 'partition = "day(ts)"', 'partition = { time = "month", column = "month" }'
VIEW, CHECKED = 'materialized = "view"', 'checks = ["total < 100"]'
HISTORY = 'history = "scd2"\nunique_key = "city"'
FUNCTION = """
import polars as pl

from assetflow import asset


@asset(partition="day(ts)")
def beside(seen: pl.LazyFrame, day: pl.LazyFrame) -> pl.LazyFrame:
    shown = seen.select("id", so_far="amount")
    return day.join(shown, on="id", how="left").with_columns(n=pl.len()).select("id", "ts", "so_far", "n")
"""
BESIDE = """
SELECT d.id, d.ts, s.amount AS so_far, count(*) OVER (PARTITION BY d.ts::DATE) AS n FROM day d LEFT JOIN seen s USING (id)
"""
RUNNING = "SELECT id, ts, city, sum(amount) OVER (ORDER BY ts, id)::BIGINT AS amount FROM day"
BY_CITY = "SELECT city, sum(amount)::BIGINT AS total, count(*) AS n FROM day GROUP BY city"


class Code(NamedTuple):
    """What a table is made by: the file, and the rows that it makes as a query."""

    text: str
    sql: str


def query(sql: str, head: str = "") -> Code:
    return Code(f"/* @asset\n{head}\n*/\n{sql}\n" if head else sql, sql)


CODES: dict[str, tuple[Code, ...]] = {
    "day": tuple(query(f"SELECT * FROM events WHERE amount > {n}", head) for n in (0, 1) for head in (BY_DAY, "")),
    "seen": (query("SELECT * FROM day WHERE amount > 1", VIEW), query(RUNNING, VIEW), query(RUNNING)),
    "month": (
        query(
            "SELECT date_trunc('month', ts) AS month, count(*) AS n, max(city) AS city FROM day GROUP BY 1", BY_MONTH
        ),
        query(
            "SELECT date_trunc('month', ts) AS month, count(*) AS n, min(city) AS city FROM day GROUP BY 1", BY_MONTH
        ),
    ),
    "totals": (query(BY_CITY, CHECKED), query(BY_CITY.replace("sum(", "max("), CHECKED), query(BY_CITY)),
    "firsts": (query("SELECT * FROM seen LIMIT 3"), query("SELECT id, row_number() OVER () AS amount FROM day")),
    "kept": (query("SELECT city, total FROM totals", HISTORY),),
    "beside": (Code(FUNCTION, BESIDE),),
}


class World:
    """Some days of events in files, tables that are made from them, and what each version of these showed."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.number = 0
        self.files = {name: [self.row() for _ in range(3)] for name in ("a", "b", "c")}
        self.past: list[dict[str, list[str]]] = []
        self.code: dict[str, Code] = {}
        self.showed: dict[str, Counter[Any]] = {}
        self.told: list[str] = []
        # DuckDB's order of rows that several files hold is that of the files on one thread alone.
        shop.write("assetflow.toml", 'threads = 1\n[sources.events]\nfiles = "events/*.csv"\n')
        self.write()
        for name in CODES:
            self.put(name)

    def row(self) -> str:
        self.number += 1
        month, day, amount = (self.draw.randint(*ends) for ends in ((1, 2), (1, 4), (0, 6)))
        return f"{self.number},2024-0{month}-0{day} 10:00:00,{self.draw.choice('xyz')},{amount}"

    def write(self) -> None:
        self.past.append({name: list(rows) for name, rows in self.files.items()})
        for path in (self.shop.root / "events").glob("*.csv"):
            path.unlink()
        for name, rows in self.files.items():
            self.shop.write(f"events/{name}.csv", "\n".join(["id,ts,city,amount", *rows, ""]))

    def put(self, name: str) -> None:
        self.code[name] = self.draw.choice(CODES[name])
        self.shop.write(f"assets/{name}.{'py' if name == 'beside' else 'sql'}", self.code[name].text)

    # What happens

    def step(self) -> None:
        actions = [self.edit] * 4 + [self.run, self.run, self.promote, self.roll_back, self.roll_back]
        actions += [self.select, self.stop, self.create, self.let_go, self.sweep]
        action = self.draw.choice(actions)
        env = self.draw.choice(ENVIRONMENTS)
        self.told.append(f"{action.__name__} {env}")
        if action in (self.run, self.select, self.stop) or env in self.shop.project().ledger.environments():
            action(env)
        self.look()

    def edit(self, _: str) -> None:
        rows = self.files[self.draw.choice(sorted(self.files))]
        kind = self.draw.choice(["more", "less", "swap", "back", "large", "code", "code", "code"])
        self.told.append(kind)
        if kind == "code":
            self.put(self.draw.choice(sorted(CODES)))
            return
        if kind == "back":
            self.files = {name: list(rows) for name, rows in self.draw.choice(self.past).items()}
        elif kind == "swap":
            self.draw.shuffle(rows)
        elif kind == "less" and len(rows) > 1:
            rows.pop()
        else:
            rows.append(self.row() + "00" * (kind == "large"))
        self.write()

    def select(self, env: str) -> None:
        self.shop.run(f"+{self.draw.choice(sorted(CODES))}", env=env)

    def stop(self, env: str) -> None:
        project = self.shop.project(environment=env)
        running = project.run(project.plan(), jobs=1)
        for _ in zip(range(self.draw.randint(1, 12)), running, strict=False):
            pass
        running.close()

    def create(self, _: str) -> None:
        environments.create(self.shop.project(), "dev", "prod", replace=True)

    def promote(self, _: str) -> None:
        if "dev" not in self.shop.project().ledger.environments():
            return
        before = self.pointers("prod")
        try:
            moved = environments.promote(self.shop.project(), "dev", "prod")
        except WarehouseError:
            assert self.pointers("prod") == before, self.told
        else:
            assert moved.moves.items() <= {**dict.fromkeys(moved.moves), **self.pointers("dev")}.items(), self.told

    def roll_back(self, env: str) -> None:
        project, name = self.shop.project(environment=env), self.draw.choice(sorted(CODES))
        try:
            version = find_version(project, name, f"-{self.draw.randint(1, 3)}")
            environments.roll_back(project, version, downstream=self.draw.random() < 0.7)
        except UsageError:  # there is none, or its files were swept
            return
        self.told.append(name)
        assert self.pointers(env)[name] == version.materialization, self.told

    def let_go(self, env: str) -> None:
        project = self.shop.project(environment=env)
        for name in project.held:
            release(project.ledger.connection, env, name)

    def sweep(self, _: str) -> None:
        retention = Retention(versions=self.draw.choice([1, 3]), days=0, grace_hours=0)
        for _again in range(2):
            sweep(self.shop.project().ledger.connection, retention, datetime.now(UTC))

    def run(self, env: str) -> None:
        """A run of all; what it makes and plans, and that nothing is left to do."""
        project = self.shop.project(environment=env)
        planned = {step.asset for step in project.plan().steps}
        outcomes = self.shop.run(env=env)
        assert planned == set(outcomes), self.told
        wrong = {name for name, outcome in outcomes.items() if outcome in ("failed", "blocked")}
        self.compare(env, CODES.keys() - wrong - project.held)
        assert wrong or self.shop.run(env=env) == {}, self.told
        assert not verify(project.warehouse, open_cursor=project.open_cursor).problems, self.told

    # What must hold

    def pointers(self, env: str) -> dict[str, str]:
        return {name: one.materialization for name, one in self.shop.project().ledger.current(env).items()}

    def look(self) -> None:
        """Every version that is published shows what it showed, in the catalog and in a notebook."""
        for env in self.shop.project().ledger.environments():
            warehouse = assetflow.open(str(self.shop.root), env=env)
            with self.catalog(env) as connection:
                for name, made in self.pointers(env).items():
                    rows = Counter(connection.execute(f"FROM {name}").fetchall())
                    assert rows == Counter(warehouse[name].rel().fetchall()), (name, env, self.told)
                    assert rows == self.showed.setdefault(made, rows), (name, env, self.told)

    def compare(self, env: str, names: set[str]) -> None:
        """Whether tables hold what their code makes of the rows that are published below."""
        with self.catalog(env) as connection:
            for name in sorted(names):
                now = "SELECT city, total FROM kept WHERE valid_to IS NULL" if name == "kept" else f"FROM {name}"
                found = Counter(connection.execute(now).fetchall())
                right = Counter(connection.execute(self.code[name].sql).fetchall())
                assert found == right, (name, env, self.told)

    def catalog(self, env: str) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"threads": 1})
        connection.execute(f"ATTACH '{self.shop.root}/warehouse/{env}.duckdb' AS published (READ_ONLY)")
        return connection.execute("USE published")


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_a_version_showed_it_shows_wherever_it_is_published(tmp_path: Path, seed: int) -> None:
    world = World(Shop(tmp_path), seed)
    for env in ENVIRONMENTS:
        world.run(env)
    for _ in range(STEPS):
        world.step()
    for env in ENVIRONMENTS:
        world.run(env)
        world.look()
