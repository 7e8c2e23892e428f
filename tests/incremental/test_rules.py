"""Every shape of query, refreshed by what came and went, holds the rows that it has when it is asked from nothing."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from assetflow.incremental.answer import Answer, Change, version_of
from assetflow.incremental.blocks import take_apart
from assetflow.incremental.refresh import refresh
from assetflow.incremental.refresh import refresh as right_refresh
from assetflow.incremental.refused import Refused
from assetflow.lineage.scratch import AGGREGATES, STEADY, functions, scratch

SEEDS = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "5"))
TABLES = {
    "t": "id INTEGER, k INTEGER, g INTEGER, x INTEGER, d DATE, s VARCHAR",
    "u": "k INTEGER, name VARCHAR, w INTEGER",
    "v": "k INTEGER, y INTEGER",
}
Rows = list[tuple[object, ...]]


def shapes() -> Iterator[tuple[str, str]]:
    """(rule, query): the rule is the comment above."""
    rule = ""
    for line in (Path(__file__).parent / "shapes.sql").read_text(encoding="utf-8").splitlines():
        if line.startswith("-- "):
            rule = line.removeprefix("-- ")
        elif line:
            yield rule, line.rstrip(";")


SHAPES = list(shapes())
REFUSED_BY_ROWS = (
    "rows went from a total that does not tell what it is without them",
    "a total that HAVING left out",
    "NOT IN of a list that came to hold NULL, or its first value, or lost it",
    "row_number with an ORDER BY that leaves ties",
    "DISTINCT ON with an ORDER BY that leaves ties",
    "list with an ORDER BY that leaves ties",
    "first with an ORDER BY that leaves ties",
    "string_agg with an ORDER BY that leaves ties",
    "arg_max of values that are there more than once",
    "arg_min of values that are there more than once",
    "max_by of values that are there more than once",
    "LIMIT, and one of the first rows went",
    "LIMIT that cuts between rows which ORDER BY does not tell apart",
)
"""What only the rows tell."""
KNOWN = [shape for shape in SHAPES if not shape[0].startswith("refused")]


def row(draw: random.Random, table: str, number: int) -> tuple[object, ...]:
    def some(values: list[object]) -> object:
        return None if draw.random() < 0.15 else draw.choice(values)

    numbers: list[object] = [0, 1, 2, 3, 4]
    words: list[object] = ["a", "b", "o'x", ""]
    if table == "t":
        day = f"2024-0{draw.randrange(1, 4)}-0{draw.randrange(1, 9)}"
        return number, some(numbers[:4]), some(numbers[:3]), some(numbers), some([day]), some(words)
    return (some(numbers), some(words), some(numbers)) if table == "u" else (some(numbers), some(numbers))


def fill(cursor: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Rows) -> None:
    cursor.execute(f"CREATE TABLE {name} ({columns})")
    if rows:
        cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def changed_tables(cursor: duckdb.DuckDBPyConnection, draw: random.Random) -> dict[str, Change]:
    """Tables with rows then and now, and what came and went between; those that did not change are left out."""
    cursor.execute("CREATE SCHEMA before")
    changes = {}
    for name, columns in TABLES.items():
        old = [row(draw, name, number) for number in range(draw.choice([0, 1, 8, 12]))]
        minus: Rows = []
        plus: Rows = []
        if draw.random() < 0.6:
            minus = [each for each in old if draw.random() < 0.3] if draw.random() < 0.6 else []
            plus = [row(draw, name, 100 + number) for number in range(draw.randrange(4))]
            if name != "t" and old and draw.random() < 0.3:
                plus.append(draw.choice(old))
        new = list(old)
        for each in minus:
            new.remove(each)
        for which, rows in (("new", [*new, *plus]), ("old", old), ("plus", plus), ("minus", minus)):
            fill(cursor, version_of(name, which), columns, rows)  # type: ignore[arg-type]
        cursor.execute(f"CREATE TABLE before.{name} AS FROM {version_of(name, 'old')}")
        if plus or minus:
            changes[name] = Change(bool(plus), bool(minus))
    return changes


def applied(cursor: duckdb.DuckDBPyConnection, answer: Answer) -> str:
    """The rows of the table `shown` after the answer is put in."""
    if answer.is_whole:
        return answer.plus
    if answer.keys is not None:
        keys = [each[0] for each in cursor.execute(f"DESCRIBE {answer.keys}").fetchall()]
        pairs = zip(answer.key_columns, keys, strict=True)
        match = " AND ".join(f'shown."{name}" IS NOT DISTINCT FROM found.{key}' for name, key in pairs)
        return f"SELECT * FROM shown ANTI JOIN {answer.keys} AS found ON {match} UNION ALL ({answer.plus})"
    if answer.minus is not None:
        return f"(SELECT * FROM shown UNION ALL ({answer.plus})) EXCEPT ALL ({answer.minus})"
    return f"SELECT * FROM shown UNION ALL ({answer.plus})"


def kept_before(cursor: duckdb.DuckDBPyConnection, sql: str, changes: dict[str, Change]) -> list[str]:
    """Make what is kept beside the table then, as the refresh before this one did."""
    try:
        answer = right_refresh(cursor, take_apart(sql, frozenset(TABLES)), changes, shown="shown", kept=())
    except Refused:
        return []
    for name, table in answer.keeps:
        cursor.execute(f"CREATE TEMP TABLE {name} AS FROM {table}")
    return [name for name, _ in answer.keeps]


def written(row: tuple[object, ...]) -> str:
    """A row, with floating-point numbers as exactly as sums of them are told."""
    return repr(tuple(float(f"{value:.9g}") if isinstance(value, float) else value for value in row))


def difference(
    sql: str, seed: int, refresh: Callable[..., Answer] = refresh
) -> tuple[Counter[str], Counter[str], object] | None:
    """The rows that a refresh lacks, and those that it has too many; None where it is right."""
    # With one thread, since several give groups in any order, among which a LIMIT that leaves ties then chooses.
    with duckdb.connect(config={"threads": 1}) as cursor:
        changes = changed_tables(cursor, random.Random(f"{sql} {seed}"))
        right = Counter(map(written, cursor.execute(sql).fetchall()))
        cursor.execute("SET search_path = 'before,main'")
        cursor.execute(f"CREATE TEMP TABLE shown AS {sql}")
        kept = kept_before(cursor, sql, changes) if seed % 5 else []
        cursor.execute("SET search_path = 'main'")
        answer = refresh(cursor, take_apart(sql, frozenset(TABLES)), changes, shown="shown", kept=kept)
        found = Counter(map(written, cursor.execute(applied(cursor, answer)).fetchall()))
        return None if found == right else (right - found, found - right, changes)


@pytest.mark.parametrize(("rule", "sql"), KNOWN, ids=[sql for _, sql in KNOWN])
def test_a_refresh_gives_what_the_query_gives_from_nothing(rule: str, sql: str) -> None:
    for seed in range(SEEDS):
        try:
            assert difference(sql, seed) is None, seed
        except Refused as refused:
            assert refused.what in REFUSED_BY_ROWS or rule.startswith(("kept", "whole", "same value"))


def rules_used(sql: str, changed: str) -> set[str]:
    with duckdb.connect() as cursor:
        for name, columns in TABLES.items():
            for which in ("new", "old", "plus", "minus"):
                fill(cursor, version_of(name, which), columns, [])  # type: ignore[arg-type]
        parts = take_apart(sql, frozenset(TABLES))
        cursor.execute(f"CREATE TEMP TABLE shown AS {sql}")
        changes = {changed: Change(plus=True, minus=False)}
        return {each.name for each in refresh(cursor, parts, changes, shown="shown", kept=(), assume=True).rules}


@pytest.mark.parametrize(("rule", "sql"), SHAPES, ids=[sql for _, sql in SHAPES])
def test_the_rule_is_the_cheapest_that_holds(rule: str, sql: str) -> None:
    if not rule.startswith("refused"):
        assert rule.split(" when ", maxsplit=1)[0] in rules_used(sql, rule.split(" when ")[1].removesuffix(" grows"))
        return
    with pytest.raises(Refused) as refused:
        rules_used(sql, "t")
    assert refused.value.what == rule.removeprefix("refused: ")


def test_of_the_functions_that_are_met_everywhere_duckdb_says_the_same() -> None:
    assert functions().aggregates > AGGREGATES
    assert functions().aggregates.isdisjoint(STEADY)
    assert functions().volatile.isdisjoint(AGGREGATES | STEADY)
    with scratch() as cursor:
        known = {name for (name,) in cursor.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    assert known > AGGREGATES | STEADY
