"""The nightly refresh: only what arrived is computed, and what comes out is what a rebuild would make."""

from __future__ import annotations

import re

import duckdb
import pytest

from tests.conftest import Shop

DAYS = """
day,product,amount
2024-01-0{n},1,{n}0
2024-01-0{n},2,{n}
"""


@pytest.fixture
def nights(empty_shop: Shop) -> Shop:
    """orders (a file a day) -> sales (a join) -> daily (by day), names (by product), next (OFFSET)."""
    shop = empty_shop
    shop.write(
        "assetflow.toml",
        '[sources.orders]\nfiles = "data/orders/*.csv"\n[sources.products]\nfiles = "data/products.csv"\n',
    )
    shop.write("data/products.csv", "id,name\n1,tea\n2,milk\n")
    for number in (1, 2, 3):
        deliver(shop, number)
    shop.sql("sales", "SELECT day, name, amount FROM orders JOIN products ON product = id")
    shop.sql("daily", "SELECT day, sum(amount) AS amount FROM sales GROUP BY day")
    shop.sql("names", "SELECT DISTINCT name FROM sales")
    shop.sql("next_three", "SELECT day, amount\nFROM sales\nORDER BY day, amount\nLIMIT 3 OFFSET 1")
    shop.made()
    return shop


def deliver(shop: Shop, number: int) -> None:
    shop.write(f"data/orders/{number}.csv", DAYS.format(n=number).lstrip())


def modes(shop: Shop) -> dict[str, tuple[str | None, str | None]]:
    """Run; the mode of each asset that was made, and why."""
    results = shop.materialize().assets
    return {each.asset: (each.mode, each.mode_reason) for each in results if each.outcome == "materialized"}


def from_nothing(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE orders AS FROM '{shop.root}/data/orders/*.csv'")
        connection.execute(f"CREATE TABLE products AS FROM '{shop.root}/data/products.csv'")
        return connection.execute(sql).fetchall()


SALES = "SELECT day, name, amount FROM orders JOIN products ON product = id ORDER BY ALL"
DAILY = "SELECT day, sum(amount) AS amount FROM orders JOIN products ON product = id GROUP BY day ORDER BY ALL"


def test_a_new_day_is_added(nights: Shop) -> None:
    deliver(nights, 4)
    assert modes(nights) == {
        "sales": ("incremental", "added"),
        "daily": ("incremental", 'merged by "day"'),
        "names": ("incremental", "added"),
        "next_three": ("full", "LIMIT with OFFSET, line 4"),
    }
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)
    assert nights.run() == {}


def test_only_the_new_day_is_written(nights: Shop) -> None:
    before = set((nights.root / "warehouse" / "objects").rglob("*.parquet"))
    deliver(nights, 4)
    nights.run("sales")
    new = set((nights.root / "warehouse" / "objects").rglob("*.parquet")) - before
    assert sorted(rows_in(path) for path in map(str, new)) == [2, 2]


def rows_in(path: str) -> int:
    found = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()
    return int(found[0][0])


def test_a_late_row_is_found_wherever_it_arrives(nights: Shop) -> None:
    nights.write("data/orders/1.csv", nights.read("data/orders/1.csv") + "2024-01-01,1,7\n")
    found = modes(nights)
    assert found["sales"][0] == found["daily"][0] == "incremental"
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)


def test_a_day_that_is_delivered_again_or_taken_back_counts_as_it_is_now(nights: Shop) -> None:
    nights.write("data/orders/2.csv", nights.read("data/orders/2.csv").replace("20", "21", 1).replace(",2\n", ",5\n"))
    assert modes(nights)["sales"] == ("incremental", "added and taken out")
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)
    nights.remove("data/orders/2.csv")
    assert modes(nights)["daily"][0] == "incremental"
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)
    deliver(nights, 2)
    assert set(nights.run().values()) == {"restored"}
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)


def test_a_file_with_another_name_is_no_change(nights: Shop) -> None:
    (nights.root / "data/orders/3.csv").rename(nights.root / "data/orders/9.csv")
    assert nights.run() == {}


def test_a_changed_dimension_is_looked_up_by_what_changed(nights: Shop) -> None:
    nights.remove("assets/next_three.sql")
    nights.replace("data/products.csv", "milk", "oat milk")
    assert modes(nights)["sales"] == ("incremental", "added and taken out")
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)


def test_edited_code_is_made_in_full_and_says_so(nights: Shop) -> None:
    nights.replace("assets/daily.sql", "sum(amount)", "max(amount)")
    assert modes(nights) == {"daily": ("full", "assets/daily.sql changed")}
    deliver(nights, 4)
    assert modes(nights)["daily"][0] == "incremental"


def test_full_refresh_makes_all_in_full(nights: Shop) -> None:
    deliver(nights, 4)
    results = nights.materialize(full_refresh=True).assets
    assert {each.mode for each in results} == {"full"}


def test_a_declaration_turns_it_off(nights: Shop) -> None:
    nights.sql("daily", '/* @asset\nincremental = "off"\n*/\nSELECT day, sum(amount) AS amount FROM sales GROUP BY day')
    deliver(nights, 4)
    assert modes(nights)["daily"] == ("full", 'it is declared incremental = "off"')


def test_what_has_to_be_incremental_is_an_error_of_the_plan_where_it_is_not(nights: Shop) -> None:
    nights.sql("next_three", '/* @asset\nincremental = "require"\n*/\nSELECT day FROM sales LIMIT 3')
    nights.made()
    deliver(nights, 4)
    printed = nights.cli("plan")
    assert printed.code == 2
    assert "assets/next_three.sql:4" in printed.err
    assert 'incremental = "require"' in printed.err
    assert "LIMIT" in printed.err
    assert nights.run()["next_three"] == "failed"
    assert nights.run("next_three", full_refresh=True)["next_three"] == "materialized"


def test_rows_that_fail_their_check_publish_nothing(nights: Shop) -> None:
    nights.sql("sales", f"-- checked\n{SALES_CHECKED}")
    nights.made()
    before = nights.rows("FROM sales ORDER BY ALL")
    nights.write("data/orders/4.csv", "day,product,amount\n2024-01-04,1,-5\n")
    outcomes = nights.run()
    assert outcomes["sales"] == "failed"
    assert outcomes["daily"] == "blocked"
    assert nights.rows("FROM sales ORDER BY ALL") == before
    nights.write("data/orders/4.csv", "day,product,amount\n2024-01-04,1,5\n")
    assert modes(nights)["sales"] == ("incremental", "added")
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)


SALES_CHECKED = """\
SELECT day, name,
       amount -- @min(0)
FROM orders JOIN products ON product = id"""


def test_lost_files_of_what_it_was_made_from_make_it_full(nights: Shop) -> None:
    nights.write("assets/extra.sql", "SELECT day FROM orders WHERE amount > 5")
    nights.made("extra")
    nights.write("data/orders/3.csv", DAYS.format(n=5).lstrip())
    project = nights.project()
    snapshot = project.ledger.snapshot(project.current["orders"].snapshot)
    project.ledger.close()
    for file in snapshot.files:
        (nights.root / "warehouse" / file.path).unlink()
    found = modes(nights)
    assert found["extra"] == ("full", "what orders held is gone")
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)


def test_plan_and_explain_tell_the_rule(nights: Shop) -> None:
    deliver(nights, 4)
    steps = {step["asset"]: step for step in nights.cli("plan", "--json").json["steps"]}
    assert (steps["daily"]["mode"], steps["daily"]["mode_reason"]) == ("incremental", 'merged by "day"')
    assert (steps["next_three"]["mode"], steps["next_three"]["mode_reason"]) == ("full", "LIMIT with OFFSET, line 4")
    assert steps["daily"]["seconds"] is None, "it was never made incrementally"
    assert steps["daily"]["seconds_in_full"] > 0
    assert steps["next_three"]["seconds"] == steps["next_three"]["seconds_in_full"] > 0
    told = nights.cli("explain", "daily").out
    assert 'It is refreshed by the rows that changed: merged by "day".' in told
    told = nights.cli("explain", "next_three").out
    assert "it is made in full: LIMIT with OFFSET, line 4" in told


def test_what_stands_behind_a_view_is_a_change_too(nights: Shop) -> None:
    nights.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM sales')
    nights.sql("again", "SELECT day, amount FROM seen")
    nights.sql("goods", '/* @asset\nmaterialized = "view"\n*/\nSELECT name FROM products')
    nights.sql("known", "SELECT day, name FROM sales SEMI JOIN goods USING (name)")
    nights.made()
    deliver(nights, 4)
    found = modes(nights)
    assert found["again"] == ("incremental", "added")
    assert found["known"] == ("incremental", "added")
    assert nights.rows("FROM again ORDER BY ALL") == nights.rows("SELECT day, amount FROM sales ORDER BY ALL")


def test_latest_rows_and_totals_are_told_by_the_table_itself(nights: Shop) -> None:
    queries = {
        "latest": "SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY product ORDER BY day DESC, amount) = 1",
        "total": "SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount, max(day) AS day FROM orders",
        "days": "SELECT DISTINCT day FROM orders",
    }
    for name, sql in queries.items():
        nights.sql(name, sql)
    nights.made()
    deliver(nights, 4)
    found = modes(nights)
    assert {name: found[name] for name in queries} == {
        "latest": ("incremental", "first rows by product"),
        "total": ("incremental", "merged"),
        "days": ("incremental", "added"),
    }
    for name, sql in queries.items():
        assert nights.rows(f"FROM {name} ORDER BY ALL") == from_nothing(nights, f"FROM ({sql}) ORDER BY ALL"), name
    nights.remove("data/orders/2.csv")
    nights.made()
    for name, sql in queries.items():
        assert nights.rows(f"FROM {name} ORDER BY ALL") == from_nothing(nights, f"FROM ({sql}) ORDER BY ALL"), name


@pytest.fixture
def parquet(empty_shop: Shop) -> Shop:
    """facts: a Parquet file a day, read where they lie -> by_day."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    (shop.root / "data").mkdir()
    for day in range(5):
        write_day(shop, day)
    shop.sql("by_day", "SELECT day, count(*) AS n, sum(x) AS x FROM facts GROUP BY day")
    shop.sql("large", "SELECT * FROM facts WHERE x > 10")
    shop.made()
    return shop


def write_day(shop: Shop, day: int, rows: int = 20, factor: int = 1) -> None:
    path = shop.root / "data" / f"{day}.parquet"
    new = path.with_suffix(".new")
    duckdb.sql(f"COPY (SELECT {day} AS day, i * {factor} AS x FROM range({rows}) t(i)) TO '{new}' (FORMAT parquet)")
    new.replace(path)


def facts_from_nothing(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    return duckdb.sql(sql.replace("facts", f"'{shop.root}/data/*.parquet'")).fetchall()


BY_DAY = "SELECT day, count(*) AS n, sum(x) AS x FROM facts GROUP BY day ORDER BY ALL"
LARGE = "SELECT * FROM facts WHERE x > 10 ORDER BY ALL"


@pytest.mark.parametrize("change", ["a new day", "a day replaced", "a late row", "a day taken back"])
def test_parquet_that_is_read_in_place_is_refreshed_by_what_changed(parquet: Shop, change: str) -> None:
    if change == "a day taken back":
        parquet.remove("data/2.parquet")
    else:
        day, rows, factor = {"a new day": (7, 20, 1), "a day replaced": (2, 20, 3), "a late row": (1, 21, 1)}[change]
        write_day(parquet, day, rows, factor)
    assert {name: mode for name, (mode, _) in modes(parquet).items()} == {
        "by_day": "incremental",
        "large": "incremental",
    }
    assert parquet.rows("FROM by_day ORDER BY ALL") == facts_from_nothing(parquet, BY_DAY)
    assert parquet.rows("FROM large ORDER BY ALL") == facts_from_nothing(parquet, LARGE)
    assert parquet.run() == {}


def test_a_file_that_was_written_into_leaves_nothing_to_compare_with(parquet: Shop) -> None:
    path = parquet.root / "data" / "2.parquet"
    other = parquet.root / "other.parquet"
    duckdb.sql(f"COPY (SELECT 2 AS day, i * 5 AS x FROM range(20) t(i)) TO '{other}' (FORMAT parquet)")
    with path.open("r+b") as file:
        file.truncate()
        file.write(other.read_bytes())
    why = "facts is read in place, and the rows that went are gone with their files"
    assert modes(parquet) == {"by_day": ("full", why), "large": ("full", why)}
    assert parquet.rows("FROM by_day ORDER BY ALL") == facts_from_nothing(parquet, BY_DAY)


def test_what_keeps_a_refresh_from_being_compared_is_an_error_of_the_full_one(empty_shop: Shop) -> None:
    """The rows that came can be read, and those that were there cannot: a disk that fails, a file that is damaged."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    deliver(shop, 1)
    shop.sql("sales", "SELECT day, product, amount FROM orders")
    shop.sql("large", "SELECT day, amount * 2 AS twice FROM sales")
    shop.made()
    (file,) = shop.project().warehouse.ledger.snapshot(shop.project().current["sales"].snapshot).files
    path = shop.root / "warehouse" / file.path
    path.chmod(0o644)
    damaged = bytearray(path.read_bytes())
    damaged[4:60] = bytes(56)
    path.write_bytes(damaged)
    deliver(shop, 2)
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "A file that it reads is damaged: `assetflow verify --deep`" in printed.err
    assert "assetflow itself failed" not in printed.err
    assert shop.project().warehouse.ledger.current("prod")["large"].rows == 2


def test_a_table_whose_file_has_lost_its_end_is_not_added_to(parquet: Shop) -> None:
    """Rows that only come need no look at those that are there; what cannot be opened is made anew all the same."""
    shop = parquet
    (file,) = shop.project().warehouse.ledger.snapshot(shop.project().current["large"].snapshot).files
    path = shop.root / "warehouse" / file.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-8] + bytes(8))
    write_day(shop, 7)
    mode, why = modes(shop)["large"]
    assert mode == "full"
    assert why is not None
    assert "No magic bytes" in why
    assert shop.rows("FROM large ORDER BY ALL") == facts_from_nothing(shop, LARGE)


def test_plan_tells_what_changed_in_the_sources(nights: Shop) -> None:
    deliver(nights, 4)
    nights.write("data/orders/1.csv", nights.read("data/orders/1.csv") + "2024-01-01,1,7\n")
    printed = nights.cli("plan")
    said = "orders: data/orders/1.csv grew at its end by 15 B, data/orders/4.csv came (50 B); 2 files as before"
    assert said in printed.out
    [change] = nights.cli("plan", "--json").json["inputs"]
    told = {"source": "orders", "files": 4, "came": ["data/orders/1.csv", "data/orders/4.csv"], "went": 1}
    assert told.items() <= change.items()
    assert [(each["how"], each["bytes"]) for each in change["changes"]] == [("grew", 15), ("came", 50)]


def test_the_plan_foresees_that_rows_cannot_be_sorted_again(nights: Shop) -> None:
    """A table is kept in the order of its query, and the rows do not tell what they do not show."""
    nights.sql("latest", "SELECT DISTINCT ON (product) product, day FROM orders\nORDER BY product, day DESC, amount")
    nights.made()
    deliver(nights, 4)
    why = "ORDER BY amount, which is no column of what is made, line 2"
    foreseen = next(step for step in nights.project().foresee(nights.plan()).steps if step.asset == "latest")
    assert (foreseen.mode, foreseen.mode_reason) == ("full", why)
    made = next(each for each in nights.materialize().assets if each.asset == "latest")
    assert (made.mode, made.mode_reason) == ("full", why)


def test_a_column_that_is_called_nearly_like_another_is_not_that_one(empty_shop: Shop) -> None:
    """Letters beyond ASCII are two to DuckDB, small and large."""
    empty_shop.write("assetflow.toml", '[sources.people]\nfiles = "data/*.csv"\n')
    empty_shop.write("data/1.csv", "x,ä\n1,2\n2,1\n")
    empty_shop.sql("sorted", 'SELECT x AS "Ä" FROM people ORDER BY ä')
    empty_shop.made()
    empty_shop.write("data/2.csv", "x,ä\n3,0\n")
    assert modes(empty_shop) == {"sorted": ("full", "ORDER BY ä, which is no column of what is made, line 1")}
    assert empty_shop.rows("FROM sorted") == [(3,), (2,), (1,)]


def test_the_plan_counts_no_more_rows_than_there_are(empty_shop: Shop) -> None:
    empty_shop.write("data/people.csv", "id,name\n1,ann\n2,bob\n3,cy\n")
    empty_shop.write("assetflow.toml", '[sources.people]\nfiles = "data/people.csv"\n')
    empty_shop.sql("users", "SELECT id, name FROM people")
    empty_shop.sql("names", "SELECT name FROM users")
    empty_shop.made()
    empty_shop.write("data/people.csv", "id,name\n1,ada\n2,ben\n3,coy\n")
    empty_shop.made("users")
    [step] = empty_shop.cli("plan", "--json").json["steps"]
    assert (step["mode"], step["rows_changed"], step["rows_there"]) == ("incremental", 6, 3)
    assert "of 3 rows" not in empty_shop.cli("plan").out


def test_the_night_says_what_it_spared(nights: Shop) -> None:
    deliver(nights, 4)
    printed = nights.cli("materialize")
    assert "3 of 4 incremental: " in printed.err
    assert re.search(r": [0-9.]+ % of the rows read", printed.err)


def test_the_night_counts_tables_and_not_their_partitions(nights: Shop) -> None:
    """A history is refreshed by what changed, too; a table of a hundred days is one table."""
    nights.sql("daily", '/* @asset\npartition = "day(day)"\n*/\nSELECT * FROM orders')
    nights.sql("kept", '/* @asset\nhistory = "scd2"\nunique_key = "day"\n*/\nSELECT DISTINCT day FROM orders')
    nights.made()
    deliver(nights, 4)
    result = nights.materialize("daily", "kept")
    days = [each.partition for each in result.assets if each.asset == "daily"]
    deliver(nights, 5)
    deliver(nights, 6)
    printed = nights.cli("materialize", "-s", "daily kept")
    assert len(days) == 1
    assert "2 made (2 partitions of 1 asset)" in printed.err
    assert "1 of 2 incremental" in printed.err


def test_who_reads_the_rows_in_their_order_is_named_where_that_costs_a_full_refresh(nights: Shop) -> None:
    nights.sql("placed", "SELECT *, row_number() OVER (PARTITION BY name ORDER BY day, amount) AS place FROM sales")
    nights.python(
        "latest",
        """
        import polars as pl
        from assetflow import asset


        @asset
        def latest(placed: pl.DataFrame) -> pl.DataFrame:
            return placed.tail(1)
        """,
    )
    nights.made()
    deliver(nights, 4)
    assert modes(nights)["placed"] == ("full", "latest reads its rows in their order, which a full refresh keeps")


def test_the_night_does_not_boast_where_every_row_changed(empty_shop: Shop) -> None:
    empty_shop.write("data/people.csv", "id,name\n1,ann\n2,bob\n")
    empty_shop.write("assetflow.toml", '[sources.people]\nfiles = "data/people.csv"\n')
    empty_shop.sql("users", "SELECT id, name FROM people")
    empty_shop.made()
    empty_shop.write("data/people.csv", "id,name\n1,ada\n2,ben\n")
    printed = empty_shop.cli("materialize")
    assert "1 of 1 incremental: as many rows read as in full" in printed.err


def test_checks_of_single_rows_look_at_new_rows_and_others_at_all(nights: Shop) -> None:
    nights.sql(
        "sales",
        SALES_CHECKED.replace("SELECT day,", "/* @asset\nchecks = [{ unique = ['day', 'name'] }]\n*/\nSELECT day,"),
    )
    nights.made()
    nights.write("data/orders/4.csv", "day,product,amount\n2024-01-04,1,-5\n")
    result = nights.materialize("sales").assets[0]
    assert {check.name: check.failures for check in result.checks} == {"unique(day, name)": 0, "min(amount)": 1}
    nights.write("data/orders/4.csv", "day,product,amount\n2024-01-01,1,5\n")
    result = nights.materialize("sales").assets[0]
    assert {check.name: check.failures for check in result.checks} == {"unique(day, name)": 1, "min(amount)": 0}


def test_what_came_and_went_is_handed_on_within_a_run(nights: Shop) -> None:
    """All days are a part of a megabyte, which is parsed again; who reads on is told the one row that differs."""
    nights.replace("data/orders/2.csv", "2024-01-02,2,2", "2024-01-02,2,3")
    read = {each.asset: each.saved.rows_read for each in nights.materialize("+daily").assets if each.saved}
    assert read == {"sales": 12, "daily": 2}
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)


def test_of_equal_rows_only_as_many_go_as_went(nights: Shop) -> None:
    nights.write("data/orders/2.csv", "day,product,amount\n" + "2024-01-02,1,20\n" * 3)
    nights.run()
    nights.write("data/orders/2.csv", "day,product,amount\n" + "2024-01-02,1,20\n" * 2)
    assert modes(nights)["sales"] == ("incremental", "added and taken out")
    assert nights.rows("FROM sales ORDER BY ALL") == from_nothing(nights, SALES)
    assert nights.rows("FROM daily ORDER BY ALL") == from_nothing(nights, DAILY)


def test_a_column_with_the_name_of_a_place_is_no_place(nights: Shop) -> None:
    sql = "SELECT amount AS file_index, day, count(*) AS n FROM orders GROUP BY amount, day"
    nights.sql("places", sql)
    nights.run()
    nights.replace("data/orders/2.csv", "2024-01-02,2,2", "2024-01-02,2,3")
    why = "a column of its own has the name by which DuckDB tells where a row stands"
    assert modes(nights)["places"] == ("full", why)
    assert nights.rows("FROM places ORDER BY ALL") == from_nothing(nights, f"{sql} ORDER BY ALL")


@pytest.mark.parametrize("name", ["assetflow_sign", "assetflow_times"])
def test_a_column_called_like_one_of_ours_is_never_counted_in_its_place(parquet: Shop, name: str) -> None:
    parquet.sql("odd", f"SELECT day, x AS {name} FROM facts")
    parquet.sql("ranked", f"SELECT *, row_number() OVER (PARTITION BY day ORDER BY {name}) AS n FROM odd")
    parquet.run()
    write_day(parquet, 2, factor=3)
    made = modes(parquet)
    said = f"column {name} is called like one by which rows are counted"
    assert made["ranked"] == ("full", said)
    assert parquet.rows("FROM odd ORDER BY ALL") == facts_from_nothing(parquet, "SELECT day, x FROM facts ORDER BY ALL")


def test_files_with_a_column_called_like_their_number_are_told_apart(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", '[sources.facts]\nfiles = "data/*.parquet"\n')
    (empty_shop.root / "data").mkdir()
    for day in range(3):
        write_numbered(empty_shop, day, day)
    empty_shop.sql("kept", "SELECT day, x, file_index FROM facts")
    empty_shop.made()
    write_numbered(empty_shop, 1, 2)
    empty_shop.run()
    right = facts_from_nothing(empty_shop, "SELECT day, x, file_index FROM facts ORDER BY ALL")
    assert empty_shop.rows("FROM kept ORDER BY ALL") == right


def write_numbered(shop: Shop, number: int, day: int) -> None:
    path = shop.root / "data" / f"{number}.parquet"
    new = path.with_suffix(".new")
    rows = f"SELECT {day} AS day, i AS x, 0 AS file_index FROM range(9) t(i)"
    duckdb.sql(f"COPY ({rows}) TO '{new}' (FORMAT parquet)")
    new.replace(path)
