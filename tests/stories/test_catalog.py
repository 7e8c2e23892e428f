"""Stories of the catalog: what other clients read is what is published, also after a run was killed at the last moment."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.conftest import Shop

CATALOG = ("prod.duckdb", "cache/prod.catalog.json")
TOTAL = "SELECT sum(amount) FROM sales"


def killed_before_the_catalog(shop: Shop) -> None:
    """Leave the shop as a run does that was killed after it had published, and before the catalog followed."""
    shop.run()
    warehouse = shop.root / "warehouse"
    for name in CATALOG:
        shutil.copy2(warehouse / name, warehouse / f"{name}.old")
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,500")
    shop.run()
    for name in CATALOG:
        os.replace(warehouse / f"{name}.old", warehouse / name)
    assert shop.rows(TOTAL) == [(60,)]


def test_a_run_that_finds_nothing_to_do_brings_the_catalog_up_to_date(shop: Shop) -> None:
    killed_before_the_catalog(shop)
    assert shop.run() == {}
    assert shop.rows(TOTAL) == [(560,)]


def test_a_run_that_publishes_nothing_does_so_too(shop: Shop) -> None:
    killed_before_the_catalog(shop)
    shop.sql("sales", "SELECT id, error('no') AS customer FROM orders")
    assert shop.run("sales") == {"sales": "failed"}
    assert shop.rows(TOTAL) == [(560,)]


@pytest.mark.parametrize("command", [["ls"], ["plan"], ["show", "sales"], ["history"], ["explain", "sales"]])
def test_whoever_looks_at_what_is_published_brings_the_catalog_along(shop: Shop, command: list[str]) -> None:
    killed_before_the_catalog(shop)
    assert shop.cli(*command).code == 0
    assert shop.rows(TOTAL) == [(560,)]


def test_a_catalog_that_cannot_be_written_hinders_nobody_who_reads(shop: Shop) -> None:
    killed_before_the_catalog(shop)
    shutil.rmtree(shop.root / "warehouse" / "locks")
    (shop.root / "warehouse" / "locks").write_text("no folder")
    shown = shop.cli("query", TOTAL, "--format", "csv")
    assert (shown.code, shown.out.splitlines()[1:], shown.err) == (0, ["560"], "")
    nothing = shop.cli("materialize")
    assert nothing.code == 0
    assert "locks" in nothing.err
