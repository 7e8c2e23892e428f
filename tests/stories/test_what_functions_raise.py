"""What the screen says of an exception in a function: all that its author needs, and no more than a screen of it."""

from __future__ import annotations

import pytest

from tests.conftest import Printed, Shop

HEAD = """\
import polars as pl
import pyarrow as pa

from assetflow import asset, check


class Refused(Exception):
    pass


"""

FALLS = """\
@asset
def falls(sales: pl.DataFrame) -> pl.DataFrame:
"""


@pytest.fixture
def falls(shop: Shop) -> Shop:
    shop.remove("assets/big.py")
    shop.python("falls", HEAD + FALLS + "    raise Refused('no till reports')\n")
    return shop


def raised(shop: Shop, body: str, *options: str) -> Printed:
    """What a run prints of a function with this body."""
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    shop.python("falls", HEAD + FALLS + indented)
    printed = shop.cli("materialize", "--select", "falls", *options)
    assert printed.code == 1
    return printed


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_class_of_the_project_is_named_as_the_project_names_it(falls: Shop, executor: str) -> None:
    falls.made("sales")
    printed = falls.cli("materialize", "--select", "falls", "--executor", executor)
    assert "\n  assets.falls.Refused: no till reports\n" in printed.err
    assert "assetflow_project" not in printed.err


def test_what_calls_itself_for_ever_is_told_in_short(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "def down(n): return down(n + 1)\nreturn down(0)")
    assert "[Previous line repeated 9" in printed.err
    assert len(printed.err.splitlines()) < 25


def test_so_is_what_calls_each_other(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "def up(n): return down(n)\ndef down(n): return up(n + 1)\nreturn down(0)")
    assert " more calls ..." in printed.err
    assert len(printed.err.splitlines()) < 55


def test_each_failure_of_a_group_is_told(falls: Shop) -> None:
    falls.made("sales")
    inside = "ExceptionGroup('two tills', [Refused('till 7'), KeyError('till 8')])"
    printed = raised(falls, f"raise ExceptionGroup('the tills', [{inside}, OSError('till 9')])")
    for line in ("- Refused: till 7", "- KeyError: 'till 8'", "- OSError: till 9"):
        assert f"\n  {line}\n" in printed.err


def test_many_failures_of_a_group_are_told_in_short(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "raise ExceptionGroup('the tills', [OSError(f'till {n}') for n in range(500)])")
    assert "\n  - OSError: till 0\n" in printed.err
    assert "... 480 more ..." in printed.err


def test_what_was_handled_when_it_was_raised_is_told_with_its_line(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "try:\n    {}['till']\nexcept KeyError:\n    raise Refused('no such till')")
    assert "\n  while handling KeyError: 'till' (assets/falls.py:14)\n" in printed.err
    printed = raised(falls, "try:\n    {}['till']\nexcept KeyError:\n    raise Refused('no such till') from None")
    assert "while handling" not in printed.err


def test_what_a_library_handled_is_its_own_matter(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "import json\njson.loads('{')")
    assert "JSONDecodeError" in printed.err
    assert "while handling" not in printed.err
    assert "caused by" not in raised(falls, "return sales.to_pandas()['nope']").err  # pandas' own KeyError, twice


def test_a_message_of_several_lines_is_told_whole_and_once(falls: Shop) -> None:
    falls.made("sales")
    printed = raised(falls, "raise Refused('two things\\n- the one\\n- the other')")
    assert "error: assets/falls.py:13: Refused: two things\n  Traceback" in printed.err
    assert "\n  assets.falls.Refused: two things\n  - the one\n  - the other\n" in printed.err
    assert "\n- the other" not in printed.err


BATCHES = """\
def batches():
    yield from sales.to_arrow().to_batches()
    raise Refused('the source went away')
return pa.RecordBatchReader.from_batches(sales.to_arrow().schema, batches())
"""


@pytest.mark.parametrize(
    "keys", ["", "(partition='region')", "(history='scd2', unique_key='id')"], ids=["whole", "partitions", "history"]
)
def test_what_a_stream_of_batches_raises_is_told_with_its_line(falls: Shop, keys: str) -> None:
    falls.sql("sales", "SELECT 1 AS id, 'eu' AS region")
    falls.made("sales")
    body = "".join(f"    {line}\n" for line in BATCHES.splitlines())
    falls.python("falls", HEAD + FALLS.replace("@asset", f"@asset{keys}") + body)
    printed = falls.cli("materialize", "--select", "falls")
    assert printed.code == 1
    assert "assets/falls.py:15: Refused: the source went away" in printed.err
    assert "in batches" in printed.err
    assert "__result" not in printed.err


def test_so_is_what_the_stream_of_a_check_raises(falls: Shop) -> None:
    body = "".join(f"    {line}\n" for line in BATCHES.splitlines())
    falls.python("falls", HEAD + "@check('sales')\ndef tills(sales: pl.DataFrame):\n" + body)
    printed = falls.cli("materialize", "--select", "sales")
    assert "assets/falls.py:15: Refused: the source went away" in printed.err
    assert "__result" not in printed.err
