"""Tables as frames and frames as tables: the same rows and types in both directions, and clear words where not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.asset import Arrival, Query
from assetflow.engines import Table, Where
from assetflow.engines.duckdb import Cursor, Result, Session, sql_errors
from assetflow.engines.frames import from_result, to_frame
from assetflow.engines.python import call
from assetflow.errors import AssetError, Interrupted

Stage = Callable[[object], tuple[list[str], list[tuple[object, ...]]]]


@pytest.fixture
def stage(cursor: Cursor, where: Where, tmp_path: Path) -> Stage:
    """The types and rows of what a function returned, as staging reads them."""

    def stage(value: object) -> tuple[list[str], list[tuple[object, ...]]]:
        return read(from_result(value, cursor, str(tmp_path), where))

    return stage


def read(result: Result) -> tuple[list[str], list[tuple[object, ...]]]:
    assert (result.sql is None) != (result.file is None)
    sql = result.sql if result.sql is not None else f"FROM read_parquet('{result.file}')"
    relation = result.cursor.sql(sql)
    return [str(type_) for type_ in relation.types], relation.fetchall()


@pytest.fixture
def sales(cursor: Cursor, tmp_path: Path) -> Table:
    """A snapshot in two files."""
    files = []
    for number in range(2):
        path = str(tmp_path / f"part-{number}.parquet")
        cursor.execute(
            f"COPY (SELECT range + {number * 500} AS id, 's' || (range % 3) AS store, "
            f"CAST(range AS DECIMAL(38,0)) AS units FROM range(500)) TO '{path}'"
        )
        files.append(path)
    scanned = ", ".join(f"'{file}'" for file in files)
    sql = f"SELECT id, store, CAST(units AS HUGEINT) AS units FROM read_parquet([{scanned}])"
    return Table("sales", sql, tuple(files))


@pytest.fixture
def recent(session: Session, cursor: Cursor, sales: Table) -> Table:
    """A view on it."""
    table = Table("recent", "SELECT * FROM sales WHERE id >= 100 -- the last line is a comment")
    session.attach([sales, table], cursor)
    return table


@pytest.mark.parametrize("arrives", get_args(Arrival))
@pytest.mark.parametrize("name", ["sales", "recent"])
def test_a_table_passes_through_every_kind_of_frame(
    arrives: Arrival, name: str, request: pytest.FixtureRequest, cursor: Cursor, where: Where, stage: Stage
) -> None:
    table: Table = request.getfixturevalue(name)
    expected = cursor.sql(table.sql).fetchall()
    types, rows = stage(to_frame(arrives, table, None, cursor, where))
    assert rows == expected
    assert types[:2] == ["BIGINT", "VARCHAR"]


@pytest.mark.parametrize("arrives", get_args(Arrival))
def test_only_the_columns_that_are_asked_for_arrive(
    arrives: Arrival, sales: Table, cursor: Cursor, where: Where, stage: Stage
) -> None:
    types, rows = stage(to_frame(arrives, sales, ["store", "id"], cursor, where))
    assert types == ["VARCHAR", "BIGINT"]
    assert rows[999] == ("s1", 999)


@pytest.mark.parametrize("arrives", get_args(Arrival))
def test_a_column_that_is_not_there_is_named(arrives: Arrival, sales: Table, cursor: Cursor, where: Where) -> None:
    with pytest.raises(AssetError) as caught:
        to_frame(arrives, sales, ["stor"], cursor, where)
    assert caught.value.message == "sales asks for sales.stor, which does not exist"
    assert caught.value.hint == "Did you mean store?"


@pytest.mark.parametrize("name", ["sales", "recent"])
def test_a_lazy_frame_reads_only_what_its_query_needs(
    name: str, request: pytest.FixtureRequest, cursor: Cursor, where: Where
) -> None:
    frame = to_frame("polars_lazy", request.getfixturevalue(name), None, cursor, where)
    assert isinstance(frame, pl.LazyFrame)
    assert "PROJECT 1/3 COLUMNS" in frame.select(pl.col("id").sum()).explain()


def is_odd(number: int) -> bool:
    return bool(number % 2 == 1 and number)


@pytest.mark.filterwarnings("ignore::polars.exceptions.PolarsInefficientMapWarning")
@pytest.mark.parametrize("name", ["sales", "recent"])
def test_a_lazy_frame_may_be_used_twice_filtered_by_python_and_cut_short(
    name: str, request: pytest.FixtureRequest, cursor: Cursor, where: Where
) -> None:
    frame = to_frame("polars_lazy", request.getfixturevalue(name), None, cursor, where)
    assert isinstance(frame, pl.LazyFrame)
    by_store = frame.filter(pl.col("id") >= 997).group_by("store").agg(pl.len().alias("n"))
    joined = frame.join(by_store, on="store").filter(pl.col("id") >= 997).sort("id").collect()
    assert joined["id"].to_list() == [997, 998, 999]
    odd = pl.col("id").map_elements(is_odd, return_dtype=pl.Boolean)
    assert frame.filter(odd & (pl.col("id") > 995)).select("id").collect().rows() == [(997,), (999,)]
    assert frame.sort("id", descending=True).head(2).collect()["id"].to_list() == [999, 998]
    assert frame.select("id").tail(1).collect().rows() == [(999,)]
    assert frame.select(pl.len()).collect().item() == frame.collect().height
    assert frame.head(3).collect().height == 3


TYPES = [
    ("CAST(7 AS HUGEINT)", pl.Int128(), 7),
    ("CAST(-170141183460469231731687303715884105727 AS HUGEINT)", pl.Int128(), -(2**127) + 1),
    ("CAST(340282366920938463463374607431768211455 AS UHUGEINT)", pl.UInt128(), 2**128 - 1),
    ("CAST('1.50' AS DECIMAL(12,2))", pl.Decimal(12, 2), Decimal("1.50")),
    ("CAST('a' AS ENUM('a', 'b'))", pl.String(), "a"),
    ("CAST('123e4567-e89b-12d3-a456-426614174000' AS UUID)", pl.String(), "123e4567-e89b-12d3-a456-426614174000"),
    ("CAST('{\"a\": 1}' AS JSON)", pl.String(), '{"a": 1}'),
    ("CAST('101' AS BIT)", pl.String(), "101"),
    ("INTERVAL 90 SECOND", pl.Duration("us"), dt.timedelta(seconds=90)),
    ("CAST(NULL AS INTERVAL)", pl.Duration("us"), None),
    ("TIMESTAMP_S '2024-01-02 03:04:05'", pl.Datetime("us"), dt.datetime(2024, 1, 2, 3, 4, 5)),
    (
        "TIMESTAMPTZ '2024-01-02 03:04:05+00'",
        pl.Datetime("us", "UTC"),
        dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    ),
    ("TIMETZ '01:02:03+02'", pl.String(), "01:02:03+02"),
    ("TIME '01:02:03'", pl.Time(), dt.time(1, 2, 3)),
    ("CAST([1, 2] AS INTEGER[2])", pl.Array(pl.Int32, 2), [1, 2]),
    ("[[1], []]", pl.List(pl.List(pl.Int32)), [[1], []]),
    ("{'a': 1, 'b': 'x'}", pl.Struct({"a": pl.Int32, "b": pl.String}), {"a": 1, "b": "x"}),
    ("[INTERVAL 1 DAY]", pl.String(), '["1 day"]'),
    ("union_value(amount := 2)", pl.String(), '{"amount":2}'),
    ("NULL", pl.Int32(), None),
]


@pytest.mark.parametrize(("sql", "dtype", "value"), TYPES)
@pytest.mark.parametrize("arrives", ["polars", "polars_lazy"])
def test_every_type_arrives_in_polars(
    arrives: Arrival, sql: str, dtype: pl.DataType, value: object, cursor: Cursor, where: Where
) -> None:
    frame = to_frame(arrives, Table("t", f"SELECT {sql} AS x"), None, cursor, where)
    assert isinstance(frame, pl.DataFrame | pl.LazyFrame)
    series = frame.lazy().collect()["x"]
    assert series.dtype == dtype
    assert series.to_list() == [value]


@pytest.mark.parametrize("sql", ["INTERVAL 1 MONTH", "INTERVAL (-3) YEAR"])
def test_an_interval_of_months_is_an_error_in_polars(sql: str, cursor: Cursor, where: Where) -> None:
    with pytest.raises(AssetError, match="x has an interval of months"):
        to_frame("polars", Table("t", f"SELECT {sql} AS x"), None, cursor, where)


@pytest.mark.parametrize("arrives", ["arrow", "arrow_reader"])
@pytest.mark.parametrize(
    ("sql", "type_", "value"),
    [
        ("CAST('101' AS BIT)", pa.string(), "101"),
        ("[CAST('101' AS BIT), NULL]", pa.list_(pa.string()), ["101", None]),
        ("{'a b': [TIMETZ '01:02:03+02'], 'c': 1}", None, {"a b": ["01:02:03+02"], "c": 1}),
        ("MAP {'k': CAST('101' AS BIT)}", None, [("k", "101")]),
        ("CAST([CAST(7 AS BIGNUM)] AS BIGNUM[1])", pa.list_(pa.string(), 1), ["7"]),
        ("[CAST(7 AS UHUGEINT)]", pa.list_(pa.decimal128(38)), [Decimal(7)]),
    ],
)
def test_what_arrow_would_spoil_arrives_as_text(
    arrives: Arrival, sql: str, type_: pa.DataType | None, value: object, cursor: Cursor, where: Where
) -> None:
    frame = to_frame(arrives, Table("t", f"SELECT {sql} AS x"), None, cursor, where)
    table = frame.read_all() if isinstance(frame, pa.RecordBatchReader) else frame
    assert isinstance(table, pa.Table)
    assert type_ is None or table.schema.field("x").type == type_
    assert table["x"].to_pylist() == [value]


def test_a_number_that_is_too_large_for_arrow_is_an_error_with_a_way_around_it(cursor: Cursor, where: Where) -> None:
    largest = "CAST(340282366920938463463374607431768211455 AS UHUGEINT)"
    with pytest.raises(AssetError, match="t cannot be handed to .* Could not cast value 3402") as raised:
        to_frame("arrow", Table("t", f"SELECT {largest} AS x"), None, cursor, where)
    assert "Without an annotation t arrives as a DuckDB relation" in str(raised.value)


def test_files_are_scanned_with_the_types_that_duckdb_means(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    file = str(tmp_path / "x.parquet")
    cursor.execute(f"COPY (SELECT 3 AS A, uuid() AS id, CAST('{{}}' AS JSON) AS j) TO '{file}'")
    frame = to_frame("polars", Table("t", f"FROM read_parquet(['{file}'])", (file,)), None, cursor, where)
    assert isinstance(frame, pl.DataFrame)
    assert frame.schema == {"A": pl.Int32, "id": pl.String, "j": pl.String}


def test_pandas_gets_whole_numbers_and_is_told_when_they_do_not_fit(cursor: Cursor, where: Where) -> None:
    frame = to_frame(
        "pandas", Table("t", "SELECT sum(x) AS x FROM (SELECT 9007199254740993 AS x)"), None, cursor, where
    )
    assert isinstance(frame, pd.DataFrame)
    assert frame["x"].tolist() == [9007199254740993]
    with pytest.raises(AssetError, match="out of range"):
        to_frame(
            "pandas", Table("t", "SELECT CAST('1267650600228229401496703205376' AS HUGEINT) AS x"), None, cursor, where
        )


def test_two_readers_of_one_table_can_be_open_at_once(sales: Table, cursor: Cursor, where: Where) -> None:
    first = to_frame("arrow_reader", sales, None, cursor, where)
    second = to_frame("arrow_reader", sales, ["id"], cursor, where)
    assert isinstance(first, pa.RecordBatchReader)
    assert isinstance(second, pa.RecordBatchReader)
    assert first.read_next_batch().num_rows == second.read_next_batch().num_rows
    assert cursor.sql("SELECT 1").fetchall() == [(1,)]


BACK = [
    (pl.Series([2**127 - 1, None], dtype=pl.Int128), "HUGEINT", 2**127 - 1),
    (pl.Series([2**128 - 1, None], dtype=pl.UInt128), "UHUGEINT", 2**128 - 1),
    (pl.Series([[2**100], []], dtype=pl.List(pl.Int128)), "HUGEINT[]", [2**100]),
    (pl.Series([{"a b": 5}, None], dtype=pl.Struct({"a b": pl.Int128})), 'STRUCT("a b" HUGEINT)', {"a b": 5}),
    (pl.Series([dt.timedelta(seconds=5), None]), "INTERVAL", dt.timedelta(seconds=5)),
    (pl.Series([5_000, None], dtype=pl.Duration("ms")), "INTERVAL", dt.timedelta(seconds=5)),
    (pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)), "BIGINT[2]", (1, 2)),
    (pl.Series([[[1, 2]], None], dtype=pl.List(pl.Array(pl.Int8, 2))), "TINYINT[2][]", [(1, 2)]),
    (pl.Series(["a", None], dtype=pl.Categorical), "VARCHAR", "a"),
    (pl.Series(["a", None], dtype=pl.Enum(["a", "b"])), "VARCHAR", "a"),
    (pl.Series([None, None]), "INTEGER", None),
    (pl.Series([[], []], dtype=pl.List(pl.Null)), "INTEGER[]", []),
    (pl.Series([1.5, None], dtype=pl.Float16), "FLOAT", 1.5),
    (pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(12, 2)), "DECIMAL(12,2)", Decimal("1.50")),
    (pl.Series([dt.datetime(2024, 1, 1), None], dtype=pl.Datetime("ms")), "TIMESTAMP", dt.datetime(2024, 1, 1)),
    (pl.Series([b"\x00", None]), "BLOB", b"\x00"),
]


@pytest.mark.parametrize(("series", "type_", "value"), BACK, ids=[str(row[0].dtype) for row in BACK])
@pytest.mark.parametrize("lazy", [True, False])
def test_every_type_of_polars_comes_back(
    series: pl.Series, type_: str, value: object, lazy: bool, stage: Stage
) -> None:
    frame = pl.DataFrame({"x": series, "row": [1, 2]})
    types, rows = stage(frame.lazy() if lazy else frame)
    assert types == [type_, "BIGINT"]
    assert rows[0] == (value, 1)


@pytest.mark.parametrize(
    ("series", "what"),
    [
        (pl.Series([object()], dtype=pl.Object), "of type Object"),
        (pl.Series([{}], dtype=pl.Struct([])), "of type Struct without fields"),
        (pl.Series([[dt.timedelta(1)]]), "a Duration inside of another type"),
    ],
)
def test_a_type_that_no_table_can_keep_is_named_with_its_column(series: pl.Series, what: str, stage: Stage) -> None:
    with pytest.raises(AssetError, match="returned the column odd") as caught:
        stage(pl.DataFrame({"odd": series}))
    assert what in caught.value.message


def test_the_order_of_rows_is_kept(stage: Stage) -> None:
    numbers = list(range(300_000, 0, -1))
    for value in (
        pl.LazyFrame({"n": numbers}),
        pa.table({"n": numbers}),
        pd.DataFrame({"n": numbers}),
        Query("SELECT range AS n FROM range(1, 300001) ORDER BY n DESC"),
    ):
        assert [row[0] for row in stage(value)[1]] == numbers


def test_a_relation_is_staged_with_its_own_types(cursor: Cursor, stage: Stage) -> None:
    relation = cursor.sql("SELECT CAST(1 AS HUGEINT) AS h, CAST('a' AS ENUM('a')) AS e").filter("h = 1")
    assert stage(relation) == (["HUGEINT", "ENUM('a')"], [(1, "a")])


def test_a_relation_of_another_database_says_what_to_use(stage: Stage) -> None:
    import duckdb

    with duckdb.connect() as other, pytest.raises(AssetError) as caught:
        stage(other.sql("SELECT 1 AS x"))
    assert 'return Query("SELECT ...")' in (caught.value.hint or "")


def test_a_reader_that_was_opened_on_the_tasks_own_cursor_can_be_returned(cursor: Cursor, stage: Stage) -> None:
    types, rows = stage(cursor.sql("SELECT range AS n FROM range(300000)").to_arrow_reader(1000))
    assert (types, len(rows), rows[-1]) == (["BIGINT"], 300_000, (299_999,))


class Stream:
    """What any library may hand over: an object that only knows the Arrow stream protocol."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table({"a": [1, 2]}).__arrow_c_stream__(requested_schema)


def test_anything_that_streams_arrow_is_a_table(stage: Stage) -> None:
    assert stage(Stream()) == (["BIGINT"], [(1,), (2,)])


def test_record_batches_are_read_one_by_one(stage: Stage, cursor: Cursor, where: Where, tmp_path: Path) -> None:
    asked: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(50):
            asked.append(number)
            yield pa.record_batch({"n": list(range(1000))})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), batches())
    result = from_result(reader, cursor, str(tmp_path), where)
    assert len(asked) <= 1
    assert len(read(result)[1]) == 50_000


def test_an_error_inside_of_record_batches_is_the_users(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"n": [1]})
        raise ValueError("the source went away")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), batches())
    result = from_result(reader, cursor, str(tmp_path), where)
    assert result.sql is not None
    with pytest.raises(AssetError, match="the source went away"), sql_errors(result.cursor, result.sql, where):
        result.cursor.execute(f"COPY ({result.sql}) TO '{tmp_path}/x.parquet'")


WRONG = [
    (None, "sales returned nothing", "Did you forget `return`?"),
    ([1, 2], "sales returned list, which is no table", "Return a Polars LazyFrame"),
    (pl.Series([1]), "sales returned polars.series.series.Series, which is no table", "Return a Polars LazyFrame"),
    (pd.Series([1]), "which is no table", "Return a Polars LazyFrame"),
    (pl.DataFrame({"a": [1], "A": [2]}), "returned two columns of one name: a and A", "rename one"),
    (pl.LazyFrame({"a": [1], "A": [2]}), "returned two columns of one name: a and A", "rename one"),
    (pa.table([[1], [2]], names=["a", "a"]), "returned two columns of one name: a and a", "rename one"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "returned two columns of one name: a and a", "rename one"),
    (pl.DataFrame(), "returned a table without columns", "at least one column"),
    (pd.DataFrame({"a": [1]}, index=pd.Index([7], name="week")), "with the index week", "reset_index()"),
    (pl.DataFrame({"": [1]}), "returned a column without a name", "rename"),
    (pa.table([[1], [2]], names=["a", ""]), "returned a column without a name", "rename"),
    (pa.chunked_array([[1]]), "returned pyarrow.lib.ChunkedArray, which is no table", "Return a Polars LazyFrame"),
    (
        pa.table({"a": [1], "half": pa.nulls(1, pa.float16())}),
        "returned the column half of type halffloat, which DuckDB does not read",
        "Cast it",
    ),
]


@pytest.mark.parametrize(("value", "message", "hint"), WRONG)
def test_what_is_no_table_is_refused_with_the_next_step(value: object, message: str, hint: str, stage: Stage) -> None:
    with pytest.raises(AssetError) as caught:
        stage(value)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.where == "assets/sales.sql:4"


def test_a_lazy_frame_that_fails_is_the_users_error(stage: Stage, tmp_path: Path) -> None:
    frame = pl.LazyFrame({"a": ["1", "x"]}).with_columns(pl.col("a").cast(pl.Int64))
    with pytest.raises(AssetError, match="InvalidOperationError: conversion from `str` to `i64` failed") as caught:
        stage(frame)
    assert caught.value.where == "assets/sales.sql:4"
    # Once in some hundred times Polars opens the file after it said that it failed; nothing is written to it.
    assert [path for path in tmp_path.iterdir() if path.stat().st_size] == []


def test_a_pandas_column_of_mixed_types_is_named(stage: Stage) -> None:
    with pytest.raises(AssetError, match="column odd") as raised:
        stage(pd.DataFrame({"odd": [1, "x", b"y"]}))
    assert raised.value.where == "assets/sales.sql:4"
    assert "A column has values of one type" in str(raised.value)


def test_a_query_that_fails_to_bind_stands_at_the_asset(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="syntax error"):
        from_result(Query("SELEC 1"), cursor, str(tmp_path), where)


def test_an_error_in_a_query_of_a_function_stands_at_the_function(cursor: Cursor, tmp_path: Path) -> None:
    where = Where("sales", "assets/sales.py", 7, str(tmp_path))
    with pytest.raises(AssetError) as caught:
        from_result(Query("SELECT week\nFROM\nWHERE"), cursor, str(tmp_path), where)
    assert caught.value.where == "assets/sales.py:7"
    assert "WHERE" in (caught.value.details or "")


@pytest.mark.parametrize("engine", ["sparc", "frames", "../duckdb"])
def test_a_query_for_an_unknown_engine_is_refused(engine: str, stage: Stage) -> None:
    with pytest.raises(AssetError, match="which does not exist"):
        stage(Query("SELECT 1", engine=engine))


def test_a_panic_of_polars_is_an_error_like_any_other(cursor: Cursor, where: Where, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    cursor.execute(f"COPY (SELECT INTERVAL 1 DAY AS x) TO '{file}'")
    with pytest.raises(AssetError, match="month_day_millisecond_interval"):
        call(lambda: pl.scan_parquet(file).collect_schema(), {}, where=where)


def test_an_interrupt_passes(cursor: Cursor, where: Where) -> None:
    with pytest.raises(Interrupted), sql_errors(cursor, "", where):
        raise RuntimeError("Query interrupted")


values = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
texts = st.one_of(st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(values, texts, st.one_of(st.none(), st.booleans())), max_size=20))
def test_rows_are_the_same_after_a_round_trip_through_any_frame(
    rows: list[tuple[object, ...]], cursor: Cursor, where: Where, stage: Stage
) -> None:
    schema = {"n": pl.Int64, "t": pl.String, "b": pl.Boolean}
    types, back = stage(pl.DataFrame(rows, schema=schema, orient="row"))
    assert (types, back) == (["BIGINT", "VARCHAR", "BOOLEAN"], rows)
    table = Table("t", "FROM rows")
    cursor.register("rows", pl.DataFrame(rows, schema=schema, orient="row"))
    assert stage(to_frame("arrow", table, None, cursor, where))[1] == rows
    assert stage(to_frame("relation", table, None, cursor, where))[1] == rows
