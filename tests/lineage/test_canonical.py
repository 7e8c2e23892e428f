"""Edits that make an asset again and edits that do not; and the law that equal canonical texts give equal tables."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.errors import DefinitionError
from assetflow.lineage.sql.query import read_query
from assetflow.lineage.sql.tokens import Token, code_tokens

EDITS = (Path(__file__).parent / "edits" / "sql.txt").read_text()
SAME, DIFFERENT = EDITS.split("=== ")[1:]


def edits(section: str) -> list[ParameterSet]:
    """Blocks of `# title`, the text before, `->` and the text behind, between blank lines."""
    found = []
    for block in section.strip().split("\n\n")[1:]:
        title, texts = block.split("\n", 1)
        before, after = texts.split("\n->\n")
        found.append(pytest.param(before, after, id=title.removeprefix("# ")))
    return found


def canonical(query: str) -> str:
    return read_query(query, "x.sql").canonical


@pytest.mark.parametrize(("before", "after"), edits(SAME))
def test_an_edit_that_changes_nothing(before: str, after: str) -> None:
    assert before != after
    assert canonical(before) == canonical(after)


@pytest.mark.parametrize(("before", "after"), edits(DIFFERENT))
def test_an_edit_that_changes_something(before: str, after: str) -> None:
    assert canonical(before) != canonical(after)


TABLES = """
CREATE TABLE sales (Id INT, Week INT, "Price" DOUBLE, sales STRUCT("Region" VARCHAR, n INT));
INSERT INTO sales SELECT i, i % 3, i / 2, {'Region': 'r' || i % 2, 'n': i} FROM range(7) AS r(i);
CREATE TABLE Products (ID INT, name VARCHAR, Tags VARCHAR[], week INT);
INSERT INTO Products SELECT i, 'p' || i, ['a', 'B' || i], i FROM range(2, 9) AS r(i);
"""
QUERIES = """
SELECT Week, sum(Price) AS Total, count(*) FROM sales GROUP BY Week ORDER BY Week;
SELECT s.Week, p.Name, sales.Region FROM sales AS s JOIN Products AS p ON s.Id = p.ID ORDER BY ALL;
SELECT sales.Id, sales.sales.Region, sales FROM sales WHERE sales.n > 2 ORDER BY Id;
SELECT Id, Week FROM sales FULL JOIN products USING (id, week) ORDER BY 1, 2;
SELECT * FROM sales NATURAL FULL JOIN products ORDER BY ALL;
SELECT * EXCLUDE (Sales) REPLACE (Week + 1 AS Week) RENAME (Price AS Cost) FROM sales ORDER BY Id;
WITH Top AS (SELECT Id AS Best, Week FROM sales WHERE Price > 1) SELECT Best, Week, Top FROM Top ORDER BY Best;
SELECT {'Id': Id, 'w': Week} AS r, struct_pack(Id, k := Week) AS p, [1].list_transform(lambda Q: struct_pack(q)) AS l
    FROM sales ORDER BY Id;
SELECT Id, Products.Week FROM sales NATURAL FULL JOIN products ORDER BY ALL;
SELECT Id + 1 AS A, A * 2 AS B, A FROM sales ORDER BY A DESC NULLS FIRST LIMIT 3;
SELECT (SELECT max(Week) FROM products AS P WHERE P.Id = S.Id) AS m, (SELECT Week) FROM sales AS S ORDER BY
    S.Id;
PIVOT sales ON Week IN (1, 2 AS Two) USING sum(Price) AS P, max(Id) GROUP BY Id ORDER BY Id;
UNPIVOT (SELECT Id, Week FROM sales) ON Id, Week INTO NAME K VALUE V ORDER BY ALL;
SELECT N, n + 1 AS M FROM range(3) AS N UNION ALL SELECT Id, Week FROM sales WHERE Id IN (1, 2) ORDER BY ALL;
SELECT Week FROM sales UNION BY NAME SELECT Id, week FROM Products ORDER BY ALL;
SELECT Week, row_number() OVER (PARTITION BY Week ORDER BY Id) AS R FROM sales QUALIFY R < 3 ORDER BY ALL;
SELECT DISTINCT ON (Week) Week, Id FROM sales ORDER BY Week, Id;
SELECT CASE WHEN Id > 3 THEN 'Big' ELSE 'small' END AS Size, Id BETWEEN 1 AND 2, Id::VARCHAR FROM sales ORDER
    BY Id;
SELECT list_transform(Tags, lambda X: lower(X)) AS l, unnest(Tags) AS U, Name.upper() FROM Products ORDER BY
    ALL;
SELECT COLUMNS('Id|Week'), min(COLUMNS(*)) OVER () FROM sales ORDER BY ALL;
SELECT X.* FROM (VALUES (1, 'a'), (2, 'b')) AS X(Aa, b) ORDER BY Aa;
SELECT A.Id FROM sales AS A SEMI JOIN Products AS B ON A.Id = B.Id AND A.Week IS NOT NULL ORDER BY ALL;
SELECT Id, alias(Id) AS n, "Week" AS "W k", 'It''s' AS Text FROM sales ORDER BY Id LIMIT 2 OFFSET 1
""".strip().split(";\n")


def changed(code: list[Token], chance: random.Random) -> str:
    """The query with one to three tokens in another case, in brackets, quoted, gone, twice, or from elsewhere."""
    words = [token.text for token in code]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(words))
        words[at] = chance.choice(
            [
                words[at].swapcase(),
                words[at].swapcase(),
                words[at].upper(),
                words[at].lower(),
                f"({words[at]})",
                f'"{words[at]}"',
                f"{words[at]} {words[at]}",
                "",
                chance.choice(words),
                chance.choice(["AS", "DISTINCT", "NOT", "1", ",", "-", "ALL", "/* c */", "DESC"]),
            ]
        )
    return " ".join(words)


def table(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[list[tuple[str, str]], str] | None:
    """The columns and rows of a query; None when DuckDB refuses it."""
    try:
        cursor = connection.execute(query)
        return [(column[0], str(column[1])) for column in cursor.description], repr(cursor.fetchall())
    except duckdb.Error:
        return None


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        connection.execute(TABLES)
        yield connection


@pytest.mark.parametrize("query", QUERIES)
def test_a_letter_that_can_be_seen_counts(query: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Each word once in the other case: where the text is equal, the table has the same columns and rows."""
    text, rows = canonical(query), table(connection, query)
    assert rows is not None
    equal = 0
    for token in code_tokens(query):
        other = query[: token.start] + token.text.swapcase() + query[token.end :]
        if other != query and canonical(other) == text:
            equal += 1
            assert table(connection, other) == rows, other
    assert equal > 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.sampled_from(QUERIES), seed=st.integers(0, 2**32))
def test_equal_texts_give_equal_tables(query: str, seed: int, connection: duckdb.DuckDBPyConnection) -> None:
    chance = random.Random(seed)
    seen: dict[str, tuple[str, object]] = {canonical(query): (query, table(connection, query))}
    for other in [changed(code_tokens(query), chance) for _ in range(12)]:
        try:
            text = canonical(other)
        except DefinitionError:
            continue
        first, rows = seen.setdefault(text, (other, table(connection, other)))
        assert table(connection, other) == rows, f"{first}\n{other}"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(QUERIES),
    st.lists(st.sampled_from([" ", "\n", "\t", " -- it's\n", "/* ' */", "\n\n  "]), min_size=1),
)
def test_layout_and_comments_do_not_count(query: str, gaps: list[str]) -> None:
    code = code_tokens(query)
    spread = code[0].text
    for index, (before, token) in enumerate(itertools.pairwise(code)):
        stands_apart = before.end < token.start or before.text in "()," or token.text in "(),"
        spread += (gaps[index % len(gaps)] if stands_apart else "") + token.text
    assert canonical(spread) == canonical(query)
