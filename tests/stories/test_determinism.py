"""The same code over the same data gives the same tables, on however many threads: else every night would restale readers."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Shop

ROWS = 300_000
TABLES = {
    "facts": "SELECT i AS id, i % 97 AS k, (i * 7919 % 10007)::DECIMAL(12, 2) AS amount, 'n' || i % 13 AS name "
    f"FROM range({ROWS}) AS t(i)",
    "by_key": "SELECT k, sum(amount) AS total, count(DISTINCT name) AS names, max(name) AS last FROM facts GROUP BY k",
    "ranked": "SELECT * FROM facts QUALIFY row_number() OVER (PARTITION BY k ORDER BY amount DESC, id) <= 3",
    "joined": "SELECT id, amount - total AS rest FROM facts JOIN by_key USING (k)",
    "ordered": "SELECT id, name FROM facts ORDER BY amount, id",
    "names": "SELECT DISTINCT name FROM facts",
}
FUNCTIONS = """
import polars as pl

from assetflow import asset


@asset
def lazy(facts: pl.LazyFrame) -> pl.LazyFrame:
    return facts.group_by("name").agg(pl.col("amount").sum(), pl.len())


@asset
def eager(ordered: pl.DataFrame) -> pl.DataFrame:
    return ordered.with_row_index().filter(pl.col("name") == "n3")
"""


def test_threads_do_not_show_in_what_is_made(tmp_path: Path) -> None:
    made = [digests(tmp_path / str(threads), threads) for threads in (1, 2, 8, 8)]
    assert len(made[0]) == len(TABLES) + 2
    assert made[1:] == made[:-1]


def digests(root: Path, threads: int) -> dict[str, str]:
    """The digest of each table of a project that is made from nothing."""
    shop = Shop(root)
    shop.write("assetflow.toml", f"threads = {threads}\n")
    for name, sql in TABLES.items():
        shop.sql(name, sql)
    shop.python("functions", FUNCTIONS)
    shop.made(jobs=2)
    return {name: one.digest for name, one in shop.project().current.items()}
