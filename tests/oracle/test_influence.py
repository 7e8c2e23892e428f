"""Every influence that running a query shows is in its lineage: over the corpus, and over queries that are made up."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from assetflow.lineage.columns import Lineage
from assetflow.lineage.sql_columns import sql_lineage
from assetflow.lineage.sqlglot_columns import sqlglot_lineage
from tests.oracle.corpus import Case, corpus
from tests.oracle.database import SCHEMAS, Engine
from tests.oracle.influence import judge
from tests.oracle.made_up import made_up

ROUNDS = int(os.environ.get("ASSETFLOW_TEST_ORACLE_ROUNDS", "1"))
MADE_UP = int(os.environ.get("ASSETFLOW_TEST_ORACLE_QUERIES", "60"))
CORPUS = corpus()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def lineage_of(query: str) -> Lineage:
    return sql_lineage(query, SCHEMAS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_the_corpus_shows_no_influence_that_is_not_told(engine: Engine, case: Case) -> None:
    judged = judge(case.sql, lineage_of(case.sql), engine, seed=len(case.sql), rounds=ROUNDS)
    assert not judged.missed, f"{case.sql}\n" + "\n".join(map(str, judged.missed))


@pytest.mark.parametrize("seed", range(0, MADE_UP, 10))
def test_made_up_queries_show_no_influence_that_is_not_told(engine: Engine, seed: int) -> None:
    for number in range(seed, seed + 10):
        query = made_up(number)
        judged = judge(query, lineage_of(query), engine, seed=number, rounds=ROUNDS)
        assert not judged.missed, f"{query}\n" + "\n".join(map(str, judged.missed))


def test_what_sqlglot_would_tell_in_the_place_of_a_plan_misses_nothing(engine: Engine) -> None:
    told = 0
    for case in CORPUS:
        by_plan = lineage_of(case.sql)
        instead = sqlglot_lineage(case.sql, SCHEMAS, [(column.name, column.type) for column in by_plan.columns])
        if instead is None or by_plan.method != "bound plan":
            continue
        told += 1
        reads = instead.reads
        if any(set(columns or ()) - set(reads.get(table) or ()) for table, columns in by_plan.reads.items()):
            judged = judge(case.sql, instead, engine, seed=1, rounds=4)
            assert not judged.missed, f"{case.sql}\n" + "\n".join(map(str, judged.missed))
    assert told > 300


def test_the_corpus_covers_what_it_says() -> None:
    assert len(CORPUS) >= 450
    assert len({case.sql for case in CORPUS}) == len(CORPUS)


def test_nearly_all_of_the_corpus_is_answered_from_the_bound_plan() -> None:
    answered = [lineage_of(case.sql) for case in CORPUS]
    by_plan = sum(lineage.method == "bound plan" for lineage in answered)
    opaque = [case.sql for case, lineage in zip(CORPUS, answered, strict=True) if lineage.whole]
    assert by_plan / len(CORPUS) >= 0.99
    assert all("USING KEY" in query for query in opaque)


def test_nearly_every_column_that_is_told_of_has_a_say(engine: Engine) -> None:
    """Exactness: few of the columns in read-sets were never seen to change anything."""
    told = seen = 0
    for case in CORPUS[::7]:
        judged = judge(case.sql, lineage_of(case.sql), engine, seed=7, rounds=4)
        told += len(judged.claimed)
        seen += len(judged.claimed & judged.seen)
    assert seen / told > 0.8


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM sales WHERE city = 'a'",
        "SELECT id, sum(qty) OVER (PARTITION BY city) AS s FROM sales",
        "SELECT city, id FROM sales UNION ALL BY NAME SELECT size AS id, shop AS city FROM shops",
        "SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop",
        "SELECT CASE WHEN qty > 1 THEN city END AS c FROM sales",
    ],
)
def test_the_oracle_sees_each_edge_that_is_left_out(engine: Engine, query: str) -> None:
    right = lineage_of(query)
    assert not judge(query, right, engine, seed=1, rounds=6).missed
    for edge in right.dataset:
        wrong = replace(right, dataset=frozenset(other for other in right.dataset if other.source != edge.source))
        assert judge(query, wrong, engine, seed=1, rounds=6).missed, f"without {edge}"
    for at, column in enumerate(right.columns):
        for edge in column.edges:
            others = frozenset(other for other in column.edges if other.source != edge.source)
            columns = [*right.columns]
            columns[at] = replace(column, edges=others)
            wrong = replace(right, columns=tuple(columns))
            if edge.source not in {other.source for other in right.dataset}:
                assert judge(query, wrong, engine, seed=1, rounds=6).missed, f"{column.name} without {edge}"
