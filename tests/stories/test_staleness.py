"""Edit, run, see what ran."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from tests.conftest import Shop


def test_the_first_run_makes_everything_and_the_second_nothing(shop: Shop) -> None:
    assert shop.made() == ["big", "by_city", "people", "sales"]
    assert shop.rows("SELECT * FROM by_city ORDER BY ALL") == [("Oslo", 20), ("Rome", 40)]
    assert shop.rows("SELECT id FROM big ORDER BY id") == [(2,), (3,)]
    assert shop.plan().steps == ()
    assert shop.run() == {}


def test_an_edit_makes_exactly_what_depends_on_it(shop: Shop) -> None:
    shop.made()
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert shop.planned() == {"by_city": ("code_changed",)}
    assert shop.made() == ["by_city"]
    shop.replace("assets/sales.sql", "amount > 5", "amount > 15")
    assert shop.made() == ["big", "by_city", "sales"]
    assert shop.rows("SELECT count(*) FROM sales") == [(2,)]


def test_a_change_that_comes_out_the_same_stops_there(shop: Shop) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "amount > 5", "amount > 6")
    assert shop.planned() == {"sales": ("code_changed",), "by_city": ("input_changed",), "big": ("input_changed",)}
    assert shop.run() == {"sales": "materialized", "by_city": "skipped", "big": "skipped"}
    assert shop.run() == {}


def test_a_sum_that_goes_from_nought_to_minus_one_is_a_change(shop: Shop) -> None:
    shop.sql("total", "SELECT sum(amount) AS amount, sum(amount::DECIMAL(18, 2)) AS exact FROM sales")
    shop.sql("below", "SELECT amount < 0 AS is_below FROM total")
    shop.write("data/orders.csv", "id,customer,city,amount\n1,ann,Rome,10\n2,bob,Oslo,-10\n")
    shop.replace("assets/sales.sql", "amount > 5", "amount <> 5")
    shop.made()
    assert shop.rows("SELECT is_below FROM below") == [(False,)]
    shop.replace("data/orders.csv", "Oslo,-10", "Oslo,-11")
    assert {"total", "below"} <= set(shop.made())
    assert shop.rows("SELECT amount, is_below FROM total, below") == [(-1, True)]


def test_switching_to_an_older_version_and_back_makes_nothing(shop: Shop) -> None:
    shop.made()
    old = shop.read("assets/by_city.sql")
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    new = shop.read("assets/by_city.sql")
    assert shop.made() == ["by_city"]
    for text, total in ((old, 40), (new, 30), (old, 40)):
        shop.write("assets/by_city.sql", text)
        assert shop.run() == {"by_city": "restored"}
        assert shop.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(total,)]


def test_a_restored_upstream_restores_what_is_downstream_without_computing(shop: Shop) -> None:
    shop.made()
    old = shop.read("assets/sales.sql")
    shop.replace("assets/sales.sql", "amount > 5", "amount > 15")
    shop.made()
    shop.write("assets/sales.sql", old)
    assert shop.run() == {"sales": "restored", "by_city": "restored", "big": "restored"}
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]


def test_a_source_that_changes_makes_its_readers_stale(shop: Shop) -> None:
    shop.made()
    shop.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,11")
    assert shop.planned()["sales"] == ("input_changed",)
    assert shop.made() == ["big", "by_city", "sales"]
    assert shop.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(41,)]


def test_touching_and_reformatting_restales_nothing(shop: Shop) -> None:
    shop.made()
    for path in ("data/orders.csv", "assets/sales.sql", "assets/big.py", "assetflow.toml"):
        os.utime(shop.root / path, (1_000_000_000, 1_000_000_000))
    shop.write(
        "assets/sales.sql", "-- the sales\nselect id, customer, city, amount\nfrom orders\nwhere (amount > 5);\n"
    )
    shop.replace("assets/big.py", "    return sales", "    # only the big ones\n    return sales")
    assert shop.plan().steps == ()


def test_config_in_the_settings_counts(shop: Shop) -> None:
    shop.made()
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n[assets.big]\nleast = 30\n')
    [step] = shop.plan().steps
    assert [(reason.kind, reason.detail) for reason in step.reasons] == [("config_changed", "least: 20 -> 30")]
    assert shop.made() == ["big"]
    assert shop.rows("SELECT id FROM big") == [(3,)]


def test_a_missing_file_of_the_warehouse_is_noticed_and_made_again(shop: Shop) -> None:
    shop.made()
    snapshot = shop.project().reader().snapshot("by_city")
    os.unlink(shop.root / "warehouse" / snapshot.files[0].path)
    assert shop.planned() == {"by_city": ("files_missing",)}
    assert shop.made() == ["by_city"]


def test_volatile_code_is_made_every_time_unless_declared_harmless(shop: Shop) -> None:
    shop.sql("clock", "SELECT now() AS t")
    shop.made()
    assert shop.planned() == {"clock": ("volatile",)}
    shop.sql("clock", '/* @asset\nvolatile = "ignore"\n*/\nSELECT now() AS t')
    assert shop.plan().steps == ()


def test_a_failing_asset_blocks_only_its_downstream(shop: Shop) -> None:
    shop.made()
    shop.sql("sales", "SELECT id, customer, city, error('no') AS amount FROM orders")
    shop.sql("people", "SELECT 2 AS id, 'bob' AS name")
    assert shop.run() == {"people": "materialized", "sales": "failed", "by_city": "blocked", "big": "blocked"}
    assert shop.rows("SELECT name FROM people") == [("bob",)]
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)], "the last published data stays"


def test_full_refresh_makes_what_is_selected(shop: Shop) -> None:
    shop.made()
    plan = shop.plan("sales+", full_refresh=True)
    assert {step.asset: step.reasons[0].kind for step in plan.steps} == dict.fromkeys(
        ("sales", "by_city", "big"), "forced"
    )
    assert shop.made("sales+", full_refresh=True) == ["big", "by_city", "sales"]


def test_an_unselected_stale_upstream_is_named_and_read_as_published(shop: Shop) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "amount > 5", "amount > 15")
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    plan = shop.plan("by_city")
    assert [step.asset for step in plan.steps] == ["by_city"]
    assert plan.stale_upstreams == ("sales",)


def test_an_unselected_upstream_that_was_never_made_is_an_error_before_anything_runs(shop: Shop) -> None:
    printed = shop.cli("materialize", "--select", "by_city")
    assert printed.code == 2
    assert "by_city needs sales, which was never made and is not selected" in printed.err
    assert "--select '+by_city'" in printed.err
    assert not (shop.root / "warehouse" / "prod.duckdb").exists()


def test_a_query_that_another_version_wrote_down_differently_is_not_made_again(shop: Shop) -> None:
    shop.made()
    with closing(sqlite3.connect(shop.root / "warehouse" / "ledger.db")) as ledger, ledger:
        for table in ("materializations", "pointers"):
            ledger.execute(f"UPDATE {table} SET fingerprint_hash = 'x' WHERE asset = 'by_city'")
        ledger.execute("UPDATE materializations SET code = 'x' WHERE asset = 'by_city'")
    assert shop.run() == {}
    assert shop.run() == {}
    shop.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert shop.made() == ["by_city"]


def test_another_order_of_the_same_rows_is_made_again_only_by_who_reads_the_order(shop: Shop) -> None:
    shop.sql("ranked", "SELECT id, amount FROM sales ORDER BY id")
    shop.sql("total", "SELECT sum(amount) AS total FROM ranked")
    shop.sql("top", "SELECT id FROM ranked LIMIT 1")
    shop.sql("seen", "/* @asset\nmaterialized = 'view'\n*/\nSELECT id FROM ranked")
    shop.python("one", PYTHON_HEAD)
    shop.made()
    shop.sql("ranked", "SELECT id, amount FROM sales ORDER BY id DESC")
    outcomes = shop.run()
    assert outcomes == {
        "ranked": "materialized",
        "total": "skipped",
        "top": "materialized",
        "seen": "materialized",
        "one": "materialized",
    }
    assert shop.rows("SELECT id FROM ranked") == [(3,), (2,), (1,)]
    assert shop.rows("SELECT id FROM top") == shop.rows("SELECT id FROM one") == [(3,)]
    assert shop.run() == {}


def test_the_same_rows_in_another_order_do_not_speak_for_the_files_that_were_kept(shop: Shop) -> None:
    """What the new files would have said of the order is not said of the old ones, which stay."""
    turned = "SELECT id, amount{0} FROM sales WHERE id > 2 UNION ALL SELECT id, amount{0} FROM sales WHERE id <= 2"
    shop.sql("plain", "SELECT id, amount FROM sales")
    shop.sql("top", "SELECT id FROM plain LIMIT 1")
    shop.made()
    shop.sql("plain", turned.format(""))
    assert shop.made() == ["plain"]
    assert shop.rows("SELECT id FROM plain LIMIT 1") == [(1,)]
    shop.sql("top", "SELECT id, id + 1 AS next FROM plain LIMIT 1")
    shop.made()
    shop.sql("plain", turned.format(", 1 AS one"))
    assert shop.made() == ["plain", "top"]
    assert shop.rows("SELECT id FROM plain LIMIT 1") == shop.rows("SELECT id FROM top") == [(3,)]


PYTHON_HEAD = """
import polars as pl

from assetflow import asset


@asset
def one(ranked: pl.LazyFrame) -> pl.LazyFrame:
    return ranked.head(1)
"""


@pytest.mark.parametrize(
    ("select", "wanted"),
    [(["by_city"], "+by_city"), (["by_city+"], "+(by_city+)"), (["by_city", "people"], "+by_city +people")],
)
def test_what_is_stale_above_the_selection_is_told_even_when_nothing_is_made(
    shop: Shop, select: list[str], wanted: str
) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "> 5", "> 6")
    printed = shop.cli("materialize", *(word for name in select for word in ("-s", name)))
    assert printed.code == 0
    assert "sales is stale but not selected" in printed.err
    assert f"--select '{wanted}'" in printed.err
    assert "sales" in shop.made(wanted)


def status(shop: Shop, name: str) -> str:
    listed = shop.cli("ls", "--json").json["assets"]
    return next(each["status"] for each in listed if each["name"] == name)


def test_the_status_of_a_file_that_is_read_in_place(shop: Shop) -> None:
    shop.sql("rows", "SELECT sum(amount) AS n FROM 'data/orders.csv'")
    assert status(shop, "data/orders.csv") == "new"
    shop.made()
    assert status(shop, "data/orders.csv") == "fresh"
    shop.replace("data/orders.csv", "cy,,5", "cy,,7")
    assert status(shop, "data/orders.csv") == "stale"


def test_explain_tells_what_failed(shop: Shop) -> None:
    shop.sql("people", "SELECT nope FROM sales")
    shop.run()
    explained = shop.cli("explain", "people")
    assert "It failed when it was tried last:" in explained.out
    assert "nope" in shop.cli("explain", "people", "--json").json["failure"]
    shop.sql("people", "SELECT id FROM sales")
    shop.run()
    assert shop.cli("explain", "people", "--json").json["failure"] is None


def test_who_takes_a_bad_edit_back_is_not_told_that_it_failed(shop: Shop) -> None:
    shop.made()
    good = shop.read("assets/by_city.sql")
    shop.sql("by_city", "SELECT city, error('bad') AS total FROM sales")
    assert shop.run() == {"by_city": "failed"}
    assert status_of(shop, "by_city") == "failed"
    shop.write("assets/by_city.sql", good)
    assert status_of(shop, "by_city") == "fresh"
    assert "failed" not in shop.cli("explain", "by_city").out


def status_of(shop: Shop, name: str) -> str:
    (found,) = [each["status"] for each in shop.cli("ls", "--json").json["assets"] if each["name"] == name]
    return str(found)


def test_a_reason_names_the_first_of_many_columns(empty_shop: Shop) -> None:
    columns = ", ".join(f"{n} AS c{n}" for n in range(60))
    empty_shop.sql("wide", f"SELECT {columns}")
    empty_shop.sql("reader", "SELECT * FROM wide")
    empty_shop.made()
    empty_shop.sql("wide", f"SELECT {columns.replace('0 AS c0', '1 AS c0', 1)}")
    (reason,) = empty_shop.materialize().assets[1].reasons
    assert reason.detail.startswith("what it reads of wide changed (c0, c1, c10,")
    assert reason.detail.endswith(", c11 and 56 more)")
    assert len(reason.columns) == 60


def test_a_plan_shows_itself_in_short(shop: Shop) -> None:
    shop.made()
    shop.replace("assets/sales.sql", "> 5", "> 15")
    assert repr(shop.plan("sales", "big")) == "Plan(steps: sales build, big maybe; fresh: none)"
    assert repr(shop.plan("by_city")) == "Plan(steps: none; fresh: by_city)"
