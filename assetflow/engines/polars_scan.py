"""Gives a table to Polars as a LazyFrame; imported only when a parameter arrives as a frame of Polars.

What Polars has no equal type for arrives like this (7 / 2 of Decimals would be 4, so a HUGEINT is no Decimal):

| DuckDB                                       | Polars                                            |
|----------------------------------------------|---------------------------------------------------|
| HUGEINT, UHUGEINT                            | Int128, UInt128                                   |
| ENUM, UUID, JSON, BIT, BIGNUM, TIMETZ        | String                                            |
| INTERVAL                                     | Duration; an interval with months is an error     |
| TIMESTAMP_S, TIMESTAMP_MS                    | Datetime in microseconds                          |
| UNION, VARIANT, and nested types that hold   | String, as JSON                                   |
| one of these, BIT, BIGNUM, TIMETZ, INTERVAL  |                                                   |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from assetflow.duck import WITHOUT_DOWNLOADS
from assetflow.engines import Table
from assetflow.engines.duckdb import Cursor, nested_types, siblings
from assetflow.quoting import quote_identifier, quote_literal

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    from duckdb.sqltypes import DuckDBPyType

BATCH_ROWS = 122_880


def scan(table: Table, sql: str, cursor: Cursor) -> pl.LazyFrame:
    """A LazyFrame over the rows of `sql`, which selects from `table`.

    The table's files are scanned by Polars itself where it reads their types as DuckDB means them; everything else
    is streamed from DuckDB, only the columns that are needed.
    """
    relation = cursor.sql(sql)
    types = dict(zip(relation.columns, relation.types, strict=True))
    if table.files and all(_reads_alike(type_) for type_ in types.values()):
        return _scan_files(table.files, types)
    return _stream(sql, types, cursor)


def _scan_files(files: tuple[str, ...], types: Mapping[str, DuckDBPyType]) -> pl.LazyFrame:
    import polars as pl

    frame = pl.scan_parquet(list(files), glob=False, hive_partitioning=False)
    return _typed(frame.select(*types), types)


def _stream(sql: str, types: Mapping[str, DuckDBPyType], cursor: Cursor) -> pl.LazyFrame:
    """A LazyFrame that runs `sql` each time it is scanned."""
    import polars as pl
    from polars.io.plugins import register_io_source

    open_sibling = siblings(cursor)
    expressions = {name: _expression(name, type_) for name, type_ in types.items()}
    empty = pl.DataFrame(pl.from_arrow(_read(cursor, sql, expressions.values(), 0).to_arrow_table()))

    def batches(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        chosen = [expressions[name] for name in (types if columns is None else columns)]
        # The same frame may be scanned twice at a time (a self join), and an open result owns its cursor.
        reader = _read(open_sibling(), sql, chosen, rows).to_arrow_reader(batch_rows or BATCH_ROWS)
        try:
            for batch in reader:
                # A frame without columns has its rows all the same, and no more.
                frame = pl.DataFrame(pl.from_arrow(batch)) if chosen else pl.DataFrame(height=batch.num_rows)
                yield frame if predicate is None else frame.filter(predicate)
        finally:
            reader.close()

    return _typed(without_filters(register_io_source(batches, schema=empty.schema)), types)


def without_filters(source: pl.LazyFrame) -> pl.LazyFrame:
    """A source of ours to which no conditions are handed down: Polars pickles them, which fails for a user's lambda."""
    return source.map_batches(_same, projection_pushdown=True, slice_pushdown=True, streamable=True)


@cache
def empty_database() -> Cursor:
    """A database that holds nothing, to ask for types; opening one takes a hundred times as long as asking it."""
    from assetflow.duck import duckdb, with_relations

    with_relations()
    return duckdb.connect(config={**WITHOUT_DOWNLOADS, "legacy_disable_null_type": True})


def empty_frame(schema: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """A frame without rows, with the columns (name, DuckDB type) as a scan of a table like that would show them."""
    import polars as pl

    with empty_database().cursor() as connection:
        listed = ", ".join(f"CAST(NULL AS {kind}) AS {quote_identifier(name)}" for name, kind in schema) or "NULL"
        relation = connection.sql(f"SELECT {listed} LIMIT 0")
        types = dict(zip(relation.columns, relation.types, strict=True))
        expressions = [_expression(name, type_) for name, type_ in types.items()]
        read = _read(connection, f"SELECT {listed} LIMIT 0", expressions, 0).to_arrow_table()
        return _typed(pl.DataFrame(pl.from_arrow(read)).lazy(), types).collect()


def _same(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _read(cursor: Cursor, sql: str, expressions: Iterable[str], rows: int | None) -> duckdb.DuckDBPyRelation:
    # A query for no column at all (`pl.len()`) still has its rows.
    wanted = ", ".join(expressions) or "NULL"
    limit = "" if rows is None else f" LIMIT {rows}"
    return cursor.sql(f"SELECT {wanted} FROM ({sql}\n){limit}")


def _typed(frame: pl.LazyFrame, types: Mapping[str, DuckDBPyType]) -> pl.LazyFrame:
    """`frame` with the types that Polars has but Arrow and Parquet cannot say."""
    import polars as pl

    casts: dict[str, pl.DataType] = {
        "HUGEINT": pl.Int128(),
        "UHUGEINT": pl.UInt128(),
        "INTERVAL": pl.Duration("us"),
        "JSON": pl.String(),
    }
    wanted = [pl.col(name).cast(casts[str(type_)]) for name, type_ in types.items() if str(type_) in casts]
    return frame.with_columns(wanted) if wanted else frame


_SAME_IN_BOTH = frozenset(
    {
        *("boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint"),
        *("float", "double", "decimal", "varchar", "blob", "date", "time", "time_ns"),
        *("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone"),
    }
)
_NESTED = frozenset({"list", "struct", "map"})
_CAST_AFTER_SCAN = frozenset({"HUGEINT", "UHUGEINT", "JSON"})


def _reads_alike(type_: DuckDBPyType) -> bool:
    """True when Polars, scanning the Parquet file, sees what DuckDB sees (after `_typed`)."""
    return type_.id == "enum" or str(type_) in _CAST_AFTER_SCAN or _is_plain(type_)


def _is_plain(type_: DuckDBPyType) -> bool:
    if type_.id in _NESTED:
        return all(map(_is_plain, nested_types(type_)))
    return type_.id in _SAME_IN_BOTH and str(type_) != "JSON"


def _expression(name: str, type_: DuckDBPyType) -> str:
    """The SQL for one column, as something that Arrow and Polars have a type for."""
    column = quote_identifier(name)
    if type_.id == "interval":
        months = f"datepart('year', {column}) * 12 + datepart('month', {column})"
        why = f"{name} has an interval of months, and a Polars Duration has none: cast it to VARCHAR in SQL"
        refusal = f"error({quote_literal(why)})"
        return (
            f"CASE WHEN {months} = 0 THEN epoch_us({column}) WHEN {column} IS NOT NULL THEN {refusal} END AS {column}"
        )
    if type_.id in _AS_TEXT:
        return f"CAST({column} AS VARCHAR) AS {column}"
    if type_.id in ("timestamp_s", "timestamp_ms"):
        return f"CAST({column} AS TIMESTAMP) AS {column}"
    if _is_foreign(type_):
        return f"CAST(to_json({column}) AS VARCHAR) AS {column}"
    return column


_AS_TEXT = frozenset({"enum", "uuid", "bit", "bignum", "uhugeint", "time with time zone"})
_FOREIGN = frozenset({"interval", "union", "variant", "bit", "bignum", "time with time zone"})


def _is_foreign(type_: DuckDBPyType) -> bool:
    """True when Polars cannot hold it, not even inside of a list."""
    return type_.id in _FOREIGN or any(map(_is_foreign, nested_types(type_)))
