"""What a function's signature asks for, and the SQL that it returns."""

from __future__ import annotations

from typing import Any

import pytest

from assetflow.asset import Parameter
from assetflow.errors import DefinitionError
from assetflow.lineage.python.query_texts import query_texts
from assetflow.lineage.python.signature import Signature, read_signature


def signature(project: Any, text: str) -> Signature:
    return read_signature(project.load({"shop.py": text}), "shop.py", project.texts)


ARRIVALS = [
    ("import polars as pl", "pl.DataFrame", "polars"),
    ("import polars as pl", "pl.LazyFrame", "polars_lazy"),
    ("import pyarrow as pa", "pa.Table", "arrow"),
    ("import pyarrow", "pyarrow.RecordBatchReader", "arrow_reader"),
    ("import duckdb", "duckdb.DuckDBPyRelation", "relation"),
    ("import pandas as pd", "pd.DataFrame", "pandas"),
    ("from polars import LazyFrame", "LazyFrame", "polars_lazy"),
    ("from polars import LazyFrame as Rows", "Rows", "polars_lazy"),
    ("import polars as pl; Rows = pl.LazyFrame", "Rows", "polars_lazy"),
    ("import polars as pl", "'pl.LazyFrame'", "polars_lazy"),
    ("from __future__ import annotations\nimport polars as P", "P.LazyFrame", "polars_lazy"),
    (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars as P",
        "P.LazyFrame",
        "polars_lazy",
    ),
    (
        "import typing\nif typing.TYPE_CHECKING:\n    from pyarrow import Table as T",
        "'T'",
        "arrow",
    ),
    ("from typing import Annotated; import polars as pl", "Annotated[pl.DataFrame, 'a remark']", "polars"),
    ("import typing as t; import polars as pl", "t.Annotated['pl.DataFrame', 1]", "polars"),
]


@pytest.mark.parametrize(("above", "annotation", "arrives"), ARRIVALS)
def test_the_annotation_says_how_an_upstream_arrives(above: str, annotation: str, arrives: Any, project: Any) -> None:
    found = signature(project, f"{above}\ndef made(sales: {annotation}):\n    return sales\n")
    assert found == Signature((Parameter("sales", "sales", arrives),), {}, False, False)


PLAIN = [case for case in ARRIVALS if "TYPE_CHECKING" not in case[0] and "P." not in case[1]]


@pytest.mark.parametrize(("above", "annotation", "arrives"), PLAIN)
def test_annotations_are_read_without_the_text_too(above: str, annotation: str, arrives: Any, project: Any) -> None:
    made = project.load({"shop.py": f"{above}\ndef made(sales: {annotation}):\n    return sales\n"})
    assert read_signature(made, "shop.py").parameters == (Parameter("sales", "sales", arrives),)


def test_no_annotation_means_a_relation(project: Any) -> None:
    found = signature(project, "def made(sales, *, people):\n    return sales\n")
    assert found.parameters == (Parameter("sales", "sales"), Parameter("people", "people"))


def test_upstream_renames_and_narrows(project: Any) -> None:
    above = "from typing import Annotated\nimport polars as pl\nfrom assetflow import upstream\nKEYS = ['a', 'b']\n"
    above += "People = Annotated[pl.DataFrame, upstream('people')]\n"
    found = signature(
        project,
        f"{above}def made(x: Annotated[pl.DataFrame, upstream('sales', columns=KEYS)],\n"
        "         y: 'Annotated[pl.LazyFrame, upstream(columns=[\"c\"])]', z: People): ...\n",
    )
    assert found.parameters == (
        Parameter("x", "sales", "polars", ("a", "b")),
        Parameter("y", "y", "polars_lazy", ("c",)),
        Parameter("z", "people", "polars"),
    )


def test_defaults_are_config_values_as_json(project: Any) -> None:
    found = signature(
        project,
        "import datetime, decimal\n"
        "def made(sales, a=1, b=1.5, c='x', d=None, e=True, f=(1, [2]), g={'k': 1},\n"
        "         h=datetime.date(2026, 1, 2), i=decimal.Decimal('1.50'), *, j=datetime.datetime(2026, 1, 2)): ...\n",
    )
    assert found.config == {
        "a": 1, "b": 1.5, "c": "x", "d": None, "e": True, "f": [1, [2]], "g": {"k": 1},
        "h": "2026-01-02", "i": "1.50", "j": "2026-01-02T00:00:00",
    }  # fmt: skip


def test_context_is_no_upstream(project: Any) -> None:
    found = signature(project, "def made(sales, context): ...\n")
    assert found.takes_context and [each.name for each in found.parameters] == ["sales"]


def test_the_signature_is_that_below_decorators(project: Any) -> None:
    found = signature(
        project,
        "import functools\n"
        "def timed(f):\n"
        "    @functools.wraps(f)\n"
        "    def inner(*a, **k): return f(*a, **k)\n"
        "    return inner\n"
        "@timed\n"
        "def made(sales, limit=3): ...\n",
    )
    assert found == Signature((Parameter("sales", "sales"),), {"limit": 3}, False, False)


MARKED = "from typing import Annotated\nfrom assetflow import upstream\nimport polars as pl\n"

WRONG = [
    ("def made(*sales): ...", 1, "*sales names no upstream", "one parameter for each upstream"),
    ("def made(**sales): ...", 1, "**sales names no upstream", "functools.wraps"),
    ("def made(sales, /): ...", 1, "positional-only", "Remove the /"),
    ("def made(\n    sales: int,\n): ...", 2, "sales cannot arrive as int", "pl.LazyFrame"),
    ("def made(sales: 'list[int]'): ...", 1, "sales cannot arrive as list[int]", "pl.LazyFrame"),
    ("import polars as pl\ndef made(sales: pl.Series): ...", 2, "sales cannot arrive as pl.Series", "pl.LazyFrame"),
    ("def made(sales, a=object()): ...", 1, "The default of a is a object", "Write a text"),
    ("def made(sales, a={1}): ...", 1, "The default of a is a set", "list"),
    ("def made(sales, a={1: 2}): ...", 1, "The default of a is a dict", "Write a text"),
    (
        f"{MARKED}def made(a: Annotated[pl.DataFrame, upstream('b')] = 3): ...",
        4,
        "a is an upstream and has a default",
        "Remove the default",
    ),
    (
        f"{MARKED}def made(a: Annotated[pl.DataFrame, upstream(str('b'))]): ...",
        4,
        "upstream(str('b')) cannot be read",
        "with constants",
    ),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG)
def test_a_wrong_signature_says_where_and_what_to_write(
    text: str, line: int, message: str, hint: str, project: Any
) -> None:
    with pytest.raises(DefinitionError) as caught:
        signature(project, text + "\n")
    assert (caught.value.path, caught.value.line) == ("shop.py", line)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


QUERIES = [
    ("return Query('SELECT 1')", ("SELECT 1",)),
    ("return assetflow.Query('SELECT 1')", ("SELECT 1",)),
    ("return Query(sql='SELECT 1')", ("SELECT 1",)),
    ("return Query('SELECT ' '1')", ("SELECT 1",)),
    ("return Query('SELECT ' + '1')", ("SELECT 1",)),
    ("return Query(f'SELECT * FROM t LIMIT {limit}')", ("SELECT * FROM t LIMIT 5",)),
    ("return Query(f'SELECT {ratio:.2f}, {limit!r}')", ("SELECT 0.50, 5",)),
    ("return Query(f'FROM {TABLE}')", ("FROM sales",)),
    ("return Query(f'FROM {helpers.TABLE}')", ("FROM people",)),
    ("return Query(SQL.format(n=limit))", ("SELECT 5",)),
    ("return Query(textwrap.dedent('''\n        SELECT\n          1''').strip())", ("SELECT\n  1",)),
    ("sql = f'FROM {TABLE}'\n    return Query(sql)", ("FROM sales",)),
    ("if limit:\n        return Query('A')\n    return Query('B')", ("B", "A")),
    ("from assetflow import Query as Q\n    return Q('SELECT 1')", ("SELECT 1",)),
    ("return sales", ()),
    ("return Query(sales)", None),
    ("return Query(find())", None),
    ("return Query(f'FROM {sales}')", None),
    ("limit = find()\n    return Query(f'LIMIT {limit}')", None),
    ("sql = 'A'\n    sql += 'B'\n    return Query(sql)", None),
    ("TABLE = find()\n    return Query(f'FROM {TABLE}')", None),
    ("for TABLE in 'ab':\n        pass\n    return Query(TABLE)", None),
    ("from helpers import TABLE\n    return Query(TABLE)", None),
    ("return Query('{} {}'.format(limit))", None),
]


@pytest.mark.parametrize(("body", "texts"), QUERIES)
def test_queries_are_found_without_calling_the_function(body: str, texts: tuple[str, ...] | None, project: Any) -> None:
    shop = (
        "import textwrap\nimport assetflow\nimport helpers\nfrom assetflow import Query\n"
        "TABLE = 'sales'\nSQL = 'SELECT {n}'\ndef find(): raise AssertionError\n"
        f"def made(sales, limit=3, ratio=0.5):\n    {body}\n"
    )
    made = project.load({"shop.py": shop, "helpers.py": "TABLE = 'people'\n"})
    found = query_texts(made, {"limit": 5, "ratio": 0.5}, project.texts)
    assert found == texts if texts is None else sorted(found or ()) == sorted(texts)


def test_a_promised_query_that_is_built_elsewhere_is_not_known(project: Any) -> None:
    made = project.load(
        {
            "shop.py": "from assetflow import Query\n"
            "def build(): return Query('SELECT 1')\n"
            "def made() -> Query:\n    return build()\n"
        }
    )
    assert query_texts(made, {}, project.texts) is None
    assert read_signature(made, "shop.py", project.texts).returns_query


def test_a_query_is_seen_in_the_signature(project: Any) -> None:
    text = "from assetflow import Query\ndef made():\n    return Query('SELECT 1')\n"
    assert signature(project, text).returns_query
    assert read_signature(project.load({"shop.py": text}), "shop.py").returns_query
