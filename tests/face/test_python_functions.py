"""Python assets as people really write them: what is made of each form, and what is said where it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from assetflow.errors import AssetflowError
from tests.conftest import Shop

HEAD = """\
import functools, typing
from typing import Annotated, Optional
import duckdb, pandas as pd, polars as pl, pyarrow as pa
from assetflow import Context, Query, asset, upstream

def counted(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call

class Capsule:
    def __init__(self, table):
        self.table = table
    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)

"""
ALL = [(1, 10), (2, 20), (3, 30), (4, 5)]
ONE = [(1, 10)]

MADE: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "relation": ("@asset\ndef t(orders: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:\n    return orders.project('id, amount')", ALL),
    "no annotation": ("@asset\ndef t(orders):\n    return orders.project('id, amount')", ALL),
    "polars": ("@asset\ndef t(orders: pl.DataFrame) -> pl.DataFrame:\n    return orders['id', 'amount']", ALL),
    "lazy": ("@asset\ndef t(orders: pl.LazyFrame) -> pl.LazyFrame:\n    return orders.select('id', 'amount')", ALL),
    "arrow": ("@asset\ndef t(orders: pa.Table) -> pa.Table:\n    return orders.select(['id', 'amount'])", ALL),
    "batch": ("@asset\ndef t(orders: pa.Table):\n    return orders.select(['id', 'amount']).combine_chunks().to_batches()[0]", ALL),
    "reader": ("@asset\ndef t(o: Annotated[pa.RecordBatchReader, upstream('orders', columns=['id', 'amount'])]) -> pa.RecordBatchReader:\n    return o", ALL),
    "reader of batches": (
        "@asset\ndef t(o: Annotated[pa.RecordBatchReader, upstream('orders', columns=['id', 'amount'])]):\n    return pa.RecordBatchReader.from_batches(o.schema, (batch for batch in o))", ALL,
    ),
    "pandas": ("@asset\ndef t(orders: pd.DataFrame) -> pd.DataFrame:\n    return orders[['id', 'amount']]", ALL),
    "pandas with a hole in its index": ("@asset\ndef t(orders: pd.DataFrame):\n    return orders[orders.id != 2][['id', 'amount']]", [ALL[0], *ALL[2:]]),
    "capsule": ("@asset\ndef t(orders: pa.Table):\n    return Capsule(orders.select(['id', 'amount']))", ALL),
    "query": ("@asset\ndef t():\n    return Query('SELECT id, amount FROM orders')", ALL),
    "query of a parameter": ("@asset\ndef t(most: int = 1):\n    return Query(f'SELECT id, amount FROM orders WHERE id <= {most}')", ONE),
    "no rows": ("@asset\ndef t(orders: pl.DataFrame):\n    return orders.head(0)", []),
    "nulls without a type": ("@asset\ndef t():\n    return pl.DataFrame({'a': [None]})", [(None,)]),
    "string annotations": ("@asset\ndef t(orders: 'pl.LazyFrame') -> 'pl.LazyFrame':\n    return orders.select('id', 'amount')", ALL),
    "alias of a type": ("Frame = pl.LazyFrame\n@asset\ndef t(orders: Frame):\n    return orders.select('id', 'amount')", ALL),
    "alias of Annotated": ("Narrow = Annotated[pl.DataFrame, upstream('orders', columns=['id', 'amount'])]\n@asset\ndef t(o: Narrow):\n    return o", ALL),
    "keyword only": ("@asset\ndef t(*, orders: pl.DataFrame, n: int = 1):\n    return orders['id', 'amount'].head(n)", ONE),
    "optional config": ("@asset\ndef t(orders: pl.DataFrame, n: Optional[int] = None):\n    return orders['id', 'amount'].head(n or 1)", ONE),
    "list config": ("@asset\ndef t(orders: pl.DataFrame, ids: list[int] = [1]):\n    return orders['id', 'amount'].filter(pl.col('id').is_in(ids))", ONE),
    "context": ("@asset\ndef t(context: Context, orders: pl.DataFrame):\n    assert context.asset == 't'\n    return orders['id', 'amount']", ALL),
    "decorators below": ("@asset\n@counted\n@counted\ndef t(orders: pl.DataFrame):\n    return orders['id', 'amount']", ALL),
    "decorator above": ("@counted\n@asset(tags=['x'])\ndef t(orders: pl.DataFrame):\n    return orders['id', 'amount']", ALL),
    "lambda": ("t = asset(name='t')(lambda orders: orders.project('id, amount'))", ALL),
    "method": ("class Shop:\n    @staticmethod\n    @asset\n    def t(orders):\n        return orders.project('id, amount')", ALL),
    "only while type checking": (
        "if typing.TYPE_CHECKING:\n    import polars as frames\n@asset\ndef t(orders: 'frames.LazyFrame'):\n    return orders.select('id', 'amount')", ALL,
    ),
    "prints": ("@asset\ndef t(orders: pl.DataFrame):\n    print('hello')\n    return orders['id', 'amount']", ALL),
}  # fmt: skip

REFUSED = {
    "async": ("@asset\nasync def t(orders): return orders", "t is async, and an asset is a plain function"),
    "args": ("@asset\ndef t(*orders): return 1", "*orders names no upstream"),
    "kwargs": ("@asset\ndef t(orders, **more): return orders", "**more names no upstream"),
    "positional only": ("@asset\ndef t(orders, /): return orders", "orders is positional-only, but assets are called by name"),
    "optional table": ("@asset\ndef t(orders: Optional[pl.DataFrame]): return orders", "orders cannot arrive as Optional[pl.DataFrame]"),
    "union of tables": ("@asset\ndef t(orders: pl.DataFrame | pa.Table): return orders", "orders cannot arrive as pl.DataFrame | pa.Table"),
    "wrong annotation": ("@asset\ndef t(orders: int): return orders", "orders cannot arrive as int"),
    "config of a class": ("@asset\ndef t(n=Capsule(1)): return 1", "The default of n is a Capsule, which a config value cannot be"),
    "class": ("@asset\nclass t: pass", "@asset stands on a class, which is no function"),
    "partial": ("asset(name='t')(functools.partial(print))", "@asset stands on a partial, which is no function"),
    "wrapper without functools.wraps": ("def timed(f):\n    def inner(orders): return f(orders)\n    return inner\n@asset\n@timed\ndef t(orders): return orders", "a decorator of t returns a function called inner, which would name the table"),
    "itself": ("@asset\ndef t(t): return t", "t reads itself"),
    "unknown upstream": ("@asset\ndef t(orderz): return orderz", "the parameter 'orderz' of t is no asset and no source"),
    "no columns": ("@asset\ndef t(o: Annotated[pl.DataFrame, upstream('orders', columns=[])]): return o", 'columns must be a list of names, as in columns=["a", "b"], not []'),
    "columns in one text": ("@asset\ndef t(o: Annotated[pl.DataFrame, upstream('orders', columns='id')]): return o", "columns must be a list of names"),
    "view": ("@asset(materialized='view')\ndef t(): return Query('FROM orders')", "materialized of t is for SQL files"),
}  # fmt: skip

FAILED = {
    "nothing": ("    pass", "t returned nothing", "Did you forget `return`?"),
    "text": ("    return 'x'", "t returned str, which is no table", "Return a Polars LazyFrame"),
    "dict": ("    return {'a': [1]}", "t returned dict, which is no table", "Return a Polars LazyFrame"),
    "series": ("    return pl.Series([1])", "which is no table", "Return a Polars LazyFrame"),
    "generator": ("    yield pa.table({'a': [1]})", "t returned generator, which is no table", "RecordBatchReader.from_batches"),
    "list of frames": ("    return [pl.DataFrame({'a': [1]})]", "t returned list, which is no table", "pl.concat"),
    "no columns": ("    return pl.DataFrame()", "t returned a table without columns", "at least one column"),
    "two of one name": ("    return pa.table([[1], [2]], names=['a', 'a'])", "t returned two columns of one name: a and a", "rename one"),
    "two that differ in capitals": ("    return pl.DataFrame({'a': [1], 'A': [2]})", "two columns of one name: a and A", "rename one"),
    "index of pandas": ("    return pd.DataFrame({'a': [1], 'b': [2]}).set_index('a')", "with the index a, which is no column", "reset_index"),
    "error": ("    raise KeyError('boo')", "KeyError: 'boo'", None),
    "exit": ("    raise SystemExit(3)", "SystemExit: 3", None),
}  # fmt: skip


@pytest.mark.parametrize("form", MADE)
def test_made(form: str, shop: Shop) -> None:
    code, rows = MADE[form]
    shop.python("t", HEAD + code)
    assert shop.made("t") == ["t"]
    assert shop.rows("FROM t ORDER BY 1") == rows
    assert shop.plan("t").steps == ()


@pytest.mark.parametrize("form", ["lazy", "polars", "arrow", "reader", "pandas", "alias of Annotated", "context"])
def test_with_postponed_annotations(form: str, shop: Shop) -> None:
    code, rows = MADE[form]
    shop.python("t", "from __future__ import annotations\n" + HEAD + code)
    assert shop.made("t") == ["t"]
    assert shop.rows("FROM t ORDER BY 1") == rows


@pytest.mark.parametrize("form", REFUSED)
def test_refused(form: str, shop: Shop) -> None:
    code, message = REFUSED[form]
    file = shop.python("t", HEAD + code)
    with pytest.raises(AssetflowError) as raised:
        shop.plan()
    assert message in str(raised.value)
    assert raised.value.path == "assets/t.py"
    assert HEAD.count("\n") < (raised.value.line or 0) <= len(file.read_text().splitlines())
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("form", FAILED)
def test_failed(form: str, shop: Shop) -> None:
    body, message, next_step = FAILED[form]
    shop.python("t", f"{HEAD}@asset\ndef t(orders: pl.DataFrame):\n{body}")
    (result,) = shop.materialize("t").assets
    assert result.outcome == "failed"
    assert message in str(result.error)
    assert next_step is None or next_step in str(result.error)
    assert str(result.error).startswith("assets/t.py:")
