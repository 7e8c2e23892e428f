"""A digest is of the bag of rows: it sees every change of content, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assetflow.materialization import Column, ReadSet
from assetflow.warehouse.content.digest import (
    algorithm,
    content_digest,
    digests,
    is_comparable,
    sums,
    sums_by_file,
    sums_of_few,
)

COLUMNS = [Column("a", "BIGINT"), Column("b", "VARCHAR"), Column("c", "BIGINT[]")]
Row = tuple[int | None, str | None, list[int | None] | None]
rows = st.lists(
    st.tuples(
        st.none() | st.integers(0, 2),
        st.none() | st.sampled_from(["", "x", "NULL"]),
        st.none() | st.lists(st.none() | st.integers(0, 1), max_size=2),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def reader() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def digest(
    reader: duckdb.DuckDBPyConnection, table: list[Row], read: list[str] | None = None, about: int | None = None
) -> str:
    reader.execute("CREATE OR REPLACE TEMP TABLE t (a BIGINT, b VARCHAR, c BIGINT[])")
    if table:
        reader.executemany("INSERT INTO t VALUES (?, ?, ?)", table)
    return digests(reader, "t", COLUMNS, [ReadSet(None if read is None else tuple(read))], about=about)[1][0]


@settings(max_examples=60, deadline=None)
@given(table=rows, other=rows, data=st.data())
def test_equal_digests_are_equal_bags(reader, table, other, data):
    shuffled = data.draw(st.permutations(table))
    assert digest(reader, table) == digest(reader, shuffled)
    assume(sorted(map(repr, table)) != sorted(map(repr, other)))
    assert digest(reader, table) != digest(reader, other)


@settings(max_examples=30, deadline=None)
@given(table=rows)
def test_both_ways_to_sum_agree(reader, table):
    assert digest(reader, table) == digest(reader, table, about=len(table))


def test_the_way_for_many_rows_agrees_with_the_way_for_few(reader):
    columns = [Column("a", "BIGINT")]
    many = "(SELECT hash(range) % 50 AS a FROM range(5000))"
    assert content_digest(reader, many, columns) == content_digest(reader, many, columns, about=1)


def test_what_names_the_same_columns_in_several_ways_has_its_digests_as_alone(reader, tmp_path):
    file = tmp_path / "t.parquet"
    reader.execute(f"COPY (SELECT range AS a, range % 7 AS b FROM range(50)) TO '{file}' (FORMAT parquet)")
    scan, columns = f"read_parquet('{file}')", [Column("a", "BIGINT"), Column("b", "BIGINT")]
    reads = [ReadSet(), ReadSet(("b",)), ReadSet(("a", "b")), ReadSet(("b", "a")), ReadSet(("b",), ordered=True)]
    alone = tuple(digests(reader, scan, columns, [read])[1][0] for read in reads)
    assert len(set(alone)) == 3
    assert digests(reader, scan, columns, reads)[1] == digests(reader, scan, columns, reads, about=50)[1] == alone
    assert sums_of_few(reader, scan, columns, reads)[0] == sums(reader, scan, columns, reads)[1]
    assert sums_by_file(reader, scan, columns, reads, 1) == [sums(reader, scan, columns, reads)[1]]


@pytest.mark.parametrize(
    "changed",
    [
        [(1, "x", [1]), (1, "x", [1])],
        [(1, "x", [1]), (2, "y", [2]), (2, "y", [2])],
        [(1, "y", [1]), (2, "x", [2])],
        [(1, "x", [2]), (2, "y", [1])],
        [(1, "x", [1])],
        [],
    ],
    ids=["replaced", "duplicated", "b paired anew", "c paired anew", "dropped", "emptied"],
)
def test_a_change_of_rows_is_seen(reader, changed):
    assert digest(reader, [(1, "x", [1]), (2, "y", [2])]) != digest(reader, changed)


def test_equal_values_side_by_side_are_told_from_others_and_from_their_swap(reader):
    columns = [Column("a", "BIGINT"), Column("b", "BIGINT"), Column("c", "BIGINT")]
    pairs = ["(5, 5, 1)", "(7, 7, 1)", "(5, 1, 5)", "(1, 5, 5)", "(NULL, NULL, 1)", "(NULL, 1, NULL)", "(0, 0, 0)"]
    seen = {content_digest(reader, f"(VALUES {pair}) AS t(a, b, c)", columns)[1] for pair in pairs}
    assert len(seen) == len(pairs)


def test_the_position_of_a_row_is_no_value_of_its_columns(reader, tmp_path):
    said = []
    for name, order in (("up", "a"), ("down", "-a")):
        file = tmp_path / f"{name}.parquet"
        reader.execute(f"COPY (SELECT range AS a FROM range(3) ORDER BY {order}) TO '{file}' (FORMAT parquet)")
        reads = [ReadSet(("a",)), ReadSet(("a",), ordered=True)]
        said.append(digests(reader, f"read_parquet('{file}')", [Column("a", "BIGINT")], reads)[1])
    (up, up_in_order), (down, down_in_order) = said
    assert up == down
    assert up_in_order != down_in_order


def test_thousands_of_columns_have_a_digest(reader):
    columns = [Column(f"c{n}", "BIGINT") for n in range(3000)]
    scan = f"(SELECT {', '.join(f'{n} AS c{n}' for n in range(3000))})"
    assert content_digest(reader, scan, columns)[0] == content_digest(reader, scan, columns, about=1)[0] == 1


UNLIKE = {
    "VARCHAR": ["NULL", "''", "'NULL'", "'a'", "'a' || chr(0)"],
    "BLOB": ["NULL", "''", r"'\x00'", r"'\x00\x00'"],
    "INTEGER[]": ["NULL", "[]", "[NULL]", "[NULL, NULL]", "[0]", "[1, NULL]", "[NULL, 1]", "[1]"],
    "INTEGER[][]": ["NULL", "[]", "[NULL]", "[[]]", "[[NULL]]", "[[1], [2]]", "[[1, 2]]", "[[1, 2], []]"],
    "INTEGER[2][]": ["NULL", "[]", "[NULL]", "[[NULL, NULL]]", "[[1, 2], [3, 4]]", "[[1, 2], NULL, [3, 4]]"],
    "STRUCT(a INTEGER)": ["NULL", "{'a': NULL}", "{'a': 0}"],
    'STRUCT("a ""b" STRUCT(c INTEGER))': ["NULL", "{'a \"b': NULL}", "{'a \"b': {'c': NULL}}"],
    "STRUCT(a INTEGER[], b DOUBLE)[]": ["[{'a': NULL, 'b': 0}]", "[{'b': 0, 'a': []}]", "[{'b': '-0', 'a': []}]"],
    "MAP(INTEGER, INTEGER[])": ["NULL", "MAP {}", "MAP {1: NULL}", "MAP {1: []}", "MAP {1: [NULL]}", "MAP {2: []}"],
    "MAP(INTEGER[], INTEGER)": ["MAP {[]: 1}", "MAP {[NULL]: 1}", "MAP {[]: 1, [NULL]: 1}"],
    "DOUBLE": ["NULL", "0", "'-0'", "'nan'", "'inf'"],
    "FLOAT[]": ["NULL", "[0]", "['-0'::FLOAT]", "['-0'::FLOAT, 0]", "[0, '-0'::FLOAT]"],
    "INTERVAL": ["NULL", "'1 month'", "'30 days'", "'720 hours'"],
    "DECIMAL(38,0)": ["NULL", "0", "-1", "1", "18446744073709551616", "18446744073709551617", "36893488147419103234"],
    "DECIMAL(19,2)[]": ["NULL", "[0]", "[-0.01]", "[0, -0.01]", "[-0.01, 0]"],
    "STRUCT(a DECIMAL(38,10))": ["NULL", "{'a': 0}", "{'a': -0.0000000001}"],
    "DECIMAL(18,2)": ["NULL", "0", "-0.01", "0.01"],
    "UUID": ["NULL", "'80000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-8000-000000000000'"],
    "UHUGEINT": ["NULL", "0", "1", "18446744073709551616", "18446744073709551617"],
    "VARIANT": ["NULL", "1::INTEGER::VARIANT", "1::BIGINT::VARIANT", "'1'::VARIANT", "[]::VARIANT", "[NULL]::VARIANT"],
}  # fmt: skip


@pytest.mark.parametrize("kind", UNLIKE)
def test_values_that_differ_have_digests_that_differ(reader, kind):
    column = Column("x", kind)
    seen = {value: content_digest(reader, f"(SELECT ({value})::{kind} AS x)", [column])[1] for value in UNLIKE[kind]}
    alike = [(one, other) for one, other in combinations(seen, 2) if seen[one] == seen[other]]
    assert not alike


def test_the_schema_is_part_of_it(reader):
    def of(name: str, kind: str, stored: str | None = None) -> str:
        scan = f"(SELECT 1::{stored or kind} AS {name})"
        return content_digest(reader, scan, [Column(name, kind, stored)])[1]

    assert len({of("a", "INTEGER"), of("a", "BIGINT"), of("a", "HUGEINT", "DECIMAL(38,0)"), of("b", "INTEGER")}) == 4


def test_a_read_set_sees_its_columns_only(reader):
    before: list[Row] = [(1, "x", [1]), (2, "y", [2])]
    after: list[Row] = [(1, "x", [9]), (2, "y", [9])]
    assert digest(reader, before, read=["a", "b"]) == digest(reader, after, read=["a", "b"])
    assert digest(reader, before, read=["a", "c"]) != digest(reader, after, read=["a", "c"])


def test_the_empty_read_set_is_the_row_count(reader):
    assert digest(reader, [(1, "x", [])], read=[]) == digest(reader, [(2, "y", [1])], read=[])
    assert digest(reader, [(1, "x", [])], read=[]) != digest(reader, [(1, "x", []), (1, "x", [])], read=[])


def test_digests_of_another_engine_version_are_not_comparable(reader):
    assert is_comparable(digest(reader, []))
    assert digest(reader, []).startswith(f"{algorithm()}:")
    assert not is_comparable("bag1/duckdb-1.4:0123")
