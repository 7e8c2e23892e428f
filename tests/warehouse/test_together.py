"""Small tables are read back together, and each comes out as it does alone."""

from __future__ import annotations

import os

import pytest

from assetflow.duck import described
from assetflow.materialization import ReadSet
from assetflow.warehouse.content.columns import survives
from assetflow.warehouse.content.staging import stage_query, write_small
from assetflow.warehouse.content.together import read_together
from tests.warehouse.test_types import cases

COLUMNS = [("id", "BIGINT"), ("name", "VARCHAR")]
SQL = "SELECT range AS id, 'a' || range AS name FROM range(10)"
QUERIES = [
    (SQL, COLUMNS),
    ("SELECT 1 AS a", [("a", "INTEGER")]),
    ("SELECT 1 AS a WHERE false", [("a", "INTEGER")]),
    ("SELECT * FROM (VALUES (NULL::INTEGER[], -0.0::DOUBLE), ([], 0)) AS t(h0, h1)", [("h0", "INTEGER[]"), ("h1", "DOUBLE")]),
    ("SELECT 1 AS assetflow_table, 2 AS assetflow_type", [("assetflow_table", "INTEGER"), ("assetflow_type", "INTEGER")]),
    ("""SELECT 1 AS "select", {'a "b': 2} AS "it's" """, [("select", "INTEGER"), ("it's", 'STRUCT("a ""b" INTEGER)')]),
    ("SELECT range % 3 AS id, range / 2 AS half FROM range(5000)", [("id", "BIGINT"), ("half", "DOUBLE")]),
    ("SELECT range AS id, 'x' AS name FROM range(30_000)", COLUMNS),
]  # fmt: skip


def reads_of(columns):
    first, last = columns[0][0], columns[-1][0]
    return [ReadSet((first,)), ReadSet((last,), ordered=True), ReadSet(("nothing",))]


def written(cursor, folder, queries, *, ordered=True):
    return [
        write_small(cursor, sql, str(folder / f"{number}.parquet"), columns, reads_of(columns)[:: 1 if ordered else 2])
        for number, (sql, columns) in enumerate(queries)
    ]


def told_of(staged):
    files = [(file.sha256, file.rows, file.bytes) for file in staged.files]
    return staged.columns, staged.rows, staged.digest, staged.projections, staged.sums, staged.bytes, files


@pytest.mark.parametrize(
    "queries", [QUERIES, QUERIES[:1], QUERIES[2:3], QUERIES[-1:]], ids=["many", "one", "no rows", "many rows"]
)
def test_each_is_what_it_is_alone(cursor, tmp_path, queries):
    together = read_together(cursor, written(cursor, tmp_path / "together", queries))
    for number, (sql, columns) in enumerate(queries):
        alone = stage_query(cursor, sql, str(tmp_path / "alone" / str(number)), reads=reads_of(columns))
        assert together[number] is not None
        assert told_of(together[number]) == told_of(alone)


def test_types_are_those_that_the_file_shows(cursor, tmp_path):
    made = [f"SELECT {value} AS x UNION ALL SELECT NULL" for value, _, _ in cases()]
    queries = [(sql, columns) for sql in made if survives((columns := described(cursor, sql))[0][1])]
    assert len(queries) > 15
    together = read_together(cursor, written(cursor, tmp_path, queries))
    assert [staged and staged.columns[0].type for staged in together] == [columns[0][1] for _, columns in queries]


@pytest.mark.parametrize(
    "columns",
    [
        [("id", "INTEGER"), ("name", "VARCHAR")],
        [("id", "BIGINT"), ("Name", "VARCHAR")],
        [("name", "VARCHAR"), ("id", "BIGINT")],
        [("id", "BIGINT")],
        [*COLUMNS, ("more", "VARCHAR")],
    ],
)
def test_one_that_shows_other_columns_is_left_and_harms_no_other(cursor, tmp_path, columns):
    first, wrong, last = read_together(cursor, written(cursor, tmp_path, [QUERIES[1], (SQL, columns), (SQL, COLUMNS)]))
    assert wrong is None
    assert (first and first.rows, last and last.rows) == (1, 10)


@pytest.mark.parametrize("damage", ["gone", "cut off", "emptied", "another"])
def test_one_that_cannot_be_read_is_left_and_harms_no_other(cursor, tmp_path, damage):
    first, bad, last = many = written(cursor, tmp_path, [QUERIES[0], (SQL, COLUMNS), QUERIES[1]])
    if damage == "gone":
        os.remove(bad.path)
    elif damage == "another":
        write_small(cursor, f"{SQL} LIMIT 9", bad.path, COLUMNS, [])
    else:
        os.truncate(bad.path, 0 if damage == "emptied" else 200)
    found = read_together(cursor, many)
    assert [staged and staged.rows for staged in found] == [first.rows, None, last.rows]


@pytest.mark.parametrize(
    "odd",
    [f"SELECT *, 1 AS more FROM ({SQL})", f"SELECT id::INTEGER AS id, name FROM ({SQL})", f"SELECT id FROM ({SQL})"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_among_its_like_that_shows_other_columns_is_left(cursor, tmp_path, odd, place):
    queries = [(f"{SQL} LIMIT {number}", COLUMNS) for number in (1, 2, 3)]
    queries[place] = (odd, COLUMNS)
    for one in (many := written(cursor, tmp_path, queries, ordered=False)):
        assert one.columns == tuple(COLUMNS)
    found = read_together(cursor, many)
    assert [staged and staged.rows for staged in found] == [None if at == place else at + 1 for at in range(3)]


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("name", ["name", "file_index"])
def test_those_alike_are_what_they_are_alone(cursor, tmp_path, name, ordered):
    columns = [("id", "BIGINT"), (name, "VARCHAR")]
    made = [f"SELECT id, name AS {name} FROM ({SQL}) LIMIT {number}" for number in (3, 0, 9)]
    made.append(f"SELECT 5 - range AS id, nullif('b' || range, 'b2') AS {name} FROM range(4)")
    many = written(cursor, tmp_path / "old [1] a=b", [(sql, columns) for sql in made], ordered=ordered)
    for number, (sql, found) in enumerate(zip(made, read_together(cursor, many), strict=True)):
        alone = stage_query(cursor, sql, str(tmp_path / str(number)), reads=many[number].reads)
        assert found is not None
        assert told_of(found) == told_of(alone)
