"""What a query reads, against plain-text pairs and against DuckDB's own answer."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from assetflow.errors import DefinitionError
from assetflow.lineage.sql import tree
from assetflow.lineage.sql.order import reads_order
from assetflow.lineage.sql.query import FileRef, TableRef, look_ahead, read_query, read_sql_file, to_duckdb

DUCKDB = duckdb.connect(":memory:")
QUERIES = Path(__file__).parent / "queries"


def pairs() -> list[ParameterSet]:
    """Blocks of a title, a query and what it reads, between blank lines."""
    found = []
    for file in sorted(QUERIES.glob("*.sql")):
        for block in file.read_text().strip().split("\n\n"):
            title, *query, reads = block.splitlines()
            found.append(pytest.param("\n".join(query), reads, id=f"{file.stem}: {title.removeprefix('-- ')}"))
    return found


@pytest.mark.parametrize(("query", "expected"), pairs())
def test_what_a_query_reads(query: str, expected: str) -> None:
    """Tables as they are, files in quotes behind their function, notes in square brackets; each in order."""
    words = [word for word in expected.removesuffix(";").split(", ") if word != "nothing"]
    files = [word for word in words if word.endswith("'")]
    notes = [word for word in words if word.endswith("]")]
    read = read_query(query, "assets/x.sql")
    assert [table.name for table in read.tables] == [word for word in words if word not in files + notes]
    assert [f"{file.function or ''} '{file.text}'".lstrip() for file in read.files] == files
    assert [f"[{note.what}]" for note in read.notes] == notes


def duckdb_tables(query: str) -> set[str] | None:
    """The tables of a query by DuckDB's binder; None where it wants to open a file or refuses the statement."""
    try:
        return {name.lower() if name.isascii() else name for name in DUCKDB.get_table_names(query)}
    except duckdb.Error:
        return None


def test_duckdb_reads_no_table_that_is_missed() -> None:
    """Its binder leaves out CTEs that nobody uses and the expressions in `* REPLACE`, so ours may be more."""
    asked, missed = 0, []
    for pair in pairs():
        query = str(pair.values[0])
        theirs = duckdb_tables(query)
        if theirs is not None:
            asked += 1
            read = read_query(query, "x.sql")
            ours = {table.name.split(".")[-1] for table in read.tables} | {file.text.lower() for file in read.files}
            missed += [(query, name) for name in theirs - ours]
    assert missed == []
    assert asked >= 130


NAMES = st.sampled_from("abcd")


@st.composite
def nested_query(draw: st.DrawFn, hidden: frozenset[str] = frozenset(), depth: int = 0) -> tuple[str, set[str]]:
    """A query of CTEs and subqueries over four names, and which of them are tables in it."""
    read: set[str] = set()
    ctes = []
    for name in draw(st.lists(NAMES, max_size=2, unique=True)) if depth < 3 else []:
        body, body_reads = draw(nested_query(hidden, depth + 1))
        read |= body_reads
        if draw(st.booleans()):
            other = draw(NAMES)
            ctes.append(f"{name} AS ({body} UNION ALL SELECT x FROM {other})")
            read |= {other} - hidden - {name}
        else:
            ctes.append(f"{name} AS (SELECT x FROM ({body}))")
        hidden |= {name}
    table = draw(NAMES)
    read |= {table} - hidden
    where = ""
    if depth < 3 and draw(st.booleans()):
        inner, inner_reads = draw(nested_query(hidden, depth + 1))
        read |= inner_reads
        where = draw(st.sampled_from([" WHERE x IN ({})", " ORDER BY ({})", " WHERE EXISTS ({})"])).format(inner)
    with_ctes = f"WITH RECURSIVE {', '.join(ctes)} " if ctes else ""
    return f"({with_ctes}SELECT x FROM {draw(st.sampled_from([table, table.upper()]))}{where})", read


@settings(max_examples=200, deadline=None)
@given(nested_query())
def test_names_are_hidden_where_they_are_defined(case: tuple[str, set[str]]) -> None:
    query, expected = case
    assert {table.name for table in read_query(query, "x.sql").tables} == expected
    assert (duckdb_tables(query) or set()) <= expected


def test_lines_are_those_of_the_file() -> None:
    query = "-- é\nSELECT *\nFROM sales\nJOIN 'x.csv' USING (id)\nWHERE d < now()\n  AND id IN (FROM sales)"
    read = read_query(query, "assets/x.sql", first_line=11)
    assert read.tables == (TableRef("sales", 13),)
    assert read.files == (FileRef("x.csv", None, 14),)
    assert [(str(note), note.line) for note in read.notes] == [("now() reads the clock (assets/x.sql:15)", 15)]


@pytest.mark.parametrize(
    "query", ["/* a\n b */ SUMMARIZE\nsales", "TABLE\n\nsales", "PIVOT\n\nsales ON y USING sum(x)"]
)
def test_lines_of_tables_that_the_parser_does_not_place(query: str) -> None:
    assert read_query(query, "x.sql").tables == (TableRef("sales", query.count("\n") + 1),)


@pytest.mark.parametrize("function", ["ago(INTERVAL 1 DAY)", "current_localtimestamp()", "current_localtime()"])
def test_clocks_that_duckdb_does_not_call_so(function: str) -> None:
    notes = read_query(f"SELECT {function} AS x", "x.sql").notes
    assert [note.what for note in notes] == [f"{function.partition('(')[0]}() reads the clock"]


@pytest.mark.parametrize(
    "query",
    [
        "FROM sales LIMIT 3",
        "SELECT json_group_array(x) FROM sales",
        "SELECT arg_max_nulls_last(x, y) FROM sales",
        "SELECT approx_quantile(x, 0.5) FROM sales",
        "SELECT DISTINCT x COLLATE NOCASE FROM sales",
        "SUMMARIZE sales",
        "FROM query('FROM sales LIMIT 3')",
    ],
)
def test_what_depends_on_the_order_of_rows(query: str) -> None:
    assert reads_order(read_query(query, "x.sql").canonical)


def test_what_does_not_depend_on_the_order_of_rows() -> None:
    assert not reads_order(read_query("SELECT x, sum(y), max(z) FROM sales GROUP BY x", "x.sql").canonical)


@pytest.mark.parametrize("end", ["", ";", " ;\n", "; ;", "\n-- done", "; -- done\n/* really */\n", " -- ;"])
def test_brackets_can_stand_around_the_text(end: str) -> None:
    assert read_query("SELECT ';--' AS x" + end, "x.sql").text == "SELECT ';--' AS x"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "no query"),
        ("\n-- nothing\n", 1, "no query"),
        (";", 1, "no query"),
        ("SELECT *\nFORM sales\nWHERE x", 2, "does not parse: syntax error at or near"),
        ("SELECT 'é',\n'é' FROM FROM", 2, "does not parse"),
        ("SELECT (1", 1, "does not parse"),
        ("SELECT 'a", 1, "does not parse"),
        ("SELECT 1;\n\nSELECT 2", 3, "more than one statement"),
        ("SELECT 1;\nDROP TABLE x;", 2, "more than one statement"),
        ("-- first\nINSERT INTO x VALUES (1)", 2, "this is INSERT"),
        ("CREATE TABLE x AS SELECT 1", 1, "this is CREATE"),
        ("COPY (SELECT 1) TO 'x.csv'", 1, "this is COPY"),
        ("EXPLAIN SELECT 1", 1, "this is EXPLAIN"),
        ("SELECT ?", 1, "parameter"),
        ("SELECT 1,\n $day", 2, "parameter, $day"),
    ],
)
def test_what_is_no_query_is_refused(text: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError, match=message.replace("$", r"\$")) as raised:
        read_query(text, "assets/x.sql")
    assert (raised.value.path, raised.value.line) == ("assets/x.sql", line)


@pytest.mark.parametrize("terms", [300, 900])
def test_a_deep_expression_is_read(terms: int) -> None:
    limit = sys.getrecursionlimit()
    query = f"SELECT {' + '.join(['x'] * terms)} AS x FROM sales"
    assert read_query(query, "x.sql").tables == (TableRef("sales", 1),)
    assert sys.getrecursionlimit() == limit


def test_a_file_is_read_at_once() -> None:
    text = "/* @asset\ntags = ['nightly']\n*/\nSELECT week, -- @not_null\n  1 AS one\nFROM Sales;\n"
    front, query = read_sql_file(text, "assets/x.sql")
    assert front.options == {"tags": ["nightly"]}
    assert [(tag.column, tag.name, tag.line) for tag in front.tags] == [("week", "not_null", 4)]
    assert query.tables == (TableRef("sales", 6),)
    assert query == read_query(front.query, "assets/x.sql", first_line=front.first_line)


def test_other_dialects_are_read_as_duckdb_runs_them() -> None:
    text = "SELECT `Id`,\n DATE_SUB(d, INTERVAL 1 DAY) AS d\nFROM `shop`.`sales`"
    read = read_query(text, "x.sql", dialect="bigquery")
    assert read.tables == (TableRef("shop.sales", 3),)
    assert read.text == text
    assert read.canonical == read_query(to_duckdb(text, "bigquery", "x.sql"), "x.sql").canonical


def test_a_file_names_its_own_dialect() -> None:
    _, query = read_sql_file('/* @asset\ndialect = "mysql" */\nSELECT `a` FROM `sales`', "x.sql")
    assert query.tables == (TableRef("sales", 3),)


@pytest.mark.parametrize(
    ("text", "dialect", "message"),
    [("SELECT 1\nFROM (", "postgres", "does not parse"), ("SELECT 1", "klingon", "no SQL dialect 'klingon'")],
)
def test_what_does_not_translate_is_refused(text: str, dialect: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as raised:
        read_query(text, "x.sql", dialect=dialect, first_line=5)
    assert raised.value.line == 5 + text.count("\n")


AHEAD = [
    ("/* @asset\ndescription = 'one'\n*/\nSELECT a FROM sales; -- the end\n", "one.sql"),
    ("SELECT b\nFROM 'data/x.csv'", "two.sql"),
    ("SELECT (", "broken.sql"),
    ("SELECT 1; SELECT 2", "many.sql"),
    ("PIVOT sales ON week USING sum(value)", "pivot.sql"),
    ("/* @asset\ndialect = 'mysql'\n*/\nSELECT `a` FROM sales", "mysql.sql"),
    ("-- @asset\nSELECT 1", "misplaced.sql"),
    ("-- nothing", "empty.sql"),
]


def said_of(text: str, path: str) -> object:
    try:
        return read_sql_file(text, path)
    except DefinitionError as error:
        return str(error)


def test_files_that_are_looked_at_together_say_what_each_says_alone() -> None:
    alone = [said_of(text, path) for text, path in AHEAD]
    look_ahead(AHEAD)
    assert [said_of(text, path) for text, path in AHEAD] == alone


def test_files_are_parsed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    look_ahead(AHEAD[:2])
    monkeypatch.setattr(tree, "_asked", lambda *_: pytest.fail("it was asked once more"))
    assert [read_sql_file(text, path)[1].tables for text, path in AHEAD[:2]] == [(TableRef("sales", 4),), ()]
