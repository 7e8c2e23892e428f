"""The figures that are promised: what is measured for each, and what it has to reach."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks import hours
from benchmarks.generate import generate
from benchmarks.heavy import QUERIES, SOURCES
from benchmarks.measure import ROOT, Command, Cost, alternate, assetflow, measure, surroundings


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: assets, rows of the heavy build, and repetitions of light and of heavy processes."""

    assets: int
    many_assets: int
    rows: int
    times: int
    heavy_times: int


FULL = Size(assets=1_000, many_assets=10_000, rows=20_000_000, times=15, heavy_times=3)
QUICK = Size(assets=200, many_assets=1_000, rows=1_000_000, times=5, heavy_times=2)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing and what it is held against: `to_reach` seconds, or so many times what `against` costs."""

    what: str
    costs: list[Cost]
    to_reach: float | None = None
    against: str = ""
    base: list[Cost] | None = None
    memory: bool = False


def help_screen(folder: Path, size: Size) -> Iterator[Figure]:
    ours, click = alternate([assetflow("--help", folder=folder), import_click(folder)], 2 * size.times)
    yield Figure("assetflow --help", ours, 2.0, "import click", click)


def nothing_stale(folder: Path, size: Size) -> Iterator[Figure]:
    """A `materialize` that finds everything fresh."""
    for assets, to_reach in ((size.assets, 0.12), (size.many_assets, 0.5)):
        project = built_project(folder / f"mixed-{assets}", sql=assets * 9 // 10, python=assets // 10)
        ours, click = alternate([assetflow("materialize", folder=project), import_click(project)], size.times)
        yield Figure(f"no-op, {assets:,} assets", ours, to_reach)
        yield Figure(f"no-op, {assets:,} assets", ours, None, "import click", click)


def leaf_edited(folder: Path, size: Size) -> Iterator[Figure]:
    """A `materialize` after an edit of one SQL asset that nothing reads; each edit is one that was never seen."""
    project = built_project(folder / f"mixed-{size.assets}", sql=size.assets * 9 // 10, python=size.assets // 10)
    leaf = max(project.glob("assets/**/*.sql"))
    numbers = count(1_000_000)

    def edit() -> None:
        leaf.write_text(re.sub(r"value \+ \d+", f"value + {next(numbers)}", leaf.read_text()))

    command = assetflow("materialize", folder=project, before=edit)
    edited, click = alternate([command, import_click(project)], size.times)
    yield Figure(f"leaf edited, {size.assets:,} assets", edited, 0.4)
    yield Figure(f"leaf edited, {size.assets:,} assets", edited, None, "import click", click)


def first_build(folder: Path, size: Size) -> Iterator[Figure]:
    """Many small SQL assets from nothing, with reading their definitions."""
    project = folder / f"small-{size.assets}"
    generate(project, sql=size.assets, python=0)
    facts = {"name": "facts", "kind": "table", "sql": "SELECT * FROM read_csv('data/facts.csv')"}
    queries = {path.stem: path.read_text() for path in sorted(project.glob("assets/**/*.sql"))}
    costs = alternate(build_and_script(project, [facts, *tables(queries)]), size.heavy_times + 2)
    yield Figure(f"first build, {size.assets:,} assets", costs[0], 2.0, "plain script", costs[1])


def heavy_build(folder: Path, size: Size) -> Iterator[Figure]:
    """Ten assets over a large table: what assetflow adds to DuckDB's own work."""
    project = folder / "heavy"
    # In a process of its own, since this one must stay small.
    arguments = [sys.executable, "-m", "benchmarks.heavy", str(project), "--rows", str(size.rows)]
    subprocess.run(arguments, cwd=ROOT, env=surroundings(), check=True)
    read = "SELECT * FROM read_parquet('data/{}.parquet')"
    sources = [{"name": name, "kind": "view", "sql": read.format(name)} for name in SOURCES]
    ours, script = build_and_script(project, [*sources, *tables(QUERIES)])
    # DuckDB's own level of zstd costs a tenth of the script's time: what is left without it is told beside it.
    as_ours = Command([*script.arguments, "COMPRESSION zstd, COMPRESSION_LEVEL 1"], script.folder, script.before)
    costs = alternate([ours, script, as_ours], size.heavy_times)
    yield Figure(f"heavy build, {size.rows:,} rows", costs[0], 1.15, "plain script", costs[1])
    yield Figure(f"heavy build, {size.rows:,} rows", costs[0], None, "zstd level 1", costs[2])
    yield Figure(f"heavy build, {size.rows:,} rows", costs[0], 1.25, "plain script", costs[1], memory=True)


def nights(folder: Path, size: Size) -> Iterator[Figure]:
    """What a night costs that brings a little, beside making everything again: filter, join, group by."""
    project = folder / "nights"
    make = [sys.executable, "-m", "benchmarks.nights", str(project), "--rows", str(size.rows)]
    subprocess.run(make, cwd=ROOT, env=surroundings(), check=True)
    measure(assetflow("materialize", folder=project))
    numbers = count()

    def bring(what: str) -> None:
        arguments = [*make, "--bring", what, str(next(numbers))]
        subprocess.run(arguments, cwd=ROOT, env=surroundings(), check=True)

    for what, to_reach in NIGHTS.items():
        # The first night of a kind is compared with a full refresh, where that is quick.
        measure(assetflow("materialize", folder=project, before=partial(bring, what)))
        night = assetflow("materialize", folder=project, before=partial(bring, what))
        full = assetflow("materialize", "--full-refresh", folder=project)
        costs = alternate([night, full], size.heavy_times)
        yield Figure(f"{what} of {size.rows:,} rows", costs[0], to_reach, "full refresh", costs[1])


def deciding(folder: Path, size: Size) -> Iterator[Figure]:
    """What it costs to find out that a night cannot be refreshed incrementally, beside not asking."""
    commands = []
    for incremental in ("auto", "off"):
        project = folder / f"deciding-{incremental}"
        make = [sys.executable, "-m", "benchmarks.nights", str(project), "--rows", str(size.rows)]
        subprocess.run(make, cwd=ROOT, env=surroundings(), check=True)
        for asset in (project / "assets").iterdir():
            asset.unlink()
        for name, sql in REFUSED.items():
            said = f'/* @asset\nincremental = "{incremental}"\n*/\n{sql}\n'
            (project / "assets" / f"{name}.sql").write_text(said)
        measure(assetflow("materialize", folder=project))
        numbers = count()

        def bring(make: Sequence[str] = make, numbers: Iterator[int] = numbers) -> None:
            arguments = [*make, "--bring", "late", str(next(numbers))]
            subprocess.run(arguments, cwd=ROOT, env=surroundings(), check=True)

        commands.append(assetflow("materialize", folder=project, before=bring))
    costs = alternate(commands, size.heavy_times + 2)
    yield Figure(f"deciding full, {size.rows:,} rows", costs[0], 1.03, "not asking", costs[1])


REFUSED = {
    "middle": "SELECT median(value) AS value, avg(value) AS mean FROM facts",
    "notes": "SELECT product, any_value(note) AS note, count(*) AS n FROM facts GROUP BY product",
    "drawn": "SELECT store, first(product) AS product, max(value) AS value FROM facts GROUP BY store",
}
"""Queries that are made in full, whatever a night brings."""

NIGHTS = {"appended": 0.05, "replaced": 0.03, "late": 0.02}
"""1 % of the rows as new days, one day of 365 again, one row late: the share of a full refresh's processor time."""


def partitions(folder: Path, size: Size) -> Iterator[Figure]:
    """A table of as many hours as there are assets in the largest project, times ten."""
    many = size.many_assets * 10
    project = folder / "partitions"
    hours.generate(project, many)
    measure(assetflow("materialize", "-q", folder=project))
    (none,) = alternate([assetflow("plan", folder=project)], size.times)
    yield Figure(f"none of {many:,} partitions stale", none, 0.5)
    hours.bring_late(project)
    (one,) = alternate([assetflow("plan", folder=project)], size.times)
    yield Figure(f"one of {many:,} stale: plan", one, 0.5)


PARTS: dict[str, Callable[[Path, Size], Iterator[Figure]]] = {
    "help": help_screen,
    "noop": nothing_stale,
    "edit": leaf_edited,
    "first": first_build,
    "heavy": heavy_build,
    "nights": nights,
    "deciding": deciding,
    "partitions": partitions,
}
"""What can be asked for by name."""


def import_click(folder: Path) -> Command:
    """The least that a command line in Python costs on this machine."""
    return Command([sys.executable, "-c", "import click"], folder)


def built_project(project: Path, *, sql: int, python: int) -> Path:
    """A project in which nothing is stale."""
    if not project.exists():
        generate(project, sql=sql, python=python)
    # The second one finds every file old enough to trust its time.
    for _ in range(2):
        measure(assetflow("materialize", folder=project))
    return project


def build_and_script(project: Path, steps: list[dict[str, str]]) -> list[Command]:
    """A build of everything from nothing, and the script that does the same without assetflow."""
    listed, written = project / "steps.json", project / "written"
    listed.write_text(json.dumps(steps))
    script = ROOT / "benchmarks" / "plain.py"
    return [
        assetflow("materialize", folder=project, before=partial(remove, project / "warehouse")),
        Command([sys.executable, script, listed, written], project, partial(remove, written)),
    ]


def tables(queries: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "kind": "table", "sql": sql} for name, sql in queries.items()]


def remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
