"""Checks run on what was staged: a blocking one keeps yesterday's table, a warning only speaks."""

from __future__ import annotations

from tests.conftest import Shop


def test_a_blocking_check_keeps_the_published_table_and_ends_with_1(shop: Shop) -> None:
    shop.made()
    shop.sql("by_city", "SELECT city, -- @not_null\n sum(amount) AS total FROM sales GROUP BY city")
    shop.replace("data/orders.csv", "2,bob,Oslo,20", "2,bob,,20")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "1 check failed, so it was not published: not_null(city): 1 failing row" in printed.err
    assert "`assetflow check by_city --show-failures` shows the rows." in printed.err
    assert shop.rows("SELECT city FROM by_city ORDER BY ALL") == [("Oslo",), ("Rome",)]
    assert shop.rows("SELECT count(*) FROM sales WHERE city IS NULL") == [(1,)], "what passed is published"


def test_the_rows_that_failed_are_kept_and_shown(shop: Shop) -> None:
    shop.sql("people", "SELECT range AS id, -- @min(2)\n 'p' || range AS name FROM range(4)")
    assert shop.run("people") == {"people": "failed"}
    printed = shop.cli("check", "people", "--show-failures")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("people: min(id): 2 failing rows, not published\n")
    assert "p0" in printed.out
    assert "p1" in printed.out
    assert "p2" not in printed.out
    [failure] = shop.cli("check", "people", "--show-failures", "--json").json["failures"]
    assert (failure["asset"], failure["failures"]) == ("people", 2)
    assert sorted(row[0] for row in failure["sample"]["rows"]) == [0, 1]


def test_a_check_of_what_is_published_does_not_hide_the_rows_that_were_refused(shop: Shop) -> None:
    shop.made()
    shop.sql("by_city", "SELECT city, -- @not_null\n sum(amount) AS total FROM sales GROUP BY city")
    shop.replace("data/orders.csv", "2,bob,Oslo,20", "2,bob,,20")
    assert shop.cli("materialize").code == 1
    assert shop.cli("check", "by_city").code == 0, "what is published has passed"
    printed = shop.cli("check", "by_city", "--show-failures")
    assert printed.out.startswith("by_city: not_null(city): 1 failing row, not published\n")
    assert "NULL" in printed.out
    [failure] = shop.cli("check", "by_city", "--show-failures", "--json").json["failures"]
    assert (failure["published"], failure["failures"]) == (False, 1)
    shop.replace("data/orders.csv", "2,bob,,20", "2,bob,Oslo,20")
    shop.made()
    assert (
        shop.cli("check", "by_city", "--show-failures").err == "No failing rows: every check passed when it ran last.\n"
    )


def test_failing_rows_are_shown_as_they_are_whatever_their_types(shop: Shop) -> None:
    shop.sql("big", "SELECT sum(i) AS total, NULL AS nothing FROM range(9007199254740993, 9007199254740994) AS t(i)")
    shop.write("assets/big.sql", "/* @asset\nchecks = ['total < 0']\n*/\n" + shop.read("assets/big.sql"))
    shop.remove("assets/big.py")
    assert shop.run("big") == {"big": "failed"}
    assert "9007199254740993" in shop.cli("check", "big", "--show-failures").out


def test_what_a_failing_check_stopped_blocks_what_is_downstream(shop: Shop) -> None:
    shop.sql("sales", "SELECT id, customer, city, amount FROM orders -- no check on a column\n")
    shop.write(
        "assets/sales.sql", "/* @asset\nchecks = ['amount > 5']\n*/\nSELECT id, customer, city, amount FROM orders"
    )
    assert shop.run() == {"people": "materialized", "sales": "failed", "by_city": "blocked", "big": "blocked"}
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,,6")
    assert shop.made() == ["big", "by_city", "sales"]


def test_a_warning_publishes_and_says_so(shop: Shop) -> None:
    shop.sql("people", '/* @asset\nchecks = [{ expression = "id > 1", severity = "warn" }]\n*/\nSELECT 1 AS id')
    printed = shop.cli("materialize", "-s", "people")
    assert printed.code == 0
    assert "warning: people: check id > 1 found 1 failing row" in printed.err
    assert shop.rows("FROM people") == [(1,)]


def test_a_check_that_is_added_is_asked_of_what_is_published_and_again_before_it_is_restored(shop: Shop) -> None:
    shop.made()
    old = shop.read("assets/people.sql")
    shop.sql("people", "SELECT 2 AS id, 'bob' AS name")
    shop.made()
    shop.write("assets/people.sql", "/* @asset\nchecks = ['id > 1']\n*/\n" + old)
    assert shop.run() == {"people": "failed"}, "the older rows never passed this check"
    assert shop.rows("SELECT id FROM people") == [(2,)]


def test_a_check_alone_makes_nothing_stale_and_is_run_by_check(shop: Shop) -> None:
    shop.made()
    shop.sql("people", "/* @asset\nchecks = ['id > 1']\n*/\nSELECT 1 AS id, 'ann' AS name")
    assert shop.plan().steps == ()
    printed = shop.cli("check", "people")
    assert printed.code == 1
    assert printed.out == "people: FAILED  id > 1: 1 failing row\n"
    assert (
        printed.err
        == "\n1 check: 0 ok, 1 failed, 0 warnings\n`assetflow check people --show-failures` shows the rows.\n"
    )


def test_a_check_function_returns_the_rows_that_fail(shop: Shop) -> None:
    shop.python(
        "checks_of_sales",
        """
        import polars as pl

        from assetflow import check


        @check("sales")
        def everybody_known(sales: pl.LazyFrame, people: pl.DataFrame) -> pl.LazyFrame:
            return sales.filter(~pl.col("customer").is_in(people["name"].to_list()))


        @check("sales", severity="warn")
        def not_too_many(sales: pl.DataFrame) -> pl.DataFrame:
            return sales.head(0)
        """,
    )
    assert shop.run() == {"people": "materialized", "sales": "failed", "by_city": "blocked", "big": "blocked"}
    printed = shop.cli("check", "sales", "--show-failures")
    assert printed.out.startswith("sales: everybody_known: 1 failing row, not published\n")
    assert "bob" in printed.out
    shop.sql("people", "SELECT unnest(['ann', 'bob']) AS name")
    assert shop.made() == ["big", "by_city", "people", "sales"]


def test_a_check_against_what_failed_in_the_same_run_says_with_what_it_was_compared(shop: Shop) -> None:
    shop.sql("sales", "SELECT id, customer, city, amount -- @max(100)\nFROM orders")
    shop.sql("seen", "SELECT id -- @relationships('sales.id')\nFROM orders")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "99,dan,Rome,1000\n")
    assert {name: shop.run()[name] for name in ("sales", "seen")} == {"sales": "failed", "seen": "failed"}
    told = shop.cli("materialize").err
    said = "  Compared with sales as published before, which this run failed to make: correct that first.\n"
    assert said + "  `assetflow check seen --show-failures` shows the rows.\n" in told
    assert told.count("Compared with") == 1, "sales has itself to blame"
    assert "Compared with sales as published before" in shop.cli("explain", "seen").out


def test_a_check_that_raises_blocks_and_says_where(shop: Shop) -> None:
    shop.python(
        "checks_of_people",
        """
        from assetflow import check


        @check("people")
        def broken(people):
            return people.filter("no_such_column > 1")
        """,
    )
    printed = shop.cli("materialize", "-s", "people")
    assert printed.code == 1
    assert "broken: assets/checks_of_people.py:6: BinderException: " in printed.err
    assert "no_such_column" in printed.err
    assert '    File "assets/checks_of_people.py", line 6, in broken\n      return people.filter(' in printed.err
    assert "Traceback (most recent call last)" not in printed.err


def test_a_function_that_raises_while_check_asks_it_shows_its_frames(shop: Shop) -> None:
    shop.made()
    shop.python(
        "checks_of_people", "from assetflow import check\n\n@check('people')\ndef broken(people):\n    return 1 / 0\n"
    )
    printed = shop.cli("check", "people")
    assert printed.code == 1
    error = "assets/checks_of_people.py:5: ZeroDivisionError: division by zero"
    assert printed.out == f"people: FAILED  broken: {error}\n"
    assert '    File "assets/checks_of_people.py", line 5, in broken\n      return 1 / 0\n' in printed.err
    assert shop.cli("check", "people", "--json").json["checks"][0]["error"] == error


def test_a_function_that_returns_no_rows_is_named_and_found(shop: Shop) -> None:
    shop.python(
        "checks_of_people",
        "from assetflow import check\n\n\n@check('people')\ndef all_well(people):\n    return True\n",
    )
    printed = shop.cli("materialize", "-s", "people")
    assert printed.code == 1
    assert "all_well: assets/checks_of_people.py:4: all_well returned bool, which is no table" in printed.err


def test_a_function_that_compares_with_what_is_made_of_its_own_table(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("sales", "SELECT 1 AS id")
    shop.sql("below", "SELECT id FROM sales")
    shop.python(
        "checks_of_sales",
        "from assetflow import check\n\n@check('sales')\ndef same(sales, below):\n    return below.limit(0)\n",
    )
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "same: assets/checks_of_sales.py:3: it compares with below, which was never made" in printed.err
    assert "assetflow itself failed" not in printed.err
    shop.replace("assets/checks_of_sales.py", "@check('sales')", "@check('sales', severity='warn')")
    assert shop.made() == ["below", "sales"]
    shop.replace("assets/checks_of_sales.py", ", severity='warn'", "")
    assert shop.cli("check").code == 0


def test_relationships_wait_for_the_other_table(shop: Shop) -> None:
    shop.sql(
        "sales",
        """
        /* @asset
        checks = [{ relationships = { column = "customer", to = "people.name" } }]
        */
        SELECT id, customer, city, amount FROM orders
        """,
    )
    assert shop.run()["sales"] == "failed"
    shop.sql("people", "SELECT unnest(['ann', 'bob', 'cy']) AS name")
    outcomes = shop.run()
    assert outcomes == {
        "people": "materialized",
        "sales": "materialized",
        "by_city": "materialized",
        "big": "materialized",
    }
    assert list(outcomes).index("people") < list(outcomes).index("sales")


def test_a_check_against_a_table_that_was_never_made_is_told_before_it_counts_as_passed(shop: Shop) -> None:
    shop.sql("people", "SELECT 1 AS id, -- @relationships('sales.id')\n 'ann' AS name")
    printed = shop.cli("materialize", "-s", "people")
    assert printed.code == 1
    assert "sales" in printed.err
    assert "Traceback" not in printed.err


def test_checks_of_a_source_are_run_by_check(shop: Shop) -> None:
    shop.write(
        "assetflow.toml",
        '[sources.orders]\nfiles = "data/orders.csv"\nchecks = [{ not_null = "city" }, { unique = "id" }]\n',
    )
    printed = shop.cli("check", "orders")
    assert printed.code == 1
    assert printed.out == "orders: FAILED  not_null(city): 1 failing row\norders: ok  unique(id)\n"
    assert shop.cli("materialize").code == 1, "a run asks them, too"
    shop.replace("data/orders.csv", "4,cy,,5", "4,cy,Bern,5")
    shop.made()
    printed = shop.cli("check", "orders")
    assert printed.out == "orders: ok  not_null(city)\norders: ok  unique(id)\n", "what a run has recorded"


def test_a_check_about_nothing_is_an_error_that_names_the_nearest(shop: Shop) -> None:
    shop.python("checks_of_sale", "from assetflow import check\n\n\n@check('sale')\ndef odd(sale):\n    return sale\n")
    printed = shop.cli("plan")
    assert printed.code == 2
    assert "assets/checks_of_sale.py:4: the check odd is about sale, which is no asset" in printed.err
    assert "Did you mean sales?" in printed.err


def test_two_tables_whose_checks_compare_with_each_other_do_not_wait_for_ever(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("left_side", "SELECT 1 AS id")
    shop.sql("right_side", "SELECT 1 AS id")
    shop.made()
    shop.sql("left_side", "SELECT 1 AS id, -- @relationships('right_side.id')\n 2 AS n")
    shop.sql("right_side", "SELECT 1 AS id, -- @relationships('left_side.id')\n 2 AS n")
    assert shop.made() == ["left_side", "right_side"]


def test_a_check_may_compare_with_what_is_made_from_its_table_as_it_was_published(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.sql("orders", "SELECT 1 AS id")
    shop.sql("totals", "SELECT count(*) AS orders FROM orders")
    shop.made()
    fewer = "SELECT (SELECT max(orders) FROM totals) AS before, count(*) AS now FROM {table} HAVING now < before"
    shop.write(
        "assets/orders.sql",
        f'/* @asset\nchecks = [{{ sql = "{fewer}", upstreams = ["totals"] }}]\n*/\nSELECT 1 AS id, 2 AS n',
    )
    assert shop.made() == ["orders"]
    shop.replace("assets/orders.sql", "2 AS n", "2 AS n WHERE false")
    assert shop.run() == {"orders": "failed", "totals": "blocked"}


def test_what_is_restored_is_checked_against_the_tables_of_today(shop: Shop) -> None:
    shop.sql("people", "SELECT unnest(['ann', 'bob', 'cy']) AS name")
    shop.sql("sales", "SELECT id, customer, -- @relationships('people.name')\n city, amount FROM orders")
    shop.made()
    old = shop.read("assets/sales.sql")
    shop.replace("assets/sales.sql", "FROM orders", "FROM orders WHERE customer = 'ann'")
    shop.sql("people", "SELECT 'ann' AS name")
    shop.made()
    shop.write("assets/sales.sql", old)
    assert shop.planned("sales") == {"sales": ("code_changed",)}
    assert shop.run() == {"sales": "failed", "by_city": "blocked", "big": "blocked"}
    assert shop.rows("SELECT DISTINCT customer FROM sales") == [("ann",)]
    shop.sql("people", "SELECT unnest(['ann', 'bob', 'cy']) AS name")
    outcomes = shop.run()
    assert (outcomes["people"], outcomes["sales"]) == ("restored", "restored")


def test_what_a_check_refused_can_be_looked_at(shop: Shop) -> None:
    shop.sql("sales", "SELECT id, customer, city, amount -- @max(25)\nFROM orders")
    assert shop.run("sales") == {"sales": "failed"}
    printed = shop.cli("show", "sales", "--failed", "--json")
    assert len(printed.json["rows"]) == 4
    assert "refused by a check, not published" in shop.cli("show", "sales", "--failed").err
    assert shop.cli("show", "sales", "--failed", "-n", "3").err.endswith("\n3 of 4 rows\n")
    assert shop.cli("show", "people", "--failed").code == 2
    shop.replace("assets/sales.sql", "25", "99")
    assert shop.run("sales") == {"sales": "materialized"}


def test_each_table_is_seen_when_it_is_made_if_wanted(shop: Shop) -> None:
    shop.sql("later", "SELECT count(*) AS n FROM by_city")
    project = shop.project()
    running = project.run(project.plan(), publish_each=True)
    events = [(event.event, event.asset) for event in running]
    assert events.index(("published", "sales")) < events.index(("started", "by_city"))
    assert events.index(("published", "by_city")) < events.index(("started", "later"))
    project.ledger.close()
    assert shop.run() == {}
    assert shop.rows("FROM later") == [(2,)]


def test_each_table_that_passes_is_published_though_a_later_one_fails(shop: Shop) -> None:
    shop.sql("later", "SELECT error('broken') AS n FROM by_city")
    printed = shop.cli("materialize", "--publish", "each", "--json")
    assert printed.code == 1
    assert shop.rows("SELECT count(*) FROM by_city") == [(2,)]


def test_relationships_with_a_source_that_nobody_else_reads(shop: Shop) -> None:
    shop.write("data/towns.csv", "name\nRome\n")
    shop.write("assetflow.toml", shop.read("assetflow.toml") + '[sources.towns]\nfiles = "data/towns.csv"\n')
    shop.sql("cities", "SELECT DISTINCT city -- @relationships('towns.name')\nFROM orders WHERE city IS NOT NULL")
    assert shop.run("cities") == {"cities": "failed"}
    shop.write("data/towns.csv", "name\nRome\nOslo\n")
    assert shop.run("cities") == {"cities": "materialized"}


def test_a_check_behind_a_column_in_capitals(shop: Shop) -> None:
    shop.sql("cities", "SELECT DISTINCT city -- @NOT_NULL\nFROM orders")
    assert shop.run("cities") == {"cities": "failed"}


def test_what_is_kept_back_of_single_partitions_is_shown_by_its_failing_rows(shop: Shop) -> None:
    shop.sql(
        "cities", "/* @asset\npartition = 'city'\n*/\nSELECT city, id -- @max(2)\nFROM orders WHERE city IS NOT NULL"
    )
    assert shop.run("cities") == {"cities": "failed"}
    printed = shop.cli("show", "cities", "--failed")
    said = "error: what a check keeps back of single partitions of cities is not kept as a whole"
    assert printed.code == 2
    assert printed.err == f"{said}\n  `assetflow check cities --show-failures` shows the rows that failed.\n"
    assert "Rome   3" in shop.cli("check", "cities", "--show-failures").out
    in_dev = shop.cli("show", "cities", "--failed", "--env", "dev")
    assert "`assetflow check cities --show-failures --env dev` shows the rows that failed." in in_dev.err
