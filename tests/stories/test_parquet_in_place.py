"""Parquet files of a source that is read where it lies are renamed, moved, replaced, deleted and written into."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import assetflow
from assetflow.errors import SourceError
from assetflow.materialization import ReadSet
from assetflow.running.projections import Projections
from tests.conftest import Shop

COUNTED = "SELECT day, count(*) FROM facts GROUP BY day ORDER BY day"
THEN = [[1, 1], [2, 2]]
"""What was published: so many rows of each day."""


@pytest.fixture
def facts(empty_shop: Shop) -> Shop:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/facts/*.parquet"\n')
    shop.write("data/facts/readme", "")
    shop.sql("by_day", "SELECT day, sum(x) AS total FROM facts GROUP BY day")
    day(shop, "1.parquet", 1)
    day(shop, "2.parquet", 2)
    shop.made()
    return shop


def day(shop: Shop, name: str, number: int, *, rows: int | None = None) -> Path:
    """A file that takes its name at once, as most programs write theirs."""
    path, new = shop.root / "data/facts" / name, shop.root / "new"
    duckdb.sql(f"COPY (SELECT {number} AS day, i AS x FROM range({rows or number}) t(i)) TO '{new}' (FORMAT parquet)")
    new.replace(path)
    return path


def write_into(shop: Shop, name: str) -> None:
    """Other rows in the very file, in as many bytes: its day 2 is day 9."""
    path, other = shop.root / "data/facts" / name, shop.root / "other"
    day(shop, "../../other", 9, rows=2)
    assert path.stat().st_size == other.stat().st_size
    path.write_bytes(other.read_bytes())


def second(shop: Shop) -> Path:
    return shop.root / "data/facts/2.parquet"


def rename(shop: Shop) -> None:
    second(shop).rename(shop.root / "data/facts/3.parquet")


def move_away(shop: Shop) -> None:
    second(shop).rename(shop.root / "archived.parquet")


def delete(shop: Shop) -> None:
    second(shop).unlink()


def replace(shop: Shop) -> None:
    day(shop, "2.parquet", 2, rows=7)


def swap_names(shop: Shop) -> None:
    second(shop).rename(shop.root / "aside")
    (shop.root / "data/facts/1.parquet").rename(second(shop))
    (shop.root / "aside").rename(shop.root / "data/facts/1.parquet")


CHANGES = [rename, move_away, delete, replace, swap_names]


@pytest.mark.parametrize("change", CHANGES)
def test_until_the_next_run_everybody_reads_what_was_published(facts: Shop, change: Callable[[Shop], None]) -> None:
    warehouse = assetflow.open(facts.root)
    change(facts)
    assert facts.cli("query", COUNTED, "--json").json["rows"] == THEN
    assert len(facts.cli("show", "facts", "--json").json["rows"]) == 3
    assert [list(row) for row in facts.rows(COUNTED)] == THEN, "what a DuckDB client reads"
    assert [list(row) for row in warehouse.sql(COUNTED).fetchall()] == THEN, "what a notebook reads"
    assert facts.cli("verify", "--deep").code == 0


@pytest.mark.parametrize("change", [move_away, delete, replace])
def test_what_was_published_before_can_be_read_compared_and_published_again(
    facts: Shop, change: Callable[[Shop], None]
) -> None:
    facts.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT count(*) AS rows FROM facts')
    facts.made()
    change(facts)
    assert facts.made() == ["by_day", "seen"]
    assert [list(row) for row in facts.rows(COUNTED)] != THEN
    assert facts.cli("query", COUNTED.replace("facts", "facts@-1"), "--json").json["rows"] == THEN
    assert len(facts.cli("show", "facts", "--at", "-1", "--json").json["rows"]) == 3
    compared = facts.cli("diff", "facts", "--json").json
    assert (compared["rows_before"], compared["same"]) == (3, False)
    assert facts.cli("verify", "--deep").code == 0
    assert facts.cli("rollback", "seen", "-1").code == 0
    assert facts.rows("FROM seen") == [(3,)]
    assert facts.cli("query", "FROM seen", "--json").json["rows"] == [[3]]


def test_an_asset_that_is_new_reads_a_file_that_got_another_name(facts: Shop) -> None:
    rename(facts)
    facts.sql("days", "SELECT DISTINCT day FROM facts")
    assert facts.run() == {"days": "materialized"}
    assert facts.rows("FROM days ORDER BY day") == [(1,), (2,)]


def test_an_environment_is_promoted_with_files_that_were_moved_meanwhile(facts: Shop) -> None:
    facts.cli("env", "create", "dev", "--from", "prod")
    day(facts, "3.parquet", 3)
    facts.materialize(env="dev")
    (facts.root / "data/facts/3.parquet").unlink()
    assert facts.cli("env", "promote", "dev", "--to", "prod").code == 0
    assert facts.rows(COUNTED) == [(1, 1), (2, 2), (3, 3)]


def test_a_file_that_was_written_into_is_never_read_as_what_was_published(facts: Shop) -> None:
    warehouse = assetflow.open(facts.root)
    assert warehouse["facts"].pl().height == 3
    write_into(facts, "2.parquet")
    for command in (("query", "FROM facts"), ("show", "facts")):
        printed = facts.cli(*command)
        assert printed.code != 0
        assert "data/facts/2.parquet" in printed.err
        assert "this file was written over, or is gone" in printed.err
    with pytest.raises(SourceError, match="written over"):
        warehouse["facts"].pl()
    assert facts.cli("query", "SELECT total AS facts FROM by_day ORDER BY 1", "--json").json["rows"] == [[0], [1]]


def test_what_was_written_into_is_found_and_what_to_do_about_it_helps(facts: Shop) -> None:
    write_into(facts, "2.parquet")
    printed = facts.cli("verify", "--deep")
    assert printed.code == 1
    assert "source_lost  facts " in printed.out
    assert "assetflow materialize --full-refresh --select facts+" in printed.out
    facts.run("facts+", full_refresh=True)
    assert facts.cli("verify", "--deep").code == 0
    assert facts.rows(COUNTED) == [(1, 1), (9, 2)]
    assert "gone" in facts.cli("show", "facts", "--at", "-1").err
    assert "gone" in facts.cli("diff", "facts").err


def test_a_file_of_another_size_is_found_without_reading_it(facts: Shop) -> None:
    second(facts).write_bytes(b"PAR1")
    printed = facts.cli("verify", "--json")
    assert printed.code == 1
    assert [(each["kind"], each["path"]) for each in printed.json["problems"]] == [("source_lost", str(second(facts)))]


def test_rows_that_come_again_are_read_in_a_file_that_holds_them(facts: Shop) -> None:
    kept = facts.root / "kept"
    shutil.copyfile(second(facts), kept)
    write_into(facts, "2.parquet")
    facts.run()
    kept.replace(second(facts))
    facts.run()
    assert [list(row) for row in facts.rows(COUNTED)] == THEN, "the link of then shows day 9 by now"
    assert facts.cli("verify", "--deep").code == 0


def without_links(shop: Shop) -> None:
    shutil.rmtree(shop.root / "warehouse/links")


def test_without_links_a_file_is_read_where_it_lies_as_long_as_it_holds_its_rows(facts: Shop) -> None:
    without_links(facts)
    assert facts.cli("query", COUNTED, "--json").json["rows"] == THEN
    assert facts.cli("verify", "--deep").code == 0
    rename(facts)
    assert "data/facts/2.parquet" in facts.cli("query", COUNTED).err
    assert "source_lost" in facts.cli("verify").out
    facts.run("facts+", full_refresh=True)
    assert facts.cli("query", COUNTED, "--json").json["rows"] == THEN
    assert [list(row) for row in facts.rows(COUNTED)] == THEN


def test_a_file_is_looked_into_once_and_then_known_by_its_stamp(facts: Shop) -> None:
    for path in (facts.root / "data/facts").glob("*.parquet"):
        os.utime(path, (1, 1))
    project = facts.project()
    snapshot = project.ledger.snapshot(project.current["facts"].snapshot)
    assert project.found(snapshot) is not None
    paths = [str(path) for path in sorted((facts.root / "warehouse/links").rglob("*.parquet"))]
    assert sorted(project.hashes.known) == paths
    assert (facts.root / "warehouse/cache/in_place.json").exists()


def test_digests_of_what_was_published_are_never_taken_of_other_files(facts: Shop) -> None:
    project = facts.project()
    then = project.ledger.snapshot(project.current["facts"].snapshot)
    read = ReadSet(("day", "x"))
    asked = Projections(project.warehouse, project.open_cursor).of(then, read)
    day(facts, "2.parquet", 2, rows=7)
    with project.ledger.connection.writing() as connection:
        connection.execute("DELETE FROM projections")
    assert Projections(project.warehouse, project.open_cursor).of(then, read) == asked


def test_a_file_that_gets_its_link_in_a_run_is_not_read_again_for_that(
    facts: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_again(path: str) -> str:
        raise AssertionError(f"{path} was hashed again: a second name changed the time of its last change")

    monkeypatch.setattr("assetflow.running.sources.steady.hash_of_file", read_again)
    day(facts, "4.parquet", 4)
    assert facts.made() == ["by_day"]
