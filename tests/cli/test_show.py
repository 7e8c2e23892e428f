"""`assetflow show`: rows for people, and for scripts."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop

WIDE = "SELECT i AS id, i % 2 = 0 AS even, CASE WHEN i > 0 THEN i * 1.5 END AS half, repeat('word ', 20) AS remark, {more} FROM range(30) t(i)"


def test_rows_for_people(shop: Shop) -> None:
    shop.made()
    printed = shop.cli("show", "sales", "--limit", "2")
    assert printed.out.splitlines() == [
        "id  customer  city  amount",
        " 1  ann       Rome      10",
        " 2  bob       Oslo      20",
    ]
    assert re.fullmatch(r"2 of 3 rows · published .*\n", printed.err)


def test_the_footer_counts_what_there_is(shop: Shop, ask: Ask) -> None:
    shop.sql("others", "/* @asset\nmaterialized = 'view'\n*/\nSELECT * FROM sales WHERE id <> 2")
    shop.made()
    assert ask(shop, "show", "sales").err.startswith("3 rows · published")
    assert ask(shop, "show", "people").err.startswith("1 row · published")
    assert ask(shop, "show", "others").err.startswith("2 rows · published")
    assert ask(shop, "show", "others", "--limit", "1").err.startswith("the first 1 row · published")


def test_a_source_is_shown_also_when_no_run_has_read_it(shop: Shop, ask: Ask) -> None:
    printed = ask(shop, "show", "orders", "--limit", "1")
    assert printed.out.splitlines()[1].split() == ["1", "ann", "Rome", "10"]
    assert printed.err == "the first 1 row · source\n"


def test_json_for_scripts(shop: Shop, ask: Ask) -> None:
    shop.sql(
        "types",
        "SELECT 12::HUGEINT AS n, 1.50::DECIMAL(4, 2) AS d, NULL AS nothing, TIMESTAMPTZ '2026-11-20 02:00:00+00' AS t",
    )
    shop.made()
    assert ask(shop, "show", "types", "--json").json == {
        "schema": "assetflow.show/1",
        "columns": [
            {"name": "n", "type": "HUGEINT"},
            {"name": "d", "type": "DECIMAL(4,2)"},
            {"name": "nothing", "type": "INTEGER"},
            {"name": "t", "type": "TIMESTAMP WITH TIME ZONE"},
        ],
        "rows": [[12, 1.5, None, "2026-11-20T02:00:00+00"]],
        "truncated": False,
    }
    cut = ask(shop, "show", "sales", "--json", "--limit", "1").json
    assert (len(cut["rows"]), cut["truncated"]) == (1, True)


def test_what_data_says_to_the_terminal_is_not_obeyed(shop: Shop, ask: Ask) -> None:
    shop.sql("nasty", "SELECT 'a' || chr(27) || '[31m' || chr(10) || chr(8238) AS \"na\tme\"")
    shop.made()
    assert ask(shop, "show", "nasty").out == "na\N{REPLACEMENT CHARACTER}me\na�[31m⏎�\n"


def test_names_that_are_not_there(shop: Shop, ask: Ask) -> None:
    unknown = ask(shop, "show", "sale")
    assert (unknown.code, unknown.out) == (2, "")
    assert "there is no asset or source named sale" in unknown.err
    assert "Did you mean sales?" in unknown.err
    unmade = ask(shop, "show", "sales")
    assert unmade.code == 2
    assert "sales has not been made yet in prod" in unmade.err
    assert "assetflow materialize --select +sales" in unmade.err


@pytest.mark.parametrize(
    "command", [["show", "sales"], ["query", "FROM sales"], ["diff", "sales"], ["rollback", "sales", "-1"]]
)
def test_an_environment_that_is_not_there(shop: Shop, command: list[str], ask: Ask) -> None:
    shop.made("+sales")
    misspelt = ask(shop, *command, "--env", "prode")
    assert misspelt.code == 2
    assert "there is no environment prode" in misspelt.err
    assert "Did you mean prod?" in misspelt.err
    shop.made("people", env="dev")
    assert "assetflow materialize --select +sales --env dev" in ask(shop, *command, "--env", "dev").err


def test_a_terminal_gets_what_fits_it(shop: Shop) -> None:
    shop.sql("wide", WIDE.format(more=", ".join(f"i AS column_{n}" for n in range(9))))
    shop.made()
    lines = on_a_terminal(shop, "show", "wide", "--limit", "1", columns=60)
    assert max(map(len, map(without_style, lines))) <= 60
    assert "more columns: " in without_style(lines[-1])
    assert "\x1b[2mNULL\x1b[0m" in lines[1]
    piped = shop.cli("show", "wide", "--limit", "1").out
    assert "word " * 20 in piped
    assert "\x1b" not in piped


def on_a_terminal(shop: Shop, *arguments: str, columns: int) -> list[str]:
    """The lines that the command prints where stdout is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "assetflow", *arguments]
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    done = subprocess.Popen(command, cwd=shop.root, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    read = b""
    while block := read_block(ours):
        read += block
    assert done.wait() == 0
    os.close(ours)
    return read.decode().splitlines()


def read_block(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side has closed
        return b""


def without_style(line: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", line)


def test_a_source_that_is_damaged(shop: Shop, ask: Ask) -> None:
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\ncolumns = { customer = "INTEGER" }\n')
    printed = ask(shop, "show", "orders")
    assert printed.code == 2
    assert "data/orders.csv:2: source orders: " in printed.err
    assert "ann" in printed.err


def test_a_file_of_the_warehouse_that_is_damaged(shop: Shop, ask: Ask) -> None:
    shop.made("people")
    (file,) = (shop.root / "warehouse").rglob("*.parquet")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:4] + b"x" * 100 + file.read_bytes()[104:])
    printed = ask(shop, "show", "people")
    assert (printed.code, printed.out) == (1, "")
    assert "people cannot be read" in printed.err
    assert "`assetflow verify --deep` says what is lost or damaged, and how it is made again." in printed.err
