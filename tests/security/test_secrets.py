"""A secret is a name: its value is nowhere in what a run leaves, prints or reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assetflow import Secret
from assetflow.errors import AssetError, ProjectError, UsageError
from assetflow.secret import references
from tests.conftest import Printed, Shop

CANARY = "canary-7e'1f%04 ü;"
FETCHED = """
import polars as pl

from assetflow import Context, Secret, asset


@asset
def fetched(context: Context, token: Secret = Secret("ASSETFLOW_SECRET_TOKEN"), given: Secret | None = None) -> pl.DataFrame:
    assert repr(context.config["token"]) == "Secret('ASSETFLOW_SECRET_TOKEN')"
    return pl.DataFrame({"length": [len(token.reveal()) + len(given.reveal())]})


@asset
def refused(token: Secret = Secret("ASSETFLOW_SECRET_TOKEN")) -> pl.DataFrame:
    raise RuntimeError(f"401 for https://example.com/?token={token.reveal()}")


@asset
def pasted(token: Secret = Secret("ASSETFLOW_SECRET_TOKEN")) -> pl.DataFrame:
    return pl.DataFrame({"url": [f"https://example.com/?token={token}"]})
"""
TOML = """
[sources.orders]
files = "data/orders.csv"
options = { delim = { env = "ASSETFLOW_SECRET_DELIM" } }

[sources.broken]
files = "data/orders.csv"
options = { dateformat = { env = "ASSETFLOW_SECRET_TOKEN" }, delim = { env = "ASSETFLOW_SECRET_TOKEN" } }

[assets.fetched]
given = { env = "ASSETFLOW_SECRET_TOKEN" }
"""
VARIABLES = {"ASSETFLOW_SECRET_TOKEN": CANARY, "ASSETFLOW_SECRET_DELIM": ";"}


@pytest.fixture
def secretive(empty_shop: Shop) -> Shop:
    empty_shop.write("assetflow.toml", TOML)
    empty_shop.write("data/orders.csv", "id;amount\n1;2\n3;4\n")
    empty_shop.sql("sales", "SELECT id, amount FROM orders")
    empty_shop.sql("nothing", "SELECT * FROM broken")
    empty_shop.python("fetched", FETCHED)
    return empty_shop


def written(canary: str) -> list[bytes]:
    """The ways in which text may come to stand in a file."""
    forms = {canary, repr(canary)[1:-1], json.dumps(canary)[1:-1], canary.replace("'", "''"), "canary-7e", "7e'1f"}
    return [form.encode() for form in forms] + [canary.encode("utf-16-le")]


def refuse_canary(what: bytes, where: str) -> None:
    assert [form for form in written(CANARY) if form in what] == [], where


def test_a_secret_is_in_nothing_that_is_kept_or_printed(secretive: Shop, tmp_path_factory) -> None:
    temporary = tmp_path_factory.mktemp("reports")
    variables = {**VARIABLES, "TMPDIR": str(temporary)}
    commands = [
        "plan", "plan --json", "materialize --log-format json --json", "materialize --executor processes -j 2", "ls --json",
        "explain fetched", "explain fetched --json", "explain refused", "explain sales", "lineage --json", "lineage --format openlineage",
        "show fetched", "show orders --json", "show broken", "runs", "runs --json", "history --json", "check", "check --json",
        "materialize --dry-run --full-refresh",
    ]  # fmt: skip
    printed = {command: secretive.cli(*command.split(), env=variables) for command in commands}
    [latest] = [run["run_id"] for run in secretive.cli("runs", "--json", env=variables).json["runs"][-1:]]
    printed["runs RUN"] = secretive.cli("runs", latest, env=variables)
    for command, said in printed.items():
        refuse_canary((said.out + said.err).encode(), command)
        assert "Traceback (most recent" not in said.err
    outcomes = {each["asset"]: each for each in printed["materialize --log-format json --json"].json["assets"]}
    assert {name: each["outcome"] for name, each in outcomes.items()} == {
        "fetched": "materialized", "nothing": "failed", "pasted": "failed", "refused": "failed", "sales": "materialized",
    }  # fmt: skip
    assert "https://example.com/?token=***" in outcomes["refused"]["error"]
    assert "Secret('ASSETFLOW_SECRET_TOKEN') is no text" in outcomes["pasted"]["error"]
    assert secretive.rows("SELECT length FROM fetched") == [(2 * len(CANARY),)]
    assert secretive.rows("SELECT id FROM sales ORDER BY id") == [(1,), (3,)]
    searched = [path for folder in (secretive.root, temporary) for path in folder.rglob("*") if path.is_file()]
    assert {"ledger.db", "prod.duckdb"} <= {path.name for path in searched}
    for path in searched:
        refuse_canary(path.read_bytes(), str(path))


def test_the_search_would_find_it(secretive: Shop) -> None:
    secretive.python(
        "leak", f"from assetflow import asset\n\n\n@asset\ndef leak():\n    raise ValueError({CANARY!r} + '!')\n"
    )
    printed = secretive.cli("materialize", "-s", "leak")  # without the variable nobody knows that it is one
    with pytest.raises(AssertionError):
        refuse_canary(printed.err.encode(), "here")


def test_another_value_makes_nothing_stale(secretive: Shop) -> None:
    run(secretive, "fetched sales")
    other = {**VARIABLES, "ASSETFLOW_SECRET_TOKEN": "another value"}
    assert secretive.cli("plan", "-s", "fetched sales", "--check", env=other).code == 0


def test_a_variable_that_is_not_set_is_named(secretive: Shop) -> None:
    printed = secretive.cli("materialize", "-s", "fetched sales", env={"ASSETFLOW_SECRET_DELIM": ";"})
    assert printed.code == 1
    assert "ASSETFLOW_SECRET_TOKEN" in printed.err and "is not set" in printed.err


def test_a_plain_parameter_takes_no_secret(shop: Shop) -> None:
    shop.write("assetflow.toml", shop.read("assetflow.toml") + '\n[assets.big]\nleast = { env = "X" }\n')
    printed = shop.cli("plan")
    assert printed.code == 2
    assert "least of big has the default 20, so it takes no secret" in printed.err
    assert "assetflow.toml:5" in printed.err


def test_a_secret_parameter_takes_no_plain_text(secretive: Shop) -> None:
    secretive.replace("assetflow.toml", "[assets.fetched]", '[assets.refused]\ntoken = "sesame"\n\n[assets.fetched]')
    printed = secretive.cli("plan", env=VARIABLES)
    assert printed.code == 2
    assert 'written as a reference, as in token = { env = "NAME" }' in printed.err
    assert "sesame" not in printed.err


def test_a_secret_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETFLOW_SECRET_X", "sesame")
    secret = Secret("ASSETFLOW_SECRET_X")
    assert (repr(secret), secret.reveal()) == ("Secret('ASSETFLOW_SECRET_X')", "sesame")
    for use in (str, format, "{}".format, lambda it: f"{it}", "{}".format):
        with pytest.raises(TypeError, match="no text"):
            use(secret)
    assert "sesame" not in json.dumps(secret, default=repr)
    with pytest.raises(ProjectError, match="cannot be the name"):
        Secret("a'; SELECT 1")


@pytest.mark.parametrize("said", ["open sesame!", "open%20sesame%21", "'open sesame!'"])
def test_errors_never_say_a_secret(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("ASSETFLOW_SECRET_Y", "open sesame!")
    assert list(references([{"a": {"env": "ASSETFLOW_SECRET_Y"}}]))
    error = AssetError(f"no: {said}", hint=said, details=said)
    assert "sesame" not in str(error) + repr(error) + str(error.args)
    assert "sesame" not in str(UsageError("x", hint=said))


def run(shop: Shop, selection: str) -> Printed:
    printed = shop.cli("materialize", "-s", selection, env=VARIABLES)
    assert printed.code == 0, printed.err
    return printed


def test_a_fault_of_our_own_is_reported_without_it(tmp_path: Path) -> None:
    code = """
import os, sys, tempfile
from assetflow import Secret
from assetflow.cli.main import show_fault
Secret("ASSETFLOW_SECRET_Y")
try:
    raise KeyError(os.environ["ASSETFLOW_SECRET_Y"])
except KeyError as error:
    show_fault(error)
"""
    environment = {**os.environ, "ASSETFLOW_SECRET_Y": "open sesame!", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    [report] = tmp_path.iterdir()
    assert "sesame" not in done.stderr + report.read_text()
    assert "KeyError" in report.read_text()
