"""kill -9 at a random moment: what was published stays readable and whole, and the next run finishes.

`ASSETFLOW_TEST_KILLS=50 pytest tests/stories/test_kill.py` kills fifty times.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from tests.conftest import Shop

KILLS = int(os.environ.get("ASSETFLOW_TEST_KILLS", "8"))
TABLES = ("first", "second", "seen", "third", "fourth")

THIRD = """
import polars as pl

from assetflow import asset


@asset
def third(first: pl.LazyFrame, second: pl.DataFrame) -> pl.LazyFrame:
    return first.join(second.lazy(), on="n")
"""


def chain(shop: Shop) -> None:
    """Every table carries the edition of the source: after a whole run all of them agree."""
    shop.write("assetflow.toml", '[sources.editions]\nfiles = "data/editions.csv"\n')
    shop.sql("first", "SELECT range AS n, edition FROM editions, range(1000)")
    shop.sql("second", "SELECT n, edition AS also FROM first")
    shop.write("assets/seen.sql", '/* @asset\nmaterialized = "view"\n*/\nSELECT n, also FROM second WHERE n < 500')
    shop.python("third", THIRD)
    shop.sql("fourth", "SELECT third.*, seen.also AS again FROM third LEFT JOIN seen USING (n)")


def editions(shop: Shop) -> dict[str, tuple[object, ...]]:
    """How many rows each published table has, and of which editions."""
    found: dict[str, tuple[object, ...]] = {}
    for name in TABLES:
        column = {"first": "edition", "third": "edition", "fourth": "edition"}.get(name, "also")
        [found[name]] = shop.rows(f"SELECT count(*), min({column}), max({column}) FROM {name}")
    return found


def whole(edition: int) -> dict[str, tuple[object, ...]]:
    return {name: (500 if name == "seen" else 1000, edition, edition) for name in TABLES}


def start(shop: Shop) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "assetflow", "materialize", "--quiet"]
    return subprocess.Popen(arguments, cwd=shop.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_leaves_the_last_published_tables_whole(empty_shop: Shop) -> None:
    shop, chance = empty_shop, random.Random(KILLS)
    chain(shop)
    shop.write("data/editions.csv", "edition\n0\n")
    began = time.monotonic()
    assert start(shop).wait() == 0
    takes = time.monotonic() - began
    published, finished = 0, 0
    for edition in range(1, KILLS + 1):
        shop.write("data/editions.csv", f"edition\n{edition}\n")
        process = start(shop)
        try:
            process.wait(timeout=chance.uniform(0.2, 1.1) * takes)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        found = editions(shop)
        assert found in (whole(published), whole(edition)), f"killed while edition {edition} was made"
        if found == whole(edition):
            published, finished = edition, finished + 1
    result = shop.materialize()
    assert result.status in ("succeeded", "nothing_to_do")
    assert editions(shop) == whole(KILLS)
    assert finished < KILLS, "no run was killed before it had published: nothing was tested"
