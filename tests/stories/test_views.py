"""materialized = "view": no rows are kept, and whoever reads it sees what its query says of what it was made from."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.conftest import Shop

VIEW = '/* @asset\nmaterialized = "view"\n*/\n'


@pytest.fixture
def seen(shop: Shop) -> Shop:
    """sales is a view now."""
    shop.write("assets/sales.sql", VIEW + "SELECT id, customer, city, amount FROM orders WHERE amount > 5")
    return shop


def test_a_view_keeps_no_files_and_reads_like_a_table(seen: Shop) -> None:
    assert seen.made() == ["big", "by_city", "people", "sales"]
    assert seen.project().reader().snapshot("sales").files == ()
    assert seen.rows("SELECT count(*) FROM sales") == [(3,)]
    assert seen.rows("SELECT id FROM big ORDER BY id") == [(2,), (3,)], "a LazyFrame of a view"
    assert seen.run() == {}


def test_what_reads_a_view_is_stale_when_the_view_or_what_is_behind_it_changed(seen: Shop) -> None:
    seen.made()
    seen.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,11")
    assert set(seen.planned()) == {"sales", "by_city", "big"}
    seen.made()
    assert seen.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(41,)]
    seen.replace("assets/sales.sql", "amount > 5", "amount > 15")
    seen.made()
    assert seen.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(30,)]


def test_a_view_of_a_view_and_of_an_asset(seen: Shop) -> None:
    seen.sql("rome", VIEW + "SELECT * FROM sales WHERE city = 'Rome'")
    seen.sql(
        "rome_total", VIEW + "SELECT sum(amount)::BIGINT AS total, (SELECT count(*) FROM by_city) AS cities FROM rome"
    )
    seen.made()
    assert seen.rows("FROM rome_total") == [(40, 2)]
    assert seen.cli("show", "rome_total", "--json").json["rows"] == [[40, 2]]
    seen.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,15")
    assert {"sales", "rome", "rome_total"} <= set(seen.run())
    assert seen.rows("FROM rome_total") == [(45, 2)]


def test_a_table_becomes_a_view_and_a_table_again(shop: Shop) -> None:
    shop.made()
    text = shop.read("assets/sales.sql")
    shop.write("assets/sales.sql", VIEW + text)
    outcomes = shop.run()
    assert outcomes["sales"] == "materialized"
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    shop.write("assets/sales.sql", text)
    assert shop.run()["sales"] == "restored"
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    assert shop.run() == {}


def test_a_view_that_does_not_bind_fails_and_the_old_one_stays(seen: Shop) -> None:
    seen.made()
    seen.replace("assets/sales.sql", "amount > 5", "amuont > 5")
    printed = seen.cli("materialize")
    assert printed.code == 1
    assert "assets/sales.sql:4" in printed.err
    assert "amuont" in printed.err
    assert seen.rows("SELECT count(*) FROM sales") == [(3,)]


def test_checks_of_a_view_see_its_rows(seen: Shop) -> None:
    seen.write(
        "assets/sales.sql", '/* @asset\nmaterialized = "view"\nchecks = ["amount > 5"]\n*/\nSELECT * FROM orders'
    )
    assert seen.run()["sales"] == "failed"


CHECKED = '/* @asset\nmaterialized = "view"\nchecks = ["amount < 99"]\n*/\n'


def everywhere(shop: Shop, query: str) -> list[tuple[object, ...]]:
    """What a query answers, which is the same for the command, a notebook, and any client that opens the catalog."""
    with duckdb.connect(str(shop.root / "warehouse" / "prod.duckdb"), read_only=True) as client:
        found = client.sql(query).fetchall()
    assert shop.rows(query) == found
    assert [tuple(row) for row in shop.cli("query", query, "--json").json["rows"]] == found
    return found


@pytest.fixture
def refused(shop: Shop) -> Shop:
    """A row came that the check of a view refuses; the table behind the view is published with it."""
    shop.sql("kept", "SELECT * FROM orders")
    shop.write("assets/sales.sql", CHECKED + "SELECT * FROM kept")
    shop.sql("rome", VIEW + "SELECT * FROM sales WHERE city = 'Rome'")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "9,dan,Rome,100\n")
    outcomes = shop.run()
    assert (outcomes["kept"], outcomes["sales"], outcomes["rome"]) == ("materialized", "failed", "blocked")
    return shop


def test_rows_that_the_check_of_a_view_refuses_are_not_shown_by_it(refused: Shop) -> None:
    assert everywhere(refused, "SELECT count(*) FROM kept") == [(5,)]
    assert everywhere(refused, "SELECT max(amount) FROM sales") == [(30,)]
    assert everywhere(refused, "SELECT max(amount) FROM rome") == [(30,)]
    assert refused.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(40,)]


def test_explain_tells_that_a_view_shows_older_rows(refused: Shop) -> None:
    assert "Until it is made again, it shows kept as it was then." in refused.cli("explain", "sales").out
    assert refused.cli("explain", "sales", "--json").json["older_inputs"] == ["kept"]
    assert refused.cli("explain", "rome", "--json").json["older_inputs"] == [], "a view of it is as it was, too"
    refused.replace("data/orders.csv", "100", "98")
    refused.run()
    assert "Until" not in refused.cli("explain", "sales").out


def test_what_a_view_was_made_from_is_not_swept_away(refused: Shop) -> None:
    refused.replace("data/orders.csv", "100", "101")
    refused.run("kept")
    assert refused.cli("gc", "--grace", "0", "--keep", "1").code == 0
    assert everywhere(refused, "SELECT max(amount) FROM sales") == [(30,)]
    assert refused.cli("verify", "--deep").code == 0


def test_a_view_whose_check_passes_again_shows_what_is_there(refused: Shop) -> None:
    refused.replace("data/orders.csv", "100", "98")
    refused.run()
    assert everywhere(refused, "SELECT max(amount) FROM rome") == [(98,)]
    assert refused.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(138,)]
    assert refused.run() == {}


def test_a_table_that_reads_a_refused_view_and_what_is_behind_it(refused: Shop) -> None:
    refused.sql("pair", "SELECT (SELECT max(amount) FROM kept) AS kept, (SELECT max(amount) FROM rome) AS rome")
    assert refused.made("pair") == ["pair"]
    assert refused.rows("FROM pair") == [(100, 30)]
    assert refused.run("pair") == {}


def test_a_view_is_shown_as_it_was_when_what_it_read_is_gone(refused: Shop) -> None:
    """It reads another table now, and cannot be made: the one that it was made from is not declared any more."""
    refused.write("assets/sales.sql", CHECKED + "SELECT * FROM orders")
    refused.remove("assets/kept.sql")
    refused.run()
    assert everywhere(refused, "SELECT max(amount) FROM sales") == [(30,)]


def test_rows_of_a_source_that_a_check_of_a_view_refuses(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.paid]\nfiles = "data/paid.parquet"\n')
    (shop.root / "data").mkdir()
    duckdb.sql("SELECT 30 AS amount").write_parquet(str(shop.root / "data" / "paid.parquet"))
    shop.write("assets/sales.sql", CHECKED + "SELECT * FROM paid")
    shop.made()
    (shop.root / "data" / "paid.parquet").unlink()
    duckdb.sql("SELECT 100 AS amount").write_parquet(str(shop.root / "data" / "paid.parquet"))
    assert shop.run() == {"sales": "failed"}
    assert everywhere(shop, "FROM paid") == [(100,)]
    assert everywhere(shop, "FROM sales") == [(30,)]


def test_files_of_a_source_that_came_back_are_kept_for_views_again(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.paid]\nfiles = "data/paid.parquet"\n')
    paid = shop.root / "data" / "paid.parquet"
    paid.parent.mkdir()
    shop.write("assets/sales.sql", CHECKED + "SELECT * FROM paid")
    for amount in (30, 40, 30, 100):
        paid.unlink(missing_ok=True)
        duckdb.sql(f"SELECT {amount} AS amount").write_parquet(str(paid))
        outcome = shop.run()["sales"]
        assert shop.cli("gc", "--grace", "0", "--keep", "1").code == 0
    assert outcome == "failed"
    assert everywhere(shop, "FROM sales") == [(30,)]


def test_a_catalog_that_showed_what_lies_behind_a_view_is_written_anew(refused: Shop) -> None:
    """So it was once, and nothing is published meanwhile."""
    path, imprint = refused.root / "warehouse" / "prod.duckdb", "warehouse/cache/prod.catalog.json"
    with duckdb.connect(str(path)) as client:
        client.execute("CREATE OR REPLACE VIEW sales AS SELECT * FROM kept")
    found = json.loads(refused.read(imprint))
    found.pop("form", None)
    refused.write(imprint, json.dumps({**found, "size": path.stat().st_size, "mtime_ns": path.stat().st_mtime_ns}))
    assert refused.rows("SELECT max(amount) FROM sales") == [(100,)]
    assert refused.cli("show", "sales").code == 0
    assert everywhere(refused, "SELECT max(amount) FROM sales") == [(30,)]


def test_an_older_version_of_a_view_is_shown(seen: Shop) -> None:
    seen.made()
    seen.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,11")
    seen.made()
    then, now = (seen.cli("show", *which, "--json").json["rows"] for which in (("sales", "--at", "-1"), ("sales",)))
    assert (min(row[-1] for row in then), min(row[-1] for row in now)) == (10, 11)
    assert seen.cli("show", "sales@-1", "--json").json["rows"] == then


def test_a_view_that_names_a_schema_shows_what_lies_behind_it(shop: Shop) -> None:
    shop.sql("kept", "SELECT * FROM orders")
    shop.write("assets/sales.sql", CHECKED + "SELECT * FROM main.kept")
    shop.sql("top", "SELECT max(amount) AS amount FROM sales")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "9,dan,Rome,100\n")
    shop.made("kept")
    assert everywhere(shop, "SELECT max(amount) FROM sales") == [(100,)]
    assert shop.made("top") == ["top"]
    assert shop.rows("FROM top") == [(100,)]
    shop.replace("data/orders.csv", "100", "98")
    shop.made()
    assert "It names a table with its schema" in shop.cli("query", "FROM sales@-1").err


def test_a_comment_within_the_name_of_a_schema_hides_nothing(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("kept", "SELECT 1 AS n")
    shop.sql("seen", VIEW + "SELECT n FROM main /* that of all */ . kept")
    shop.sql("total", "SELECT sum(n)::BIGINT AS n FROM seen")
    shop.made()
    shop.sql("kept", "SELECT 2 AS n")
    shop.made("kept")
    shop.made("total")
    assert everywhere(shop, "FROM seen") == everywhere(shop, "FROM total") == [(2,)]


def test_a_view_of_a_live_view_is_live_wherever_it_is_read(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("kept", "SELECT 1 AS n")
    shop.sql("seen", VIEW + "SELECT n FROM main.kept")
    shop.sql("pair", VIEW + "SELECT seen.n, kept.n AS kept FROM seen, kept")
    shop.sql("copied", "SELECT n, kept FROM pair")
    shop.made()
    shop.sql("kept", "SELECT 2 AS n")
    shop.made("kept")
    shop.made("copied")
    assert everywhere(shop, "FROM pair") == everywhere(shop, "FROM copied") == [(2, 2)]


def test_a_view_that_is_not_selected_shows_the_rows_in_their_order_of_then(empty_shop: Shop) -> None:
    """The same rows in another order are another first row."""
    shop = empty_shop
    rising = "SELECT * FROM (VALUES (1), (2), (3)) AS t (n) ORDER BY n"
    shop.sql("kept", rising)
    shop.sql("first", VIEW + "SELECT n FROM kept LIMIT 1")
    shop.made()
    shop.sql("kept", f"{rising} DESC")
    shop.made("kept")
    shop.sql("top", "SELECT n FROM first")
    assert shop.made("top") == ["top"]
    assert everywhere(shop, "FROM first") == everywhere(shop, "FROM top") == [(1,)]
    shop.sql("kept", rising)
    shop.run()
    assert everywhere(shop, "FROM first") == everywhere(shop, "FROM top") == [(1,)]


def test_partitions_that_join_what_changed_with_a_view_as_it_was(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("kept", "SELECT * FROM (VALUES (1, DATE '2026-01-01', 1), (2, DATE '2026-01-02', 1)) AS t (id, day, flag)")
    shop.sql("flagged", VIEW + "SELECT id FROM kept WHERE flag = 1")
    shop.write(
        "assets/daily.sql",
        '/* @asset\npartition = "day(day)"\n*/\nSELECT kept.day, id, kept.flag FROM kept JOIN flagged USING (id)',
    )
    shop.made()
    shop.replace("assets/kept.sql", "01-01', 1", "01-01', 0")
    shop.made("kept")
    assert shop.made("daily") == ["daily"]
    shown = "SELECT kept.day, id, kept.flag FROM kept JOIN flagged USING (id) ORDER BY id"
    assert shop.rows("FROM daily ORDER BY id") == shop.rows(shown)
    assert [flag for *_, flag in shop.rows(shown)] == [0, 1]


def test_switching_a_view_back_and_forth_keeps_its_readers_right(seen: Shop) -> None:
    seen.made()
    old = seen.read("assets/sales.sql")
    seen.replace("assets/sales.sql", "amount > 5", "amount > 15")
    seen.made()
    seen.write("assets/sales.sql", old)
    assert "materialized" not in seen.run().values()
    assert seen.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(40,)]
    assert seen.run() == {}


def test_what_reads_a_volatile_view_is_made_as_often_as_the_view(shop: Shop) -> None:
    shop.write("assets/clock.sql", VIEW + "SELECT now() AS t")
    shop.sql("noted", "SELECT t FROM clock")
    shop.made()
    [before] = shop.rows("FROM noted")
    assert shop.run() == {"clock": "materialized", "noted": "materialized"}
    assert shop.rows("FROM noted") != [before]


def test_an_edited_view_is_read_as_it_was_published_until_it_is_made(seen: Shop) -> None:
    seen.sql("fewer", "SELECT * FROM orders WHERE amount > 15")
    seen.made()
    seen.write("assets/sales.sql", VIEW + "SELECT id, customer, city, amount FROM fewer")
    assert len(seen.cli("show", "sales", "--json").json["rows"]) == 3
    seen.write("assets/sales.sql", "SELECT id, customer, city, amount FROM fewer")
    assert len(seen.cli("show", "sales", "--json").json["rows"]) == 3, "the same when it is to be a table"
    seen.remove("assets/sales.sql")
    for name in ("by_city.sql", "big.py"):
        seen.remove(f"assets/{name}")
    assert seen.cli("query", "SELECT count(*) FROM sales", "--json").json["rows"] == [[3]]


def test_what_is_made_from_a_stale_view_is_made_of_the_rows_that_it_shows(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("numbers", "SELECT 1 AS n")
    shop.write("assets/seen.sql", VIEW + "SELECT n FROM numbers")
    shop.sql("total", "SELECT sum(n)::BIGINT AS n FROM seen")
    shop.made()
    shop.sql("numbers", "SELECT 100 AS n")
    shop.made("numbers")
    shop.sql("total", "SELECT sum(n)::BIGINT + 1 AS n FROM seen")
    assert shop.made("total") == ["total"]
    assert shop.rows("FROM total") == [(2,)], "a view shows what it was made from"
    assert shop.rows("FROM seen") == [(1,)]
    assert shop.run() == {"seen": "materialized", "total": "materialized"}
    assert shop.rows("FROM total") == [(101,)]
    assert shop.rows("FROM seen") == [(100,)]
    assert shop.run() == {}


@pytest.fixture
def staged(empty_shop: Shop) -> Shop:
    """Orders and payments as they come, views that clean them up, and tables made of these."""
    shop = empty_shop
    shop.write(
        "assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n[sources.paid]\nfiles = "data/paid.csv"\n'
    )
    shop.write("data/orders/1.csv", "id,customer,amount\n1,ann,10\n2,bob,20\n3,ann,30\n")
    shop.write("data/orders/2.csv", "id,customer,amount\n4,cid,5\n")
    shop.write("data/paid.csv", "id,cents\n1,1000\n2,1000\n2,1000\n")
    shop.sql(
        "clean_orders",
        VIEW + "WITH raw AS (FROM orders)\nSELECT id AS order_id, customer, amount FROM raw WHERE amount > 5",
    )
    shop.sql("clean_paid", VIEW + "SELECT id AS order_id, cents / 100 AS amount FROM paid")
    shop.sql("paid_orders", VIEW + "SELECT order_id, sum(amount) AS paid FROM clean_paid GROUP BY order_id")
    shop.sql("lines", "SELECT order_id, upper(customer) AS customer, amount FROM clean_orders")
    shop.sql("totals", "SELECT customer, sum(amount) AS amount FROM clean_orders GROUP BY customer")
    shop.sql("state", "SELECT order_id, customer, paid FROM clean_orders LEFT JOIN paid_orders USING (order_id)")
    shop.sql(
        "shadowed",
        "WITH raw AS (SELECT 1 AS one), orders AS (SELECT 7 AS id) SELECT order_id, id FROM clean_orders, orders",
    )
    shop.made()
    return shop


def refreshed(shop: Shop) -> dict[str, str | None]:
    """Run; the mode of each table that was made."""
    results = shop.materialize().assets
    return {each.asset: each.mode for each in results if each.outcome == "materialized" and each.rows is not None}


TABLES = {
    "lines": "SELECT id, upper(customer), amount FROM orders WHERE amount > 5",
    "totals": "SELECT customer, sum(amount) FROM orders WHERE amount > 5 GROUP BY customer",
    "state": "SELECT o.id, customer, paid FROM orders o LEFT JOIN (SELECT id, sum(cents / 100) AS paid FROM paid GROUP BY id) p"
    " ON o.id = p.id WHERE amount > 5",
    "shadowed": "SELECT id, 7 FROM orders WHERE amount > 5",
}


def are_right(shop: Shop) -> bool:
    for name, sql in TABLES.items():
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE orders AS FROM '{shop.root}/data/orders/*.csv'")
            connection.execute(f"CREATE TABLE paid AS FROM '{shop.root}/data/paid.csv'")
            assert shop.rows(f"FROM {name} ORDER BY ALL") == connection.execute(f"{sql} ORDER BY ALL").fetchall(), name
    return True


def test_what_reads_views_is_refreshed_by_the_rows_that_changed_behind_them(staged: Shop) -> None:
    staged.write("data/orders/3.csv", "id,customer,amount\n5,bob,50\n6,dan,1\n")
    assert refreshed(staged) == dict.fromkeys(["lines", "totals", "state", "shadowed"], "incremental")
    assert are_right(staged)
    staged.write("data/orders/1.csv", "id,customer,amount\n1,ann,10\n3,ann,31\n")
    staged.write("data/paid.csv", "id,cents\n1,1000\n2,1000\n2,1000\n3,100\n")
    assert refreshed(staged) == dict.fromkeys(["lines", "totals", "state", "shadowed"], "incremental")
    assert are_right(staged)
    assert staged.run() == {}


def test_the_plan_foresees_it(staged: Shop) -> None:
    staged.write("data/orders/3.csv", "id,customer,amount\n5,bob,50\n")
    steps = {step.asset: step for step in staged.project().foresee(staged.plan()).steps}
    assert (steps["totals"].mode, steps["totals"].mode_reason) == ("incremental", "append, merged by customer")


def test_a_view_that_says_something_else_has_its_readers_made_in_full(staged: Shop) -> None:
    staged.replace("assets/clean_orders.sql", "amount > 5", "amount > 4")
    assert set(refreshed(staged).values()) == {"full"}
    assert staged.rows("SELECT count(*) FROM lines") == [(4,)]
    staged.write("data/orders/3.csv", "id,customer,amount\n5,bob,50\n")
    assert set(refreshed(staged).values()) == {"incremental"}
    assert staged.rows("SELECT count(*) FROM lines") == [(5,)]


def test_groups_that_are_kept_are_those_of_what_the_view_showed(staged: Shop) -> None:
    # Whatever it costs, which a machine that has much to do can mistake.
    required = '/* @asset\nincremental = "require"\n*/\n'
    staged.write(
        "assets/means.sql", required + "SELECT customer, avg(amount) AS amount FROM clean_orders GROUP BY customer"
    )
    staged.made()
    for number, amount in enumerate((100, 200, 300, 400), 3):
        staged.write(f"data/orders/{number}.csv", f"id,customer,amount\n{number},ann,{amount}\n")
        mode = refreshed(staged)["means"]
        found = duckdb.sql(
            f"SELECT customer, avg(amount) FROM '{staged.root}/data/orders/*.csv' WHERE amount > 5 GROUP BY 1"
        )
        assert staged.rows("FROM means ORDER BY ALL") == found.order("ALL").fetchall()
    assert mode == "incremental"


def test_a_table_that_is_read_itself_and_through_a_view(staged: Shop) -> None:
    staged.sql("share", "SELECT l.order_id, o.amount FROM clean_orders AS l JOIN orders AS o ON o.id = l.order_id")
    staged.made()
    staged.write("data/orders/3.csv", "id,customer,amount\n5,bob,50\n6,dan,1\n")
    assert refreshed(staged)["share"] == "incremental"
    assert staged.rows("FROM share ORDER BY ALL") == [(1, 10), (2, 20), (3, 30), (5, 50)]


def test_a_view_whose_rows_are_not_the_same_twice_is_read_whole(staged: Shop) -> None:
    staged.sql("drawn", VIEW.replace("\n*/", '\nvolatile = "ignore"\n*/') + "SELECT id, random() AS chance FROM orders")
    staged.sql("chances", "SELECT id FROM drawn WHERE chance >= 0")
    staged.made()
    staged.write("data/orders/3.csv", "id,customer,amount\n5,bob,50\n")
    assert refreshed(staged)["chances"] == "full"


def test_what_is_made_in_full_because_of_a_view_says_so_with_the_line_of_the_view(seen: Shop) -> None:
    seen.write("assets/sales.sql", VIEW + "SELECT *\nFROM orders\nLIMIT 100")
    seen.made()
    seen.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,15")
    step = next(step for step in seen.project().foresee(seen.plan()).steps if step.asset == "by_city")
    why = "LIMIT without ORDER BY, which depends on the order of rows, line 6 of sales"
    assert (step.mode, step.mode_reason) == ("full", why)
    made = next(each for each in seen.materialize().assets if each.asset == "by_city")
    assert (made.mode, made.mode_reason) == ("full", why)


@pytest.mark.parametrize("read", ["clean c RIGHT JOIN orders o", "orders o LEFT JOIN clean c"])
def test_a_table_read_in_two_states_by_itself_and_behind_a_view_is_made_in_full(empty_shop: Shop, read: str) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    shop.write("data/orders/1.csv", "id,amount,note\n1,10,new\n2,5,new\n")
    shop.write("assets/clean.sql", VIEW + "SELECT id, amount FROM orders WHERE amount > 5")
    shop.sql("noted", f"SELECT o.id, c.amount, o.note FROM {read} ON o.id = c.id")
    shop.made()
    shop.write("data/orders/1.csv", "id,amount,note\n1,10,paid\n2,5,new\n")
    assert shop.made() == ["noted"], "the view reads no note, and is recorded as of the rows before"
    shop.write("data/orders/2.csv", "id,amount,note\n3,30,new\n")
    made = next(each for each in shop.materialize().assets if each.asset == "noted")
    assert (made.mode, made.mode_reason) == ("full", "orders is read in two states")
    assert shop.rows("FROM noted ORDER BY id") == [(1, 10, "paid"), (2, None, "new"), (3, 30, "new")]
    shop.write("data/orders/3.csv", "id,amount,note\n4,40,new\n")
    assert refreshed(shop)["noted"] == "incremental"


def test_a_view_of_parquet_files_that_got_other_names_is_found_again_by_the_next_run(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.items]\nfiles = "data/*.parquet"\n')
    shop.write("data/readme", "")
    duckdb.sql(f"COPY (SELECT 1 AS x) TO '{shop.root}/data/a.parquet'")
    shop.sql("kept", "SELECT x FROM items")
    shop.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT x FROM items')
    shop.made()
    (shop.root / "data/a.parquet").rename(shop.root / "data/b.parquet")
    assert "files that it shows lie elsewhere" in shop.cli("plan").out
    assert shop.run() == {"seen": "restored"}
    assert shop.rows("FROM seen") == shop.rows("FROM items") == [(1,)]
    assert shop.cli("query", "FROM seen", "--json").json["rows"] == [[1]]
    assert shop.run() == {}
