"""Functions as assets: how upstreams arrive, what may be returned, what counts as an edit."""

from __future__ import annotations

import os
import sys

import pytest

from assetflow.running.python.beside import find_beside
from tests.conftest import Shop

HEAD = """\
from typing import Annotated

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from assetflow import Context, Query, asset, upstream

"""

ANNOTATIONS = {
    "": 'numbers.filter("n > 1")',
    "duckdb.DuckDBPyRelation": 'numbers.filter("n > 1")',
    "pl.DataFrame": 'numbers.filter(pl.col("n") > 1)',
    "pl.LazyFrame": 'numbers.filter(pl.col("n") > 1)',
    "pa.Table": "numbers.filter(pa.compute.field('n') > 1)",
    "pa.RecordBatchReader": "pa.Table.from_batches([b.filter(pa.compute.field('n') > 1) for b in numbers])",
    "pd.DataFrame": "numbers[numbers.n > 1]",
    'Annotated[pl.DataFrame, upstream("numbers", columns=["n"])]': 'numbers.filter(pl.col("n") > 1)',
}


@pytest.fixture
def numbers(empty_shop: Shop) -> Shop:
    empty_shop.sql("numbers", "SELECT unnest([1, 2, 3]) AS n")
    return empty_shop


def test_an_upstream_arrives_as_the_annotation_says(numbers: Shop) -> None:
    text = HEAD + "import pyarrow.compute\n"
    for number, (annotation, body) in enumerate(ANNOTATIONS.items()):
        hint = f": {annotation}" if annotation else ""
        text += f"\n@asset\ndef f{number}(numbers{hint}):\n    return {body}\n"
    numbers.write("assets/functions.py", text)
    numbers.made()
    for number, annotation in enumerate(ANNOTATIONS):
        assert numbers.rows(f"SELECT n FROM f{number} ORDER BY n") == [(2,), (3,)], annotation


def test_upstream_renames_and_narrows(numbers: Shop) -> None:
    numbers.sql("wide", "SELECT 1 AS a, 2 AS b, 3 AS c")
    numbers.write(
        "assets/narrow.py",
        HEAD
        + '@asset\ndef narrow(w: Annotated[pl.DataFrame, upstream("wide", columns=["c", "a"])]):\n'
        + '    return pl.DataFrame({"columns": w.columns})\n',
    )
    assert numbers.made() == ["narrow", "numbers", "wide"]
    assert sorted(numbers.rows("FROM narrow")) == [("a",), ("c",)]


def test_the_tables_of_a_returned_query_are_upstreams_too(numbers: Shop) -> None:
    numbers.write(
        "assets/asked.py",
        HEAD + '@asset\ndef asked(least: int = 2):\n    return Query(f"SELECT n FROM numbers WHERE n >= {least}")\n',
    )
    assert numbers.made() == ["asked", "numbers"]
    assert numbers.rows("FROM asked ORDER BY n") == [(2,), (3,)]
    numbers.sql("numbers", "SELECT unnest([5, 6]) AS n")
    assert numbers.made() == ["asked", "numbers"]
    assert numbers.rows("FROM asked ORDER BY n") == [(5,), (6,)]


def test_a_parameter_with_a_default_is_a_setting_and_keeps_its_type(numbers: Shop) -> None:
    numbers.write(
        "assets/dated.py",
        "from datetime import date\n"
        + HEAD
        + "@asset\ndef dated(day: date = date(2020, 1, 1), rate: float = 1.5, names: tuple = ('a',)):\n"
        + '    return pl.DataFrame({"day": [day], "rate": [rate], "names": [",".join(names)]})\n',
    )
    numbers.made()
    assert [str(value) for value in numbers.rows("FROM dated")[0]] == ["2020-01-01", "1.5", "a"]
    numbers.write("assetflow.toml", '[assets.dated]\nday = 2021-02-03\nrate = 2.5\nnames = ["x", "y"]\n')
    assert numbers.planned() == {"dated": ("config_changed",)}
    numbers.made()
    assert [str(value) for value in numbers.rows("FROM dated")[0]] == ["2021-02-03", "2.5", "x,y"]


def test_the_context_tells_the_asset_who_it_is(numbers: Shop) -> None:
    numbers.write(
        "assets/told.py",
        HEAD
        + "@asset(volatile='ignore')\ndef told(context: Context, least: int = 4):\n"
        + '    return pl.DataFrame({"asset": [context.asset], "run": [context.run_id], "least": [context.config["least"]]})\n',
    )
    result = numbers.materialize()
    assert numbers.rows("FROM told") == [("told", result.run_id, 4)]


def test_an_edit_of_a_helper_makes_the_assets_that_use_it_and_no_other(shop: Shop) -> None:
    shop.write(
        "assets/words.py", "def loud(text):\n    return text.upper()\n\n\ndef quiet(text):\n    return text.lower()\n"
    )
    for name in ("loud", "quiet"):
        shop.python(
            f"{name}_one",
            f"""
            import polars as pl

            from assetflow import asset
            from words import {name}


            @asset
            def {name}_one():
                return pl.DataFrame({{"word": [{name}("Word")]}})
            """,
        )
    shop.made()
    shop.replace("assets/words.py", "text.upper()", "text.upper() + '!'")
    [step] = shop.plan().steps
    assert (step.asset, step.reasons[0].kind) == ("loud_one", "code_changed")
    assert "loud" in step.reasons[0].detail
    assert shop.made() == ["loud_one"]
    assert shop.rows("FROM loud_one") == [("WORD!",)]


def test_what_a_function_raises_is_shown_with_its_own_frames(shop: Shop) -> None:
    shop.made()
    shop.replace("assets/big.py", 'return sales.filter(pl.col("amount") >= least)', "return [][least]")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert "IndexError: list index out of range" in printed.err
    assert "big.py" in printed.err
    assert "return [][least]" in printed.err
    assert "assetflow/running" not in printed.err
    assert shop.rows("SELECT count(*) FROM big") == [(2,)]


def test_a_decorated_function_stays_a_plain_function(shop: Shop) -> None:
    shop.python(
        "doubled",
        """
        import polars as pl

        from assetflow import asset
        from big import big


        @asset
        def doubled(sales: pl.LazyFrame):
            return pl.concat([big(sales, least=30), big(sales, least=30)])
        """,
    )
    assert shop.made() == ["big", "by_city", "doubled", "people", "sales"]
    assert shop.rows("SELECT id FROM doubled") == [(3,), (3,)]


def test_several_assets_of_one_file_are_made_each_for_its_own_reasons(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.python(
        "pair",
        """
        import polars as pl

        from assetflow import asset


        @asset
        def first():
            return pl.DataFrame({"n": [1]})


        @asset
        def second(first: pl.DataFrame):
            return first * 2
        """,
    )
    assert shop.made() == ["first", "second"]
    shop.replace("assets/pair.py", "first * 2", "first * 3")
    assert shop.made() == ["second"]
    assert shop.rows("FROM second") == [(3,)]


def test_an_object_that_a_module_put_in_its_own_place_goes_with_its_project(shop: Shop) -> None:
    text = "import sys\n\n\nclass Rates:\n    vat = 1\n\n\nsys.modules[__name__] = Rates()\n"
    shop.write("assets/rates.py", text)
    shop.python(
        "taxed",
        """
        import polars as pl
        import rates

        from assetflow import asset


        @asset
        def taxed(sales: pl.DataFrame) -> pl.DataFrame:
            return pl.DataFrame({"vat": [rates.vat]})
        """,
    )
    shop.run()
    assert "rates" not in sys.modules
    shop.write("assets/rates.py", text.replace("vat = 1", "vat = 2"))
    shop.run()
    assert shop.rows("FROM taxed") == [(2,)]


@pytest.mark.parametrize(
    ("imported", "code", "note"),
    [
        ("from os import getcwd", "getcwd()", "os.getcwd() reads the environment"),
        ("from os import stat as ask", "ask('/').st_size", "os.stat() reads the file system"),
        ("from importlib import import_module", "import_module(name).__name__", "importlib.import_module() runs code"),
    ],
)
def test_what_is_watched_while_files_load_is_noticed_under_any_name(
    empty_shop: Shop, imported: str, code: str, note: str
) -> None:
    text = f"import polars as pl\n{imported}\nfrom assetflow import asset\n\n"
    empty_shop.python(
        "told", f"{text}@asset\ndef told(name: str = 'json'):\n    return pl.DataFrame({{'x': [{code}]}})\n"
    )
    assert empty_shop.made() == ["told"]
    [step] = empty_shop.plan().steps
    assert [each.kind for each in step.reasons] == ["volatile"]
    assert note in str(step.reasons[0].detail)


@pytest.mark.parametrize("is_at_top", [True, False], ids=["imported at the top", "imported when it runs"])
def test_code_of_a_package_that_is_installed_in_place_counts(
    empty_shop: Shop, tmp_path_factory: pytest.TempPathFactory, *, is_at_top: bool
) -> None:
    """No version tells that another package of the same repository was edited."""
    place = tmp_path_factory.mktemp("elsewhere")
    (place / "wordings").mkdir()
    (place / "wordings" / "__init__.py").write_text("from .inner import word\n")
    (place / "wordings" / "inner.py").write_text("def word(): return 'before'\n")
    path = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))
    top, inside = ("from wordings import word", "") if is_at_top else ("", "from wordings import word")
    empty_shop.python(
        "told",
        f"""
        import polars as pl
        from assetflow import asset
        {top}

        @asset
        def told():
            {inside}
            return pl.DataFrame({{"word": [word()]}})
        """,
    )

    def is_stale() -> bool:
        return empty_shop.cli("plan", "--check", env={"PYTHONPATH": path}).code == 3

    assert empty_shop.cli("materialize", env={"PYTHONPATH": path}).code == 0
    assert not is_stale()
    (place / "wordings" / "inner.py").write_text("def word(): return 'after'\n")
    assert is_stale()
    assert "the code of the package wordings changed" in empty_shop.cli("plan", env={"PYTHONPATH": path}).out
    assert empty_shop.cli("materialize", env={"PYTHONPATH": path}).code == 0
    assert empty_shop.rows("FROM told") == [("after",)]
    assert not is_stale()


def test_of_packages_that_an_installer_put_somewhere_the_code_does_not_count(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path_factory.mktemp("elsewhere")
    (place / "wordings.py").write_text("WORD = 'before'\n")
    monkeypatch.syspath_prepend(str(place))
    found = find_beside("wordings", lambda path: False)
    assert found is not None
    assert found.files == (str(place / "wordings.py"),)
    assert find_beside("wordings", lambda path: True) is None, "it is of the project"
    assert find_beside("json", lambda path: False) is None
    assert find_beside("polars", lambda path: False) is None
    (place / "other-1.dist-info").mkdir()
    assert find_beside("wordings", lambda path: False) is None


def test_a_function_that_a_file_made_of_text_is_made_in_every_run(empty_shop: Shop) -> None:
    empty_shop.sql("numbers", "SELECT unnest([1, 2, 3]) AS n")
    empty_shop.python(
        "generated",
        """
        import duckdb
        from assetflow import asset

        for name in ("one", "two"):
            exec(f"@asset\\ndef {name}(numbers, least: int = 1): return numbers.filter(f'n > {{least}}')\\n")
        """,
    )
    assert empty_shop.made() == ["numbers", "one", "two"]
    assert empty_shop.rows("FROM two ORDER BY n") == [(2,), (3,)]
    step, _ = empty_shop.plan().steps
    detail = "its code reads what cannot be compared: one is not written in a file of the project"
    assert [(each.kind, each.detail) for each in step.reasons] == [("volatile", detail)]
    assert empty_shop.cli("explain", "one").out.startswith("one is stale  assets/generated.py:5\n")


GIVEN = """\
import configparser
import netrc
from pathlib import Path

import polars as pl

from assetflow import asset

HERE = Path(__file__).parent


class Settings:
    def __init__(self):
        self.parser = configparser.ConfigParser()
        self.parser.read(HERE / "rates.ini")

    def rate(self):
        return self.parser["rates"]["rate"]


LOGIN = netrc.netrc(HERE / "login")
SETTINGS = Settings()
with open(HERE / "made.log", "a") as log:
    log.write("loaded")
TWICE = pl.col("rate").cast(int) * 2


@asset
def login() -> pl.DataFrame:
    return pl.DataFrame({"account": [LOGIN.hosts["shop"][0]]})


@asset
def rate() -> pl.DataFrame:
    return pl.DataFrame({"rate": [SETTINGS.rate()]})


@asset
def twice(rate: pl.DataFrame) -> pl.DataFrame:
    return rate.select(TWICE)
"""


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_an_object_of_a_library_counts_by_the_files_that_it_was_made_from(empty_shop: Shop, executor: str) -> None:
    empty_shop.write("assetflow.toml", f'executor = "{executor}"\n')
    empty_shop.write("assets/login", "machine shop login ann password x\n")
    empty_shop.write("assets/rates.ini", "[rates]\nrate = 1\n")
    empty_shop.write("assets/given.py", GIVEN)
    assert empty_shop.made() == ["login", "rate", "twice"]
    assert empty_shop.made() == []
    empty_shop.write("assets/rates.ini", "[rates]\nrate = 2\n")
    # Which of them it went into, nobody knows; what polars makes is told by its name.
    assert sorted(empty_shop.planned()) == ["login", "rate", "twice"]
    empty_shop.made()
    assert empty_shop.rows("FROM twice") == [(4,)]
    empty_shop.write("assets/login", "machine shop login bob password x\n")
    assert sorted(empty_shop.planned()) == ["login", "rate", "twice"]
    empty_shop.made()
    assert empty_shop.rows("FROM login") == [("bob",)]


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_helper_beside_the_asset_comes_before_one_of_its_name_above(numbers: Shop, executor: str) -> None:
    numbers.write("assetflow.toml", f'executor = "{executor}"\n')
    numbers.write("assets/util.py", "RATE = 1\n")
    numbers.write("assets/near/util.py", "RATE = 2\n")
    numbers.write(
        "assets/near/rated.py",
        f"{HEAD}import util\n\n@asset\ndef rated(numbers):\n    return numbers.project(f'n * {{util.RATE}} AS n')\n",
    )
    assert numbers.made() == ["numbers", "rated"]
    numbers.sql("numbers", "SELECT 4 AS n")
    assert numbers.made() == ["numbers", "rated"]
    assert numbers.rows("FROM rated") == [(8,)]
