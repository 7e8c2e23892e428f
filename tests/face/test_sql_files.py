"""SQL files as people really write them: every form is made, and reads what it reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Shop

FORMS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "select": ("SELECT id FROM orders WHERE id < 3 ORDER BY id", [(1,), (2,)]),
    "from first": ("FROM orders SELECT id WHERE id < 3 ORDER BY id", [(1,), (2,)]),
    "from alone": ("FROM orders", [(1, "ann", "Rome", 10), (2, "bob", "Oslo", 20), (3, "ann", "Rome", 30), (4, "cy", None, 5)]),
    "with": ("WITH x AS (FROM orders) SELECT max(id) AS id FROM x", [(4,)]),
    "with materialized": ("WITH x AS MATERIALIZED (FROM orders) SELECT max(id) AS id FROM x", [(4,)]),
    "with recursive": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT count(*) FROM orders)) SELECT max(i) AS i FROM n",
        [(4,)],
    ),
    "pivot": (
        "PIVOT orders ON customer IN ('ann', 'bob') USING sum(amount) GROUP BY city ORDER BY city",
        [("Oslo", None, 20), ("Rome", 40, None), (None, None, None)],
    ),
    "pivot of what is there": ("SELECT ann FROM (PIVOT orders ON customer USING sum(amount)) WHERE ann IS NOT NULL ORDER BY ann", [(10,), (30,)]),
    "unpivot": ("SELECT name, value FROM (UNPIVOT (SELECT id, amount FROM orders WHERE id = 1) ON id, amount) ORDER BY name", [("amount", 10), ("id", 1)]),
    "values": ("VALUES (1, 'x')", [(1, "x")]),
    "table": ("TABLE orders LIMIT 0", []),
    "parentheses": ("(SELECT 1 AS x)", [(1,)]),
    "union": ("SELECT 1 AS x UNION ALL SELECT 2 ORDER BY x", [(1,), (2,)]),
    "union by name": ("SELECT 1 AS x UNION ALL BY NAME SELECT 2 AS y ORDER BY ALL", [(1, None), (None, 2)]),
    "semicolon": ("SELECT 1 AS x;", [(1,)]),
    "semicolons and space": ("SELECT 1 AS x ; \n\n ;\n", [(1,)]),
    "comment behind the semicolon": ("SELECT 1 AS x; -- that is all", [(1,)]),
    "tabs": ("SELECT\t1\tAS\tx", [(1,)]),
    "crlf": ("SELECT 1 AS x, -- @not_null\r\n  2 AS y -- @min(0)\r\n", [(1, 2)]),
    "bom": ("\ufeffSELECT 1 AS x", [(1,)]),
    "bom and front matter": ('\ufeff/* @asset\ndescription = "x"\n*/\nSELECT 1 AS x', [(1,)]),
    "crlf front matter": ('/* @asset\r\ndescription = "x"\r\ntags = [\r\n  "a",\r\n  "b",\r\n]\r\n*/\r\nSELECT 1 AS x\r\n', [(1,)]),
    "comment before front matter": ('-- hello\n/* @asset\ndescription = "x"\n*/\nSELECT 1 AS x', [(1,)]),
    "front matter on one line": ('/* @asset description = "x" */ SELECT 1 AS x', [(1,)]),
    "front matter with a comment": ('/* @asset\n# why\ndescription = "x" # here\n*/\nSELECT 1 AS x', [(1,)]),
    "front matter with a table": ('/* @asset\n[meta]\nteam = "x"\n*/\nSELECT 1 AS x', [(1,)]),
    "nested comments": ("/* a /* b */ c */ SELECT 1 AS x", [(1,)]),
    "comment inside": ("SELECT /* one */ 1 -- two\n AS x -- three", [(1,)]),
    "comment signs in text": ("SELECT '-- @min(9)' AS x, '/* @asset */' AS y", [("-- @min(9)", "/* @asset */")]),
    "dollar quotes": ("SELECT $$it's -- @min(3)$$ AS x", [("it's -- @min(3)",)]),
    "dollar tags": ("SELECT $a$ -- $b$ @unique $a$ AS x", [(" -- $b$ @unique ",)]),
    "escapes": (r"SELECT e'it\'s' AS x, 'it''s' AS y", [("it's", "it's")]),
    "quoted names": ('SELECT "Id" AS "The ID", 1 AS "say ""hi""" FROM (SELECT id AS "Id" FROM orders WHERE id = 1)', [(1, 1)]),
    "unicode": ("SELECT 'Zoë' AS \"größe\"", [("Zoë",)]),
    "upper case table": ("SELECT ID FROM ORDERS WHERE Id = 1", [(1,)]),
    "quoted table": ('SELECT id FROM "orders" WHERE id = 1', [(1,)]),
    "main schema": ("SELECT id FROM main.orders WHERE id = 1", [(1,)]),
    "alias": ("SELECT o.id FROM orders AS o WHERE o.id = 1", [(1,)]),
    "alias of columns": ("SELECT a FROM orders AS o(a, b) WHERE a = 1", [(1,)]),
    "star exclude": ("SELECT * EXCLUDE (city, customer) FROM orders WHERE id = 1", [(1, 10)]),
    "star replace": ("SELECT * REPLACE (0 AS amount) FROM orders WHERE id = 1", [(1, "ann", "Rome", 0)]),
    "star rename": ("SELECT * RENAME (id AS nr) FROM orders WHERE id = 1", [(1, "ann", "Rome", 10)]),
    "columns": ("SELECT columns('a.*') FROM orders WHERE id = 1", [(10,)]),
    "group by all": ("SELECT city, sum(amount) AS s FROM orders GROUP BY ALL ORDER BY ALL", [("Oslo", 20), ("Rome", 40), (None, 5)]),
    "lambda": ("SELECT list_transform([1, 2], lambda i: i + 1) AS x", [([2, 3],)]),
    "alias reused": ("SELECT id + 1 AS a, a + 1 AS b FROM orders WHERE id = 1", [(2, 3)]),
    "prefix alias": ("SELECT a: id, b: 2 FROM orders WHERE id = 1", [(1, 2)]),
    "qualify": ("SELECT id FROM orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY id DESC) = 1 ORDER BY id", [(2,), (3,), (4,)]),
    "lateral": ("SELECT o.id, l.x FROM orders o, LATERAL (SELECT o.amount * 2 AS x) l WHERE o.id = 1", [(1, 20)]),
    "asof": ("SELECT o.id, p.id AS before FROM orders o ASOF JOIN (FROM orders) p ON o.id > p.id ORDER BY ALL", [(2, 1), (3, 2), (4, 3)]),
    "positional": ("SELECT a.id FROM orders a POSITIONAL JOIN (SELECT 1) b ORDER BY ALL LIMIT 1", [(1,)]),
    "semi": ("SELECT id FROM orders SEMI JOIN (SELECT 1 AS id) USING (id)", [(1,)]),
    "unnest": ("SELECT unnest([1, 2]) AS x ORDER BY x", [(1,), (2,)]),
    "range": ("SELECT range AS x FROM range(2) ORDER BY x", [(0,), (1,)]),
    "struct star": ("SELECT s.* FROM (SELECT {'a': 1, 'b': 2} AS s)", [(1, 2)]),
    "file": ("SELECT count(*) AS n FROM 'data/orders.csv'", [(4,)]),
    "read_csv": ("SELECT max(id) AS n FROM read_csv('data/orders.csv', header = true)", [(4,)]),
    "read_csv of a list": ("SELECT count(*) AS n FROM read_csv(['data/orders.csv', 'data/orders.csv'])", [(8,)]),
    "glob": ("SELECT count(*) AS n FROM 'data/*.csv'", [(4,)]),
    "describe": ("SELECT column_name FROM (DESCRIBE orders) ORDER BY ALL LIMIT 1", [("amount",)]),
    "summarize": ("SELECT column_name FROM (SUMMARIZE orders) ORDER BY ALL LIMIT 1", [("amount",)]),
    "trailing comma": ("SELECT 1 AS x, FROM orders LIMIT 1", [(1,)]),
    "date and interval": ("SELECT DATE '2026-01-31' + INTERVAL 1 DAY AS d", None),
    "no name": ("SELECT 1 + 1", [(2,)]),
    "cte that is called like a source": ("WITH orders AS (SELECT 7 AS id) SELECT id FROM orders", [(7,)]),
    "cte that is called like itself": ("WITH t AS (SELECT 7 AS id) SELECT id FROM t", [(7,)]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str, shop: Shop) -> None:
    text, rows = FORMS[form]
    (shop.root / "assets" / "t.sql").write_bytes(text.encode())
    assert shop.run("t") == {"t": "materialized"}
    assert rows is None or shop.rows("FROM t") == rows
    assert shop.plan("t").steps == ()
