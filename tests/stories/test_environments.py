"""Environments, and tables that come and go: removed, renamed, disabled, moved to another folder."""

from __future__ import annotations

import duckdb
import pytest

from tests.conftest import Shop


def test_environments_are_apart_and_share_what_was_made(shop: Shop) -> None:
    shop.made()
    assert set(shop.run(env="dev").values()) == {"restored"}, "what prod made is not computed again"
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert shop.run(env="dev") == {"by_city": "materialized"}
    assert shop.rows("SELECT total FROM by_city WHERE city = 'Rome'", env="dev") == [(30,)]
    assert shop.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(40,)]
    printed = shop.cli("query", "--env", "dev", "SELECT total FROM by_city WHERE city = 'Rome'", "--json")
    assert printed.json["rows"] == [[30]]
    assert shop.run() == {"by_city": "restored"}, "and prod takes from dev"


def test_the_environment_comes_from_the_flag_then_the_variable_then_the_file(shop: Shop) -> None:
    shop.write("assetflow.toml", 'environment = "filed"\n[sources.orders]\nfiles = "data/orders.csv"\n')
    shop.cli("materialize", "-s", "people")
    shop.cli("materialize", "-s", "people", env={"ASSETFLOW_ENV": "told"})
    shop.cli("materialize", "-s", "people", "--env", "flagged", env={"ASSETFLOW_ENV": "told"})
    made = {path.stem for path in (shop.root / "warehouse").glob("*.duckdb")}
    assert made == {"filed", "told", "flagged"}


def test_a_removed_asset_is_withdrawn_by_the_next_run_of_everything(shop: Shop) -> None:
    shop.made()
    shop.remove("assets/by_city.sql")
    assert shop.run("people") == {}
    assert shop.rows("SELECT count(*) FROM by_city") == [(2,)], "a run of something leaves it alone"
    planned = shop.cli("plan", "--check")
    assert planned.code == 3
    assert planned.out == (
        "asset    how       why\nby_city  withdraw  no longer declared\n\n0 to make, 3 fresh, 1 to withdraw\n"
    )
    assert shop.cli("plan", "--json").json["withdrawn"] == ["by_city"]
    printed = shop.cli("materialize")
    assert printed.code == 0
    assert "withdrawn: by_city (no longer declared)\n" in printed.err
    with pytest.raises(duckdb.CatalogException):
        shop.rows("FROM by_city")
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    assert shop.cli("plan", "--check").code == 0


def test_a_withdrawn_asset_keeps_its_history_and_comes_back_without_being_computed(shop: Shop) -> None:
    shop.made()
    text = shop.read("assets/by_city.sql")
    shop.remove("assets/by_city.sql")
    shop.run()
    [version] = shop.cli("history", "by_city", "--json").json["versions"]
    assert (version["asset"], version["current"], version["rows"]) == ("by_city", False, 2)
    assert [each["asset"] for each in shop.cli("ls", "--json").json["assets"] if each["name"] == "by_city"] == []
    shop.write("assets/by_city.sql", text)
    assert shop.planned() == {"by_city": ("never_made",)}
    assert shop.run() == {"by_city": "restored"}
    assert shop.rows("SELECT count(*) FROM by_city") == [(2,)]


def test_nothing_is_withdrawn_while_a_step_fails(shop: Shop) -> None:
    view = '/* @asset\nmaterialized = "view"\n*/\nSELECT count(*) AS n FROM '
    shop.write("assets/counted.sql", view + "people")
    shop.made()
    shop.remove("assets/people.sql")
    shop.write("assets/counted.sql", view + "sales WHERE no_such_column")
    assert shop.run() == {"counted": "failed"}
    assert shop.rows("FROM counted") == [(1,)], "the last published view still reads people"
    shop.write("assets/counted.sql", view + "sales")
    assert shop.materialize().withdrawn == ("people",)
    assert shop.rows("FROM counted") == [(3,)]


def test_a_project_that_lost_all_its_assets_withdraws_nothing(shop: Shop) -> None:
    shop.made()
    (shop.root / "assets").rename(shop.root / "elsewhere")
    printed = shop.cli("materialize")
    assert printed.code == 0
    assert "Nothing to do" in printed.err
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]


def test_a_source_that_nothing_declares_any_more_is_withdrawn(shop: Shop) -> None:
    shop.made()
    for name in ("sales", "by_city"):
        shop.remove(f"assets/{name}.sql")
    shop.remove("assets/big.py")
    shop.write("assetflow.toml", "")
    assert shop.materialize().withdrawn == ("big", "by_city", "orders", "sales")
    assert shop.rows("SELECT name FROM people") == [("ann",)]


def test_a_renamed_asset_is_a_new_one_and_the_old_name_goes(shop: Shop) -> None:
    shop.made()
    (shop.root / "assets/by_city.sql").rename(shop.root / "assets/per_city.sql")
    assert shop.planned() == {"per_city": ("never_made",)}
    result = shop.materialize()
    assert ([each.outcome for each in result.assets], result.withdrawn) == (["materialized"], ("by_city",))
    assert shop.rows("SELECT count(*) FROM per_city") == [(2,)]


def test_a_file_that_moves_to_another_folder_changes_its_group_and_makes_nothing(shop: Shop) -> None:
    shop.made()
    for name in ("people.sql", "big.py"):
        (shop.root / "assets/crm/inner").mkdir(parents=True, exist_ok=True)
        (shop.root / "assets" / name).rename(shop.root / "assets/crm/inner" / name)
    assert shop.plan().steps == ()
    groups = {each["name"]: each["group"] for each in shop.cli("ls", "--json").json["assets"]}
    assert (groups["people"], groups["big"], groups["sales"]) == ("crm/inner", "crm/inner", "main")
    assert shop.plan("group:crm/inner", full_refresh=True).selected == {"people", "big"}


def test_a_disabled_asset_is_not_made_and_stays_published(shop: Shop) -> None:
    shop.made()
    shop.write(
        "assets/sales.sql", "/* @asset\nenabled = false\n*/\nSELECT 1 AS id, 'x' AS customer, 'y' AS city, 0 AS amount"
    )
    assert shop.run() == {}
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert shop.made() == ["by_city"], "its readers read what is published"
    printed = shop.cli("explain", "sales")
    assert "It is not made: the asset says enabled = false." in printed.out


def test_a_disabled_asset_may_read_and_compare_with_what_is_not_there_yet(shop: Shop) -> None:
    shop.sql(
        "visits",
        "/* @asset\nenabled = false\n*/\n"
        "SELECT customer, count(*) AS n -- @relationships('guests.name')\nFROM clicks JOIN people ON true GROUP BY ALL",
    )
    shop.python(
        "calls", "from assetflow import asset\n\n@asset(enabled=False)\ndef calls(phones):\n    return phones\n"
    )
    assert shop.made() == ["big", "by_city", "people", "sales"]
    assert shop.cli("lineage", "visits", "--json").json["edges"] == [["people", "visits"]]
    shop.replace("assets/visits.sql", "enabled = false", "enabled = true")
    printed = shop.cli("plan")
    assert printed.code == 2
    assert "visits reads clicks, which is no asset and no source" in printed.err


def test_a_disabled_asset_that_was_never_made_is_an_error_for_its_readers(shop: Shop) -> None:
    shop.write("assets/sales.sql", "/* @asset\nenabled = false\n*/\nSELECT 1 AS city, 0 AS amount")
    printed = shop.cli("materialize")
    assert printed.code == 2
    assert "reads sales, which is not enabled and was never made" in printed.err
    assert "Traceback" not in printed.err


def test_what_reads_a_disabled_asset_is_stale_when_it_is(shop: Shop) -> None:
    shop.made()
    shop.write(
        "assets/sales.sql", "/* @asset\nenabled = false\n*/\nSELECT 1 AS id, 'x' AS customer, 'y' AS city, 0 AS amount"
    )
    assert statuses(shop)["by_city"] == "fresh"
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert statuses(shop)["by_city"] == "stale", "it is made again from what is published of sales"
    assert (
        shop.cli("materialize", "-s", "state:stale", "-s", "state:changed", "--json").json["assets"][0]["asset"]
        == "by_city"
    )


def test_what_reads_a_disabled_asset_that_was_never_made_is_listed_and_told(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("below", "SELECT 1 AS id")
    shop.made()
    shop.sql("off", "/* @asset\nenabled = false\n*/\nSELECT 1 AS id")
    shop.sql("below", "SELECT id FROM off")
    shop.sql("last", "SELECT id FROM never")
    shop.sql("never", "SELECT id FROM off")
    assert statuses(shop) == {"below": "stale", "last": "new", "never": "new", "off": "new"}
    said = "No run can make it: off, which it is made from, is not enabled and was never made."
    assert said in shop.cli("explain", "below").out
    assert said in shop.cli("explain", "last").out


def statuses(shop: Shop) -> dict[str, str]:
    return {each["name"]: each["status"] for each in shop.cli("ls", "--json").json["assets"]}
