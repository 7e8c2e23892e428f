"""A table that is cut into partitions: only those are made of which something changed, wherever it arrives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assetflow.running.partitions.tasks import PartTask
from tests.conftest import Shop

HEADER = "id,ts,region,amount,note\n"


def row(number: int, day: str, region: str = "eu", amount: int | str = 1, note: str = "") -> str:
    return f"{number},{day} 12:00:00,{region},{amount},{note}\n"


@pytest.fixture
def days(empty_shop: Shop) -> Shop:
    """orders (a file a month) -> clean (by day), monthly (by month) -> total."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    for month in (1, 2):
        lines = [row(month * 100 + day, f"2024-0{month}-0{day}", "eu" if day % 2 else "us", day) for day in range(1, 6)]
        shop.write(f"data/orders/{month}.csv", HEADER + "".join(lines))
    shop.sql(
        "clean", '/* @asset\npartition = "day(ts)"\n*/\nSELECT id, ts, region, amount FROM orders WHERE amount > 0'
    )
    shop.sql(
        "monthly",
        '/* @asset\npartition = { time = "month", column = "month" }\n*/\n'
        "SELECT date_trunc('month', ts) AS month, region, sum(amount) AS amount FROM clean GROUP BY ALL",
    )
    shop.sql("total", "SELECT region, sum(amount) AS amount FROM monthly GROUP BY region")
    return shop


def add(shop: Shop, month: int, line: str) -> None:
    path = f"data/orders/{month}.csv"
    shop.write(path, shop.read(path) + line)


def parts(shop: Shop, *select: str, **options: Any) -> dict[str, list[str | None]]:
    """Run; the partitions of each asset that were made."""
    found: dict[str, list[str | None]] = {}
    for result in shop.materialize(*select, **options).assets:
        assert result.outcome != "failed", result.error
        if result.outcome == "materialized":
            found.setdefault(result.asset, []).append(result.partition)
    return found


def same_as_at_once(shop: Shop, name: str = "clean") -> None:
    """The table holds what its query gives, computed at once."""
    sql = shop.read(f"assets/{name}.sql").rpartition("*/")[2]
    project = shop.project()
    with project.reader().cursor([each for each in ("orders", "clean", "monthly") if each in sql]) as cursor:
        assert shop.rows(f"FROM {name} ORDER BY ALL") == cursor.sql(f"FROM ({sql}) ORDER BY ALL").fetchall()


def test_all_partitions_are_made_once_and_then_nothing(days: Shop) -> None:
    made = parts(days)
    assert made["clean"] == [f"2024-0{month}-0{day}" for month in (1, 2) for day in range(1, 6)]
    assert made["monthly"] == ["2024-01", "2024-02"]
    assert made["total"] == [None]
    for name in ("clean", "monthly", "total"):
        same_as_at_once(days, name)
    assert days.run() == {}


def test_a_late_row_makes_its_day_its_month_and_nothing_else(days: Shop) -> None:
    parts(days)
    add(days, 1, row(900, "2024-01-03", amount=50))
    result = days.materialize()
    assert [(each.asset, each.partition) for each in result.assets] == [
        ("clean", "2024-01-03"), ("monthly", "2024-01"), ("total", None),
    ]  # fmt: skip
    assert [reason.kind for reason in result.assets[0].reasons] == ["input_changed"]
    assert result.assets[0].rows == 2
    for name in ("clean", "monthly", "total"):
        same_as_at_once(days, name)
    assert days.run() == {}


def test_a_row_that_went_or_moved_makes_the_days_concerned(days: Shop) -> None:
    parts(days)
    days.replace("data/orders/1.csv", row(102, "2024-01-02", "us", 2), row(102, "2024-01-04", "us", 2))
    assert parts(days)["clean"] == ["2024-01-02", "2024-01-04"]
    same_as_at_once(days)
    days.replace("data/orders/2.csv", row(205, "2024-02-05", "eu", 5), "")
    assert parts(days)["clean"] == ["2024-02-05"]
    same_as_at_once(days)
    assert days.run() == {}


def test_a_new_day_is_one_more_partition(days: Shop) -> None:
    parts(days)
    days.write("data/orders/3.csv", HEADER + row(301, "2024-03-01"))
    assert parts(days) == {"clean": ["2024-03-01"], "monthly": ["2024-03"], "total": [None]}
    same_as_at_once(days)


def test_a_column_that_nobody_reads_makes_nothing(days: Shop) -> None:
    parts(days)
    days.replace("data/orders/1.csv", row(101, "2024-01-01", "eu", 1), row(101, "2024-01-01", "eu", 1, "changed"))
    assert set(days.run().values()) == {"skipped"}
    assert days.run() == {}


def test_a_row_that_no_partition_reads_comes_and_goes(days: Shop) -> None:
    parts(days)
    before = days.read("data/orders/1.csv")
    add(days, 1, row(900, "2024-01-03", amount=-1))
    assert set(days.run().values()) == {"skipped"}
    days.write("data/orders/1.csv", before)
    assert set(days.run().values()) <= {"skipped"}
    assert days.run() == {}


def test_edited_code_makes_all_of_them(days: Shop) -> None:
    parts(days)
    days.replace("assets/clean.sql", "amount > 0", "amount > 1")
    result = days.materialize("clean")
    # A day that has no row any more is no partition any more.
    assert len(result.assets) == 8
    assert {reason.kind for each in result.assets for reason in each.reasons} == {"code_changed"}
    same_as_at_once(days)


def test_a_backfill_of_some_days_leaves_the_others_for_later(days: Shop) -> None:
    assert parts(days, "clean", partition="2024-01-02..2024-01-03") == {"clean": ["2024-01-02", "2024-01-03"]}
    assert [day for (day,) in days.rows("SELECT DISTINCT ts::DATE::VARCHAR FROM clean ORDER BY 1")] == [
        "2024-01-02", "2024-01-03",
    ]  # fmt: skip
    assert parts(days, "clean", partition="2024-01-02..2024-01-03") == {}
    rest = days.materialize("clean")
    assert len(rest.assets) == 8
    assert {reason.kind for each in rest.assets for reason in each.reasons} == {"partition_missing"}
    same_as_at_once(days)
    assert days.run("clean") == {}


def test_partitions_that_are_made_for_several_reasons_are_told_so(days: Shop) -> None:
    parts(days, "clean", partition="2024-01-02..2024-01-03")
    add(days, 1, row(901, "2024-01-02"))
    told = days.cli("materialize", "-s", "clean").err
    assert "9 partitions: what it reads of orders changed (amount, id, region, ts) (+1 more)" in told
    run_id = json.loads(days.cli("runs", "--json").out)["runs"][0]["run_id"]
    assert "some of its partitions were never made" in days.cli("runs", run_id).out


def test_a_backfill_of_edited_code_mixes_both_until_the_rest_is_made(days: Shop) -> None:
    parts(days)
    days.replace("assets/clean.sql", "SELECT id, ts, region, amount", "SELECT id, ts, region, 10 * amount AS amount")
    assert parts(days, "clean", partition="2024-01") == {"clean": [f"2024-01-0{day}" for day in range(1, 6)]}
    assert days.rows("SELECT min(amount), max(amount) FROM clean") == [(1, 50)]
    add(days, 1, row(901, "2024-01-01"))
    add(days, 2, row(902, "2024-02-02"))
    assert parts(days, "clean")["clean"] == ["2024-01-01", *(f"2024-02-0{day}" for day in range(1, 6))]
    same_as_at_once(days)
    assert days.run("clean") == {}


def test_a_file_that_is_as_it_was_finds_its_table_again(days: Shop) -> None:
    parts(days)
    before = days.read("data/orders/1.csv")
    add(days, 1, row(900, "2024-01-03"))
    parts(days)
    days.write("data/orders/1.csv", before)
    assert set(days.run().values()) == {"restored"}
    same_as_at_once(days)


def test_one_bad_partition_fails_by_itself(days: Shop) -> None:
    days.sql(
        "clean",
        '/* @asset\npartition = "day(ts)"\n*/\nSELECT id, ts, region, note[2:]::INT AS amount FROM orders',
    )
    days.remove("assets/monthly.sql")
    days.remove("assets/total.sql")
    days.sql("below", "SELECT count(*) AS n FROM clean")
    for month in (1, 2):
        days.write(
            f"data/orders/{month}.csv", HEADER + "".join(row(n, f"2024-0{month}-0{n}", note="n7") for n in (1, 2))
        )
    add(days, 2, row(9, "2024-02-02", note="nseven"))
    result = days.materialize()
    fared = {(each.asset, each.partition): each.outcome for each in result.assets}
    assert fared == {
        ("clean", "2024-01-01"): "materialized", ("clean", "2024-01-02"): "materialized",
        ("clean", "2024-02-01"): "materialized", ("clean", "2024-02-02"): "failed", ("below", None): "blocked",
    }  # fmt: skip
    assert result.status == "failed"
    assert days.rows("SELECT count(*) FROM clean") == [(3,)]
    days.replace("data/orders/2.csv", "nseven", "n8")
    assert parts(days) == {"clean": ["2024-02-02"], "below": [None]}
    assert days.run() == {}


def test_a_check_keeps_one_partition_back(days: Shop) -> None:
    days.sql(
        "clean",
        '/* @asset\npartition = "day(ts)"\n*/\nSELECT id, ts, region,\n  amount -- @min(0)\nFROM orders',
    )
    parts(days)
    add(days, 1, row(900, "2024-01-03", amount=-5))
    add(days, 1, row(901, "2024-01-04", amount=5))
    result = days.materialize("clean")
    assert [(each.partition, each.outcome) for each in result.assets] == [
        ("2024-01-03", "failed"), ("2024-01-04", "materialized"),
    ]  # fmt: skip
    assert "2024-01-03" in str(result.assets[0].error)
    assert days.rows("SELECT min(amount), count(*) FROM clean") == [(1, 11)]
    assert [each.partition for each in days.materialize("clean").assets] == ["2024-01-03"]
    days.replace("data/orders/1.csv", row(900, "2024-01-03", amount=-5), row(900, "2024-01-03", amount=6))
    assert parts(days, "clean") == {"clean": ["2024-01-03"]}
    same_as_at_once(days)


def test_a_check_of_the_whole_table_sees_all_partitions(days: Shop) -> None:
    days.sql(
        "clean",
        '/* @asset\npartition = "day(ts)"\nchecks = [{ unique = "id" }]\n*/\nSELECT id, ts, region, amount FROM orders',
    )
    parts(days)
    add(days, 1, row(101, "2024-01-05"))
    assert days.run("clean")["clean"] == "failed"
    assert days.rows("SELECT count(*) FROM clean") == [(10,)]


def test_listed_values_are_all_that_there_can_be(days: Shop) -> None:
    days.sql(
        "by_region",
        '/* @asset\npartition = { column = "region", values = ["us", "eu", "asia"] }\n*/\nSELECT * FROM orders',
    )
    result = days.materialize("by_region")
    assert {each.partition: each.rows for each in result.assets} == {"asia": 0, "eu": 6, "us": 4}
    add(days, 1, row(900, "2024-01-03", "us"))
    assert parts(days, "by_region") == {"by_region": ["us"]}
    add(days, 1, row(901, "2024-01-03", "africa"))
    (failed,) = days.materialize("by_region").assets
    assert failed.outcome == "failed"
    assert "africa" in str(failed.error)
    assert "assets/by_region.sql" in str(failed.error)


def test_values_can_be_taken_from_the_data(days: Shop) -> None:
    days.sql("by_region", '/* @asset\npartition = "region"\n*/\nSELECT * FROM orders')
    assert parts(days, "by_region") == {"by_region": ["eu", "us"]}
    add(days, 1, row(900, "2024-01-03", "asia"))
    assert parts(days, "by_region") == {"by_region": ["asia"]}
    days.replace("data/orders/1.csv", row(900, "2024-01-03", "asia"), "")
    assert days.run("by_region") == {"by_region": "restored"}
    add(days, 1, row(901, "2024-01-03", ""))
    (failed,) = days.materialize("by_region").assets
    assert "NULL" in str(failed.error)


def test_two_columns_make_a_key_together(days: Shop) -> None:
    days.sql(
        "by_both",
        '/* @asset\npartition = { day = { time = "day", column = "ts" }, region = { values = ["eu", "us"] } }\n*/\n'
        "SELECT * FROM orders",
    )
    assert parts(days, "by_both", partition="2024-01-01..2024-01-02") == {"by_both": ["2024-01-01/eu", "2024-01-02/us"]}
    assert len(parts(days, "by_both")["by_both"]) == 8
    add(days, 1, row(900, "2024-01-03", "us"))
    assert parts(days, "by_both") == {"by_both": ["2024-01-03/us"]}
    assert days.rows("SELECT count(*) FROM by_both") == [(11,)]


def test_other_bounds_make_what_is_new_and_drop_what_is_not_declared_any_more(days: Shop) -> None:
    declared = '/* @asset\npartition = { time = "day", column = "ts", start = "2024-01-03" }\n*/\n'
    days.sql("clean", declared + "SELECT id, ts FROM orders")
    assert len(parts(days, "clean")["clean"]) == 8
    days.replace("assets/clean.sql", "2024-01-03", "2024-01-02")
    result = days.materialize("clean")
    assert [(each.partition, each.reasons[0].kind) for each in result.assets] == [("2024-01-02", "config_changed")]
    days.replace("assets/clean.sql", "2024-01-02", "2024-02-01")
    assert days.plan("clean").steps[0].reasons[0].kind == "config_changed"
    days.made("clean")
    assert days.rows("SELECT count(*) FROM clean") == [(5,)]
    assert days.run("clean") == {}
    days.replace("assets/clean.sql", '"day"', '"month"')
    result = days.materialize("clean")
    assert [(each.partition, each.reasons[0].kind) for each in result.assets] == [("2024-02", "config_changed")]


def test_what_is_forced_is_made_again(days: Shop) -> None:
    parts(days)
    assert len(parts(days, "clean", full_refresh=True)["clean"]) == 10
    assert parts(days, "clean", full_refresh=True, partition="2024-01-03") == {"clean": ["2024-01-03"]}
    assert days.run() == {}


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ('{ time = "day", column = "ts", start = "2024-02-01", end = "2024-01-01" }', "ends (2024-01-01) before"),
        ('{ time = "hour", column = "ts", start = "0100-01-01", end = "9999-12-31" }', "never ends"),
        ('{ time = "day", column = "ts", zone = "Mars/Olympus" }', "no time zone 'Mars/Olympus'"),
        ('{ time = "hour", column = "ts", zone = "Europe/Berlin", start = "2024-03-31T02:00" }', "has no hour"),
        ('{ time = "fortnight", column = "ts" }', "one of hour, day"),
        ('{ column = "region", values = ["eu", "eu"] }', "lists 'eu' twice"),
        ('{ time = "day" }', "column"),
        ('{ colum = "region" }', "no key of a partition"),
    ],
)
def test_a_declaration_that_cannot_be_is_an_error_with_its_line(days: Shop, declared: str, said: str) -> None:
    days.sql("clean", f"/* @asset\ndescription = 'x'\npartition = {declared}\n*/\nSELECT * FROM orders")
    printed = days.cli("plan")
    assert printed.code == 2
    assert said in printed.err
    assert "assets/clean.sql:3" in printed.err


@pytest.mark.parametrize(
    ("declared", "said"),
    [("day(when_)", "has no column when_"), ("day(region)", "is VARCHAR"), ("hour(day)", "has no hours")],
)
def test_a_column_that_cannot_tell_is_an_error_of_the_asset(days: Shop, declared: str, said: str) -> None:
    days.sql("odd", f'/* @asset\npartition = "{declared}"\n*/\nSELECT region, ts::DATE AS day FROM orders')
    (failed,) = days.materialize("odd").assets
    assert said in str(failed.error)


def test_a_column_that_is_not_there_is_an_error_of_plan(days: Shop) -> None:
    days.sql("odd", '/* @asset\npartition = "day(when_)"\n*/\nSELECT region, ts::DATE AS day FROM orders')
    printed = days.cli("plan", "-s", "odd")
    assert printed.code == 2
    assert "odd has no column when_, which `partition` names" in printed.err


def test_partitions_on_the_command_line(days: Shop) -> None:
    printed = days.cli("materialize", "--json", "-s", "clean", "--partition", "2024-01-01..2024-01-02")
    assert printed.code == 0
    assert [each["partition"] for each in printed.json["assets"]] == ["2024-01-01", "2024-01-02"]
    for text, said in [
        ("2024-13", "there is no month"),
        ("eu", "is no time"),
        ("2024-02..2024-01", "before it starts"),
    ]:
        wrong = days.cli("materialize", "-s", "clean", "--partition", text)
        assert wrong.code == 2
        assert said in wrong.err
    none = days.cli("materialize", "-s", "total", "--partition", "2024-01-01")
    assert none.code == 2


def test_the_other_commands_take_partitioned_tables_as_they_are(days: Shop) -> None:
    parts(days)
    add(days, 1, row(900, "2024-01-03"))
    parts(days)
    for command in (["ls"], ["plan"], ["explain", "clean"], ["show", "clean"], ["history", "clean"], ["runs"],
                    ["diff", "clean"], ["verify", "--deep", "--skips", "3"], ["gc"], ["check"], ["lineage", "clean.amount"],
                    ["query", "SELECT count(*) FROM clean"]):  # fmt: skip
        printed = days.cli(*command)
        assert printed.code == 0, (command, printed.err)
        assert "Traceback" not in printed.err
    assert days.cli("rollback", "clean", "-1").code in (0, 1, 2)


def test_a_plan_names_the_partitions_before_anything_is_made(days: Shop) -> None:
    printed = days.cli("plan")
    assert "2024-01-01..2024-01-05, 2024-02-01..2024-02-05 (10 partitions)" in printed.out
    parts(days)
    add(days, 1, row(900, "2024-01-03"))
    of_clean = next(line for line in days.cli("plan").out.splitlines() if line.startswith("clean "))
    assert of_clean.split()[1:6] == ["build", "(partitions)", "2024-01-03", "(1", "partition):"], "not all in full"
    steps = days.cli("plan", "--json").json["steps"]
    assert next((each["asset"], each["partition"], each["action"]) for each in steps) == (
        "clean",
        "2024-01-03",
        "build",
    )
    days.replace("data/orders/1.csv", row(900, "2024-01-03"), "")
    assert days.cli("plan", "--check").code == 0
    days.sql(
        "far",
        '/* @asset\npartition = { time = "hour", column = "ts", start = "2010-01-01", end = "2024-12-31" }\n*/\nFROM orders',
    )
    far = [each for each in days.cli("plan", "--json", "-s", "far").json["steps"] if each["asset"] == "far"]
    assert [each["partition"] for each in far] == ["2010-01-01T00:00..2024-12-31T23:00"]


def of_plan(shop: Shop, name: str) -> str:
    """The line of an asset in what plan prints, its columns set apart by one space."""
    return next(" ".join(line.split()) for line in shop.cli("plan").out.splitlines() if line.startswith(f"{name} "))


def by_what_is_published(shop: Shop) -> dict[str, set[bool]]:
    """What `plan --json` says of the partitions of each asset."""
    found: dict[str, set[bool]] = {}
    for step in shop.cli("plan", "--json").json["steps"]:
        found.setdefault(step["asset"], set()).add(step["by_what_is_published"])
    return found


def test_a_plan_counts_no_partitions_that_it_cannot_know(days: Shop) -> None:
    """What an upstream gets before may make partitions of which nobody knows yet."""
    parts(days)
    days.replace("assets/clean.sql", "amount > 0", "amount > -1")
    assert "(10 partitions): " in of_plan(days, "clean")
    assert by_what_is_published(days) == {"clean": {False}, "monthly": {False}, "total": {False}}
    add(days, 1, row(900, "2024-01-20"))
    assert "(10 partitions by what is published): " in of_plan(days, "clean")
    assert by_what_is_published(days)["clean"] == {True}
    assert len(parts(days)["clean"]) == 11
    assert days.cli("plan").out.startswith("Nothing is stale")


def test_a_plan_says_where_an_upstream_that_is_made_first_may_make_more_partitions_stale(days: Shop) -> None:
    days.sql("sums", "SELECT region, sum(amount) AS amount FROM clean GROUP BY region")
    days.sql(
        "compared",
        '/* @asset\npartition = "day(ts)"\n*/\nSELECT o.ts, s.amount FROM orders o JOIN sums s USING (region)',
    )
    parts(days)
    add(days, 1, row(900, "2024-01-02", region="us"))
    assert "2024-01-02 (1 partition by what is published): " in of_plan(days, "compared")
    assert by_what_is_published(days)["compared"] == {True}
    assert len(parts(days)["compared"]) > 1


def test_a_plan_after_a_backfill_of_all_rows_has_no_partition_to_make(days: Shop) -> None:
    days.materialize("clean", partition="2024-01-01..")
    said = (
        "clean build (partitions) none for which there are rows (0 partitions): some of its partitions were never made"
    )
    assert of_plan(days, "clean") == said
    [step] = [each for each in days.cli("plan", "-s", "clean", "--json").json["steps"] if each["asset"] == "clean"]
    assert (step["partition"], step["reasons"][0]["kind"]) == (None, "partition_missing")
    add(days, 1, row(900, "2023-12-20"))
    assert "(as many as there are): " in of_plan(days, "clean")
    assert parts(days, "clean") == {"clean": ["2023-12-20"]}
    assert days.run("clean") == {}


PARAMETERS = """
/* @asset
partition = "day(day)"
*/
SELECT $partition_start AS day, sum(amount) AS amount FROM orders
WHERE ts >= $partition_start - INTERVAL {before} DAY AND ts < $partition_end AND region != $partition GROUP BY ALL
"""


def test_sql_can_speak_of_its_partition(days: Shop) -> None:
    days.sql("mine", PARAMETERS.format(before=0))
    assert len(parts(days, "mine")["mine"]) == 10
    assert days.rows("SELECT day::VARCHAR, amount FROM mine ORDER BY 1 LIMIT 2") == [
        ("2024-01-01", 1),
        ("2024-01-02", 2),
    ]
    add(days, 1, row(900, "2024-01-03", amount=50))
    assert parts(days, "mine") == {"mine": ["2024-01-03"]}
    assert days.rows("SELECT amount FROM mine WHERE day = '2024-01-03'") == [(53,)]
    assert days.run("mine") == {}


def test_sql_that_looks_back_is_made_for_as_many_days_as_it_looks_back(days: Shop) -> None:
    days.sql("mine", PARAMETERS.format(before=2))
    parts(days, "mine")
    add(days, 1, row(900, "2024-01-02", amount=50))
    assert parts(days, "mine") == {"mine": ["2024-01-02", "2024-01-03", "2024-01-04"]}
    assert days.rows("SELECT amount FROM mine WHERE day = '2024-01-04'") == [(59,)]


def test_rows_outside_of_their_partition_are_never_dropped(days: Shop) -> None:
    days.sql(
        "mine",
        '/* @asset\npartition = "day(ts)"\n*/\n'
        "SELECT ts, amount FROM orders WHERE ts >= $partition_start AND ts <= $partition_end + INTERVAL 12 HOUR",
    )
    (failed, *_) = [each for each in days.materialize("mine").assets if each.outcome == "failed"]
    assert "belong" in str(failed.error)
    assert "2024-01-02" in str(failed.error)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM orders WHERE ts > $partition_start", "nothing gives a value"),
        ('/* @asset\npartition = "region"\n*/\nSELECT * FROM orders\nWHERE ts > $partition_start', "$partition_region"),
        ('/* @asset\npartition = { column = "region", upstreams = { ordres = "all" } }\n*/\nFROM orders', "orders"),
        ('/* @asset\nmaterialized = "view"\npartition = "region"\n*/\nFROM orders', "a view holds no rows"),
    ],
)
def test_what_sql_cannot_be_given_is_an_error_with_its_line(days: Shop, sql: str, said: str) -> None:
    days.sql("odd", sql)
    printed = days.cli("plan")
    assert printed.code == 2
    assert said in printed.err
    assert "assets/odd.sql:" in printed.err


FUNCTIONS = """
from typing import Annotated

import polars as pl

from assetflow import Context, asset, upstream


@asset(partition="day(ts)")
def scored(orders: pl.LazyFrame, names: pl.DataFrame, context: Context) -> pl.LazyFrame:
    print("called for", context.partition.key)
    return orders.select("id", "ts", "region").join(names.lazy(), on="region")


@asset(partition={"time": "day", "column": "day"})
def rolling(
    orders: Annotated[pl.DataFrame, upstream("days", partitions="-2..0")], context: Context
) -> pl.DataFrame:
    return pl.DataFrame({"day": [context.partition.start.date()], "amount": [orders["amount"].sum()]})


@asset(partition={"time": "month", "column": "month", "start": "2024-01", "end": "2024-03"})
def fetched(context: Context) -> pl.DataFrame:
    assert (context.partition.end - context.partition.start).days >= 29
    return pl.DataFrame({"month": [context.partition.start], "x": [1]})
"""


@pytest.fixture
def functions(days: Shop) -> Shop:
    for name in ("clean", "monthly", "total"):
        days.remove(f"assets/{name}.sql")
    days.write("data/names.csv", "region,name\neu,Europe\nus,States\n")
    days.write("assetflow.toml", days.read("assetflow.toml") + '[sources.names]\nfiles = "data/names.csv"\n')
    days.sql("days", "SELECT ts::DATE AS day, sum(amount)::BIGINT AS amount FROM orders GROUP BY ALL")
    days.python("functions", FUNCTIONS)
    return days


def test_a_function_is_called_for_each_stale_partition_with_its_rows(functions: Shop) -> None:
    made = parts(functions)
    assert made["fetched"] == ["2024-01", "2024-02", "2024-03"]
    assert len(made["scored"]) == len(made["rolling"]) == 10
    assert functions.rows("SELECT count(*) FROM scored") == [(10,)]
    assert functions.rows("SELECT amount FROM rolling ORDER BY day LIMIT 4") == [(1,), (3,), (6,), (9,)]
    add(functions, 1, row(900, "2024-01-03", amount=50))
    made = parts(functions)
    assert made["scored"] == ["2024-01-03"]
    assert made["rolling"] == ["2024-01-03", "2024-01-04", "2024-01-05"]
    assert "fetched" not in made
    assert functions.rows("SELECT amount FROM rolling ORDER BY day LIMIT 4") == [(1,), (3,), (56,), (59,)]
    assert functions.run() == {}


def test_what_every_partition_reads_makes_all_of_them(functions: Shop) -> None:
    parts(functions, "scored")
    functions.replace("data/names.csv", "Europe", "EU")
    assert len(parts(functions, "scored")["scored"]) == 10


def test_the_partition_of_rows_that_are_gone_goes(functions: Shop) -> None:
    parts(functions, "scored")
    functions.replace("data/orders/1.csv", row(103, "2024-01-03", "eu", 3), "")
    result = functions.materialize("scored")
    assert [(each.partition, each.rows) for each in result.assets] == [("2024-01-03", 0)]
    assert functions.rows("SELECT count(*) FROM scored") == [(9,)]
    assert functions.run("scored") == {}


def test_a_function_that_fails_for_one_partition_keeps_the_others(functions: Shop) -> None:
    functions.replace("assets/functions.py", 'print("called for", context.partition.key)',
                      'assert context.partition.key != "2024-01-03", "no"')  # fmt: skip
    result = functions.materialize("scored")
    assert [each.partition for each in result.assets if each.outcome == "failed"] == ["2024-01-03"]
    assert functions.rows("SELECT count(*) FROM scored") == [(9,)]
    add(functions, 2, row(900, "2024-02-03"))
    assert {each.partition: each.outcome for each in functions.materialize("scored").assets} == {
        "2024-01-03": "failed", "2024-02-03": "materialized",
    }  # fmt: skip


def test_several_workers_make_partitions_side_by_side(functions: Shop) -> None:
    assert len(parts(functions, "scored", "+rolling", jobs=3)["scored"]) == 10
    assert functions.run("scored", "+rolling", jobs=3) == {}


def test_what_was_built_before_a_run_stopped_is_taken_over(functions: Shop) -> None:
    project = functions.project()
    running = project.run(project.plan(["scored"]), jobs=1)
    done = []
    for event in running:
        if event.event == "finished" and event.partition is not None:
            done.append(event.partition)
            if len(done) == 4:
                break
    running.close()
    assert (
        functions.rows("SELECT count(*) FROM duckdb_views() WHERE view_name = 'scored'") == [(0,)]
        if (functions.root / "warehouse/prod.duckdb").exists()
        else True
    )
    outcomes = {each.partition: each.outcome for each in functions.materialize("scored").assets}
    assert [key for key, outcome in outcomes.items() if outcome == "restored"] == done
    assert len(outcomes) == 10


def test_many_small_partitions_share_files_and_are_made_one_by_one_all_the_same(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders/*.csv"\n')
    lines = (f"{at},2024-01-{1 + at // 24:02} {at % 24:02}:30:00,eu,1,\n" for at in range(600))
    shop.write("data/orders/1.csv", HEADER + "".join(lines))
    shop.sql("hourly", '/* @asset\npartition = "hour(ts)"\n*/\nSELECT id, ts, amount FROM orders')
    assert len(parts(shop, "hourly")["hourly"]) == 600
    before = {path.name for path in (shop.root / "warehouse/objects").rglob("*.parquet")}
    assert len(before) < 5
    for hour in ("2024-01-05T07", "2024-01-05T09", "2024-01-24T23"):
        add(shop, 1, f"900,{hour.replace('T', ' ')}:45:00,eu,5,\n")
    assert parts(shop, "hourly") == {"hourly": ["2024-01-05T07:00", "2024-01-05T09:00", "2024-01-24T23:00"]}
    assert shop.rows("SELECT count(*), sum(amount), count(DISTINCT ts) FROM hourly") == [(603, 615, 603)]
    assert shop.run() == {}
    shop.replace("data/orders/1.csv", "900,2024-01-05 07:45:00,eu,5,\n", "")
    add(shop, 1, "901,2024-01-05 08:45:00,eu,7,\n")
    assert parts(shop, "hourly") == {"hourly": ["2024-01-05T07:00", "2024-01-05T08:00"]}
    assert shop.rows("SELECT count(*), sum(amount) FROM hourly") == [(603, 617)]
    assert shop.cli("verify", "--skips", "1").code == 0


def test_any_text_can_be_a_key_and_a_table_without_rows_is_a_table(days: Shop) -> None:
    odd = ["a/b", "x..y", '"c,d"', '"q""uote"', "é ü", "*"]
    days.write("data/orders/1.csv", HEADER + "".join(row(at, "2024-01-01", text) for at, text in enumerate(odd)))
    days.remove("data/orders/2.csv")
    days.sql("by_region", '/* @asset\npartition = "region"\n*/\nSELECT id, region, 1 AS assetflow_at FROM orders')
    days.sql("never", '/* @asset\npartition = "day(ts)"\n*/\nSELECT ts, amount FROM orders WHERE amount > 1000')
    result = days.materialize("by_region", "never")
    made = [each.partition for each in result.assets if each.asset == "by_region"]
    assert made == ['"*"', '"a/b"', '"c,d"', '"q\\"uote"', '"x..y"', "é ü"]
    assert days.rows("SELECT count(DISTINCT region), count(*) FROM by_region") == [(6, 6)]
    assert days.rows("SELECT count(*) FROM never") == [(0,)]
    add(days, 1, row(900, "2024-01-01", '"c,d"'))
    assert parts(days, "by_region") == {"by_region": ['"c,d"']}
    assert days.run("by_region", "never") == {}


ODD_KEYS = """
import polars as pl

from assetflow import Context, asset


@asset(partition="region")
def told(orders: pl.DataFrame, context: Context) -> pl.DataFrame:
    return orders.filter(pl.col("region") == context.partition.key).select("id", "region")
"""


def test_what_is_made_for_a_value_is_told_the_value_without_quotes(days: Shop) -> None:
    """A key is shown in quotes where it could be taken for something else: no row has it like that."""
    odd = ["a/b", "x..y", "c=d", '" lead"', "plain"]
    days.write("data/orders/1.csv", HEADER + "".join(row(at, "2024-01-01", text) for at, text in enumerate(odd)))
    days.remove("data/orders/2.csv")
    days.sql("mine", '/* @asset\npartition = "region"\n*/\nSELECT id, region FROM orders WHERE region = $partition')
    days.python("functions", ODD_KEYS)
    days.run("mine", "told")
    assert days.rows("SELECT id FROM mine ORDER BY 1") == days.rows("SELECT id FROM told ORDER BY 1")
    assert days.rows("SELECT id FROM mine ORDER BY 1") == [(0,), (1,), (2,), (3,), (4,)]


def test_files_that_are_named_by_a_key_are_partitions_of_a_source(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.sold]\nfiles = "data/sold-{day}.csv"\n')
    for day in (1, 2, 3):
        shop.write(f"data/sold-2024-01-0{day}.csv", f"store,amount\n7,{day}\n")
    shop.sql("sales", '/* @asset\npartition = "day(day)"\n*/\nSELECT day, store, amount FROM sold')
    shop.python(
        "functions",
        """
        import polars as pl
        from assetflow import asset

        @asset(partition="day(day)")
        def doubled(sold: pl.DataFrame) -> pl.DataFrame:
            return sold.with_columns(pl.col("amount") * 2)
        """,
    )
    assert parts(shop)["sales"] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert shop.rows("SELECT day::VARCHAR, store, amount FROM sales ORDER BY ALL")[0] == ("2024-01-01", 7, 1)
    shop.write("data/sold-2024-01-02.csv", "store,amount\n7,20\n8,21\n")
    assert parts(shop) == {"sales": ["2024-01-02"], "doubled": ["2024-01-02"]}
    (shop.root / "data/sold-2024-01-03.csv").rename(shop.root / "data/sold-2024-01-04.csv")
    assert parts(shop)["doubled"] == ["2024-01-03", "2024-01-04"]
    assert shop.rows("SELECT max(day)::VARCHAR, sum(amount) FROM doubled") == [("2024-01-04", 90)]
    shop.remove("data/sold-2024-01-01.csv")
    assert parts(shop)["sales"] == ["2024-01-01"]
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    assert shop.run() == {}


def test_a_table_that_fails_as_a_whole_has_an_event_of_its_own(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", '[sources.events]\nfiles = "data/events.csv"\n')
    empty_shop.write("data/events.csv", "day,n\n2024-01-01,1\n2024-01-02,2\n")
    empty_shop.sql(
        "daily", "/* @asset\npartition = 'day(day)'\nchecks = [{ row_count = { min = 3 } }]\n*/\nFROM events"
    )
    printed = empty_shop.cli("materialize", "--log-format", "json")
    events = [(event["event"], event["partition"]) for event in map(json.loads, printed.err.splitlines())]
    assert printed.code == 1
    assert ("failed", None) in events, events
    assert not any(kind == "published" for kind, _ in events)


def test_a_fault_of_ours_is_not_looked_for_in_fewer_and_fewer_partitions(
    days: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []

    def fail(wanted: PartTask, *_: object) -> None:
        batches.append(wanted.keys)
        raise TypeError("a mistake")

    monkeypatch.setattr("assetflow.running.partitions.making.compute_once", fail)
    [failed] = [each for each in days.materialize("clean").assets if each.outcome == "failed"]
    assert len(batches) == 1
    assert "assetflow itself failed: TypeError: a mistake" in str(failed.error)
