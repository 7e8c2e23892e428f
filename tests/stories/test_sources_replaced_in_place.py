"""A Parquet file of a source is read where it lies: who replaces it changes nothing of what was read before."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import Shop


@pytest.fixture
def replaced(empty_shop: Shop) -> Shop:
    """facts (three files) -> clean; then another file takes the place of one, and no run has seen it yet."""
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    for day in range(3):
        deliver(empty_shop, day, 0)
    empty_shop.sql("clean", "SELECT day, x + 1 AS x FROM facts")
    empty_shop.run()
    deliver(empty_shop, 1, 100)
    return empty_shop


def deliver(shop: Shop, day: int, least: int) -> None:
    path = shop.root / "data" / f"{day}.parquet"
    path.parent.mkdir(exist_ok=True)
    duckdb.sql(f"COPY (SELECT {day} AS day, {least} + i AS x FROM range(10) t(i)) TO '{path}.new' (FORMAT parquet)")
    Path(f"{path}.new").replace(path)


def test_what_an_older_digest_was_of_is_read_as_it_was(replaced: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of DuckDB makes digests anew, also of what was replaced in the same night."""
    monkeypatch.setattr("assetflow.warehouse.content.digest.ALGORITHM", "another")
    assert replaced.run() == {"clean": "materialized"}
    assert replaced.rows("SELECT day, min(x) FROM clean GROUP BY day ORDER BY day") == [(0, 1), (1, 101), (2, 1)]


def test_an_older_version_of_it_shows_the_rows_of_then(replaced: Shop) -> None:
    replaced.run()
    shown = replaced.cli("query", "SELECT min(x) AS x FROM facts@-1 WHERE day = 1", "--format", "csv")
    assert shown.out == "x\n0\n"
    (replaced.root / "data" / "1.parquet").unlink()
    replaced.run()
    shown = replaced.cli("query", "SELECT min(x) AS x FROM facts@-2 WHERE day = 1", "--format", "csv")
    assert shown.out == "x\n0\n", "its second name is left"


def test_its_versions_differ_and_explain_what_was_made_of_them(replaced: Shop) -> None:
    replaced.run()
    assert "10 added, 10 removed" in replaced.cli("diff", "facts").out
    assert "facts  20 (100%)" in replaced.cli("diff", "clean", "--why").out


def test_what_was_written_into_the_file_itself_is_gone(replaced: Shop) -> None:
    replaced.run()
    path = replaced.root / "data" / "1.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS day, 7 AS x) TO '{path}.new' (FORMAT parquet)")
    path.write_bytes(Path(f"{path}.new").read_bytes())
    Path(f"{path}.new").unlink()
    replaced.run()
    asked = replaced.cli("query", "FROM facts@-1")
    assert (asked.code, "the files of facts@-1 are gone" in asked.err) == (2, True)
    assert "are gone" in replaced.cli("diff", "facts").err
    why = replaced.cli("diff", "clean", "--why").out
    assert "which it was made from, are gone" in why
