"""What every source type offers, for each file of the wing."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import duckdb
import pytest

import assetflow.sources
from assetflow.errors import SourceError
from assetflow.source import Location
from assetflow.sources import location_from_dict

TYPES = [module.name for module in pkgutil.iter_modules(assetflow.sources.__path__)]
ENGINES = ("duckdb", "polars", "pyarrow", "pandas", "sqlglot")


def examples(name: str, root: Path) -> list[Location]:
    """Declarations of each type that find something below `root`, and use all of their words."""
    from assetflow.sources.files import files

    (root / "a.csv").write_text("id;name\n1;a\n")
    return {
        "files": [
            files("a.csv", columns={"id": "DOUBLE"}, options={"delim": ";", "nullstr": ["NA", ""]}, format="csv"),
            files(["*.csv", "a.csv"]),
        ]
    }[name]


@pytest.mark.parametrize("name", TYPES)
def test_it_offers_what_a_location_offers(name: str, tmp_path: Path) -> None:
    for location in examples(name, tmp_path):
        assert isinstance(location, Location)
        found = location.stat_files(str(tmp_path))
        assert found == location.stat_files(str(tmp_path))
        rows = duckdb.connect().execute(location.scan(tuple(file.path for file in found))).fetchall()
        assert rows == [(1, "a")]


@pytest.mark.parametrize("name", TYPES)
def test_a_declaration_survives_json(name: str, tmp_path: Path) -> None:
    for location in examples(name, tmp_path):
        values = json.loads(json.dumps(location.to_dict()))
        assert values["type"] == name
        assert location_from_dict(values) == location


@pytest.mark.parametrize("name", TYPES)
def test_it_is_a_frozen_value_with_a_function_of_its_name(name: str, tmp_path: Path) -> None:
    module = import_module(f"assetflow.sources.{name}")
    (location, *_) = examples(name, tmp_path)
    assert type(location) is getattr(module, name.capitalize())
    assert callable(getattr(module, name))
    field = location.__struct_fields__[0]  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        setattr(location, field, None)


@pytest.mark.parametrize("name", TYPES)
def test_nothing_there_is_a_source_error_with_a_next_step(name: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for location in examples(name, tmp_path):
        with pytest.raises(SourceError) as raised:
            location.stat_files(str(tmp_path / "elsewhere"))
        assert raised.value.hint


@pytest.mark.parametrize("name", TYPES)
def test_looking_for_files_imports_no_engine(name: str, tmp_path: Path) -> None:
    values = [location.to_dict() for location in examples(name, tmp_path)]
    code = (
        "import sys; from assetflow.sources import location_from_dict; "
        f"[location_from_dict(values).stat_files({str(tmp_path)!r}) for values in {values!r}]; "
        f"print([name for name in {ENGINES!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
