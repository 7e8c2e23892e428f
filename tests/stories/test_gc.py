"""Sweeping: what nothing needs goes, in two steps; what somebody may still need stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Shop


@pytest.fixture
def nights(shop: Shop) -> Shop:
    """Six versions of sales."""
    shop.made()
    for number in range(5, 10):
        text = (
            shop.read("data/orders.csv").replace("ann,Rome", f"ann{number},Rome", 1).replace(f"ann{number - 1}", "ann")
        )
        shop.write("data/orders.csv", text + f"{number},dan,Oslo,{number}0\n")
        shop.made()
    return shop


def objects(shop: Shop) -> set[str]:
    return {str(path.relative_to(shop.root / "warehouse")) for path in (shop.root / "warehouse/objects").rglob("*.p*")}


def needed(shop: Shop) -> set[str]:
    """The files of what is current and of the versions before."""
    project = shop.project()
    ids = [version.snapshot for name in ("sales", "orders") for version in project.ledger.history("prod", name)[:3]]
    ids += [current.snapshot for current in project.current.values()]
    found = {file.path for id in ids for file in project.ledger.snapshot(id).files}
    project.ledger.close()
    return found


def test_a_file_goes_when_nothing_has_needed_it_for_the_grace_period(nights: Shop) -> None:
    before = objects(nights)
    told = nights.cli("gc", "--dry-run", "--grace", "0", "--json").json
    assert objects(nights) == before, "a dry run removes nothing"
    assert told["removed"]["files"] > 0
    first = nights.cli("gc", "--json").json
    assert (first["removed"]["files"], first["waiting"]["files"]) == (0, told["removed"]["files"])
    assert objects(nights) == before
    second = nights.cli("gc", "--grace", "0", "--json").json
    assert second["removed"] == told["removed"]
    left = objects(nights)
    assert needed(nights) <= left < before
    assert nights.cli("gc", "--grace", "0", "--json").json["removed"]["files"] == 0


def test_what_is_kept_can_be_read_and_refreshed(nights: Shop) -> None:
    nights.cli("gc", "--grace", "0")
    assert nights.rows("SELECT count(*) FROM sales") == [(8,)]
    assert nights.cli("show", "sales", "--at", "-2").code == 0
    gone = nights.cli("show", "sales", "--at", "-5")
    assert gone.code == 2
    assert "are gone" in gone.err
    assert nights.cli("verify", "--deep").code == 0
    assert nights.run() == {}
    nights.write("data/orders.csv", nights.read("data/orders.csv") + "20,eve,Rome,70\n")
    assert set(nights.made()) >= {"sales", "by_city"}


def test_more_versions_are_kept_if_told_so(nights: Shop) -> None:
    nights.write("assetflow.toml", nights.read("assetflow.toml") + "[retention]\nversions = 9\n")
    assert nights.cli("gc", "--grace", "0", "--json").json["removed"]["files"] == 0


def test_an_environment_keeps_what_it_points_to(nights: Shop) -> None:
    nights.cli("env", "create", "old")
    for number in range(30, 35):
        nights.write("data/orders.csv", nights.read("data/orders.csv") + f"{number},dan,Oslo,1{number}\n")
        nights.made()
    nights.cli("gc", "--grace", "0", "--keep", "1")
    assert nights.rows("SELECT count(*) FROM sales", env="old") == [(8,)]


def test_what_a_killed_run_left_is_swept(nights: Shop) -> None:
    left = nights.root / "warehouse/staging/20261120-020000-abcdef"
    left.mkdir(parents=True)
    (left / "part-0.parquet").write_bytes(b"half")
    assert nights.cli("gc", "--json").json["staging"] == ["20261120-020000-abcdef"]
    assert not left.exists()


def test_a_link_out_of_the_warehouse_is_not_followed(nights: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    precious = outside / "precious.txt"
    precious.write_text("mine", encoding="utf-8")
    staging = nights.root / "warehouse/staging"
    staging.mkdir(exist_ok=True)
    (staging / "20261120-020000-abcdef").symlink_to(outside)
    nights.cli("gc", "--grace", "0")
    assert precious.read_text(encoding="utf-8") == "mine"


def test_retention_takes_what_it_knows(nights: Shop) -> None:
    nights.write("assetflow.toml", nights.read("assetflow.toml") + "[retention]\nversion = 9\n")
    printed = nights.cli("gc")
    assert printed.code == 2
    assert "retention has no 'version'" in printed.err


def test_a_ledger_that_knows_nothing_removes_nothing(nights: Shop) -> None:
    before = objects(nights)
    for path in Path(nights.root / "warehouse").glob("ledger.db*"):
        path.unlink()
    printed = nights.cli("gc", "--grace", "0")
    assert printed.code == 1
    assert objects(nights) == before
    assert json.dumps(printed.err)
