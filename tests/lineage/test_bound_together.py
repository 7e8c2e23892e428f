"""Queries that are bound together come out as they do alone."""

from __future__ import annotations

import pytest

from assetflow.lineage.plans.binder import BindError, NotBound, Schema, bind, bind_ahead

Schemas = dict[str, Schema]

SALES: Schemas = {"sales": (("id", "BIGINT"), ("price", "DOUBLE"))}
OTHER_SALES: Schemas = {"sales": (("id", "VARCHAR"), ("day", "DATE"))}
QUERIES: tuple[tuple[str, Schemas], ...] = (
    ("SELECT id, price * 2 AS double FROM sales", SALES),
    ("SELECT sum(price) FROM sales GROUP BY id", SALES),
    ("FROM sales", OTHER_SALES),
    ("FROM sales", SALES),
    ("SELECT cost FROM sales", SALES),
    ("SELECT id FROM sales; SELECT 1", SALES),
    ("SELECT 'it''s' AS text", {}),
    ("SELECT 12345678901234567890123456789012345678901234567890::BIGNUM AS n", {}),
    ("SELECT nothing_like_it(id) FROM sales", SALES),
    ("PIVOT sales ON id USING sum(price)", SALES),
    ("SELECT * FROM 'data/x.csv'", {"data/x.csv": (("a", "BIGINT"),)}),
)


def said_of(text: str, schemas: Schemas) -> object:
    try:
        return bind(text, schemas)
    except (BindError, NotBound) as error:
        return str(error)


def test_a_value_of_which_duckdb_writes_no_plan_still_tells_the_columns() -> None:
    with pytest.raises(NotBound) as raised:
        bind("SELECT 1 AS a, 12345678901234567890123456789012345678901234567890::BIGNUM AS n", {})
    assert raised.value.columns == (("a", "INTEGER"), ("n", "BIGNUM"))


def test_what_is_bound_together_comes_out_as_it_does_alone() -> None:
    alone = [said_of(text, schemas) for text, schemas in QUERIES]
    bind_ahead(QUERIES)
    assert [said_of(text, schemas) for text, schemas in QUERIES] == alone
    bind_ahead(reversed(QUERIES))
    assert [said_of(text, schemas) for text, schemas in QUERIES] == alone


def test_an_answer_is_not_taken_for_tables_of_other_columns() -> None:
    bind_ahead([("FROM sales", SALES), ("SELECT 1", {})])
    assert bind("FROM sales", OTHER_SALES).columns == OTHER_SALES["sales"]
    assert bind("FROM sales", SALES).columns == SALES["sales"]


def test_one_that_cannot_be_bound_takes_nothing_from_the_others() -> None:
    bind_ahead([("SELECT id FROM sales", SALES), ("FROM sales", {"sales": (("a", "NO_SUCH_TYPE"),)})])
    assert bind("SELECT id FROM sales", SALES).columns == (("id", "BIGINT"),)
    with pytest.raises(NotBound):
        bind("FROM sales", {"sales": (("a", "NO_SUCH_TYPE"),)})
