"""`assetflow show --draft` and `diff --draft`: an edit, looked at before anything is published."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from assetflow.running.clock import now
from tests.cli.conftest import Ask
from tests.conftest import Shop


def rows(ask: Ask, shop: Shop, *arguments: str) -> list[list[Any]]:
    printed = ask(shop, "show", *arguments, "--json")
    assert printed.code == 0, printed.err
    shown: list[list[Any]] = printed.json["rows"]
    return shown


def in_order(tables: dict[str, list[list[Any]]]) -> dict[str, list[list[Any]]]:
    return {name: sorted(table, key=str) for name, table in tables.items()}


def kept(shop: Shop) -> dict[str, bytes]:
    """Everything in the warehouse but what is derived, and the copies that SQLite works with."""
    root = shop.root / "warehouse"
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix not in {".db-shm", ".db-wal"})
    return {
        str(path): path.read_bytes()
        for path in files
        if path.relative_to(root).parts[0] not in {"cache", "locks", "leases"}
    }


def test_an_edit_is_looked_at_before_it_is_published(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.replace("assets/by_city.sql", "sum(amount)", "10 * sum(amount)")
    before, told = kept(shop), [ask(shop, *each, "--json").out for each in (("history",), ("runs",), ("plan",))]
    printed = ask(shop, "show", "by_city", "--draft")
    assert printed.out.splitlines() == ["city  total", "Rome    400", "Oslo    200"]
    assert printed.err.startswith("by_city as its files say now, not published; over sales as published")
    assert printed.err.endswith("2 rows · draft\n")
    assert rows(ask, shop, "by_city") == [["Rome", 40], ["Oslo", 20]]
    assert kept(shop) == before
    assert [ask(shop, *each, "--json").out for each in (("history",), ("runs",), ("plan",))] == told
    assert shop.made() == ["by_city"]


def test_what_is_stale_above_is_computed_anew_as_well(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "amount FROM", "amount + 1 AS amount FROM")
    shop.replace("assets/big.py", "amount", "id")
    before = kept(shop)
    printed = ask(shop, "show", "big", "--draft", "--json", "-n", "5")
    assert printed.json["rows"] == []
    assert printed.err.splitlines() == [
        "sales is computed anew for it: assets/sales.sql changed",
        "big as its files say now, not published; over sales computed anew",
    ]
    assert printed.json["draft"]["reads"] == [{"name": "sales", "published_at": None, "kind": "asset"}]
    assert [(each["asset"], each["reasons"][0]["kind"]) for each in printed.json["draft"]["anew"]] == [
        ("sales", "code_changed")
    ]
    shop.replace("assets/big.py", "least: int = 20", "least: int = 2")
    assert rows(ask, shop, "big", "--draft") == [[2, "bob", "Oslo", 21], [3, "ann", "Rome", 31]]
    assert kept(shop) == before


def test_what_was_never_made_and_a_project_where_nothing_was(shop: Shop, ask: Ask) -> None:
    assert "assetflow show by_city --draft" in ask(shop, "show", "by_city").err
    assert rows(ask, shop, "by_city", "--draft") == [["Rome", 40], ["Oslo", 20]]
    assert rows(ask, shop, "sales", "--draft", "-n", "1") == [[1, "ann", "Rome", 10]]
    assert kept(shop) == {}
    assert ask(shop, "runs", "--json").json["runs"] == []


def test_what_is_fresh_is_shown_as_it_is_published(shop: Shop, ask: Ask) -> None:
    shop.made()
    printed = ask(shop, "show", "sales", "--draft")
    assert printed.err.startswith("sales is fresh: its draft would be what is published\n3 rows · published")
    assert ask(shop, "show", "sales", "--draft", "--json").json["draft"] is None


def test_a_source_is_read_as_its_files_are_now(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Rome,7\n")
    printed = ask(shop, "show", "sales", "--draft")
    assert printed.out.splitlines()[-1].split() == ["5", "dan", "Rome", "7"]
    assert "over orders as its files are now" in printed.err
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "6,eve,Rome,7,8\n")
    for case in ("was read before", "was never read"):
        broken = ask(shop, "show", "sales", "--draft")
        assert (broken.code, broken.out) == (2, ""), case
        assert "data/orders.csv:7: source orders: " in broken.err
        for file in (shop.root / "warehouse").glob("ledger.db*"):
            file.unlink()
        for file in (shop.root / "warehouse" / "journal").glob("*"):
            file.unlink()


def test_only_the_rows_that_are_looked_at_are_made(shop: Shop, ask: Ask) -> None:
    shop.sql("endless", "SELECT if(i < 5_000_000, i, error('too far')) AS i FROM range(1_000_000_000_000) t(i)")
    shop.sql("ordered", "SELECT id, amount FROM orders ORDER BY amount DESC")
    assert rows(ask, shop, "endless", "--draft", "-n", "2") == [[0], [1]]
    assert ask(shop, "show", "endless", "--draft", "-n", "2").err.endswith("the first 2 rows · draft\n")
    assert rows(ask, shop, "ordered", "--draft", "-n", "2") == [[3, 30], [2, 20]]


@pytest.mark.parametrize(
    ("edited", "text", "said"),
    [
        ("assets/sales.sql", "SELECT id,\n  nothing\nFROM orders", "assets/sales.sql:2: Binder Error: Referenced column"),
        ("assets/sales.sql", "SELECT id, id FROM orders", "assets/sales.sql:1: two columns are named 'id'"),
        ("assets/sales.sql", "SELECT error('no ' || id) FROM orders", "assets/sales.sql:1: Invalid Input Error: no 1"),
        ("assets/sales.py", "from assetflow import asset\n@asset\ndef sales(orders):\n    return 1 / 0", "assets/sales.py:4: ZeroDivision"),
    ],
)  # fmt: skip
def test_code_that_fails_says_where_as_in_a_run(shop: Shop, ask: Ask, edited: str, text: str, said: str) -> None:
    shop.made()
    shop.remove("assets/sales.sql")
    shop.write(edited, text)
    for name in ("sales", "by_city"):
        printed = ask(shop, "show", name, "--draft")
        assert (printed.code, printed.out) == (1, "")
        assert f"error: {said}" in printed.err
    assert not list((shop.root / "warehouse" / "staging").iterdir())


KINDS = {
    "assets/daily.sql": """
        /* @asset
        partition = "day(ts)"
        */
        SELECT id, TIMESTAMP '2026-01-01' + INTERVAL (id) DAY AS ts, amount FROM orders
        """,
    "assets/past.sql": """
        /* @asset
        history = { kind = "scd2", updated_at = "at" }
        unique_key = ["id"]
        */
        SELECT id, city, TIMESTAMP '2026-01-01' AS at FROM orders
        """,
    "assets/seen.sql": "/* @asset\nmaterialized = 'view'\n*/\nSELECT id, amount FROM sales",
    "assets/total.sql": "SELECT sum(amount) AS total FROM seen",
    "assets/wide.sql": "PIVOT sales ON city USING sum(amount) GROUP BY customer ORDER BY ALL",
    "assets/others.py": """
        from pathlib import Path

        import polars as pl

        from assetflow import Changes, Query, asset


        @asset(per="file")
        def files(orders: Path) -> pl.DataFrame:
            return pl.read_csv(orders)


        @asset(merge="append")
        def grown(sales: Changes[pl.DataFrame]) -> pl.DataFrame:
            return sales.added


        @asset
        def asked(sales):
            return Query("SELECT city, amount FROM sales ORDER BY amount DESC")


        @asset(partition="day(ts)")
        def each_day(daily: pl.LazyFrame) -> pl.LazyFrame:
            return daily.with_columns(more=pl.col("amount") + 1)
        """,
}


def test_a_draft_of_any_kind_of_asset_is_what_a_run_makes_then(shop: Shop, ask: Ask) -> None:
    for path, text in KINDS.items():
        shop.write(path, text)
    names = ["daily", "past", "seen", "total", "wide", "files", "grown", "asked"]
    days = ("each_day", "--partition", "2026-01-02..2026-12-31")
    for _ in ("never made", "sources changed"):
        before = kept(shop)
        drafts = {name: rows(ask, shop, name, "--draft") for name in names}
        drafts["each_day"] = rows(ask, shop, *days, "--draft")
        assert kept(shop) == before
        shop.made()
        made = {name: rows(ask, shop, name) for name in names} | {"each_day": rows(ask, shop, *days)}
        assert in_order(made) == in_order(drafts)
        shop.write("data/orders.csv", shop.read("data/orders.csv").replace("bob,Oslo", "bob,Bonn") + "9,dan,Rome,7\n")


def test_of_partitions_that_are_made_one_by_one_the_newest_is_shown(shop: Shop, ask: Ask) -> None:
    shop.write("assets/daily.sql", KINDS["assets/daily.sql"])
    shop.write("assets/others.py", KINDS["assets/others.py"])
    printed = ask(shop, "show", "each_day", "--draft", "--json")
    assert [row[0] for row in printed.json["rows"]] == [4]
    assert printed.json["draft"]["partition"] == "2026-01-05"
    assert "--partition A..B shows others" in printed.err
    assert [row[0] for row in rows(ask, shop, "each_day", "--draft", "--partition", "2026-01-02")] == [1]
    assert [row[0] for row in rows(ask, shop, "daily", "--draft", "--partition", "2026-01-03..2026-01-04")] == [2, 3]
    assert ask(shop, "show", "each_day", "--draft", "--partition", "2025-01-02").code == 2


def test_an_upstream_that_every_run_makes_is_read_as_it_is_published(shop: Shop, ask: Ask) -> None:
    shop.sql("drawn", "SELECT random() AS r, id FROM sales")
    shop.sql("least", "SELECT min(r) AS r FROM drawn")
    shop.made()
    shop.sql("least", "SELECT min(r) AS least FROM drawn")
    assert rows(ask, shop, "least", "--draft") == [list(row) for row in shop.rows("SELECT min(r) FROM drawn")]
    shop.replace("assets/sales.sql", "> 5", "> 15")
    printed = ask(shop, "show", "drawn", "--draft")
    assert len(printed.out.splitlines()) == 3
    assert "drawn is computed anew" in ask(shop, "show", "least", "--draft").err


def test_checks_keep_an_upstream_from_being_read(shop: Shop, ask: Ask) -> None:
    shop.sql("sales", "SELECT id, city, amount -- @max(20)\nFROM orders")
    printed = ask(shop, "show", "by_city", "--draft")
    assert printed.code == 1
    assert "assets/sales.sql:1: 1 check failed, so it was not published: max(amount)" in printed.err
    assert "`assetflow show sales --draft` shows its rows." in printed.err
    assert len(rows(ask, shop, "sales", "--draft")) == 4


def test_another_run_at_work_does_not_matter(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "> 5", "> 15")
    project = shop.project()
    with project.warehouse.running("prod", "20261121-020000-abcdef", now()):
        assert rows(ask, shop, "by_city", "--draft") == [["Oslo", 20], ["Rome", 30]]


def test_what_was_rolled_back_is_read_as_it_is_held(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "> 5", "> 15")
    shop.made()
    assert ask(shop, "rollback", "sales", "-1").code == 0
    shop.replace("assets/by_city.sql", "sum", "max")
    assert rows(ask, shop, "by_city", "--draft") == [["Rome", 30], ["Oslo", 20]]
    assert len(rows(ask, shop, "sales", "--draft")) == 2
    assert ask(shop, "diff", "sales", "--draft", "--json").json["removed"] == 1
    assert len(rows(ask, shop, "sales")) == 3


def test_what_was_made_from_just_this_before_is_not_made_again_for_it(shop: Shop, ask: Ask) -> None:
    shop.sql("made_at", "/* @asset\nvolatile = 'ignore'\n*/\nSELECT 1 AS version, random() AS r")
    shop.sql("after", "SELECT r FROM made_at")
    shop.made("+after")
    first = rows(ask, shop, "after")
    shop.replace("assets/made_at.sql", "1 AS version", "2 AS version")
    shop.made("+after")
    assert rows(ask, shop, "after") != first
    shop.replace("assets/made_at.sql", "2 AS version", "1 AS version")
    assert rows(ask, shop, "after", "--draft") == first


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "big"), (signal.SIGTERM, "after")])
def test_nothing_is_left_where_it_is_stopped(shop: Shop, number: signal.Signals, name: str) -> None:
    shop.sql("after", "SELECT * FROM big")
    shop.made()
    shop.python(
        "big", "from assetflow import asset\n\n\n@asset\ndef big(sales):\n    print('begun')\n    while True: pass"
    )
    command = [sys.executable, "-m", "assetflow", "show", name, "--draft"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=shop.root, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        try:
            assert "begun\n" in iter(process.stderr.readline, "")
            process.send_signal(number)
            assert process.stderr.read().strip() == "interrupted"
        finally:
            process.kill()
    assert process.returncode == 130
    assert not list((shop.root / "warehouse" / "staging").iterdir())


def test_only_one_version_is_shown(shop: Shop, ask: Ask) -> None:
    assert ask(shop, "show", "sales@-1", "--draft").code == 2
    assert ask(shop, "show", "sales", "--draft", "--failed").code == 2
    assert "somebody else makes it" in ask(shop, "show", "orders", "--draft").err
    shop.sql("sales", "/* @asset\nenabled = false\n*/\nSELECT 1 AS id")
    assert "it says enabled = false" in ask(shop, "show", "sales", "--draft").err


def test_what_an_edit_changes_is_seen_before_it_is_published(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "amount FROM", "amount + id % 2 AS amount, 1 AS one FROM")
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Rome,7\n")
    before = kept(shop)
    printed = ask(shop, "diff", "sales", "--draft")
    assert printed.err == "sales as its files say now, not published; over orders as its files are now\n"
    head, *lines = printed.out.splitlines()
    assert head.endswith("-> draft")
    assert lines == [
        "  + column one INTEGER",
        "  3 rows -> 4 rows: 1 added, 0 removed, 2 changed, told apart by id",
        "    amount: 2 changes",
        "  ~ id 1: amount 10 -> 11",
        "  ~ id 3: amount 30 -> 31",
        "  + id 5, customer dan, city Rome, amount 8",
    ]
    told = ask(shop, "diff", "by_city", "--draft", "--json").json
    assert (told["after"], told["changed"], told["added"]) == (None, 1, 0)
    assert [each["asset"] for each in told["draft"]["anew"]] == ["sales"]
    assert kept(shop) == before
    shop.made()
    assert ask(shop, "diff", "sales").out.splitlines()[1:] == lines
    assert "the same 4 rows" in ask(shop, "diff", "sales", "--draft").out
    assert ask(shop, "diff", "sales", "-1", "--draft").out.splitlines()[1:] == lines


def test_a_draft_of_all_rows_says_which_checks_it_would_not_pass(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.sql("sales", "SELECT id, -- @max(3, severity='warn')\n customer, city, amount -- @max(20)\nFROM orders")
    before = kept(shop)
    printed = ask(shop, "diff", "sales", "--draft", "--json")
    assert printed.json["added"] == 1
    assert printed.json["draft"]["failed_checks"] == [
        {"check": "max(id)", "severity": "warn", "failures": 1, "error": None},
        {"check": "max(amount)", "severity": "error", "failures": 1, "error": None},
    ]
    assert "warning: max(amount): 1 failing row: a run would not publish it" in printed.err
    assert kept(shop) == before


def test_what_cannot_be_compared_with_a_draft(shop: Shop, ask: Ask) -> None:
    assert "sales has not been made yet in prod" in ask(shop, "diff", "sales", "--draft").err
    shop.sql("seen", "/* @asset\nmaterialized = 'view'\n*/\nSELECT id FROM sales")
    shop.made()
    shop.replace("assets/seen.sql", "id FROM", "city FROM")
    assert "seen was a view, which keeps no rows" in ask(shop, "diff", "seen", "--draft").err
    assert ask(shop, "diff", "sales", "-1", "current", "--draft").code == 2
    assert ask(shop, "diff", "sales", "--why", "--draft").code == 2
