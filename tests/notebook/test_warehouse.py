"""`assetflow.open()`: one pinned set of tables, plans and runs, and displays that can be read and are harmless."""

from __future__ import annotations

import gc
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

import assetflow
from assetflow.errors import UsageError
from assetflow.notebook.warehouse import Warehouse
from tests.conftest import Shop


@pytest.fixture
def wh(shop: Shop) -> Warehouse:
    shop.made()
    return assetflow.open(str(shop.root))


def test_what_there_is(wh: Warehouse) -> None:
    assert wh.names == ("big", "by_city", "orders", "people", "sales")
    assert list(wh) == wh._ipython_key_completions_() == list(wh.names)
    assert len(wh) == 5
    assert "sales" in wh
    assert "sale" not in wh
    with pytest.raises(UsageError, match="Did you mean sales"):
        wh["sale"]


def test_one_table_in_every_frame(wh: Warehouse) -> None:
    sales = wh["sales"]
    ids = [1, 2, 3]
    assert sales.pl()["id"].to_list() == ids
    assert sales.lazy().select("id").collect()["id"].to_list() == ids
    assert sales.arrow()["id"].to_pylist() == ids
    assert sales.df()["id"].tolist() == ids
    assert sales.rel().project("id").fetchall() == [(1,), (2,), (3,)]
    assert wh.sql("SELECT id FROM sales").fetchall() == [(1,), (2,), (3,)]
    assert sales.columns == {"id": "BIGINT", "customer": "VARCHAR", "city": "VARCHAR", "amount": "BIGINT"}
    assert sales.rows == 3


def test_a_source_and_a_view_are_tables_too(shop: Shop) -> None:
    wh = assetflow.open(str(shop.root))
    assert wh.names == ("orders",)
    assert (wh["orders"].rows, wh["orders"].published_at) == (4, None)
    shop.sql("seen", "/* @asset\nmaterialized = 'view'\n*/\nSELECT id FROM sales")
    shop.made()
    seen = wh.refresh()["seen"]
    assert (seen.rows, seen.pl().height, seen.lazy().collect().height) == (3, 3, 3)


def test_it_shows_one_set_of_snapshots_until_it_is_refreshed(shop: Shop, wh: Warehouse) -> None:
    before = wh["sales"]
    shop.sql("sales", "SELECT id, customer, city, amount FROM orders WHERE amount > 15")
    shop.made()
    assert before.rows == wh["sales"].rows == wh.sql("FROM sales").aggregate("count(*)").fetchall()[0][0] == 3
    assert wh.sql("SELECT sum(total) FROM by_city").fetchall() == [(60,)]
    wh.refresh()
    assert wh["sales"].pl()["id"].to_list() == [2, 3]
    assert wh.sql("SELECT sum(total) FROM by_city").fetchall() == [(50,)]
    assert before.pl()["id"].to_list() == [1, 2, 3]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell which files are open")
def test_it_keeps_no_file_of_the_warehouse_open_but_its_lease(shop: Shop) -> None:
    shop.made()
    gc.collect()  # what the test itself opened
    assert opened_below(shop.root) == []
    wh = assetflow.open(str(shop.root))
    assert opened_below(shop.root) == []
    wh["sales"].pl(), wh["sales"].history(), wh.sql("FROM big").fetchall(), repr(wh), repr(wh["by_city"])
    assert opened_below(shop.root) == []
    wh.plan(), wh.materialize("sales", full_refresh=True, quiet=True), wh.refresh()
    assert opened_below(shop.root) == []


def opened_below(root: Path) -> list[str]:
    """The files below a folder that this process holds open, but for leases, which only sweeping looks at."""
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    opened = [os.readlink(link) for link in links if os.path.lexists(link)]
    return [path for path in opened if path.startswith(f"{root}/") and "/leases/" not in path]


def test_plan_and_materialize(shop: Shop, wh: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert not wh.plan()
    assert repr(wh.plan()) == "Nothing is stale: 4 fresh."
    shop.replace("assets/sales.sql", "> 5", "> 15")
    plan = wh.plan("sales+", exclude="big")
    assert [(step.asset, step.action) for step in plan.steps] == [("sales", "build"), ("by_city", "maybe")]
    assert re.search(r"(?m)^sales +build +assets/sales.sql changed$", repr(plan))
    run = wh.materialize("sales+", exclude=["big"])
    assert run.ok
    assert [(each.asset, each.outcome) for each in run.assets] == [
        ("sales", "materialized"),
        ("by_city", "materialized"),
    ]
    printed = capsys.readouterr().out.splitlines()
    assert [line.rpartition(",")[0] for line in printed] == ["1/2 sales: made, 2 rows", "2/2 by_city: made, 2 rows"]
    wh.materialize("big", quiet=True)
    assert capsys.readouterr().out == ""
    assert wh.materialize().status == "nothing_to_do"


def test_plans_and_runs_become_frames(shop: Shop, wh: Warehouse) -> None:
    shop.replace("assets/sales.sql", "> 5", "> 15")
    planned = pl.DataFrame(wh.plan("sales+").to_dicts())
    assert planned.select("asset", "action").rows() == [("sales", "build"), ("big", "maybe"), ("by_city", "maybe")]
    made = pl.DataFrame(wh.materialize("sales+", exclude="big", quiet=True).to_dicts())
    assert made.select("asset", "outcome", "rows").rows() == [
        ("sales", "materialized", 2), ("by_city", "materialized", 2),
    ]  # fmt: skip


def test_a_table_in_partitions_is_one_line_and_its_partitions_have_names(
    shop: Shop, wh: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.sql("by_city", '/* @asset\npartition = "city"\n*/\nSELECT city, sum(amount) AS total FROM sales GROUP BY city')
    run = wh.materialize("by_city")
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("1/1 by_city: made, 2 rows")
    assert " succeeded: 1 asset in " in repr(run)
    assert [each.partition for each in run.assets] == ["Oslo", "Rome"]
    assert re.search(r"(?m)^by_city Rome +materialized", repr(run))


def test_an_edited_function_is_run_as_it_is_now(shop: Shop, wh: Warehouse) -> None:
    shop.replace("assets/big.py", "least: int = 20", "least: int = 30")
    assert wh.materialize(quiet=True).ok
    assert wh.refresh()["big"].pl()["id"].to_list() == [3]
    shop.replace("assets/big.py", "least: int = 30", "least: int = 20")
    assert [each.outcome for each in wh.materialize(quiet=True).assets] == ["restored"]


def test_a_run_that_fails_is_told_and_not_raised(shop: Shop, wh: Warehouse) -> None:
    shop.replace("assets/sales.sql", "amount FROM", "amount, error('<b>boom') AS e FROM")
    run = wh.materialize(quiet=True)
    assert not run.ok
    assert {each.asset: each.outcome for each in run.assets} == {
        "sales": "failed",
        "big": "blocked",
        "by_city": "blocked",
    }
    assert "boom" in str(run.errors["sales"])
    assert "<b>boom" in repr(run)
    assert "&lt;b&gt;boom" in run._repr_html_()
    assert wh.refresh()["sales"].rows == 3


def test_an_environment_of_its_own(shop: Shop, wh: Warehouse) -> None:
    dev = assetflow.open(str(shop.root), env="dev")
    assert dev.names == ("orders",)
    assert dev.materialize(quiet=True).ok
    assert dev.refresh()["sales"].rows == 3
    assert wh["sales"].published_at != dev["sales"].published_at


def test_the_folder_may_change(
    shop: Shop, wh: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(shop.root)
    here = assetflow.open()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert here["sales"].rows == here.refresh()["sales"].rows == wh["sales"].rows
    assert not here.plan()


def test_how_things_look_in_a_terminal(wh: Warehouse) -> None:
    assert re.search(r"(?m)^sales +sql +3  20\d\d-", repr(wh))
    assert re.search(r"(?m)^orders +source +4  ", repr(wh))
    assert repr(wh["sales"].preview(1)).splitlines() == ["id  customer  city  amount", " 1  ann       Rome      10"]
    assert repr(wh["sales"]).startswith("sales: 3 rows · 4 columns · published 20")
    lineage = wh["sales"].lineage()
    assert (lineage.upstreams, lineage.downstreams) == (("orders",), ("big", "by_city"))
    assert repr(lineage).splitlines()[0] == "sales"
    history = wh["sales"].history()
    assert [version.is_current for version in history] == [True]
    assert history[0].run_id in repr(history)


class Tags(HTMLParser):
    """Which elements a display has, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attributes} <= {"style"}
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_displays_are_html_that_says_what_the_data_says(shop: Shop) -> None:
    shop.sql(
        "nasty", "/* @asset\ndescription = '<script>alert(1)</script>'\n*/\nSELECT '<img src=x>' AS \"a<b>\", NULL AS n"
    )
    wh = assetflow.open(str(shop.root))
    plan = wh.plan()
    run = wh.materialize(quiet=True)
    table = wh.refresh()["nasty"]
    for shown in (wh, table, table.preview(), table.history(), table.lineage(), plan, run):
        text = shown._repr_html_()
        assert Tags(text).seen <= {
            "div",
            "strong",
            "p",
            "pre",
            "br",
            "span",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }
    assert "&lt;script&gt;alert(1)" in table._repr_html_()
    assert '<td style="text-align:left">&lt;img src=x&gt;</td>' in table._repr_html_()
    assert "a&lt;b&gt;" in table._repr_html_()


def test_what_the_columns_hold(wh: Warehouse) -> None:
    profile = wh["sales"].profile()
    assert profile.rows == 3
    assert [column.name for column in profile.columns] == ["id", "customer", "city", "amount"]
    amount = profile.columns[3]
    assert (amount.type, amount.null, amount.distinct, amount.min, amount.mean, amount.max) == (
        "BIGINT", 0.0, 3, "10", "20.0", "30",
    )  # fmt: skip
    assert wh["orders"].profile().columns[2].null == 0.25
    assert repr(profile).splitlines()[1].split() == ["column", "type", "null", "distinct", "min", "mean", "max"]
    assert "<td" in profile._repr_html_()


def test_a_profile_counts_different_values_of_a_small_table_and_says_where_it_estimates(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sql("numbers", "SELECT range AS n, range % 7 AS week_day, [range % 3] AS lists FROM range(2000)")
    shop.made()
    table = assetflow.open(str(shop.root))["numbers"]
    assert [column.distinct for column in table.profile().columns] == [2000, 7, 3]
    assert "~" not in repr(table.profile())
    monkeypatch.setattr("assetflow.notebook.profile.COUNTED", 1000)
    estimated = table.profile()
    assert all(column.distinct <= 2000 for column in estimated.columns)
    assert repr(estimated).count("~") == 3


def test_what_a_table_without_rows_holds(shop: Shop) -> None:
    shop.replace("assets/sales.sql", "amount > 5", "amount > 500")
    shop.made("sales")
    profile = assetflow.open(str(shop.root))["sales"].profile()
    assert profile.rows == 0
    assert profile.columns[0].min is None


def test_how_versions_differ(shop: Shop) -> None:
    shop.made()
    shop.replace("data/orders.csv", "3,ann,Rome,30", "3,ann,Rome,31\n5,dan,Bari,50")
    shop.made()
    wh = assetflow.open(str(shop.root))
    diff = wh["sales"].diff()
    assert not diff.same
    assert (diff.to_dict()["rows_before"], diff.to_dict()["rows_after"]) == (3, 4)
    assert "amount 30 -> 31" in repr(diff)
    assert "+ id 5, customer dan, city Bari, amount 50" in repr(diff)
    assert "<pre" in diff._repr_html_()
    shop.write("data/orders.csv", "id,customer,city,amount\n1,ann,Rome,10\n")
    shop.made()
    assert wh["sales"].diff().to_dict() == diff.to_dict()  # what it shows is what is compared, whatever came since
    assert wh["sales"].diff("-1", "current").to_dict()["rows_after"] == 1
    assert wh.refresh()["sales"].diff("-2").to_dict()["rows_before"] == 3


def test_a_version_before_the_first(wh: Warehouse) -> None:
    with pytest.raises(UsageError, match="people has no version '-1'"):
        wh["people"].diff()
    assert wh["people"].diff("current").same


def test_a_frame_that_cannot_hold_a_column(shop: Shop) -> None:
    shop.sql("wide", "SELECT 170141183460469231731687303715884105727::HUGEINT AS x")
    shop.made("wide")
    wide = assetflow.open(str(shop.root))["wide"]
    with pytest.raises(UsageError, match="wide cannot be handed over like this"):
        wide.df()
    assert wide.pl()["x"][0] == 2**127 - 1


def test_a_draft_is_an_asset_as_its_files_say_now(shop: Shop, wh: Warehouse) -> None:
    shop.replace("assets/sales.sql", "amount FROM", "amount * 2 AS amount -- @max(50)\nFROM")
    draft = wh.draft("sales")
    assert draft.pl()["amount"].to_list() == draft.arrow()["amount"].to_pylist() == [20, 40, 60]
    assert draft.df()["id"].tolist() == [1, 2, 3]
    assert (draft.rows, list(draft.columns), wh["sales"].pl()["amount"].to_list()) == (
        3,
        wh["sales"].pl().columns,
        [10, 20, 30],
    )
    assert repr(draft).splitlines()[:2] == [
        "sales: 3 rows · 4 columns · as its files say now, not published",
        "max(amount): 1 failing row",
    ]
    assert "not published" in draft._repr_html_()
    assert wh.draft("sales", rows=2).rows == 2
    frame = draft.pl()
    del draft
    gc.collect()
    assert not list((shop.root / "warehouse" / "staging").iterdir())
    assert frame["amount"].sum() == 120
    with pytest.raises(UsageError, match="somebody else makes it"):
        wh.draft("orders")
