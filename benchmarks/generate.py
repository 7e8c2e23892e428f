"""Makes projects of any size to measure: SQL and Python assets over one small source, in layers."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

WIDTH = 50
"""How many assets stand in one layer; each reads up to three of the layer above."""


def generate(root: Path, sql: int, python: int, *, seed: int = 7) -> None:
    """Write a project of `sql` + `python` assets below `root`."""
    chance = random.Random(seed)
    root.mkdir(parents=True, exist_ok=True)
    (root / "data").mkdir(exist_ok=True)
    rows = "\n".join(f"{n},{n % 13},{n * 7 % 101}" for n in range(1000))
    (root / "data" / "facts.csv").write_text(f"id,part,value\n{rows}\n")
    (root / "assetflow.toml").write_text('[sources.facts]\nfiles = "data/facts.csv"\n')
    names = [f"asset_{number:05d}" for number in range(sql + python)]
    step = max(1, (sql + python) // max(python, 1))
    # Python assets come last in their layers, spread over the project.
    are_python = set(range(step - 1, sql + python, step)) if python else set()
    for number, name in enumerate(names):
        above = names[max(0, number - 2 * WIDTH) : max(0, number - WIDTH)]
        upstreams = sorted(chance.sample(above, min(len(above), chance.randint(1, 3)))) or ["facts"]
        folder = root / "assets" / f"group_{number // 200:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        if number in are_python:
            (folder / f"{name}.py").write_text(python_asset(name, upstreams))
        else:
            (folder / f"{name}.sql").write_text(sql_asset(number, upstreams))


def sql_asset(number: int, upstreams: list[str]) -> str:
    first, *others = upstreams
    joins = "".join(f"\nLEFT JOIN {name} AS t{n} ON t{n}.id = t0.id" for n, name in enumerate(others, 1))
    return (
        f'/* @asset\ndescription = "Asset number {number}"\ntags = ["layer_{number // WIDTH}"]\n*/\n'
        f"SELECT t0.id, t0.part, t0.value + {number} AS value\n"
        f"FROM {first} AS t0{joins}\nWHERE t0.id % 997 <> {number % 997}\n"
    )


def python_asset(name: str, upstreams: list[str]) -> str:
    parameters = ", ".join(f"{upstream}: pl.LazyFrame" for upstream in upstreams)
    return (
        "import polars as pl\n\nfrom assetflow import asset\n\n\n@asset\n"
        f"def {name}({parameters}) -> pl.LazyFrame:\n"
        f'    return {upstreams[0]}.with_columns(value=pl.col("value") * 2)\n'
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--sql", type=int, default=900)
    parser.add_argument("--python", type=int, default=100)
    given = parser.parse_args()
    generate(given.root, given.sql, given.python)
