"""Runs a frame of Polars into a Parquet file; imported only when a function returned one.

What Parquet, or DuckDB reading it, has no equal type for goes back like this: Int128 as HUGEINT, UInt128 as UHUGEINT,
Duration as INTERVAL (microseconds), Array as ARRAY, Categorical and Enum as VARCHAR, Null as INTEGER. An Object, a
Struct without fields and a Duration inside of another type are errors.
"""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from assetflow.engines import Where
from assetflow.engines.duckdb import Cursor, Result, nested_types
from assetflow.quoting import quote_identifier, quote_literal

if TYPE_CHECKING:
    import polars as pl
    from duckdb.sqltypes import DuckDBPyType
    from polars.datatypes import DataTypeClass

    DataType = pl.DataType | DataTypeClass

FILE = "result.parquet"
ROW_GROUP_ROWS = 122_880


def as_lazy(value: object) -> pl.LazyFrame | None:
    """`value` as a LazyFrame, or None when it is no frame of Polars."""
    import polars as pl

    if isinstance(value, pl.DataFrame):
        return value.lazy()
    return value if isinstance(value, pl.LazyFrame) else None


def sink(frame: pl.LazyFrame, cursor: Cursor, folder: str, where: Where) -> Result:
    """Run `frame` in streams into a Parquet file in `folder`; the order of its rows is kept."""
    import polars as pl

    schema = frame.collect_schema()
    for name, dtype in schema.items():
        _require_storable(name, dtype, where)
    stored = [pl.col(name).cast(_stored(dtype)) for name, dtype in schema.items() if _stored(dtype) != dtype]
    path = os.path.join(folder, FILE)
    _write(frame.with_columns(stored), path)
    if not any(_is_lost_in_parquet(dtype) for dtype in schema.values()):
        return Result(cursor, file=path)
    return Result(cursor, sql=_typed_back(path, schema, cursor))


def _write(frame: pl.LazyFrame, path: str) -> None:
    """Sink `frame`; a timeout or Ctrl-C stops it, and a failure leaves no file."""
    query = frame.sink_parquet(
        path, compression="zstd", row_group_size=ROW_GROUP_ROWS, maintain_order=True, lazy=True
    ).collect(background=True)
    pause = 0.0002
    try:
        # Python sees a signal or a timeout only between two calls, so do not wait inside of one.
        while query.fetch() is None:
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
    except BaseException:
        query.cancel()
        # Polars aborts the process when a cancelled query finds nobody to answer: its handle is never given back.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(query))
        # Polars leaves a truncated file behind when the disk is full.
        with suppress(FileNotFoundError):
            os.remove(path)
        raise


def _require_storable(name: str, dtype: DataType, where: Where) -> None:
    import polars as pl

    what = _first_unstorable(dtype)
    if what is None and dtype != pl.Duration and _holds(dtype, pl.Duration):
        what = f"{dtype}: a Duration inside of another type"
    if what is not None:
        raise where.error(
            f"{where.asset} returned the column {name} of type {what}, which a table cannot keep",
            hint=f'Cast it (pl.col("{name}").cast(...)) or leave it out.',
        )


def _first_unstorable(dtype: DataType) -> str | None:
    import polars as pl

    if dtype == pl.Object:
        return "Object"
    if isinstance(dtype, pl.Struct) and not dtype.fields:
        return "Struct without fields"
    return next((what for child in _children(dtype) if (what := _first_unstorable(child))), None)


def _stored(dtype: DataType) -> DataType:
    """The type under which Parquet keeps every value: text for integers of 128 bits."""
    import polars as pl

    if dtype == pl.Null:
        return pl.Int32()
    if dtype in (pl.Int128, pl.UInt128):
        return pl.String()
    if dtype == pl.Duration:
        return pl.Duration("us")
    if isinstance(dtype, pl.Struct):
        return pl.Struct([pl.Field(field.name, _stored(field.dtype)) for field in dtype.fields])
    if isinstance(dtype, pl.Map):
        return pl.Map(_stored(dtype.key), _stored(dtype.value))
    if isinstance(dtype, pl.Array):
        return pl.Array(_stored(dtype.inner), dtype.size)
    return pl.List(_stored(dtype.inner)) if isinstance(dtype, pl.List) else dtype


def _is_lost_in_parquet(dtype: DataType) -> bool:
    import polars as pl

    return any(_holds(dtype, lost) for lost in (pl.Int128, pl.UInt128, pl.Duration, pl.Array))


def _holds(dtype: DataType, wanted: DataTypeClass) -> bool:
    return dtype == wanted or any(_holds(child, wanted) for child in _children(dtype))


def _children(dtype: DataType) -> list[DataType]:
    import polars as pl

    if isinstance(dtype, pl.Struct):
        return [field.dtype for field in dtype.fields]
    if isinstance(dtype, pl.Map):
        return [dtype.key, dtype.value]
    return [dtype.inner] if isinstance(dtype, pl.List | pl.Array) else []


def _typed_back(path: str, schema: pl.Schema, cursor: Cursor) -> str:
    """The SQL that reads the file at `path` with the types that the frame had."""
    import polars as pl

    scanned = f"read_parquet({quote_literal(path)})"
    stored = cursor.sql(f"FROM {scanned}").types
    casts = []
    for (name, dtype), type_ in zip(schema.items(), stored, strict=True):
        column = quote_identifier(name)
        if dtype == pl.Duration:
            casts.append(f"to_microseconds({column}) AS {column}")
        elif _is_lost_in_parquet(dtype):
            casts.append(f"CAST({column} AS {_type_back(dtype, type_)}) AS {column}")
    return f"SELECT * REPLACE ({', '.join(casts)}) FROM {scanned}"


def _type_back(dtype: DataType, stored: DuckDBPyType) -> str:
    """The DuckDB type of `dtype`, which Parquet kept as `stored`."""
    import polars as pl

    if dtype in (pl.Int128, pl.UInt128):
        return "HUGEINT" if dtype == pl.Int128 else "UHUGEINT"
    inner = [_type_back(child, kept) for child, kept in zip(_children(dtype), nested_types(stored), strict=True)]
    if isinstance(dtype, pl.Struct):
        fields = [f"{quote_identifier(field.name)} {type_}" for field, type_ in zip(dtype.fields, inner, strict=True)]
        return f"STRUCT({', '.join(fields)})"
    if isinstance(dtype, pl.Map):
        return f"MAP({', '.join(inner)})"
    if isinstance(dtype, pl.Array):
        return f"{inner[0]}[{dtype.size}]"
    return f"{inner[0]}[]" if isinstance(dtype, pl.List) else str(stored)
