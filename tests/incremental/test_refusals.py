"""Whatever is made in full says why: the construct, and its line in the query or in the view through which it reads."""

from __future__ import annotations

import pytest

from assetflow.incremental.foresee import foresee
from assetflow.incremental.refused import Refused

SCHEMAS = {"t": [("id", "INTEGER"), ("k", "INTEGER"), ("x", "INTEGER")], "u": [("k", "INTEGER"), ("w", "INTEGER")]}
LATERAL = r"^a subquery that reads columns of tables beside it \(LATERAL\)$"
REFUSED = {
    "SELECT t.id, y\nFROM t,\n  LATERAL (SELECT t.x + 1 AS y)": (LATERAL, 3),
    "SELECT t.id, y\nFROM t,\n  LATERAL (SELECT x + 1 AS y)": (LATERAL, 3),
    "SELECT t.id, y\nFROM t\nLEFT JOIN (SELECT max(w) AS y FROM u WHERE u.k = t.k) ON true": (LATERAL, 3),
    "SELECT id\nFROM t\nUSING SAMPLE 3": ("a sample of rows", 3),
    "SELECT id\nFROM t\nTABLESAMPLE 10%": ("a sample of rows", 2),
    "SELECT 1\nUNION ALL\n(WITH RECURSIVE a AS (SELECT id FROM t UNION ALL SELECT id FROM a) FROM a)": ("RECURSIVE", 3),
    "SELECT id FROM t\nORDER BY 1\nOFFSET 3": ("LIMIT", 3),
    "SELECT id FROM t\nORDER BY\n1 LIMIT 10 PERCENT": ("LIMIT", 3),
    "SELECT id, (\nWITH a AS (SELECT k FROM u WHERE u.k = t.k) SELECT max(k) FROM a) FROM t": ("WITH inside", 2),
    "-- all\nPIVOT t ON k USING sum(x)": ("PIVOT", 2),
    "-- all\nPIVOT t ON k IN (1, 2) USING sum(x)": ("PIVOT", 2),
    "SELECT *\nFROM (PIVOT t ON k IN (1, 2) USING sum(x))": ("PIVOT", 2),
    "-- all\nUNPIVOT t ON id, x": ("UNPIVOT", 2),
    "SELECT DISTINCT ON (k) k, x\nFROM t ORDER BY k,\nx DESC, id": ("ORDER BY id, which is no column", 3),
    "SELECT k, x FROM t\nORDER BY id": ("ORDER BY id, which is no column", 2),
    "SELECT k, count(*) AS n FROM t GROUP BY k\nORDER BY max(x)": ("ORDER BY of an expression", 2),
    "SELECT t.k, x FROM t\nORDER BY t.k": ("ORDER BY of a column of a table", 2),
    "-- all\nSUMMARIZE t": ("SUMMARIZE", 2),
    "SELECT\nk::DOUBLE, median(x) FROM t GROUP BY 1": ("keys of type DOUBLE", 2),
    "SELECT DISTINCT\nk::DOUBLE FROM t": ("keys of type DOUBLE", 2),
    "SELECT\nk::DOUBLE, x FROM t EXCEPT SELECT k, w FROM u": ("EXCEPT of columns of different types", 2),
}


@pytest.mark.parametrize("query", REFUSED)
def test_a_refusal_names_the_construct_and_its_line(query: str) -> None:
    what, line = REFUSED[query]
    with pytest.raises(Refused, match=what) as refused:
        foresee(query, SCHEMAS, {"t", "u"})
    assert refused.value.line(query, {}) == (line, None)


@pytest.mark.parametrize(
    ("view", "what"),
    [
        ("SELECT id\n\nFROM t LIMIT 3", "LIMIT without ORDER BY"),
        ("SELECT id\n\nFROM t ORDER BY id LIMIT 3", "LIMIT"),
        ("SELECT 'é' AS o,\n\nany_value(k) AS id FROM t", "any_value"),
        ("SELECT t.id\nFROM t,\nLATERAL (SELECT t.x)", "LATERAL"),
    ],
)
def test_what_stands_in_a_view_is_named_with_the_view(view: str, what: str) -> None:
    query = "SELECT id\nFROM seen JOIN others USING (id)\nWHERE id > 1"
    views = {"others": "SELECT id, 'ö' AS o\nFROM t", "seen": view}
    with pytest.raises(Refused, match=what) as refused:
        foresee(query, SCHEMAS, {"t", "u"}, views)
    assert refused.value.line(query, views) == (3, "seen")


def test_a_query_over_views_still_names_its_own_lines() -> None:
    query = "SELECT any_value(id)\nFROM seen\nORDER BY 1\nLIMIT 3"
    views = {"seen": "SELECT id\n\n\n\n\nFROM t"}
    with pytest.raises(Refused) as refused:
        foresee(query, SCHEMAS, {"t"}, views)
    assert refused.value.line(query, views) == (1, None)
