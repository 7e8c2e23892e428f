"""Queries whose lineage was checked by hand: canaries for a release of DuckDB that writes its plans otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from assetflow.lineage.columns import Edge, columns_alike, same_meaning
from assetflow.lineage.plans.binder import BindError
from assetflow.lineage.sql_columns import sql_lineage
from tests.oracle.database import SCHEMAS

FILE = Path(__file__).parent / "labelled.txt"


def cases() -> Iterator[tuple[str, str]]:
    """The query and the lines that tell its lineage."""
    for paragraph in FILE.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = paragraph.splitlines()
        first = next(at for at, line in enumerate(lines) if line.startswith("    "))
        yield "\n".join(lines[:first]), "\n".join(lines[first:])


def told(edges: Iterable[Edge]) -> str:
    return ", ".join(sorted(f"{edge.source} {edge.kind}" for edge in edges)) or "-"


@pytest.mark.parametrize(("query", "expected"), list(cases()), ids=lambda text: text[:50])
def test_lineage_as_labelled(query: str, expected: str) -> None:
    lineage = sql_lineage(query, SCHEMAS)
    lines = [f"    {column.name}: {told(column.edges)}" for column in lineage.columns]
    assert "\n".join([*lines, f"    *: {told(lineage.dataset)}"]) == expected
    assert (lineage.method, lineage.exact, lineage.whole) == ("bound plan", True, frozenset())


def test_who_counts_rows_reads_the_empty_tuple() -> None:
    assert sql_lineage("SELECT count(*) FROM sales", SCHEMAS).reads == {"sales": ()}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("SELECT city, qty, qty * 2 AS more FROM sales", ("city", "qty")),
        ("SELECT qty AS n, city AS town FROM sales WHERE city <> ''", ("city", "qty")),
        ("SELECT city, qty * 2 AS more FROM sales", ()),
        ("SELECT city FROM sales WHERE qty > 1", ()),
        ("SELECT sum(qty) AS qty FROM sales", ()),
        ("SELECT count(*) AS n FROM sales", ()),
        ("SELECT coalesce(city, '') AS city FROM sales", ()),
    ],
)
def test_columns_of_which_every_one_is_shown_as_it_is(query: str, shown: tuple[str, ...]) -> None:
    assert sql_lineage(query, SCHEMAS).shown("sales") == shown


def test_a_pivot_over_what_is_in_the_data_has_open_columns_and_known_reads() -> None:
    lineage = sql_lineage("PIVOT sales ON city USING sum(qty) GROUP BY shop", SCHEMAS)
    assert lineage.open_columns
    assert lineage.reads == {"sales": ("city", "qty", "shop")}
    assert lineage.meaning == ""


def test_files_that_are_read_in_place_are_tables_by_their_text() -> None:
    schemas = {"data/x.csv": [("a", "BIGINT"), ("b", "VARCHAR")], "sales": SCHEMAS["sales"]}
    lineage = sql_lineage("SELECT x.a FROM 'data/x.csv' JOIN sales ON sales.city = x.b", schemas)
    assert lineage.reads == {"data/x.csv": ("a", "b"), "sales": ("city",)}
    assert sql_lineage("SELECT b FROM read_csv('data/x.csv', header = true)", schemas).reads == {"data/x.csv": ("b",)}


def test_names_in_another_case_and_in_quotes_are_the_columns_they_mean() -> None:
    schemas = {"odd": [("Id", "BIGINT"), ("select", "VARCHAR"), ('a"b', "INTEGER"), ("größe", "INTEGER")]}
    lineage = sql_lineage('SELECT ID, "SELECT", "a""b" + größe AS x FROM Odd', schemas)
    assert lineage.reads == {"odd": ("Id", 'a"b', "größe", "select")}


def test_a_thousand_columns_and_a_sum_of_five_hundred_terms() -> None:
    schemas = {"wide": [(f"c{number}", "BIGINT") for number in range(1000)]}
    lineage = sql_lineage("SELECT * FROM wide WHERE c0 > 1", schemas)
    assert len(lineage.columns) == 1000
    terms = " + ".join(f"c{number}" for number in range(500))
    usual = sys.getrecursionlimit()
    assert len(sql_lineage(f"SELECT {terms} AS total FROM wide", schemas).columns[0].edges) == 500
    assert sys.getrecursionlimit() == usual


@pytest.mark.parametrize(
    ("query", "message", "line"),
    [
        ("SELECT id,\n  nope\nFROM sales", 'Referenced column "nope" not found', 2),
        ("SELECT city FROM sales JOIN shops ON true", 'Ambiguous reference to column name "city"', 1),
        ("SELECT id FROM sales\nWHERE city + 1 > day", "No function matches", 2),
        ("SELECT id FROM sales UNION SELECT id, city FROM sales", "same number of result columns", None),
    ],
)
def test_a_query_that_does_not_fit_says_where(query: str, message: str, line: int | None) -> None:
    with pytest.raises(BindError) as raised:
        sql_lineage(query, SCHEMAS)
    assert message in raised.value.message
    assert line is None or raised.value.line == line


def test_what_duckdb_cannot_plan_reads_everything_and_says_why() -> None:
    lineage = sql_lineage("SELECT id, nextval('numbers') AS n FROM sales", SCHEMAS)
    assert lineage.whole == SCHEMAS.keys()
    assert lineage.notes == ("Sequence with name numbers does not exist!",)


@pytest.mark.parametrize(
    "query",
    [
        "",
        ";",
        "SELECT",
        "SELECT id FROM sales; SELECT id FROM people",
        "COPY sales TO 'x'",
        "SELECT $1 FROM sales",
        "SELECT ? FROM sales",
        "SELECT * FROM sales PIVOT (count(*) FOR city IN (SELECT city FROM sales))",
        f"SELECT {'+'.join(['id'] * 3000)} FROM sales",
    ],
)
def test_what_is_no_query_that_duckdb_runs_is_opaque_and_never_a_fault(query: str) -> None:
    lineage = sql_lineage(query, SCHEMAS)
    assert lineage.whole == SCHEMAS.keys()
    assert lineage.notes


SAME = [
    ("SELECT city, sum(qty) AS s FROM sales GROUP BY city", "SELECT city, sum(qty) AS s FROM sales GROUP BY ALL"),
    ("SELECT city, sum(qty) AS s FROM sales GROUP BY city", "FROM sales SELECT city, sum(qty) s GROUP BY 1 -- so"),
    ("SELECT s.id FROM sales s WHERE s.qty > 1", "WITH x AS (SELECT * FROM sales) SELECT id FROM x WHERE qty > 1"),
    ("SELECT a.id FROM sales a JOIN shops b USING (shop)", "SELECT x.id FROM sales x JOIN shops y USING (shop)"),
]
OTHER = [
    (
        "SELECT a.city FROM sales a JOIN sales b ON a.id = b.qty",
        "SELECT b.city FROM sales a JOIN sales b ON a.id = b.qty",
    ),
    ("SELECT id FROM sales WHERE qty > 1", "SELECT id FROM sales WHERE qty > 2"),
    ("SELECT id FROM sales JOIN shops USING (shop)", "SELECT id FROM sales LEFT JOIN shops USING (shop)"),
    ("SELECT lag(id) OVER (ORDER BY id) AS x FROM sales", "SELECT lag(id) OVER (ORDER BY id DESC) AS x FROM sales"),
    ("SELECT city FROM sales UNION SELECT city FROM shops", "SELECT city FROM sales UNION ALL SELECT city FROM shops"),
    ("SELECT id FROM sales ORDER BY id", "SELECT id FROM sales ORDER BY qty"),
    ("SELECT random() AS r FROM sales", "SELECT random() AS r FROM sales"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_mean_the_same(one: str, other: str) -> None:
    assert same_meaning(sql_lineage(one, SCHEMAS).meaning, sql_lineage(other, SCHEMAS).meaning)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_these_do_not(one: str, other: str) -> None:
    assert not same_meaning(sql_lineage(one, SCHEMAS).meaning, sql_lineage(other, SCHEMAS).meaning)


def test_an_added_column_leaves_the_others_alone_and_another_filter_leaves_none() -> None:
    before = sql_lineage("SELECT id, city FROM sales WHERE qty > 1", SCHEMAS).meaning
    more = sql_lineage("SELECT id, upper(city) AS city, day FROM sales WHERE qty > 1", SCHEMAS).meaning
    assert columns_alike(before, more) == {"id"}
    other = sql_lineage("SELECT id, city FROM sales WHERE qty > 2", SCHEMAS).meaning
    assert columns_alike(before, other) == frozenset()


@pytest.mark.parametrize(
    ("query", "gathers"),
    [
        ("SELECT city, qty * 2 AS more FROM sales WHERE qty > 1", False),
        ("SELECT sales.city, name FROM sales JOIN people ON sales.id = people.id", False),
        ("SELECT city, sum(qty) AS qty FROM sales GROUP BY city", True),
        ("SELECT DISTINCT city FROM sales", True),
        ("SELECT qty, sum(qty) OVER (PARTITION BY city) AS total FROM sales", True),
        ("SELECT city FROM sales EXCEPT SELECT city FROM people", True),
        ("SELECT count(*) AS n FROM sales", False),
    ],
)
def test_what_makes_one_row_of_several(query: str, gathers: bool) -> None:
    assert sql_lineage(query, SCHEMAS).gathers_rows == gathers
