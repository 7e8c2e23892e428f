"""A command ends without tidying up its memory, unless people's own code may have left something to the end."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from tests.conftest import Shop

REGISTERS = """
import atexit
atexit.register(lambda: open("said", "w").write("at exit"))
"""
THREADS = """
import threading
def later():
    threading.main_thread().join()
    open("said", "w").write("later")
threading.Thread(target=later).start()
"""
ASSET = """
from assetflow import asset

@asset
def one():
    return Query("SELECT 1 AS n")
"""


@pytest.mark.parametrize(("module", "said"), [(REGISTERS, "at exit"), (THREADS, "later")])
def test_what_a_module_does_at_the_end_is_done(empty_shop: Shop, module: str, said: str) -> None:
    empty_shop.write("assets/one.py", f"from assetflow import Query\n{module}{ASSET}")
    command = [sys.executable, "-m", "assetflow", "materialize"]
    done = subprocess.run(command, cwd=empty_shop.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 made" in done.stderr
    assert empty_shop.read("said") == said


def test_the_ledger_is_closed(empty_shop: Shop) -> None:
    """So that a copy of `ledger.db` alone has everything."""
    empty_shop.sql("one", "SELECT 1 AS n")
    subprocess.run([sys.executable, "-m", "assetflow", "materialize", "-q"], cwd=empty_shop.root, check=True)
    assert [path.name for path in (empty_shop.root / "warehouse").glob("ledger.db*")] == ["ledger.db"]


def test_a_failure_keeps_its_exit_code(empty_shop: Shop) -> None:
    empty_shop.sql("one", "SELECT 1 / 'x' AS n")
    done = subprocess.run(
        [sys.executable, "-m", "assetflow", "materialize"], cwd=empty_shop.root, capture_output=True, check=False
    )
    assert done.returncode == 1


def test_a_run_of_functions_ends_without_complaints_of_libraries(empty_shop: Shop) -> None:
    empty_shop.write(
        "assets/two.py",
        "import polars as pl\nfrom assetflow import asset\n\n@asset\ndef two(one: pl.DataFrame) -> pl.DataFrame:\n    return one\n",
    )
    empty_shop.sql("one", "SELECT 1 AS n")
    command = [sys.executable, "-m", "assetflow", "materialize", "-q"]
    done = subprocess.run(command, cwd=empty_shop.root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    ["plan", "explain two", "lineage two", "ls", "show two", "query 'FROM two'", "check", "plan --json"],
)
def test_a_command_that_imports_functions_ends_without_complaints_of_libraries(empty_shop: Shop, command: str) -> None:
    """A source that was never looked at has DuckDB opened, a file of functions that was edited is imported."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.one]\nfiles = "*.csv"\n')
    shop.write("one.csv", "n\n1\n")
    two = "import polars as pl\nfrom assetflow import asset\n\n@asset\ndef two(one: pl.DataFrame) -> pl.DataFrame:\n    return one\n"
    shop.python("two", two)
    assert shop.made() == ["two"]
    shop.write("one.csv", "n,m\n1,2\n")
    shop.python("two", f"{two}\n\nEDITED = True\n")
    done = shop.cli(*shlex.split(command))
    assert done.code == 0, done.err
    assert "leaked" not in done.err
