"""Doing nothing costs nothing: where nothing is stale, no engine, no parser and no file of the user is imported."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import ForwardRef

import pytest

from tests.conftest import Shop

HEAVY = (
    "_duckdb", "duckdb", "polars", "pyarrow", "pandas", "numpy", "sqlglot", "rich", "tomllib", "tempfile",
    "importlib.metadata", "asyncio", "concurrent", "multiprocessing", "logging",
)  # fmt: skip
PURELY_OURS = ("assetflow.engines", "assetflow.executors", "assetflow.formats", "assetflow.running.python.imports")
OF_OTHER_NIGHTS = ("concurrent", "logging", "assetflow.lineage.sql.tokens")
"""What is for more than one worker, and for a query that no rule knows."""


@pytest.fixture
def settled_shop(shop: Shop) -> Shop:
    """Everything is made, from SQL, Python, a helper module, checks and files read in place; nothing is stale."""
    shop.write("assets/helper.py", "import polars\nRATE = 2\n")
    shop.replace("assets/big.py", "import polars as pl\n", "import polars as pl\n\nfrom helper import RATE\n")
    shop.sql("in_place", "SELECT id, -- @not_null\n city FROM 'data/orders.csv'")
    shop.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nFROM sales')
    shop.made()
    assert shop.cli("plan", "--check").code == 0
    return shop


@pytest.mark.parametrize(
    "command",
    [
        "materialize",
        "materialize --quiet --json",
        "materialize --dry-run",
        "materialize --select by_city",
        "plan",
        "plan --check",
        "plan --json",
        "ls",
        "ls --json",
        "runs",
        "history",
    ],
)
def test_nothing_heavy_is_imported_where_nothing_is_stale(settled_shop: Shop, command: str) -> None:
    imported = imported_by(settled_shop, command)
    assert "assetflow.project.loading.loader" in imported or command in {"runs", "history"}, "the command did its work"
    assert sorted(name for name in imported if is_any_of(name, (*HEAVY, *PURELY_OURS))) == []
    assert sorted(name for name in imported if name.rpartition(".")[2] in {"big", "helper"}) == []


@pytest.mark.parametrize(
    "line", ["plan -s sa", "plan -s tag:x", "plan -s column:c", "lineage sales.a", "show sales@", "runs 2"]
)
def test_tab_imports_nothing_heavy(settled_shop: Shop, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_ASSETFLOW_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"assetflow {line}")
    monkeypatch.setenv("COMP_CWORD", "0")
    imported = imported_by(settled_shop, "")
    assert "assetflow.project.project" in imported, "it looked at the project"
    assert sorted(name for name in imported if is_any_of(name, HEAVY)) == []


def test_the_test_would_see_them(settled_shop: Shop) -> None:
    settled_shop.replace("assets/helper.py", "RATE = 2", "RATE = 3")
    imported = imported_by(settled_shop, "plan")
    assert {"polars", "helper"} <= imported


def test_a_run_of_sql_alone_does_not_load_what_imports_python(settled_shop: Shop) -> None:
    settled_shop.sql("in_place", "SELECT id FROM 'data/orders.csv'")
    imported = imported_by(settled_shop, "materialize --select in_place")
    assert "assetflow.running.run" in imported, "it ran"
    assert not imported & {"assetflow.running.python.imports", "assetflow.lineage.python.modules", "polars"}


def test_sql_is_refreshed_with_what_that_takes_and_no_more(settled_shop: Shop) -> None:
    settled_shop.sql("cities", "SELECT city, count(*) AS n FROM orders GROUP BY city")
    settled_shop.made()
    assert settled_shop.cli("plan", "--check").code == 0, "it is read"
    settled_shop.write("data/orders.csv", settled_shop.read("data/orders.csv") + "6,dan,Paris,10\n")
    imported = imported_by(settled_shop, "materialize --select cities -j 1")
    assert "assetflow.running.refreshes.refreshing" in imported, "it was refreshed"
    assert sorted(name for name in imported if is_any_of(name, ("duckdb",))) == []
    assert sorted(name for name in imported if is_any_of(name, OF_OTHER_NIGHTS)) == []


def test_help_imports_nothing_but_click(settled_shop: Shop) -> None:
    imported = imported_by(settled_shop, "--help")
    ours = {name for name in imported if is_any_of(name, ("assetflow",))}
    assert ours <= {"assetflow", "assetflow.asset", "assetflow.check", "assetflow.cli", "assetflow.cli.main", "assetflow.errors",
                    "assetflow.scrub", "assetflow.source", "assetflow.structs", "assetflow.version",
                    "assetflow.__main__"}  # fmt: skip
    assert sorted(name for name in imported if is_any_of(name, HEAVY)) == []


def test_types_that_python_has_itself_are_not_imported_from_elsewhere() -> None:
    """And whoever wants them gets them."""
    pytest.importorskip("typing_extensions", reason="nothing that is installed here brings typing_extensions")
    code = (
        "import sys, assetflow; seen = 'typing_extensions' in sys.modules; import typing_extensions; "
        "print(seen, typing_extensions.get_type_hints(assetflow.AssetflowError))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"


def test_named_tuples_are_of_types_and_not_of_text_that_is_compiled(settled_shop: Shop) -> None:
    modules = [
        import_module(name)
        for name in imported_by(settled_shop, "materialize")
        if is_any_of(name, ("assetflow",)) and name != "assetflow.__main__"
    ]
    tuples = {
        one for module in modules for one in vars(module).values() if isinstance(one, type) and hasattr(one, "_fields")
    }
    assert len(tuples) > 10
    of_text = [one for one in tuples if any(isinstance(kind, ForwardRef) for kind in one.__annotations__.values())]
    assert of_text == [], "`from __future__ import annotations` makes defining one ten times as dear"


def test_importing_assetflow_imports_no_engine(settled_shop: Shop) -> None:
    code = "import sys, assetflow; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if is_any_of(name, HEAVY)] == []


def imported_by(shop: Shop, command: str) -> set[str]:
    """The modules that a command imports, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "assetflow", *command.split()],
        cwd=shop.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def is_any_of(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
