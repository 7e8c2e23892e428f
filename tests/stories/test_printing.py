"""What users' code prints goes to stderr, and each stream holds one kind of thing: scripts read both."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Shop

CHATTY = """
import polars as pl

from assetflow import asset, check

print("said while imported")


@asset
def chatty(sales: pl.DataFrame) -> pl.DataFrame:
    print("said while made")
    return sales


@check(chatty, severity="warn")
def quiet(chatty: pl.DataFrame) -> pl.DataFrame:
    print("said while checked")
    return chatty.head(1)
"""


@pytest.fixture
def chatty(shop: Shop) -> Shop:
    shop.remove("assets/big.py")
    shop.python("chatty", CHATTY)
    return shop


@pytest.mark.parametrize("executor", ["inline", "threads", "processes"])
def test_a_run_with_json(chatty: Shop, executor: str) -> None:
    printed = chatty.cli("materialize", "--json", "--executor", executor, "-j", "2")
    assert printed.json["status"] == "succeeded"
    for said in ("imported", "made", "checked"):
        assert f"said while {said}" in printed.err


def test_worker_processes_end_without_a_word(shop: Shop) -> None:
    assert shop.cli("materialize", "--quiet", "--executor", "processes", "-j", "2").err == ""


@pytest.mark.parametrize("command", ["plan", "ls", "lineage", "check"])
def test_other_commands_with_json(chatty: Shop, command: str) -> None:
    chatty.made("sales")
    chatty.write("assets/chatty.py", CHATTY + "# read anew\n")
    printed = chatty.cli(command, "--json")
    assert printed.json["schema"] == f"assetflow.{command}/1"
    assert "said while imported" in printed.err


def test_checks_with_json(chatty: Shop) -> None:
    chatty.made()
    printed = chatty.cli("check", "--json")
    assert [each["check"] for each in printed.json["checks"]] == ["quiet"]
    assert "said while checked" in printed.err


def test_the_log_is_lines_of_json_whatever_happens(shop: Shop) -> None:
    shop.replace("assets/big.py", "pl.col", "pl.cool")
    shop.sql("people", "/* @asset\nchecks = [{ row_count = { min = 5 }, severity = 'warn' }]\n*/\nSELECT 1 AS id")
    printed = shop.cli("materialize", "--log-format", "json")
    assert printed.code == 1
    lines = [json.loads(line) for line in printed.err.splitlines()]
    assert {line["event"] for line in lines} == {"started", "finished", "failed", "published", "warning"}
    (failed,) = (line for line in lines if line["event"] == "failed")
    assert 'File "assets/big.py", line 8, in big' in failed["error"]


PAST_PYTHON = """
import os
import subprocess
import polars as pl
from assetflow import asset, check


@asset(volatile="ignore")
def loud(sales: pl.DataFrame) -> pl.DataFrame:
    os.write(1, b"said past Python\\n")
    subprocess.run(["echo", "said by a program"])
    return sales


@check(loud, severity="warn")
def louder(loud: pl.DataFrame) -> pl.DataFrame:
    os.write(1, b"said by a check\\n")
    return loud.head(1)
"""


@pytest.mark.parametrize("executor", ["inline", "threads", "processes"])
def test_what_programs_print_is_no_data(shop: Shop, executor: str) -> None:
    shop.python("loud", PAST_PYTHON)
    printed = shop.cli("materialize", "--json", "--executor", executor, "-j", "2")
    assert printed.json["status"] == "succeeded"
    assert "said past Python" in printed.err
    assert "said by a program" in printed.err
    assert shop.cli("check", "loud", "--json").json["ok"]
    assert shop.cli("show", "loud", "--draft", "--json").json["schema"] == "assetflow.show/1"


LEFT_OPEN = """
import sys
import polars as pl
from assetflow import asset


@asset
def bar(sales: pl.DataFrame) -> pl.DataFrame:
    print("\\r80 %", end="", file=sys.stderr)
    return sales
"""


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_what_we_say_begins_a_line_whatever_was_left_open(shop: Shop, executor: str) -> None:
    shop.python("bar", LEFT_OPEN)
    printed = shop.cli("materialize", "--log-format", "json", "--executor", executor, "-j", "1")
    lines = [line for line in printed.err.splitlines() if line and line != "80 %"]
    assert {json.loads(line)["event"] for line in lines} == {"started", "finished", "published"}
    told = shop.cli("materialize", "--full-refresh", "--select", "bar", "--executor", executor).err.splitlines()
    assert any(line.startswith("1/1 bar ") for line in told)


def test_quiet_tells_an_error_once(shop: Shop) -> None:
    shop.sql("people", "SELECT nope FROM sales")
    assert shop.cli("materialize", "--quiet").err.count("nope") == 2  # in the message, and in the line of SQL
