"""`assetflow query`: SQL over what is published, in every format, and what it says of SQL that is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Ask
from tests.conftest import ORDERS, Shop

QUERY = "SELECT id, city FROM sales ORDER BY id"


@pytest.fixture
def made(tmp_path: Path, built: Path) -> Shop:
    """A project of its own with everything made."""
    shop = Shop(tmp_path)
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return shop


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse to copy: making it once is quicker."""
    shop = Shop(tmp_path_factory.mktemp("built"))
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    shop.write("data/orders.csv", ORDERS)
    shop.sql("sales", "SELECT id, customer, city, amount FROM orders WHERE amount > 5")
    shop.sql("by_city", "SELECT city, sum(amount) AS total FROM sales GROUP BY city")
    shop.sql("people", "SELECT 1 AS id, 'ann' AS name")
    shop.made()
    return shop.root


def test_a_table_csv_and_json_on_stdout(made: Shop) -> None:
    assert made.cli("query", QUERY).out == "id  city\n 1  Rome\n 2  Oslo\n 3  Rome\n"
    assert made.cli("query", QUERY, "--format", "csv").out == "id,city\n1,Rome\n2,Oslo\n3,Rome\n"
    assert made.cli("query", QUERY, "-f", "json", "--limit", "1").json == [{"id": 1, "city": "Rome"}]


def test_the_document(made: Shop, ask: Ask) -> None:
    assert ask(made, "query", QUERY, "--json", "--limit", "1").json == {
        "schema": "assetflow.query/1",
        "columns": [{"name": "id", "type": "BIGINT"}, {"name": "city", "type": "VARCHAR"}],
        "rows": [[1, "Rome"]],
        "truncated": True,
    }


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.json"])
def test_a_file_in_the_format_of_its_name(made: Shop, name: str, ask: Ask) -> None:
    made.write(name, "what was here before")
    printed = ask(made, "query", QUERY, "--output", name)
    assert (printed.code, printed.out, printed.err) == (0, "", "")
    assert duckdb.connect().execute(f"FROM '{made.root / name}'").fetchall() == [(1, "Rome"), (2, "Oslo"), (3, "Rome")]


def test_a_query_that_fails_leaves_the_file_as_it_was(made: Shop, ask: Ask) -> None:
    made.write("out.csv", "before")
    printed = ask(made, "query", "SELECT error('boom') FROM sales", "-o", "out.csv")
    assert printed.code == 2
    assert "boom" in printed.err
    assert made.read("out.csv") == "before"
    assert sorted(os.listdir(made.root)) == ["assetflow.toml", "assets", "data", "out.csv", "warehouse"]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("FROM by_city ORDER BY city", [["Oslo", 20], ["Rome", 40]]),
        ("WITH sales AS (SELECT 7 AS n) FROM sales", [[7]]),
        (
            "PIVOT sales ON city USING sum(amount) GROUP BY customer ORDER BY customer",
            [["ann", None, 40], ["bob", 20, None]],
        ),
        ("SELECT column_name FROM (DESCRIBE people)", [["id"], ["name"]]),
        ("SELECT count(*) FROM (SUMMARIZE sales)", [[4]]),
        ("SHOW TABLES", [["by_city"], ["orders"], ["people"], ["sales"]]),
        ("SELECT count(*) FROM 'data/orders.csv'", [[4]]),
        ('SELECT "ID" FROM "Sales" LIMIT 1;  -- a comment', [[1]]),
        ("VALUES (1)", [[1]]),
    ],
)
def test_any_query_that_returns_rows(made: Shop, sql: str, rows: list[list[object]], ask: Ask) -> None:
    assert ask(made, "query", sql, "--json").json["rows"] == rows


def test_explain_is_printed_as_it_is(made: Shop, ask: Ask) -> None:
    assert len(ask(made, "query", "EXPLAIN FROM sales").out.splitlines()) > 3


def test_a_source_that_no_run_has_read(shop: Shop, ask: Ask) -> None:
    assert ask(shop, "query", "SELECT count(*) FROM orders", "--json").json["rows"] == [[4]]


def test_sql_from_standard_input(made: Shop) -> None:
    command = [sys.executable, "-m", "assetflow", "query", "-", "--json"]
    done = subprocess.run(command, cwd=made.root, input="SELECT\n1 AS a\n", capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows"] == [[1]]


def test_a_reader_that_leaves_early(made: Shop) -> None:
    command = [sys.executable, "-m", "assetflow", "query", "FROM range(100000000)", "--format", "csv"]
    with subprocess.Popen(command, cwd=made.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"range\n"
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.wait()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT amont FROM sales", ['"amont" not found', "  SELECT amont FROM sales\n         ^^^^^", '"amount"']),
        (
            "SELECT id\nFROM salse",
            ["line 2: there is no asset or source named salse", "  FROM salse\n       ^^^^^", "Did you mean sales?"],
        ),
        ("SELEC 1", ['syntax error at or near "SELEC"', "  SELEC 1\n  ^^^^^"]),
        ("SELECT city::INT FROM sales", ["Could not convert string 'Rome' to INT32"]),
        ("", ["nothing where one query is expected"]),
        ("SELECT 1; SELECT 2", ["2 statements where one query is expected"]),
        ("DROP TABLE sales", ["DROP is not a query", "only read"]),
        ("COPY sales TO 'out.csv'", ["COPY is not a query"]),
        ("SELECT $1", ["were not provided"]),
    ],
)
def test_sql_that_is_wrong(made: Shop, sql: str, said: list[str], ask: Ask) -> None:
    printed = ask(made, "query", sql)
    assert (printed.code, printed.out) == (2, "")
    assert [each for each in said if each not in printed.err] == []
    assert "Traceback" not in printed.err


def test_an_asset_that_was_not_made(shop: Shop, ask: Ask) -> None:
    printed = ask(shop, "query", "FROM sales")
    assert printed.code == 2
    assert "sales has not been made yet in prod" in printed.err


def test_a_source_without_files_matters_only_when_it_is_read(made: Shop, ask: Ask) -> None:
    made.write(
        "assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n[sources.gone]\nfiles = "data/gone.csv"\n'
    )
    assert ask(made, "query", "SELECT 'gone' AS word", "--json").json["rows"] == [["gone"]]
    printed = ask(made, "query", "FROM gone")
    assert printed.code == 2
    assert "data/gone.csv" in printed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "parquet"], "parquet needs a file"),
        (["--output", "no/such/folder.csv"], "cannot be written: No such file or directory"),
        (["--output", "data", "--format", "csv"], "data is a folder"),
        (["--json", "--output", "x.json"], "--json prints a document on stdout"),
    ],
)
def test_outputs_that_cannot_be(made: Shop, arguments: list[str], said: str, ask: Ask) -> None:
    printed = ask(made, "query", QUERY, *arguments)
    assert printed.code == 2
    assert said in printed.err


def test_a_device_is_written_to_and_not_replaced(made: Shop) -> None:
    printed = made.cli("query", QUERY, "-f", "csv", "-o", "/dev/stdout")
    assert printed.out.startswith("id,city\n1,Rome\n")
    assert not Path("/dev/stdout").is_file() or Path("/dev/stdout").is_symlink()
