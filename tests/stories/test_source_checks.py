"""A source that breaks its checks is not read: what is made of it stays as it was, and the next run asks again."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.conftest import Shop

REFUSED = "assetflow.toml:1: source orders: 1 check failed, so nothing was made of it: "


def declare(shop: Shop, checks: str, files: str = "data/orders*.csv") -> None:
    shop.write("assetflow.toml", f'[sources.orders]\nfiles = "{files}"\nchecks = [{checks}]\n')


def test_rows_that_break_a_check_are_not_read_and_the_rest_is_made(shop: Shop) -> None:
    declare(shop, "{ unique = 'id' }, 'amount < 100'")
    shop.made()
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,500")
    shop.sql("people", "SELECT 1 AS id, 'new' AS name")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert f"{REFUSED}amount < 100: 1 failing row" in printed.err
    assert "`assetflow check orders --show-failures` shows the rows." in printed.err
    assert shop.rows("SELECT max(amount) FROM orders") == [(30,)], "the catalog shows what passed"
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    assert shop.rows("SELECT name FROM people") == [("new",)]
    assert "500" in shop.cli("check", "orders", "--show-failures").out
    assert shop.run() == {"sales": "failed", "by_city": "blocked", "big": "blocked"}, "it is asked again"
    shop.replace("data/orders.csv", "4,cy,,500", "4,cy,,50")
    assert shop.made() == ["big", "by_city", "sales"]
    assert not shop.plan()


def test_the_first_run_reads_nothing_that_breaks_a_check(shop: Shop) -> None:
    declare(shop, "{ not_null = 'city' }")
    assert shop.run() == {"people": "materialized", "sales": "failed", "by_city": "blocked", "big": "blocked"}
    assert [name for (name,) in shop.rows("SHOW TABLES")] == ["assetflow_info", "people"]


def test_a_warning_lets_the_source_be_read_and_says_so(shop: Shop) -> None:
    declare(shop, "{ not_null = 'city', severity = 'warn' }")
    printed = shop.cli("materialize")
    assert printed.code == 0
    assert "warning: source orders: check not_null(city): 1 failing row" in printed.err
    assert "source orders" not in shop.cli("materialize").err, "nothing is read, and nothing asked"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_comes_is_compared_with_those_that_are_there(shop: Shop, kind: str) -> None:
    with duckdb.connect() as connection:
        for at, ids in enumerate(["(1), (2)", "(3)", "(2)"]):
            connection.execute(f"COPY (FROM (VALUES {ids}) AS t(id)) TO '{shop.root}/data/part-{at}.{kind}'")
    for at in (1, 2):
        (shop.root / f"data/part-{at}.{kind}").rename(shop.root / f"{at}.kept")
    shop.write("assetflow.toml", f'[sources.parts]\nfiles = "data/part-*.{kind}"\nchecks = [{{ unique = "id" }}]\n')
    for path in (shop.root / "assets").iterdir():
        path.unlink()
    shop.sql("ids", "SELECT id FROM parts")
    shop.made()
    (shop.root / "1.kept").rename(shop.root / f"data/part-1.{kind}")
    assert shop.made() == ["ids"]
    (shop.root / "2.kept").rename(shop.root / f"data/part-2.{kind}")
    assert shop.run() == {"ids": "failed"}
    assert shop.rows("SELECT id FROM ids ORDER BY id") == [(1,), (2,), (3,)]
    (shop.root / f"data/part-0.{kind}").unlink()
    assert shop.made() == ["ids"], "2 stands there once now"


def test_a_second_file_of_the_same_bytes_is_new_too(shop: Shop) -> None:
    declare(shop, "{ unique = 'id' }")
    shop.made()
    shop.write("data/orders_again.csv", shop.read("data/orders.csv"))
    assert shop.run()["sales"] == "failed"


def test_a_check_that_is_added_is_asked_before_anything_else_is_made_of_the_same_rows(shop: Shop) -> None:
    declare(shop, "")
    shop.made()
    declare(shop, "'amount < 25'")
    assert not shop.plan(), "a check makes nothing stale"
    shop.replace("assets/sales.sql", "amount > 5", "amount > 6")
    assert shop.run() == {"sales": "failed", "by_city": "blocked", "big": "blocked"}
    declare(shop, "'amount < 250'")
    assert "sales" in shop.made()


def test_another_source_is_read_as_it_is_in_the_same_night(shop: Shop) -> None:
    shop.write(
        "assetflow.toml",
        '[sources.orders]\nfiles = "data/orders.csv"\n'
        'checks = [{ relationships = { column = "customer", to = "customers.name" } }]\n'
        '[sources.customers]\nfiles = "data/customers.csv"\n',
    )
    shop.write("data/customers.csv", "name\nann\nbob\ncy\n")
    shop.made()
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,5\n5,dan,Rome,7")
    assert shop.run()["sales"] == "failed"
    shop.write("data/customers.csv", "name\nann\nbob\ncy\ndan\n")
    assert "sales" in shop.made(), "nothing else reads the customers"


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_another_source_that_cannot_be_read_is_named_and_does_not_make_a_warning_an_error(
    shop: Shop, severity: str
) -> None:
    shop.write(
        "assetflow.toml",
        f"""
        [sources.orders]
        files = "data/orders.csv"
        checks = [{{ relationships = {{ column = "customer", to = "customers.name" }}, severity = "{severity}" }}]
        [sources.customers]
        files = "data/customers.csv"
        """,
    )
    said = "relationships(customer -> customers.name): "
    code = 1 if severity == "error" else 0
    printed = shop.cli("materialize")
    assert printed.code == code
    assert f'{said}assetflow.toml:4: source customers: no file matches "data/customers.csv"' in printed.err
    shop.write("data/customers.csv", "")
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,6")
    printed = shop.cli("materialize")
    assert printed.code == code
    assert f"{said}data/customers.csv: source customers: the file is empty" in printed.err


def test_a_source_that_is_refused_is_told_where_only_a_check_of_a_table_compares_with_it(shop: Shop) -> None:
    shop.write(
        "assetflow.toml",
        '[sources.orders]\nfiles = "data/orders.csv"\n'
        '[sources.customers]\nfiles = "data/customers.csv"\nchecks = [{ unique = "name" }]\n',
    )
    shop.write("data/customers.csv", "name\nann\nbob\ncy\n")
    compares = '{ relationships = { column = "customer", to = "customers.name" } }'
    shop.sql("names", f"/* @asset\nchecks = [{compares}]\n*/\nSELECT DISTINCT customer FROM orders")
    shop.made()
    shop.replace("data/orders.csv", "4,cy,,5", "4,bob,,5")
    shop.write("data/customers.csv", "name\nann\nann\nbob\ncy\ndan\n")
    printed = shop.cli("materialize")
    assert printed.code == 0, "what it read before has all of them"
    told = "checks compare with customers as it was read before: assetflow.toml:3: source customers: 1 check failed"
    assert f"warning: {told}" in printed.err
    shop.replace("data/orders.csv", "4,bob,,5", "4,dan,,5")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "Compared with customers as published before, which this run failed to make" in printed.err


def test_a_table_is_made_later_so_that_only_the_command_compares_with_it(shop: Shop) -> None:
    declare(shop, "{ relationships = { column = 'city', to = 'towns.name' } }")
    shop.sql("towns", "SELECT 'Rome' AS name")
    shop.made()
    printed = shop.cli("check", "orders")
    assert printed.code == 1
    assert "orders: FAILED  relationships(city -> towns.name): 1 failing row" in printed.out


def test_a_check_of_a_source_that_cannot_run_counts_as_failed(shop: Shop) -> None:
    declare(shop, "{ sql = 'SELECT nothing FROM {table}' }")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "A check that cannot run counts as failed: correct it." in printed.err


def test_an_error_of_a_source_is_told_once_with_all_that_was_not_made(shop: Shop) -> None:
    declare(shop, "'amount < 25'")
    shop.sql("cities", "SELECT DISTINCT city FROM orders")
    printed = shop.cli("materialize", "-q")
    assert printed.code == 1
    assert printed.err.count(REFUSED) == 1
    assert "  Not made because of it: cities, sales\n" in printed.err


def test_rows_of_a_refused_source_are_told_from_those_that_are_published(shop: Shop) -> None:
    declare(shop, "'amount < 100', { not_null = 'city', severity = 'warn' }")
    shop.made()
    warned = shop.cli("check", "orders", "--show-failures").out
    assert warned.startswith("orders: not_null(city): 1 failing row\n")
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,500")
    assert shop.run()["sales"] == "failed"
    refused = shop.cli("check", "orders", "--show-failures").out
    assert refused.startswith("orders: amount < 100: 1 failing row, not published\n")
    assert refused.count("not_null(city): 1 failing row, not published\n") == 1
    assert shop.cli("check", "orders").code == 0, "what was read before passes"
    printed = shop.cli("check", "orders", "--show-failures").out
    assert printed == refused + warned, "what is published hides nothing that was refused"
    failures = json.loads(shop.cli("check", "orders", "--show-failures", "--json").out)["failures"]
    assert [(each["check"], each["published"]) for each in failures] == [
        ("amount < 100", False),
        ("not_null(city)", False),
        ("not_null(city)", True),
    ]
    shop.replace("data/orders.csv", "4,cy,,500", "4,cy,,50")
    shop.made()
    printed = shop.cli("check", "orders", "--show-failures").out
    assert "not published" not in printed, "it was read since"


def test_a_refused_source_that_is_again_what_it_was_is_forgotten_when_its_readers_are_made(shop: Shop) -> None:
    declare(shop, "'amount < 100'")
    shop.made()
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,500")
    assert shop.run()["sales"] == "failed"
    shop.replace("data/orders.csv", "4,cy,,500", "4,cy,,5")
    assert not shop.plan()
    shop.replace("assets/sales.sql", "amount > 5", "amount > 6")
    assert "sales" in shop.made()
    assert "not published" not in shop.cli("check", "orders", "--show-failures").out


def test_the_next_step_shows_the_rows_of_the_environment_in_which_they_were_refused(shop: Shop) -> None:
    declare(shop, "'amount < 25'")
    shop.sql("cities", "/* @asset\nchecks = ['n < 0']\n*/\nSELECT 1 AS n")
    printed = shop.cli("materialize", "--env", "dev")
    for name in ("orders", "cities"):
        assert f"`assetflow check {name} --show-failures --env dev` shows the rows." in printed.err
        assert "not published" in shop.cli("check", name, "--show-failures", "--env", "dev").out
        assert "No failing rows" in shop.cli("check", name, "--show-failures").err
