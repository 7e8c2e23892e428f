"""The comment an asset's file begins with, and the tags behind its columns."""

from __future__ import annotations

import pytest

from assetflow.errors import DefinitionError
from assetflow.lineage.sql.column_tags import read_arguments
from assetflow.lineage.sql.frontmatter import read_options
from assetflow.lineage.sql.query import read_sql_file


def tags(query: str) -> list[str]:
    """`column@tag(arguments, options)` for every tag."""
    return [
        f"{tag.column}@{tag.name}"
        + (f"{tag.arguments!r}" if tag.arguments else "")
        + (f"{dict(tag.options)!r}" if tag.options else "")
        for tag in read_sql_file(query, "x.sql")[0].tags
    ]


def test_options_and_their_lines() -> None:
    text = '/* @asset\ndescription = "Revenue"\n\ntags = [\n  "nightly",\n]\n[meta]\nowner = "x"\n*/\n\nSELECT 1 AS a\n'
    front = read_options(text, "assets/x.sql")
    assert front.options == {"description": "Revenue", "tags": ["nightly"], "meta": {"owner": "x"}}
    assert front.lines == {"description": 2, "tags": 4, "meta": 7}
    assert (front.query, front.first_line) == ("SELECT 1 AS a", 11)


@pytest.mark.parametrize(
    ("text", "options", "query", "first_line"),
    [
        ("SELECT 1", {}, "SELECT 1", 1),
        ("\n\nSELECT 1\n", {}, "SELECT 1", 3),
        ("/* @asset */ SELECT 1", {}, "SELECT 1", 1),
        ('/* @asset owner = "a" */\nSELECT 1', {"owner": "a"}, "SELECT 1", 2),
        ('/*@asset\r\nowner = "a"\r\n*/\r\nSELECT 1', {"owner": "a"}, "SELECT 1", 4),
        ('\ufeff/* @asset\nowner = "a" */\nSELECT 1', {"owner": "a"}, "SELECT 1", 3),
        ('-- Licence: MIT\n/* by us */\n/* @asset\nowner = "a" */\nSELECT 1', {"owner": "a"}, "SELECT 1", 5),
        ("/* no options */ SELECT 1", {}, "/* no options */ SELECT 1", 1),
        ("-- mail data@asset.org\nSELECT '/* @asset */'", {}, "-- mail data@asset.org\nSELECT '/* @asset */'", 1),
        ("/* see @asset for more */ SELECT 1", {}, "/* see @asset for more */ SELECT 1", 1),
    ],
)
def test_where_the_query_begins(text: str, options: dict[str, object], query: str, first_line: int) -> None:
    front = read_options(text, "x.sql")
    assert (front.options, front.query, front.first_line) == (options, query, first_line)


def test_a_key_within_a_text_is_not_where_the_key_stands() -> None:
    text = '/* @asset\ndescription = """\nowner = nobody\n"""\nowner = "x"\n*/ SELECT 1'
    assert read_options(text, "x.sql").lines == {"description": 2, "owner": 5}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("/* @asset\nowner = 'a'\ntags = = 3\n*/\nSELECT 1", 3, "not TOML"),
        ("-- x\n/* @asset\nowner = 'a'\nowner = 'b'\n*/\nSELECT 1", 4, "not TOML"),
        ("/* @asset\nowner = 'a */ SELECT 1", 2, "not TOML"),
        ("-- @asset owner = 'a'\nSELECT 1", 1, "`--` comment"),
        ("SELECT 1\n/* @asset owner = 'a' */", 2, "after the beginning"),
        ("/* @asset owner = 'a' */\n/* @asset tags = [] */\nSELECT 1", 2, "two comments"),
    ],
)
def test_options_that_are_wrong(text: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as raised:
        read_options(text, "assets/x.sql")
    assert (raised.value.path, raised.value.line) == ("assets/x.sql", line)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a -- @x\nFROM t", ["a@x"]),
        ("SELECT a, -- @x\n  b -- @y\nFROM t", ["a@x", "b@y"]),
        ("SELECT a -- @x\n  , b -- @y\n  , c\nFROM t", ["a@x", "b@y"]),
        ("SELECT\n  a -- @x\n  , -- nothing\n  b\nFROM t", ["a@x"]),
        ("SELECT a, b, -- @x\n c FROM t", ["b@x"]),
        ("SELECT a /* @x */, b /* @y @z */ FROM t", ["a@x", "b@y", "b@z"]),
        ("SELECT a,/* @x */\n b FROM t", ["a@x"]),
        ("SELECT a --@x\nFROM t", ["a@x"]),
        ("SELECT a -- the key, @x and @y(1)\nFROM t", ["a@x", "a@y(1,)"]),
        ("SELECT sum(\n  x -- @min(0)\n) AS s,\n b FROM t", ["s@min(0,)"]),
        ("SELECT CASE\n  WHEN a THEN 1 -- @x\n  ELSE 2\nEND AS c -- @y\nFROM t", ["c@x", "c@y"]),
        ("SELECT a,\n (SELECT max(b) -- @x\n FROM u) AS m FROM t", ["m@x"]),
        ("SELECT a IS DISTINCT FROM b AS d, -- @x\n a IS NOT DISTINCT FROM b AS e -- @y\nFROM t", ["d@x", "e@y"]),
        ("SELECT extract(year FROM a) AS y -- @x\nFROM t", ["y@x"]),
        ('SELECT a AS "from", -- @x\n b AS select -- @y\nFROM t', ["from@x", "select@y"]),
        ("SELECT 1 AS from, -- @x\n 2 AS b -- @y", ["from@x", "b@y"]),
        ("SELECT t.group, -- @x\n b -- @y\nFROM t", ["group@x", "b@y"]),
        ("SELECT DISTINCT ON (a, b) c, -- @x\n d -- @y\nFROM t", ["c@x", "d@y"]),
        ("SELECT DISTINCT a -- @x\nFROM t", ["a@x"]),
        ("SELECT total: sum(x), -- @x\n FROM t", ["total@x"]),
        ("SELECT sum(x) total -- @x\nFROM t", ["total@x"]),
        ("SELECT t.Region -- @x\nFROM t", ["Region@x"]),
        ("SELECT [a, b] AS l, -- @x\n {'k': a, 'j': b} AS s -- @y\nFROM t", ["l@x", "s@y"]),
        ("FROM t\nSELECT a, -- @x\n b -- @y", ["a@x", "b@y"]),
        ("FROM t SELECT a, -- @x\n b WHERE c", ["a@x"]),
        ("FROM (SELECT a, b, c FROM t) SELECT a -- @x", ["a@x"]),
        ("WITH c AS (SELECT q, r FROM t)\nSELECT a -- @x\nFROM c", ["a@x"]),
        ("WITH RECURSIVE c AS (SELECT 1 AS q UNION ALL SELECT q FROM c)\nSELECT a -- @x\nFROM c", ["a@x"]),
        ("SELECT a -- @x\nFROM t\nUNION ALL\nSELECT b FROM u", ["a@x"]),
        ("(SELECT a -- @x\nFROM t) UNION ALL (SELECT b FROM u)", ["a@x"]),
        ("SELECT sum(x) FILTER (WHERE y) OVER w AS s -- @x\nFROM t WINDOW w AS (ORDER BY z)", ["s@x"]),
        ("SELECT a, '-- @no', $$-- @no$$ AS b, \"-- @no\" -- @x\nFROM t", ["-- @no@x"]),
        ("SELECT a FROM t -- @x", ["a@x"]),
        ("SELECT a /* one\n two\n @x */\n, b FROM t -- @y", ["a@x", "b@y"]),
        ("SELECT a -- write to me@example.com, or a@b\nFROM t", []),
        ("SELECT a -- @1 @ x @(3)\nFROM t", []),
        ("SELECT @x AS a -- @y\nFROM t", ["a@y"]),
        ("-- no tag here\nSELECT a FROM t", []),
        (
            "SELECT week, department,          -- @not_null\n  sum(v) AS r -- @min(0)\nFROM t GROUP BY ALL",
            ["department@not_null", "r@min(0,)"],
        ),
    ],
)
def test_the_column_of_a_tag(query: str, expected: list[str]) -> None:
    assert tags(query) == expected


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("-- @x\nSELECT a FROM t", 1),
        ("SELECT -- @x\n a FROM t", 1),
        ("SELECT a,\n-- @x\n b FROM t", 2),
        ("SELECT a, /* @x */ b FROM t", 1),
        ("SELECT a, b FROM t -- @x", 1),
        ("SELECT a\nFROM t -- @x", 2),
        ("SELECT a\nFROM t\nWHERE b -- @x\n AND c", 3),
        ("WITH c AS (SELECT a -- @x\n FROM t)\nSELECT a FROM c", 1),
        ("SELECT a FROM t\nUNION ALL\nSELECT b -- @x\nFROM u", 3),
        ("SELECT *, -- @x\n a FROM t", 1),
        ("SELECT sum(a) -- @x\nFROM t", 1),
        ("FROM t -- @x", 1),
        ("VALUES (1) -- @x", 1),
    ],
)
def test_a_tag_that_is_on_no_column(query: str, line: int) -> None:
    with pytest.raises(DefinitionError, match="stands on no named column") as raised:
        read_sql_file(query, "assets/x.sql")
    assert (raised.value.path, raised.value.line) == ("assets/x.sql", line)


def test_the_lines_of_tags_are_those_of_the_file() -> None:
    text = "/* @asset\n*/\nSELECT a, -- @x\n b /* one\n @y */ FROM t"
    assert [(tag.name, tag.line) for tag in read_sql_file(text, "x.sql")[0].tags] == [("x", 3), ("y", 5)]


@pytest.mark.parametrize(
    ("text", "arguments", "options"),
    [
        (")", (), {}),
        ("0)", (0,), {}),
        ("-1.5, 2)", (-1.5, 2), {}),
        ("'a', \"b\", 'it''s')", ("a", "b", "it's"), {}),
        ("true, FALSE, null)", (True, False, None), {}),
        ("products.product_id)", ("products.product_id",), {}),
        ("['a', 1], [])", (["a", 1], []), {}),
        ("'a', severity=\"warn\", n = -3)", ("a",), {"severity": "warn", "n": -3}),
        ("severity=warn, )", (), {"severity": "warn"}),
        ("'a)b') and more", ("a)b",), {}),
    ],
)
def test_arguments(text: str, arguments: tuple[object, ...], options: dict[str, object]) -> None:
    read = read_arguments(text)
    assert read[:2] == (arguments, options)
    assert text[read[2] - 1] == ")"


@pytest.mark.parametrize("text", ["0", "'a)", "1 2)", "a=)", "*)", "[1)", "-'a')", ",)"])
def test_arguments_that_are_wrong(text: str) -> None:
    with pytest.raises(DefinitionError, match="the tag @min cannot be read") as raised:
        read_sql_file(f"SELECT\n a -- @min({text}\nFROM t", "x.sql")
    assert raised.value.line == 2
