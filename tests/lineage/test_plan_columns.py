"""Names and types that a bound plan tells are those that DuckDB gives the query, and sparing optimizers changes no plan."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb
import pytest

from assetflow.lineage.plans.binder import NotBound, bind
from assetflow.lineage.plans.plan_columns import told_columns
from assetflow.lineage.scratch import scratch
from assetflow.quoting import quote_identifier
from tests.oracle.corpus import corpus
from tests.oracle.database import SCHEMAS
from tests.oracle.made_up import made_up

TYPES = [
    "BIGINT", "BIT", "BLOB", "BOOLEAN", "DATE", "DECIMAL(38,0)", "DECIMAL(9,2)", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER",
    "INTERVAL", "JSON", "SMALLINT", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_MS", "TIMESTAMP_NS",
    "TIMESTAMP_S", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT", "UUID", "VARCHAR",
    "VARCHAR[]", "INTEGER[3]", "STRUCT(a INTEGER, b VARCHAR)", "MAP(VARCHAR, INTEGER)", "ENUM('a', 'b')",
]  # fmt: skip
PLAN = "SELECT json_serialize_plan(?, skip_null := true, skip_empty := true, skip_default := false, optimize := false)"
TRICKY = [
    "SELECT city, city FROM sales",
    "SELECT city AS a, id AS A FROM sales",
    "SELECT CITY, ID AS Id FROM sales",
    "SELECT city AS town FROM sales GROUP BY city",
    "SELECT upper(city) AS u, upper(city) AS v FROM sales GROUP BY upper(city)",
    "SELECT city AS a FROM sales GROUP BY 1 QUALIFY row_number() OVER (ORDER BY a) > 1",
    "SELECT s.city AS a, (SELECT max(t.city) FROM sales t GROUP BY t.id LIMIT 1) AS b FROM sales s",
    "SELECT x AS y FROM (SELECT city AS x, count(*) AS n FROM sales GROUP BY 1)",
    "SELECT x FROM (SELECT city AS x FROM sales GROUP BY x)",
    "SELECT * FROM sales a JOIN sales b ON a.id = b.id",
    "SELECT a.*, b.id AS other FROM sales a, sales b",
    "SELECT 1 AS one, NULL AS nothing, id IS NULL AS missing, 'a' AS text FROM sales",
    "SELECT sum(id) OVER () AS total, city COLLATE NOCASE AS c FROM sales",
    "WITH a AS (SELECT id AS k FROM sales) SELECT K FROM a",
    'SELECT id AS "0" FROM sales',
    "SELECT unnest([1, 2]) AS n, id FROM sales",
]


def queries() -> list[str]:
    return [*TRICKY, *(case.sql for case in corpus()), *(made_up(seed) for seed in range(60))]


def columns_of(connection: duckdb.DuckDBPyConnection, query: str) -> Sequence[tuple[str, str]]:
    relation = connection.sql(query)
    return tuple((name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))


@pytest.fixture(scope="module")
def plain() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1, "legacy_disable_null_type": True})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    for name, schema in SCHEMAS.items():
        listed = ", ".join(f"{quote_identifier(column)} {kind}" for column, kind in schema)
        connection.execute(f"CREATE TABLE {quote_identifier(name)} ({listed})")
    return connection


def test_what_a_plan_tells_of_columns_is_what_the_query_gives(plain: duckdb.DuckDBPyConnection) -> None:
    told = 0
    for query in queries():
        try:
            bound = bind(query, SCHEMAS)
        except NotBound:
            continue
        found = told_columns(bound.plan)
        told += found is not None
        assert found in (None, columns_of(plain, query)), query
    assert told > 100


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_told_as_it_is_or_not_at_all(kind: str) -> None:
    bound = bind("SELECT a.x AS x FROM t AS a", {"t": [("x", kind)]})
    assert told_columns(bound.plan) in (None, bound.columns)
    with scratch() as cursor:
        cursor.execute(f"CREATE TEMP TABLE t (x {kind})")
        assert bound.columns == columns_of(cursor, "SELECT a.x AS x FROM t AS a")


def test_optimizers_that_are_spared_change_no_plan(plain: duckdb.DuckDBPyConnection) -> None:
    for query in queries():
        try:
            bound = bind(query, SCHEMAS)
        except NotBound:
            continue
        answer = json.loads(plain.execute(PLAN, [query]).fetchall()[0][0])
        if not answer["error"] and not bound.open_columns:
            assert bound.plan == answer["plans"][0], query
