"""Which partitions a version made, why one of them is stale or fresh, and what is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Shop


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    """orders -> cut, by day."""
    shop = empty_shop
    shop.write("assetflow.toml", "[sources.orders]\nfiles = 'data/*.csv'\n")
    for day in range(1, 6):
        deliver(shop, day, day, 1)
    declare(shop, '"day(day)"')
    return shop


def deliver(shop: Shop, number: int, day: int, amount: int) -> None:
    shop.write(f"data/{number}.csv", f"id,day,amount\n{number},2024-01-0{day},{amount}\n")


def declare(shop: Shop, partition: str) -> None:
    shop.sql("cut", f"/* @asset\npartition = {partition}\n*/\nSELECT id, day, amount FROM orders")


def ask(shop: Shop, *arguments: str) -> Any:
    printed = shop.cli(*arguments, "--json")
    assert printed.code == 0, printed.err
    return json.loads(printed.out)


def test_history_tells_which_partitions_each_version_made(shop: Shop) -> None:
    shop.run("+cut", partition="2024-01-01..2024-01-03")
    shop.run("+cut")
    deliver(shop, 6, 2, 10)
    shop.run("+cut")
    versions = ask(shop, "history", "cut")["versions"]
    assert [each["partitions"]["materialized"] for each in versions] == [
        ["2024-01-02"], ["2024-01-04..2024-01-05"], ["2024-01-01..2024-01-03"],
    ]  # fmt: skip
    assert [each["partitions"]["count"] for each in versions] == [1, 2, 3]
    assert {each["partition"] for each in versions} == {None}, "a version is one of the whole table"
    of_one = ask(shop, "history", "cut", "--partition", "2024-01-02")["versions"]
    assert [each["run_id"] for each in of_one] == [versions[0]["run_id"], versions[2]["run_id"]]
    assert "2024-01-04..2024-01-05 (2)" in shop.cli("history", "cut").out
    assert not any("partitions" in each for each in ask(shop, "history", "orders")["versions"])


def test_a_run_that_failed_for_one_partition_is_told_in_the_history(shop: Shop) -> None:
    declare(shop, '"day(day)"\nchecks = ["amount < 100"]')
    deliver(shop, 2, 2, 1000)
    shop.run("+cut")
    [version] = ask(shop, "history", "cut")["versions"]
    assert version["partitions"]["failed"] == ["2024-01-02"]
    told = shop.cli("runs", version["run_id"]).out
    assert "cut 2024-01-01  materialized" in told, "each partition by its name"
    assert "cut 2024-01-02  failed" in told
    assert version["partitions"]["count"] == 4
    told = ask(shop, "explain", "cut", "--partition", "2024-01-02")
    assert (told["status"], told["made"]["outcome"]) == ("new", "failed")
    assert "It failed in run" in shop.cli("explain", "cut", "--partition", "2024-01-02").out


def test_history_of_a_table_that_was_cut_otherwise_keeps_the_old_keys(shop: Shop) -> None:
    shop.run("+cut")
    declare(shop, '"month(day)"')
    shop.run("+cut")
    new, old = ask(shop, "history", "cut")["versions"]
    assert new["partitions"]["materialized"] == ["2024-01"]
    assert old["partitions"]["count"] == 5


def test_explain_tells_of_one_partition(shop: Shop) -> None:
    assert ask(shop, "explain", "cut", "--partition", "2024-01-02")["status"] in {"new", "waiting"}
    shop.run("+cut")
    told = ask(shop, "explain", "cut", "--partition", "2024-01-02")
    assert (told["status"], told["reasons"], told["made"]["rows"]) == ("fresh", [], 1)
    assert [(one["upstream"], one["current"]) for one in told["inputs"]] == [("orders", True)]
    deliver(shop, 6, 2, 10)
    told = ask(shop, "explain", "cut", "--partition", "2024-01-02")
    assert (told["status"], told["reasons"][0]["upstream"]) == ("stale", "orders")
    assert ask(shop, "explain", "cut", "--partition", "2024-01-03")["status"] == "fresh"
    assert ask(shop, "explain", "cut", "--partition", "2030-01-01")["status"] == "absent"
    printed = shop.cli("explain", "cut", "--partition", "2024-01-02")
    assert "cut 2024-01-02 is stale" in printed.out
    assert "input     orders@" in printed.out
    shop.run("+cut")
    assert ask(shop, "explain", "cut", "--partition", "2024-01-02")["made"]["rows"] == 2


def test_a_partition_of_a_table_that_was_rolled_back_says_so(shop: Shop) -> None:
    shop.run("+cut")
    deliver(shop, 6, 2, 10)
    shop.run("+cut")
    assert shop.cli("rollback", "cut", "-1").code == 0
    assert ask(shop, "explain", "cut", "--partition", "2024-01-02")["held"] is True
    assert "held there" in shop.cli("explain", "cut", "--partition", "2024-01-02").out


def test_a_partition_that_a_backfill_left_out_was_never_made(shop: Shop) -> None:
    shop.run("+cut", partition="2024-01-01..2024-01-03")
    told = ask(shop, "explain", "cut", "--partition", "2024-01-04")
    assert (told["status"], told["made"], told["inputs"]) == ("new", None, [])
    shop.sql("cut", shop.read("assets/cut.sql").replace("amount FROM", "amount + 1 AS amount FROM"))
    shop.run("+cut", partition="2024-01-02")
    told = ask(shop, "explain", "cut", "--partition", "2024-01-01")
    assert told["status"] == "stale"
    assert told["code_then"] != told["code_now"]
    told = ask(shop, "explain", "cut", "--partition", "2024-01-02")
    assert (told["status"], told["code_then"] == told["code_now"]) == ("fresh", True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "cut", "--partition", "2024-01"), "31 partitions, and one is explained"),
        (("explain", "cut", "--partition", "2024-01-02.."), "any number of partitions"),
        (("explain", "cut", "--partition", "eu"), "'eu' is no time"),
        (("explain", "plain", "--partition", "2024-01-01"), "no selected asset is partitioned"),
        (("show", "plain", "--partition", "2024-01-01"), "no selected asset is partitioned"),
        (("show", "cut", "--partition", "2024-13-01"), "there is no day"),
        (("history", "plain", "--partition", "2024-01-01"), "no selected asset is partitioned"),
    ],
)
def test_what_names_no_partition_is_an_error_of_use(shop: Shop, arguments: tuple[str, ...], said: str) -> None:
    shop.sql("plain", "SELECT 1 AS n")
    shop.run()
    printed = shop.cli(*arguments)
    assert printed.code == 2
    assert said in printed.err


def test_show_and_ls_know_partitions(shop: Shop) -> None:
    shop.run("+cut")
    assert ask(shop, "show", "cut", "--partition", "2024-01-02..2024-01-03")["rows"] == [
        [2, "2024-01-02", 1], [3, "2024-01-03", 1],
    ]  # fmt: skip
    declare(shop, '{ time = "day", column = "day", start = "2023-12-30", end = "2024-01-05" }')
    shop.run("+cut")
    declare(shop, '{ time = "day", column = "day", start = "2023-12-28", end = "2024-01-05" }')
    [asset] = [each for each in ask(shop, "ls")["assets"] if each["name"] == "cut"]
    assert asset["partitions"] == {"stale": 0, "missing": 2}
    assert "2 partitions never made" in shop.cli("ls").out


def test_a_change_of_a_partitioned_table_is_split_between_code_and_inputs(shop: Shop) -> None:
    shop.run("+cut")
    deliver(shop, 6, 2, 10)
    shop.sql("cut", shop.read("assets/cut.sql").replace("amount FROM", "amount * 2 AS amount FROM"))
    shop.run("+cut")
    why = ask(shop, "diff", "cut", "--why")["why"]
    assert why["refused"] is None
    assert {part["kind"]: part["rows"] for part in why["parts"]} == {"code": 5, "input": 0} or why["together"] == 1
    shop.run("+cut", partition="2024-01-02", full_refresh=True)
