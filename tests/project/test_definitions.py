"""What a person is told whose definitions, settings or data are wrong: whole screens, one file each in bad_input/."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import assetflow
from assetflow.errors import DefinitionError
from tests.conftest import ORDERS, Shop
from tests.project.screen import play

SCREENS = sorted((Path(__file__).parent / "bad_input").glob("*.txt"))


@pytest.mark.parametrize("path", SCREENS, ids=[path.stem for path in SCREENS])
def test_bad_input(
    path: Path, empty_shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty_shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    empty_shop.write("data/orders.csv", ORDERS)
    monkeypatch.chdir(empty_shop.root)
    expected = path.read_text(encoding="utf-8")
    assert play(expected, empty_shop.root, capsys) == expected


def test_a_file_that_is_no_text(empty_shop: Shop) -> None:
    file = empty_shop.sql("broken", "SELECT 1 AS x,\n'caf\u00e9' AS y")
    file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(DefinitionError) as raised:
        _ = empty_shop.project().definitions
    assert str(raised.value) == "assets/broken.sql:2: is not valid UTF-8\nSave the file as UTF-8."


def test_a_check_is_given_the_function_of_an_asset_of_another_name(empty_shop: Shop) -> None:
    empty_shop.python(
        "loyalty",
        """
        from assetflow import Query, asset, check


        @asset(name="regulars")
        def loyalty():
            return Query("SELECT 1 AS id")


        @check(loyalty)
        def no_ones(regulars):
            return regulars.filter("id = 1")
        """,
    )
    assert empty_shop.run() == {"regulars": "failed"}


def test_assets_declared_in_a_loop(empty_shop: Shop) -> None:
    """They stand on one line and have one code: only their names tell them apart."""
    empty_shop.python(
        "regions",
        """
        import polars as pl

        from assetflow import asset

        for place in ("north", "south"):

            @asset(name=f"sales_{place}")
            def sales(region: str = place) -> pl.DataFrame:
                return pl.DataFrame({"region": [region]})
        """,
    )
    assert empty_shop.made() == ["sales_north", "sales_south"]
    assert empty_shop.rows("SELECT region FROM sales_north") == [("north",)]
    assert empty_shop.rows("SELECT region FROM sales_south") == [("south",)]
    assert empty_shop.plan().steps == ()


def test_assets_declared_by_a_function_of_a_module(empty_shop: Shop) -> None:
    empty_shop.write(
        "factory.py",
        """
        import polars as pl

        from assetflow import asset


        def declare(place: str):
            @asset(name=f"sales_{place}")
            def sales(region: str = place) -> pl.DataFrame:
                return pl.DataFrame({"region": [region]})
        """,
    )
    empty_shop.python("north", 'from factory import declare\n\ndeclare("north")\n')
    empty_shop.python("south", 'from factory import declare\n\ndeclare("south")\n')
    assert empty_shop.made() == ["sales_north", "sales_south"]
    assert empty_shop.rows("FROM sales_north") == [("north",)]
    assert empty_shop.rows("FROM sales_south") == [("south",)]


@pytest.mark.parametrize("imported", ["from rates import RATE", "from .rates import RATE", "from . import RATE"])
def test_asset_files_that_import_each_other(empty_shop: Shop, imported: str) -> None:
    """Each declares its own assets, whoever was imported first and by which name."""
    empty_shop.write("assets/__init__.py", "from .rates import RATE\n")
    table = "import polars as pl\nfrom assetflow import asset\n\n@asset\ndef {}():\n    return pl.DataFrame({{'x': [RATE]}})\n"
    empty_shop.python("a", f"{imported}\n{table.format('prices')}")
    empty_shop.python("rates", f"RATE = 2\n{table.format('rates')}")
    assert empty_shop.made() == ["prices", "rates"]
    empty_shop.replace("assets/rates.py", "RATE = 2", "RATE = 3")
    assert empty_shop.made() == ["prices", "rates"]
    assert empty_shop.rows("FROM prices") == [(3,)]


def test_a_project_that_holds_assetflow_itself(empty_shop: Shop) -> None:
    """A clone is one: its package must not be taken for a module of the project, and be loaded a second time."""
    shutil.copytree(Path(assetflow.__file__).parent, empty_shop.root / "assetflow")
    empty_shop.python("one", "from assetflow import asset\n\n\n@asset\ndef one() -> object: ...\n")
    listed = empty_shop.cli("ls", "--json")
    assert [each["name"] for each in listed.json["assets"]] == ["one"]


def test_an_asset_file_that_ends_the_process(empty_shop: Shop) -> None:
    empty_shop.python("leaves", "import sys\n\nsys.exit(3)\n")
    with pytest.raises(DefinitionError) as raised:
        _ = empty_shop.project().definitions
    assert str(raised.value) == "assets/leaves.py:3: cannot be imported: SystemExit: 3\nsys.exit(3)"


def test_a_parameter_of_a_name_that_others_have_is_found_in_its_own_table(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", "[assets.one]\nleast = 3\n\n[assets.two]\nleast = 'much'\n")
    for name in ("one", "two"):
        empty_shop.python(name, f"from assetflow import asset\n\n\n@asset\ndef {name}(least: int = 3) -> object: ...\n")
    with pytest.raises(DefinitionError) as raised:
        _ = empty_shop.project().definitions
    assert str(raised.value).startswith("assetflow.toml:5: least of two must be")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[assets.one]\nleast = "much"', "least of one must be a whole number as its default 3 is, not 'much'"),
        ("[assets.one]\nleast = true", "least of one must be a whole number as its default 3 is, not True"),
        ("[assets.two]\nleast = 4", "[tool.assetflow.assets.two] sets parameters, and two is SQL, which has none"),
    ],
)
def test_a_parameter_of_another_kind(empty_shop: Shop, settings: str, message: str) -> None:
    empty_shop.write("assetflow.toml", settings)
    empty_shop.python("one", "from assetflow import asset\n\n\n@asset\ndef one(least: int = 3) -> object: ...\n")
    empty_shop.sql("two", "SELECT 2 AS two")
    with pytest.raises(DefinitionError) as raised:
        _ = empty_shop.project().definitions
    assert raised.value.message == message


def test_a_whole_number_where_the_default_has_a_point(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", "[assets.one]\nleast = 3")
    empty_shop.python("one", "from assetflow import asset\n\n\n@asset\ndef one(least: float = 1.5) -> object: ...\n")
    assert empty_shop.project().definitions.assets["one"].config == {"least": 3.0}
