"""Every format of the wing writes all rows, streams, and fails as queries fail; those that can be read back lose nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetflow.formats import Format, distinct, format_names, open_format
from assetflow.formats.json import document
from assetflow.formats.table import Column, clean, layout
from assetflow.text import display_width

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", '"', ",", "\n", "\r\n", "NULL", "NaN", '"NaN', "Infinity", "\\", '\\"', "#", " a ", "\x1b[31m", "日本", "null"]
)


@pytest.fixture(params=format_names())
def form(request: pytest.FixtureRequest) -> Format:
    return open_format(request.param)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"python_enable_replacements": False}) as connection:
        yield connection


def test_a_format_has_a_suffix_of_its_own() -> None:
    suffixes = [open_format(name).suffix for name in format_names()]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix.startswith(".") for suffix in suffixes)


def test_all_rows_are_written(form: Format, connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / f"rows{form.suffix}"
    form.write(connection.sql("SELECT i, 'row ' || i AS name FROM range(10000) t(i)"), str(path))
    if form.lines is None:
        assert connection.execute("SELECT count(*), sum(i) FROM read_parquet(?)", [str(path)]).fetchall() == [
            (10000, 49995000)
        ]
    else:
        found = path.read_text(encoding="utf-8")
        assert all(f"row {i}" in found for i in (0, 4095, 4096, 9999))
        assert found.count("row ") == 10000


def test_a_file_holds_what_a_pipe_gets(form: Format, connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    if form.lines is None:
        pytest.skip(f"{form.name} is not text")
    relation = connection.sql("SELECT * FROM (VALUES (1, 'a,\"b'), (NULL, ''), (3, NULL)) AS t(n, s)")
    form.write(relation, str(tmp_path / "rows"))
    assert (tmp_path / "rows").read_bytes().decode() == "".join(f"{line}\n" for line in form.lines(relation))


def test_rows_are_not_collected(form: Format, connection: duckdb.DuckDBPyConnection) -> None:
    if form.lines is None:
        pytest.skip(f"{form.name} is not text")
    lines = form.lines(connection.sql("SELECT i FROM range(1000000000000) t(i)"))
    assert len(list(islice(lines, 5000))) == 5000
    lines.close()  # type: ignore[attr-defined]
    assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_query_that_fails_half_way_is_an_error_of_the_query(
    form: Format, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    relation = connection.sql("SELECT CASE WHEN i = 9000 THEN error('boom') ELSE i END AS i FROM range(10000) t(i)")
    with pytest.raises(duckdb.Error, match="boom"):
        form.write(relation, str(tmp_path / f"rows{form.suffix}"))


def test_no_rows_and_columns_of_one_name(form: Format, connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = str(tmp_path / f"rows{form.suffix}")
    form.write(connection.sql("SELECT 1 AS a, 'x' AS a WHERE false"), path)
    form.write(connection.sql("SELECT 1 AS a, 'x' AS a"), path)
    assert Path(path).stat().st_size > 0


def test_integers_of_128_bits_keep_their_digits(
    form: Format, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / f"rows{form.suffix}"
    form.write(connection.sql("SELECT 9007199254740993::HUGEINT AS n, [9007199254740993::HUGEINT] AS l"), str(path))
    if form.lines is None:
        assert connection.execute("SELECT n::VARCHAR, l::VARCHAR FROM read_parquet(?)", [str(path)]).fetchall() == [
            ("9007199254740993", "[9007199254740993]")
        ]
    else:
        assert path.read_text().count("9007199254740993") == 2


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | TEXTS, st.none() | st.integers(-5, 5)), min_size=1, max_size=8))
def test_csv_is_read_back_as_it_was(
    rows: list[tuple[str | None, int | None]],
    connection: duckdb.DuckDBPyConnection,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "rows.csv")
    open_format("csv").write(relation_of(rows, connection), path)
    assert connection.execute(f"SELECT * FROM read_csv(?, {EXACTLY})", [path]).fetchall() == rows


EXACTLY = """auto_detect = false, delim = ',', quote = '"', escape = '"', header = true, allow_quoted_nulls = false,
columns = {s: 'VARCHAR', n: 'INTEGER'}"""


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | TEXTS, st.none() | st.integers(-5, 5)), max_size=8))
def test_json_is_read_back_as_it_was(
    rows: list[tuple[str | None, int | None]], connection: duckdb.DuckDBPyConnection
) -> None:
    lines = open_format("json").lines
    assert lines is not None
    relation = relation_of(rows, connection)
    assert [(row["s"], row["n"]) for row in strict_json("\n".join(lines(relation)))] == rows
    found = strict_json("\n".join(document("assetflow.query/1", relation)))
    assert [tuple(row) for row in found["rows"]] == rows


def relation_of(
    rows: list[tuple[str | None, int | None]], connection: duckdb.DuckDBPyConnection
) -> duckdb.DuckDBPyRelation:
    connection.execute("CREATE OR REPLACE TABLE t (s VARCHAR, n INTEGER)")
    if rows:
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    return connection.sql("FROM t")


def strict_json(text: str) -> Any:
    """What a reader takes that knows no NaN."""

    def refuse(constant: str) -> object:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_what_values_are_in_json(connection: duckdb.DuckDBPyConnection) -> None:
    found = strict_json("\n".join(document("x/1", connection.sql(EVERY_TYPE))))
    names = [column["name"] for column in found["columns"]]
    assert dict(zip(names, found["rows"][0], strict=True)) == {
        "huge": 170141183460469231731687303715884105727,
        "money": 1.5,
        "total": 1234.5,
        "wide": "12345678901234567890.12",
        "not_a_number": None,
        "infinite": None,
        "infinite_inside": [None, 1.0],
        "day": "2026-11-20",
        "stamp": "2026-11-20T02:00:00",
        "zoned": "2026-11-20T02:00:00+00",
        "list": [1, 2],
        "struct": {"a": 1},
        "map": {"k": 1},
        "said": "NaN",
        "interval": "1 day",
        "json": {"a": [1]},
        "nothing": None,
    }


EVERY_TYPE = """
SELECT 170141183460469231731687303715884105727::HUGEINT AS huge, 1.50::DECIMAL(4, 2) AS money,
    1234.50::DECIMAL(38, 2) AS total, 12345678901234567890.12::DECIMAL(30, 2) AS wide,
    'nan'::DOUBLE AS not_a_number, '-inf'::FLOAT AS infinite, ['inf'::DOUBLE, 1] AS infinite_inside,
    DATE '2026-11-20' AS day, TIMESTAMP '2026-11-20 02:00:00' AS stamp,
    TIMESTAMP '2026-11-20 02:00:00' AT TIME ZONE 'UTC' AS zoned, [1, 2] AS list, {'a': 1} AS struct, MAP {'k': 1} AS map,
    'NaN' AS said, INTERVAL 1 DAY AS interval, '{"a":[1]}'::JSON AS json, NULL AS nothing
"""


def test_a_document_says_when_there_are_more_rows(connection: duckdb.DuckDBPyConnection) -> None:
    relation = connection.sql("FROM range(3)")
    found = {limit: strict_json("\n".join(document("x/1", relation, limit))) for limit in (0, 2, 3, None)}
    assert {limit: (len(one["rows"]), one["truncated"]) for limit, one in found.items()} == {
        0: (0, True),
        2: (2, True),
        3: (3, False),
        None: (3, False),
    }


@given(st.lists(st.sampled_from(["a", "a_1", "a_2", "b"])))
def test_distinct_names_are_distinct_and_change_only_the_second(names: list[str]) -> None:
    found = distinct(names)
    assert len(set(found)) == len(found) == len(names)
    assert all(found[names.index(name)] == name for name in names)


CELLS = st.none() | st.text(max_size=30)


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(
            st.lists(st.builds(Column, st.text(max_size=30), st.booleans()), min_size=n, max_size=n),
            st.lists(st.lists(CELLS, min_size=n, max_size=n), max_size=4),
        )
    ),
    st.integers(40, 120),
)
def test_a_layout_fits_and_is_harmless(table: tuple[list[Column], list[list[str | None]]], width: int) -> None:
    columns, rows = table
    lines = layout(columns, rows, width)
    assert len(lines) == len(rows) + (2 if len(columns) > 1 and "more column" in lines[-1] else 1)
    assert all(display_width(line) <= width for line in lines)
    assert all(clean(line) == line for line in lines)


def test_a_layout_cuts_cells_then_leaves_out_columns() -> None:
    columns = [Column("id", is_number=True), Column("name"), Column("remark")]
    rows: list[list[str | None]] = [["1", "ann", "x" * 70], ["20", None, "y"]]
    assert layout(columns, rows, 30) == [
        "id  name  remark",
        " 1  ann   " + "x" * 19 + "…",
        "20  NULL  y",
    ]
    assert layout([Column(f"column_{i}") for i in range(8)], [["v"] * 8], 40) == [
        "column_0  column_1  column_2  column_3",
        "v         v         v         v",
        "… 4 more columns: column_4, column_5, c…",
    ]
