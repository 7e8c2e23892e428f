"""A folder for a warehouse and a DuckDB cursor, as a worker has them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from assetflow.duck import WITHOUT_STRAGGLERS
from assetflow.warehouse.warehouse import Warehouse


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={**WITHOUT_STRAGGLERS, "python_enable_replacements": False}) as connection:
        connection.execute("SET GLOBAL timezone = 'UTC'")
        yield connection.cursor()


@pytest.fixture
def warehouse(tmp_path) -> Iterator[Warehouse]:
    warehouse = Warehouse(str(tmp_path / "warehouse"))
    yield warehouse
    warehouse.close()
