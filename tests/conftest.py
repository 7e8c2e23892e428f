"""One fixture: `shop`, a tiny project in a temporary folder that tests edit, run and look at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, settings

from assetflow.planning.plan import Plan
from assetflow.project.project import Project
from assetflow.running.events import RunResult

# A script that starts the tests with `&` ignores Ctrl-C for them, and so for every command that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Not `explain`, for which hypothesis traces every line: that is slow, and CPython 3.11 can spin for ever in a traced call when threads that are
# done have left its flag "something is pending" set.
settings.register_profile("assetflow", phases=set(Phase) - {Phase.explain})
settings.load_profile("assetflow")

ORDERS = """\
id,customer,city,amount
1,ann,Rome,10
2,bob,Oslo,20
3,ann,Rome,30
4,cy,,5
"""


@dataclass(frozen=True)
class Printed:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shop:
    """A project on disk. Every question opens it anew, as every command does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("assetflow.toml", "")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def sql(self, name: str, text: str) -> Path:
        return self.write(f"assets/{name}.sql", text)

    def python(self, name: str, text: str) -> Path:
        return self.write(f"assets/{name}.py", text)

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text, f"{old!r} is not in {path}"
        self.write(path, text.replace(old, new))

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def project(self, **settings: Any) -> Project:
        return Project.open(str(self.root), **settings)

    def plan(self, *select: str, **options: Any) -> Plan:
        return self.project().plan(select, **options)

    def planned(self, *select: str) -> dict[str, tuple[str, ...]]:
        """The kinds of reasons for each step."""
        return {step.asset: tuple(reason.kind for reason in step.reasons) for step in self.plan(*select).steps}

    def materialize(self, *select: str, jobs: int = 1, env: str | None = None, **options: Any) -> RunResult:
        project = self.project(environment=env)
        running = project.run(project.plan(select, **options), jobs=jobs)
        for _ in running:
            pass
        assert running.result is not None
        return running.result

    def run(self, *select: str, **options: Any) -> dict[str, str]:
        """Materialize; the outcome of each asset that was not fresh from the start."""
        return {result.asset: result.outcome for result in self.materialize(*select, **options).assets}

    def made(self, *select: str, **options: Any) -> list[str]:
        """Materialize; which assets were made, by name. Fails when any of them failed."""
        outcomes = self.run(*select, **options)
        assert "failed" not in outcomes.values(), outcomes
        return sorted(name for name, outcome in outcomes.items() if outcome == "materialized")

    def rows(self, sql: str, env: str = "prod") -> list[tuple[Any, ...]]:
        """What a DuckDB client that opens the catalog reads."""
        with duckdb.connect(str(self.root / "warehouse" / f"{env}.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self, names: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of several tables, as one such client reads them."""
        with duckdb.connect(str(self.root / "warehouse" / "prod.duckdb"), read_only=True) as connection:
            return {name: connection.execute(f"FROM {name}").fetchall() for name in names}

    def cli(self, *arguments: str, env: dict[str, str] | None = None) -> Printed:
        """Run the real command in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "assetflow", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "120", **(env or {})},
            check=False,
        )
        return Printed(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def empty_shop(tmp_path: Path) -> Shop:
    """A project with nothing in it."""
    return Shop(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """orders.csv -> orders -> sales (SQL) -> by_city (SQL), big (Python); people stands apart."""
    return make_shop(tmp_path)


def make_shop(root: Path) -> Shop:
    """orders.csv -> orders -> sales (SQL) -> by_city (SQL), big (Python); people stands apart."""
    made = Shop(root)
    made.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    made.write("data/orders.csv", ORDERS)
    made.sql("sales", "SELECT id, customer, city, amount FROM orders WHERE amount > 5")
    made.sql("by_city", "SELECT city, sum(amount) AS total FROM sales GROUP BY city")
    made.python(
        "big",
        """
        import polars as pl

        from assetflow import asset


        @asset
        def big(sales: pl.LazyFrame, least: int = 20) -> pl.LazyFrame:
            return sales.filter(pl.col("amount") >= least)
        """,
    )
    made.sql("people", "SELECT 1 AS id, 'ann' AS name")
    return made
