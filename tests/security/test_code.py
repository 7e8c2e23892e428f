"""What our own code may not do, read from its syntax: pickle, delete at will, let DuckDB download."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent / "assetflow"
MODULES = sorted(ROOT.rglob("*.py"))

PICKLES = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "copyreg", "dbm"}
UNSAFE = {"yaml", "jinja2", "xmlrpc", "telnetlib"}

DELETES = {"unlink", "remove", "rmdir", "rmtree", "removedirs"}
MAY_DELETE = {
    "warehouse/disk/removal.py": "the one place; it refuses what does not lie below the warehouse",
    "warehouse/sweep/below.py": "gc's own, step by step from the root and through no link",
    "warehouse/sweep/leases.py": "the files of readers, by names that only readers give",
    "cli/query.py": "the unfinished file beside the --output that the user named",
    "engines/polars_sink.py": "the file that it has just written and Polars left truncated",
}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_nothing_is_pickled_into_the_warehouse(path: Path) -> None:
    """Objects travel pickled only between processes of one run, by the standard library's executor itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names & (PICKLES | UNSAFE) == set()
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert asked & {"to_pickle", "read_pickle", "set_pickle"} == set()


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_what_deletes_lies_in_one_place(path: Path) -> None:
    found = [
        f"line {call.lineno}: {ast.unparse(call.func)}"
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in DELETES
        and ast.unparse(call.func.value) in {"os", "shutil"}
    ]
    assert short(path) in MAY_DELETE or found == []


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_duckdb_downloads_no_extension(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for call in calls(path):
        if ast.unparse(call.func) == "duckdb.connect":
            assert "WITHOUT_DOWNLOADS" in text, f"line {call.lineno} opens DuckDB with its defaults"


def test_these_tests_look_at_something() -> None:
    assert any(ast.unparse(call.func) == "duckdb.connect" for path in MODULES for call in calls(path))
    assert all((ROOT / name).exists() for name in MAY_DELETE)
