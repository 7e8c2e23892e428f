"""Types survive: the value and the type that an author made come back out of the Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetflow.warehouse.content.scans import scan
from assetflow.warehouse.content.types import logical_type, parse_type, shown_as, stored_as, written_as
from tests.warehouse import told


def cases() -> list[tuple[str, str, str]]:
    text = (Path(__file__).parent / "types.txt").read_text()
    blocks = [block.strip().splitlines() for block in text.split("\n\n")[1:]]
    return [(value, logical, stored) for value, logical, stored in blocks]


@pytest.mark.parametrize(("value", "logical", "stored"), cases(), ids=[case[1] for case in cases()])
def test_a_type_survives(cursor, warehouse, value, logical, stored):
    # Rows without a value, since NULLs take ways of their own through nested types.
    made = f"SELECT {value} AS x UNION ALL SELECT NULL"
    snapshot = told.keep(warehouse, cursor, "sales", made)
    files = [f"{warehouse.root}/{file.path}" for file in snapshot.files]
    assert (snapshot.columns[0].type, snapshot.columns[0].stored_as or logical) == (logical, stored)
    assert str(cursor.sql(f"FROM read_parquet({files})").types[0]) == stored
    read = scan(snapshot, warehouse.root)
    assert str(cursor.sql(read).types[0]) == logical
    shown = "SELECT x::VARCHAR FROM ({}) ORDER BY x IS NULL, x::VARCHAR"
    assert cursor.execute(shown.format(read)).fetchall() == cursor.execute(shown.format(made)).fetchall()


@pytest.mark.parametrize(("value", "logical", "stored"), cases(), ids=[case[1] for case in cases()])
def test_a_type_is_seen_in_the_catalog(cursor, warehouse, value, logical, stored):
    told.run(warehouse, "one")
    told.publish(warehouse, "one", 1, told.built(told.keep(warehouse, cursor, "sales", f"SELECT {value} AS x"), "one"))
    warehouse.patch_catalog("prod")
    with duckdb.connect(warehouse.catalog_path("prod"), read_only=True) as reader:
        reader.execute("SET timezone = 'UTC'")
        (kind, text), *_ = reader.execute("SELECT typeof(x), x::VARCHAR FROM sales").fetchall()
    assert kind == (shown_as(logical) or logical)
    ((expected,),) = cursor.execute(f"SELECT ({value})::{kind}::VARCHAR").fetchall()
    assert text == expected


def test_plain_types_are_the_same_to_other_readers(cursor, warehouse):
    sql = "SELECT 1 AS i, 2.5::DECIMAL(9,2) AS d, 'a' AS v, DATE '2024-01-01' AS t, [1, 2] AS l, 7::HUGEINT AS h"
    snapshot = told.keep(warehouse, cursor, "sales", sql)
    table = pyarrow.parquet.read_table(f"{warehouse.root}/{snapshot.files[0].path}")
    assert [str(kind) for kind in table.schema.types] == [
        "int32", "decimal128(9, 2)", "string", "date32[day]", "list<element: int32>", "decimal128(38, 0)"
    ]  # fmt: skip
    assert table.column("h").to_pylist() == [7]


def test_types_new_in_duckdb_2_are_shown_as_older_ones():
    assert shown_as("STRUCT(a TIME_NS, b TIMESTAMPTZ_NS[])") == "STRUCT(a TIME, b TIMESTAMP WITH TIME ZONE[])"
    assert shown_as("STRUCT(TIME_NS INTEGER)") is None
    assert shown_as("HUGEINT") is None


leaves = st.sampled_from(
    ["INTEGER", "HUGEINT", "VARCHAR", "DECIMAL(9,2)", "TIMESTAMP WITH TIME ZONE", "ENUM('a', 'b)')", "INTERVAL", "BIT"]
)
labels = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    quoted = st.builds(lambda label: '"' + label.replace('"', '""') + '"', labels)
    fields = st.lists(st.tuples(quoted, inner), min_size=1, max_size=3, unique_by=lambda field: field[0].lower())
    return st.one_of(
        st.builds("{}[]".format, inner),
        st.builds("{}[{}]".format, inner, st.integers(1, 4)),
        st.builds("MAP({}, {})".format, inner, inner),
        st.builds(lambda listed: f"STRUCT({', '.join(f'{label} {of}' for label, of in listed)})", fields),
    )


@pytest.fixture(scope="module")
def binder() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@settings(deadline=None)
@given(text=st.recursive(leaves, nested, max_leaves=6))
def test_every_type_that_duckdb_prints_is_understood(binder, text):
    printed = str(binder.sql(f"SELECT NULL::{text} AS x").types[0])
    assert str(parse_type(printed)) == printed
    assert logical_type(printed) == printed


@settings(max_examples=40, deadline=None)
@given(text=st.recursive(leaves, nested, max_leaves=6))
def test_the_stored_type_is_what_the_file_shows(binder, tmp_path_factory, text):
    path = tmp_path_factory.mktemp("types") / "x.parquet"
    logical = str(binder.sql(f"SELECT NULL::{text} AS x").types[0])
    cast = written_as(logical) or logical
    binder.execute(f"COPY (SELECT NULL::{cast} AS x) TO '{path}'")
    assert str(binder.sql(f"FROM '{path}'").types[0]) == (stored_as(logical) or logical)


def test_what_is_no_type_is_refused():
    with pytest.raises(ValueError, match="not a DuckDB type"):
        parse_type("INTEGER)")
