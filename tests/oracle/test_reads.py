"""What skipping rests on: the same rows in what is read, the same answer. And: the same meaning, the same answer."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator

import pytest

from assetflow.errors import DefinitionError
from assetflow.lineage.columns import Lineage, columns_alike, same_meaning
from assetflow.lineage.plans.binder import BindError
from assetflow.lineage.sql.order import reads_order
from assetflow.lineage.sql.query import read_query
from assetflow.lineage.sql_columns import sql_lineage
from tests.oracle.corpus import Case, corpus
from tests.oracle.database import SCHEMAS, Database, Engine, bag, random_database, random_value
from tests.oracle.made_up import made_up

ROUNDS = int(os.environ.get("ASSETFLOW_TEST_ORACLE_ROUNDS", "1"))
MADE_UP = int(os.environ.get("ASSETFLOW_TEST_ORACLE_QUERIES", "60"))
QUERIES = [*corpus(), *(Case(f"made_up:{seed}", made_up(1000 + seed)) for seed in range(MADE_UP))]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def alike(
    database: Database, reads: dict[str, tuple[str, ...] | None], draw: random.Random, *, shuffled: bool
) -> Database:
    """A database with the same bags of tuples over what is read; everything else is made up anew."""
    made: Database = {}
    for table, schema in SCHEMAS.items():
        read = reads.get(table, ())
        rows = [
            [
                value if read is None or name in read else random_value(kind, draw)
                for value, (name, kind) in zip(row, schema, strict=True)
            ]
            for row in database[table]
        ]
        made[table] = draw.sample(rows, len(rows)) if shuffled else rows
    return made


@pytest.mark.parametrize("case", QUERIES, ids=lambda case: case.name)
def test_the_same_rows_of_what_is_read_give_the_same_answer(engine: Engine, case: Case) -> None:
    reads = sql_lineage(case.sql, SCHEMAS).reads
    shuffled = not reads_order(read_query(case.sql, "query.sql").canonical)
    draw = random.Random(case.sql)
    for _ in range(3 * ROUNDS):
        database = random_database(draw)
        engine.load(database)
        then = engine.rows(case.sql)
        engine.load(alike(database, reads, draw, shuffled=shuffled))
        now = engine.rows(case.sql)
        if then is not None and now is not None:
            assert bag(then) == bag(now), case.sql


EDITS = [
    (r"\b1\b", "2"), (r"'a'", "'b'"), (r"\bqty\b", "id"), (r"\bcity\b", "shop"), (r"\bsum\(", "max("), (r">", ">="),
    (r"\bLEFT JOIN\b", "JOIN"), (r"\bUNION ALL\b", "UNION"), (r"\bDESC\b", "ASC"), (r"\bAND\b", "OR"), (r"=", "<>"),
    (r"\bid\b", "id + 0"), (r"^SELECT ", "SELECT 7 AS seven, "), (r"\bJOIN\b", "LEFT JOIN"), (r"\bmin\(", "max("),
    (r"\bROWS\b", "RANGE"), (r"\bPARTITION BY \w+", "PARTITION BY 1"), (r"\bWHERE\b", "WHERE qty > 0 AND"),
    (r"\bEXCEPT\b", "INTERSECT"), (r"\bLIMIT (\d)", r"LIMIT 1\1"), (r"\bORDER BY \w+", "ORDER BY 1"),
]  # fmt: skip


def edits(query: str) -> Iterator[str]:
    """The query with one thing changed, at each place where that can be."""
    for pattern, replacement in EDITS:
        for found in re.finditer(pattern, query):
            yield query[: found.start()] + re.sub(pattern, replacement, found[0]) + query[found.end() :]


@pytest.mark.parametrize("case", QUERIES, ids=lambda case: case.name)
def test_columns_that_mean_the_same_after_an_edit_hold_the_same(engine: Engine, case: Case) -> None:
    before = sql_lineage(case.sql, SCHEMAS)
    draw = random.Random(case.sql)
    databases = [random_database(draw) for _ in range(2 * ROUNDS)]
    kept = list(columns_after_edits(case.sql, before, list(edits(case.sql))[: 12 * ROUNDS]))
    for database in databases if kept else ():
        engine.load(database)
        then = engine.rows(case.sql)
        for edited, at, other in kept:
            now = engine.rows(edited)
            if then is not None and now is not None:
                assert bag(then, at) == bag(now, other), f"{case.sql}\n{edited}\n{at}"


def columns_after_edits(query: str, before: Lineage, edited: list[str]) -> Iterator[tuple[str, list[int], list[int]]]:
    """Of the edits that keep the rows: where the columns stand that are said to stay, before and after."""
    for text in edited:
        try:
            read_query(text, "query.sql")
            after = sql_lineage(text, SCHEMAS)
        except (BindError, DefinitionError):
            continue
        if not before.rows_meaning or before.rows_meaning != after.rows_meaning:
            continue
        columns = sorted(columns_alike(before.meaning, after.meaning))
        named, renamed = ([out.name for out in lineage.columns] for lineage in (before, after))
        yield text, [named.index(name) for name in columns], [renamed.index(name) for name in columns]


def test_rewriting_a_query_without_changing_it_keeps_its_meaning() -> None:
    """Exactness: a query in brackets, as a common table expression, or after FROM alone."""
    asked = kept = 0
    for case in QUERIES:
        meaning = sql_lineage(case.sql, SCHEMAS).meaning
        if not meaning or case.sql.startswith(("SUMMARIZE", "PIVOT", "UNPIVOT", "VALUES")):
            continue
        names = [column.name for column in sql_lineage(case.sql, SCHEMAS).columns]
        if len(set(names)) < len(names):
            continue
        for text in ("SELECT * FROM ({}) AS z", "WITH z AS ({}) SELECT * FROM z", "FROM ({})", "-- as it was\n{}"):
            asked += 1
            kept += same_meaning(sql_lineage(text.format(case.sql), SCHEMAS).meaning, meaning)
    assert kept / asked > 0.95
