"""Keys at the edges: rows that belong nowhere, the ends of time, values that are declared no more, other rows each time."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    empty_shop.write("assetflow.toml", "[sources.orders]\nfiles = 'data/*.csv'\n")
    empty_shop.write("data/1.csv", "id,ts,region\n1,2024-01-01 10:00:00,eu\n2,2024-01-02 10:00:00,us\n")
    return empty_shop


def declare(shop: Shop, partition: str, sql: str = "SELECT id, ts, region FROM orders") -> None:
    shop.sql("cut", f"/* @asset\npartition = {partition}\n*/\n{sql}")


def error_of(shop: Shop) -> str:
    error = shop.materialize().assets[-1].error
    assert error is not None
    return str(error)


def keys(shop: Shop) -> list[str | None]:
    results = shop.materialize().assets
    assert {each.outcome for each in results} == {"materialized"}, results
    return [each.partition for each in results]


def test_the_last_day_of_time_is_a_day(shop: Shop) -> None:
    declare(shop, '"day(ts)"', "SELECT id, CASE id WHEN 1 THEN DATE '9999-12-31' ELSE ts::DATE END AS ts FROM orders")
    assert keys(shop) == ["2024-01-02", "9999-12-31"]
    shop.write("data/2.csv", "id,ts,region\n1,2024-01-01 10:00:00,eu\n")
    assert keys(shop) == ["9999-12-31"]
    assert shop.rows("SELECT count(*) FROM cut WHERE ts = '9999-12-31'") == [(2,)]
    assert shop.run() == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'infinity'::TIMESTAMP", "1 row belongs to no partition of it: ts is NULL or infinite"),
        ("NULL::TIMESTAMP", "1 row belongs to no partition of it: ts is NULL or infinite"),
        ("ts + INTERVAL 10000 YEAR", "1 row belongs to no partition of it: ts is day 36"),
        ("ts - INTERVAL 3000 YEAR", "1 row belongs to no partition of it: ts is day -10"),
    ],
)
def test_times_outside_of_the_calendar_are_named(shop: Shop, value: str, said: str) -> None:
    declare(shop, '"day(ts)"', f"SELECT id, CASE id WHEN 1 THEN {value} ELSE ts END AS ts FROM orders")
    assert said in error_of(shop)
    assert shop.project().ledger.current("prod").keys() == {"orders"}


def test_a_late_row_of_the_hour_for_which_clocks_go_back_to_yesterday(shop: Shop) -> None:
    """In Newfoundland of 2010, one minute of November 7 came before the last 59 of November 6."""
    shop.write("data/1.csv", "id,ts,region\n1,2010-11-06 12:00:00,eu\n2,2010-11-07 12:00:00,eu\n")
    declare(shop, '{ time = "day", column = "ts", zone = "America/St_Johns" }')
    assert keys(shop) == ["2010-11-06", "2010-11-07"]
    shop.write("data/2.csv", "id,ts,region\n3,2010-11-07 03:00:00,eu\n")
    assert keys(shop) == ["2010-11-06"]
    shop.write("data/3.csv", "id,ts,region\n4,2010-11-07 02:30:30,eu\n")
    assert keys(shop) == ["2010-11-07"]
    assert shop.rows("SELECT id FROM cut ORDER BY id") == [(1,), (2,), (3,), (4,)]
    assert shop.run() == {}


def test_a_late_row_makes_days_of_which_no_rows_were_made_before(shop: Shop) -> None:
    shop.write("data/1.csv", "id,ts,region\n" + "".join(f"1,2024-01-0{day} 10:00:00,eu\n" for day in range(1, 8)))
    sql = (
        "SELECT $partition_start AS day, count(*) AS n FROM orders "
        "WHERE ts >= $partition_start - INTERVAL 2 DAY AND ts < $partition_end HAVING count(*) > 3"
    )
    declare(shop, '"day(day)"', sql)
    assert len(keys(shop)) == 7
    assert shop.rows("FROM cut") == []
    shop.write("data/2.csv", "id,ts,region\n2,2024-01-03 10:00:00,eu\n")
    assert keys(shop) == ["2024-01-03", "2024-01-04", "2024-01-05"]
    assert shop.rows("SELECT day(day), n FROM cut ORDER BY day") == [(3, 4), (4, 4), (5, 4)]
    assert shop.run() == {}


def test_a_declared_column_that_sql_does_not_read_leaves_nothing_old(shop: Shop) -> None:
    partition = '{ day = { time = "day", column = "ts" }, region = {}, upstreams = { orders = "same" } }'
    sql = (
        "SELECT $partition_start AS ts, $partition_region AS region, count(*) AS n FROM orders WHERE ts >= '2024-01-01'"
    )
    declare(shop, partition, sql)
    assert len(keys(shop)) == 2
    shop.write("data/2.csv", "id,ts,region\n3,2024-01-03 10:00:00,as\n")
    result = shop.materialize().assets
    assert [each.partition for each in result] == ["2024-01-01/eu", "2024-01-02/us", "2024-01-03/as"]
    assert result[0].mode_reason is not None
    assert "region of orders, by which rows are declared to belong to them, is not read" in result[0].mode_reason
    assert shop.rows("SELECT n FROM cut") == [(3,), (3,), (3,)]


def test_a_value_that_is_declared_no_more_and_has_rows_fails_as_a_rebuild_would(shop: Shop) -> None:
    declare(shop, '{ column = "region", values = ["eu", "us", "xx"] }')
    assert keys(shop) == ["eu", "us", "xx"]
    shop.replace("assets/cut.sql", ', "us", "xx"', "")
    assert "1 row belongs to no partition of it: region is us" in error_of(shop)
    assert shop.rows("SELECT count(*) FROM cut") == [(2,)], "what was published stays"
    shop.replace("assets/cut.sql", '"eu"]', '"eu", "us"]')
    assert keys(shop) == [None], "xx has no rows: it goes, and nothing is made"
    assert shop.rows("SELECT count(*) FROM cut") == [(2,)]
    assert shop.run() == {}


def test_bounds_that_leave_rows_out_say_so(shop: Shop) -> None:
    declare(shop, '"day(ts)"')
    assert len(keys(shop)) == 2
    declare(shop, '{ time = "day", column = "ts", start = "2024-01-02" }')
    result = shop.materialize()
    assert result.warnings == ("cut: 1 row lies outside of its partitions (2024-01-02..), and is not in it",)
    assert shop.rows("SELECT id FROM cut") == [(2,)]
    assert shop.run() == {}


def test_a_query_whose_keys_are_others_each_time_loses_no_rows_in_silence(shop: Shop) -> None:
    declare(shop, '"k"', "SELECT id, range, (random() * 3)::INT AS k FROM orders, range(1000)")
    assert "its query gives other rows each time" in error_of(shop)
    assert "cut" not in shop.project().ledger.current("prod")


def test_a_name_that_is_used_inside_is_refused(shop: Shop) -> None:
    declare(shop, '"__assetflow_at"', "SELECT id AS __assetflow_at FROM orders")
    assert "the column __assetflow_at has a name that assetflow uses itself" in error_of(shop)


def test_another_source_is_still_asked_where_what_changed_first_concerns_no_partition(shop: Shop) -> None:
    shop.write("assetflow.toml", "[sources.orders]\nfiles = 'data/*.csv'\n[sources.names]\nfiles = 'names.csv'\n")
    shop.write("names.csv", "region,name\neu,Europe\nus,States\n")
    joined = "SELECT region, id, name FROM orders LEFT JOIN names USING (region) WHERE id > 0"
    declare(shop, '"region"', joined)
    assert keys(shop) == ["eu", "us"]
    shop.write("data/2.csv", "id,ts,region\n-1,2024-01-01 10:00:00,eu\n")
    assert shop.run() == {"cut": "skipped"}
    assert "orders changed, but in no row that one of its partitions is made of" in shop.cli("explain", "cut").out
    shop.replace("names.csv", "Europe", "Europa")
    assert shop.planned() == {"cut": ("input_changed",)}
    assert keys(shop) == ["eu"]
    assert shop.rows("SELECT name FROM cut ORDER BY id") == [("Europa",), ("States",)]
    assert shop.run() == {}


def test_a_partition_is_explained_of_a_table_of_which_nobody_knows_the_partitions(shop: Shop) -> None:
    declare(shop, '"day(day)"', "SELECT $partition_start::DATE AS day, count(*) AS n FROM orders")
    assert "nothing tells which partitions it has" in error_of(shop)
    explained = shop.cli("explain", "cut", "--partition", "2024-01-01")
    assert (explained.code, explained.err) == (0, "")


def test_numbers_that_only_some_partitions_store_by_their_size_are_named(shop: Shop) -> None:
    large = "SELECT id, ts, CASE WHEN id > {} THEN 100000000000000000000000000000000000000 ELSE 1 END::HUGEINT AS h FROM orders"
    declare(shop, '"day(ts)"', f"{large.format(1)} WHERE ts >= $partition_start AND ts < $partition_end")
    assert "numbers of more than 38 digits in h stand in partition 2024-01-0" in error_of(shop)
    declare(shop, '"day(ts)"', large.format(2))
    assert keys(shop) == ["2024-01-01", "2024-01-02"]
    shop.write("data/2.csv", "id,ts,region\n3,2024-01-03 10:00:00,eu\n")
    assert "numbers of more than 38 digits in h stand in partitions that came anew" in error_of(shop)
    declare(shop, '"day(ts)"', f"SELECT id, ts, h::VARCHAR AS h FROM ({large.format(2)})")
    assert len(keys(shop)) == 3


def test_a_table_without_partitions_has_the_types_of_its_query_now(empty_shop: Shop) -> None:
    empty_shop.sql("a", "SELECT NULL::DATE AS day, 1::INTEGER AS k")
    declare(empty_shop, '"day(day)"', "SELECT day, k FROM a WHERE day IS NOT NULL")
    empty_shop.sql("reader", "SELECT k + 1 AS more FROM cut")
    empty_shop.run()
    empty_shop.sql("a", "SELECT NULL::DATE AS day, 1::BIGINT AS k")
    empty_shop.run()
    assert [row[:2] for row in empty_shop.rows("DESCRIBE cut")] == [("day", "DATE"), ("k", "BIGINT")]
    assert [row[:2] for row in empty_shop.rows("DESCRIBE reader")] == [("more", "BIGINT")]
    assert empty_shop.run() == {}


def test_a_table_that_lost_its_last_partition_keeps_its_columns(shop: Shop) -> None:
    declare(shop, '"day(ts)"', "SELECT id, ts, region FROM orders WHERE id < 10")
    shop.run()
    then = shop.rows("DESCRIBE cut")
    shop.write("data/1.csv", "id,ts,region\n11,2024-01-01 10:00:00,eu\n")
    shop.run()
    assert shop.rows("SELECT count(*) FROM cut") == [(0,)]
    assert shop.rows("DESCRIBE cut") == then
    assert shop.run() == {}
