"""`--json` of every command, as scripts read it (the shapes of the contract)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assetflow.cli.main import COMMANDS, run
from tests.conftest import Shop

RESULT = {
    "asset", "partition", "outcome", "mode", "mode_reason", "reasons", "rows", "seconds", "snapshot", "error",
}  # fmt: skip
REASON = {"kind", "upstream", "columns", "detail"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """orders.csv -> sales (with a check that warns) -> by_city, published by one run."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\nowner = "ops"\n')
    shop.write("data/orders.csv", "id,city,amount\n1,Rome,10\n2,Oslo,20\n3,,5\n")
    shop.write(
        "assets/crm/sales.sql",
        '/* @asset\ntags = ["nightly"]\nchecks = [{ not_null = "city", severity = "warn" }]\n*/\nSELECT * FROM orders',
    )
    shop.sql("by_city", "SELECT city, sum(amount)::BIGINT AS total FROM sales GROUP BY city")
    shop.made()
    return shop


@pytest.fixture
def ask(made: Shop, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command with --json; stdout holds one document and nothing else."""

    def ask(*arguments: str, code: int = 0) -> Any:
        assert run(["-C", str(made.root), *arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return ask


def test_every_reading_command_has_json() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    for name in COMMANDS.keys() - {"init", "completion"}:
        assert f'ask("{name}"' in here, name


def test_ls(ask: Any) -> None:
    document = ask("ls")
    assert document["schema"] == "assetflow.ls/1"
    sales = next(each for each in document["assets"] if each["name"] == "sales")
    assert sales.pop("materialized_at").endswith("Z")
    contract = {
        "name": "sales", "kind": "sql", "group": "crm", "tags": ["nightly"], "owner": "",
        "path": "assets/crm/sales.sql", "upstreams": ["orders"], "status": "fresh", "rows": 3,
    }  # fmt: skip
    assert sales.items() >= contract.items()
    orders = next(each for each in document["assets"] if each["name"] == "orders")
    assert (orders["kind"], orders["owner"], orders["upstreams"], orders["rows"]) == ("source", "ops", [], 3)


def test_plan(ask: Any) -> None:
    assert ask("plan") == {
        "schema": "assetflow.plan/1", "steps": [], "fresh": ["by_city", "sales"], "unaffected": [], "proofs": [],
        "stale_upstreams": [], "withdrawn": [], "held": [], "inputs": [], "unread": [],
    }  # fmt: skip
    [sales, by_city] = ask("plan", "--full-refresh", "--check", code=3)["steps"]
    assert sales.pop("seconds") == sales.pop("seconds_in_full") > 0
    assert [sales.pop(f"rows_{name}") for name in ("changed", "there", "held")] == [None, 3, 3]
    assert sales == {
        "asset": "sales", "partition": None, "action": "build", "mode": "full", "mode_reason": None,
        "reasons": [{"kind": "forced", "upstream": None, "columns": [], "detail": "--full-refresh was given"}],
        "columns": None, "by_what_is_published": False,
    }  # fmt: skip
    assert by_city["asset"] == "by_city"


def test_materialize(ask: Any) -> None:
    nothing: dict[str, Any] = {"run_id": None, "status": "nothing_to_do", "seconds": 0.0, "assets": [], "withdrawn": []}
    assert ask("materialize") == {"schema": "assetflow.materialize/1", **nothing}
    document = ask("materialize", "--full-refresh", "-s", "by_city")
    assert document.keys() == {"schema", "run_id", "status", "seconds", "assets", "withdrawn"}
    assert document["status"] == "succeeded"
    [result] = document["assets"]
    assert result.keys() == RESULT
    assert (result["asset"], result["outcome"], result["mode"], result["rows"]) == (
        "by_city",
        "materialized",
        "full",
        3,
    )
    assert (result["partition"], result["error"]) == (None, None)
    assert all(reason.keys() == REASON for reason in result["reasons"])


def test_explain(ask: Any) -> None:
    document = ask("explain", "by_city")
    assert (document["schema"], document["asset"], document["status"]) == ("assetflow.explain/1", "by_city", "fresh")
    assert document["reasons"] == []


def test_lineage(ask: Any) -> None:
    document = ask("lineage")
    assert document["schema"] == "assetflow.lineage/1"
    assert sorted(document["edges"]) == [["orders", "sales"], ["sales", "by_city"]]
    assert sorted(document["nodes"]) == ["by_city", "orders", "sales"]
    assert document.keys() >= {"columns", "read_sets", "opaque"}


def test_show(ask: Any) -> None:
    document = ask("show", "sales", "--limit", "2")
    assert (document["schema"], document["truncated"], len(document["rows"])) == ("assetflow.show/1", True, 2)
    assert document["columns"][0] == {"name": "id", "type": "BIGINT"}


def test_query(ask: Any) -> None:
    assert ask("query", "SELECT city, total FROM by_city WHERE total > 10") == {
        "schema": "assetflow.query/1",
        "columns": [{"name": "city", "type": "VARCHAR"}, {"name": "total", "type": "BIGINT"}],
        "rows": [["Oslo", 20]],
        "truncated": False,
    }


def test_history(ask: Any) -> None:
    versions = ask("history", "sales")["versions"]
    assert versions[0].keys() == {
        "asset", "partition", "snapshot", "run_id", "published_at", "current", "rows", "bytes", "code_version",
        "why",
    }  # fmt: skip
    assert [(each["asset"], each["current"], each["rows"]) for each in versions] == [("sales", True, 3)]


def test_diff(ask: Any) -> None:
    document = ask("diff", "sales", "current", "current")
    assert (document["schema"], document["asset"], document["same"]) == ("assetflow.diff/1", "sales", True)


def test_check(ask: Any) -> None:
    document = ask("check")
    assert (document["schema"], document["ok"]) == ("assetflow.check/1", True)
    [found] = document["checks"]
    assert (found["asset"], found["severity"], found["ok"], found["failures"]) == ("sales", "warn", False, 1)


def test_verify(ask: Any) -> None:
    document = ask("verify", "--skips", "1")
    assert document.keys() == {"schema", "ok", "files", "bytes", "problems", "skips_checked", "skips_wrong"}
    assert (document["ok"], document["problems"], document["skips_checked"], document["skips_wrong"]) == (
        True, [], 1, 0,
    )  # fmt: skip


def test_doctor(ask: Any) -> None:
    document = ask("doctor")
    assert document.keys() == {"schema", "ok", "findings", "rebuilt"}
    assert (document["schema"], document["ok"], document["rebuilt"]) == ("assetflow.doctor/1", True, None)


def test_gc(ask: Any) -> None:
    document = ask("gc", "--dry-run")
    assert (document["schema"], document["removed"]) == ("assetflow.gc/1", {"files": 0, "bytes": 0})


def test_env(ask: Any) -> None:
    [prod] = ask("env", "list")["environments"]
    assert (prod["name"], prod["tables"], prod["default"]) == ("prod", 3, True)


def test_rollback(ask: Any) -> None:
    document = ask("rollback", "by_city", "current", "--only")
    assert (document["schema"], document["moved"], document["stale"]) == ("assetflow.rollback/1", [], [])
    assert ask("rollback", "by_city", "--release")["released"]


def test_runs(ask: Any) -> None:
    runs = ask("runs")["runs"]
    assert runs[-1].keys() >= {"run_id", "env", "status", "started_at", "finished_at", "selection", "assets"}
    assert (runs[-1]["env"], runs[-1]["status"]) == ("prod", "succeeded")
    one = ask("runs", runs[-1]["run_id"])
    assert one["schema"] == "assetflow.runs/1"
    assert one["runs"] == [runs[-1]], "the same document, whether one run is asked for or many"
    assert [each["asset"] for each in one["assets"]] == ["sales", "by_city"]
    assert all(each.keys() == RESULT for each in one["assets"])


def test_a_failed_asset_in_json(shop: Shop) -> None:
    shop.sql("sales", "SELECT error('no') AS id, 'Rome' AS city, 1 AS amount")
    printed = shop.cli("materialize", "-s", "sales+", "--json")
    assert printed.code == 1
    assert printed.json["status"] == "failed"
    outcomes = {each["asset"]: each for each in printed.json["assets"]}
    assert {name: each["outcome"] for name, each in outcomes.items()} == {
        "sales": "failed", "by_city": "blocked", "big": "blocked",
    }  # fmt: skip
    assert outcomes["sales"]["error"].startswith("assets/sales.sql:1: ")
    assert outcomes["sales"]["snapshot"] is None
