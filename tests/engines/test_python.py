"""Calling a user's function: what it may raise, and what of it the user reads."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from assetflow.engines import Where
from assetflow.engines.python import call
from assetflow.errors import AssetError, DefinitionError

Load = Callable[[str], Callable[..., object]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes `assets/sales.py` into a project and gives its function `sales`."""

    def load(code: str) -> Callable[..., object]:
        path = tmp_path / "assets" / "sales.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(code).lstrip())
        spec = importlib.util.spec_from_file_location("sales", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        function: Callable[..., object] = module.sales
        return function

    return load


def failure(function: Callable[..., object], where: Where, **arguments: object) -> AssetError:
    with pytest.raises(AssetError) as caught:
        call(function, arguments, where=where)
    return caught.value


def test_it_returns_what_the_function_returns(load: Load, where: Where) -> None:
    assert call(load("def sales(a, b=2): return a + b"), {"a": 1}, where=where) == 3


def test_an_error_stands_at_the_innermost_line_of_the_project(load: Load, where: Where) -> None:
    function = load(
        """
        import json

        def parse(text):
            return json.loads(text)

        def sales(text):
            return parse(text)
        """
    )
    error = failure(function, where, text="{")
    assert error.where == "assets/sales.py:4"
    assert error.message.startswith("JSONDecodeError: Expecting property name")
    assert error.details is not None
    assert error.details.splitlines()[:-1] == [
        "Traceback (your code only):",
        '  File "assets/sales.py", line 7, in sales',
        "    return parse(text)",
        '  File "assets/sales.py", line 4, in parse',
        "    return json.loads(text)",
    ]


def test_frames_of_libraries_in_the_project_folder_are_left_out(load: Load, where: Where, tmp_path: Path) -> None:
    library = tmp_path / ".venv" / "lib" / "site-packages" / "library.py"
    library.parent.mkdir(parents=True)
    library.write_text("def fail():\n    raise ValueError('deep')\n")
    function = load(
        f"""
        namespace = {{}}
        with open({str(library)!r}) as file:
            exec(compile(file.read(), {str(library)!r}, "exec"), namespace)
        def sales():
            return namespace["fail"]()
        """
    )
    error = failure(function, where)
    assert (error.where, error.message) == ("assets/sales.py:5", "ValueError: deep")
    assert "library.py" not in (error.details or "")


def test_wrong_arguments_stand_at_the_asset(load: Load, where: Where) -> None:
    error = failure(load("def sales(households): ..."), where, customers=1)
    assert error.where == "assets/sales.sql:4"
    assert error.message.startswith("TypeError: sales() got an unexpected keyword argument")


def test_the_cause_and_the_notes_are_told(load: Load, where: Where) -> None:
    function = load(
        """
        def sales():
            try:
                {}["week"]
            except KeyError as error:
                wrong = ValueError("no such week")
                wrong.add_note("weeks start in 2024")
                raise wrong from error
        """
    )
    details = failure(function, where).details
    assert details is not None
    assert details.splitlines()[-3:] == [
        "ValueError: no such week",
        "weeks start in 2024",
        "caused by KeyError: 'week' (assets/sales.py:3)",
    ]


def test_leaving_the_process_is_a_failure_of_the_asset(load: Load, where: Where) -> None:
    assert failure(load("import sys\ndef sales(): sys.exit(3)"), where).message == "SystemExit: 3"


def test_ctrl_c_passes(load: Load, where: Where) -> None:
    with pytest.raises(KeyboardInterrupt):
        call(load("def sales(): raise KeyboardInterrupt"), {}, where=where)


def test_our_own_errors_pass_as_they_are(where: Where) -> None:
    def raise_ours() -> None:
        raise DefinitionError("as it is")

    with pytest.raises(DefinitionError, match="^as it is$"):
        call(raise_ours, {}, where=where)


def test_a_missing_package_says_what_to_install(load: Load, where: Where) -> None:
    error = failure(load("def sales():\n    import no_such_package"), where)
    assert error.hint == "Install no_such_package in the environment that runs assetflow."


def test_duckdb_sql_over_a_relation_says_what_to_use_instead(load: Load, where: Where) -> None:
    import duckdb

    function = load("import duckdb\ndef sales(weekly):\n    return duckdb.sql('SELECT * FROM weekly').fetchall()")
    with duckdb.connect() as other:
        error = failure(function, where, weekly=other.sql("SELECT 1 AS week"))
    assert error.where == "assets/sales.py:3"
    assert error.hint is not None
    assert 'return Query("SELECT ...")' in error.hint


def test_polars_explains_itself_in_the_details_only(load: Load, where: Where) -> None:
    function = load("import polars as pl\ndef sales():\n    return pl.LazyFrame({'a': [1]}).select('b').collect()")
    error = failure(function, where)
    assert error.where == "assets/sales.py:3"
    assert error.message == 'ColumnNotFoundError: unable to find column "b"; valid columns: ["a"]'
    assert "Resolved plan" in (error.details or "")
