"""Every engine for SQL in the wing evaluates one query over its tables, and shows errors as the user's own."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import assetflow.engines
from assetflow.engines import Table, Where
from assetflow.engines.duckdb import Cursor, Session
from assetflow.engines.frames import from_result
from assetflow.errors import AssetError

Evaluate = Callable[[Cursor, str, Where, Sequence[Table]], object]


def engines() -> Iterator[str]:
    """The files of the wing that define `evaluate_sql`; the others serve them."""
    for module in pkgutil.iter_modules(assetflow.engines.__path__):
        name = f"assetflow.engines.{module.name}"
        evaluate = getattr(importlib.import_module(name), "evaluate_sql", None)
        if evaluate is not None and evaluate.__module__ == name:
            yield name


@pytest.fixture(params=sorted(engines()))
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    function: Evaluate = importlib.import_module(request.param).evaluate_sql
    return function


@pytest.fixture
def where(tmp_path: Path) -> Where:
    return Where("weekly", "assets/weekly.sql", 1, str(tmp_path))


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[Cursor]:
    with Session(str(tmp_path)) as session:
        yield session.cursor()


@pytest.fixture
def sales(tmp_path: Path, cursor: Cursor) -> Table:
    """An upstream as a task finds it: attached to its cursor, and named by its files."""
    file = str(tmp_path / "sales.parquet")
    cursor.execute(f"COPY (SELECT range % 2 AS week, range AS revenue FROM range(10)) TO '{file}'")
    table = Table("sales", f"SELECT * FROM read_parquet(['{file}'])", (file,))
    cursor.execute(f"CREATE VIEW sales AS {table.sql}")
    return table


def test_there_is_an_engine() -> None:
    assert "assetflow.engines.duckdb" in set(engines())


def test_a_query_reads_its_tables(
    evaluate: Evaluate, cursor: Cursor, sales: Table, where: Where, tmp_path: Path
) -> None:
    sql = "SELECT week, CAST(sum(revenue) AS BIGINT) AS revenue FROM sales GROUP BY week ORDER BY week"
    result = from_result(evaluate(cursor, sql, where, [sales]), cursor, str(tmp_path), where)
    staged = result.sql if result.sql is not None else f"FROM read_parquet('{result.file}')"
    assert result.cursor.sql(staged).fetchall() == [(0, 20), (1, 25)]


def test_sql_that_does_not_parse_is_the_users_error(
    evaluate: Evaluate, cursor: Cursor, sales: Table, where: Where
) -> None:
    with pytest.raises(AssetError) as caught:
        evaluate(cursor, "SELECT week\nFROM sales\nGROUP week", where, [sales])
    assert caught.value.where == "assets/weekly.sql:3"
    assert "Traceback" not in str(caught.value)
