"""Hands tables to functions as the frames that they ask for, and takes back what they return.

| arrives as    | is                                                | loads                                    |
|---------------|---------------------------------------------------|------------------------------------------|
| relation      | a DuckDB relation on the task's cursor            | nothing before it is read                |
| polars_lazy   | a LazyFrame, in the main a scan of Parquet files  | what its query needs                     |
| polars        | a DataFrame                                       | everything (of the parameter's columns)  |
| arrow         | a pyarrow Table                                   | everything (of the parameter's columns)  |
| arrow_reader  | a RecordBatchReader on a cursor of its own        | batch by batch, once                     |
| pandas        | a DataFrame                                       | everything (of the parameter's columns)  |

A library is imported only for a parameter that arrives in its frames or a value that is one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

from assetflow.asset import Arrival, Query
from assetflow.duck import with_relations
from assetflow.engines import Table, Where
from assetflow.engines.changes import Changes
from assetflow.engines.duckdb import RESULT, Cursor, Result, evaluate_sql, nested_types, siblings, sql_errors
from assetflow.engines.python import frames_of, user_errors
from assetflow.errors import AssetError, did_you_mean
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow
    from duckdb.sqltypes import DuckDBPyType

Columns = Sequence[str] | None
"""The columns that are wanted; None means all."""


def to_frame(arrives: Arrival, table: Table, columns: Columns, cursor: Cursor, where: Where) -> object:
    """`table` as `arrives` says, with only `columns` read; AssetError when a column is not there."""
    with sql_errors(cursor, table.sql, where):
        _require_columns(table, columns, cursor, where)
    try:
        with sql_errors(cursor, table.sql, where):
            return _FRAMES[arrives](table, columns, cursor)
    except AssetError as error:
        raise _cannot_arrive(error, table, where) from None


def everything(
    arrives: Arrival, table: Table, columns: Columns, cursor: Cursor, where: Where, why: str | None
) -> Changes[object]:
    """All of a table as what was added to it, for a function that is to make everything, and why it is."""
    added = to_frame(arrives, table, columns, cursor, where)
    return Changes(added, to_frame(arrives, empty(table), columns, cursor, where), is_full=True, why_full=why)


def empty(table: Table) -> Table:
    """The same columns without rows."""
    return Table(table.name, f"SELECT * FROM ({table.sql}\n) WHERE false")


def from_result(value: object, cursor: Cursor, folder: str, where: Where, tables: Sequence[Table] = ()) -> Result:
    """What a function returned, ready for staging; a file that has to be written goes into `folder`.

    `tables` are what a Query may read, for engines that do not see what is attached to `cursor`.
    """
    if value is None:
        raise _wrong(where, "returned nothing", "Did you forget `return`?")
    if isinstance(value, Result):
        return value
    if isinstance(value, Query):
        evaluated = _engine(value.engine, where)(cursor, value.sql, where, tables)
        return from_result(evaluated, cursor, folder, where)
    take = _take_for(value)
    if take is None:
        hint = f"{_ALLOWED} {_PIECES}" if isinstance(value, list | tuple | Iterator) else _ALLOWED
        raise _wrong(where, f"returned {_type_name(value)}, which is no table", hint)
    with user_errors(where):
        return take(value, cursor, folder, where)


@contextmanager
def read_errors(result: Result, where: Where) -> Iterator[None]:
    """Tell what goes wrong while rows are read; an exception in the user's own stream of batches with its frames."""
    with user_errors(where):
        try:
            with sql_errors(result.cursor, result.sql or "", where):
                yield
        except AssetError:
            for error in result.raised:
                raise error from None
            raise


def beginning(value: object, rows: int) -> object:
    """A frame of Polars with only its first rows asked for; of everything else, DuckDB reads no more."""
    if _take_for(value) is not _take_polars:
        return value
    from assetflow.engines.polars_sink import as_lazy

    frame = as_lazy(value)
    return value if frame is None else frame.head(rows)


class _EvaluateSql(Protocol):
    """What every engine for SQL offers; see the `__init__` of this wing."""

    def __call__(self, cursor: Cursor, sql: str, where: Where, tables: Sequence[Table]) -> object: ...


def _engine(name: str, where: Where) -> _EvaluateSql:
    """The engine of that name, imported when it is first asked for."""
    if name == "duckdb":
        return evaluate_sql
    module = f"assetflow.engines.{name}"
    if name.isidentifier() and find_spec(module) is not None:
        evaluate: _EvaluateSql | None = vars(import_module(module)).get("evaluate_sql")
        # A file that only uses another engine's function is none itself.
        if evaluate is not None and getattr(evaluate, "__module__", None) == module:
            return evaluate
    raise _wrong(where, f"returned a Query for the engine {name}, which does not exist", 'Use engine="duckdb".')


def _relation(table: Table, columns: Columns, cursor: Cursor) -> duckdb.DuckDBPyRelation:
    return cursor.sql(selected(table, columns)).set_alias(table.name)


def _polars_lazy(table: Table, columns: Columns, cursor: Cursor) -> polars.LazyFrame:
    from assetflow.engines.polars_scan import scan

    return scan(table, selected(table, columns), cursor)


def _polars(table: Table, columns: Columns, cursor: Cursor) -> polars.DataFrame:
    return _polars_lazy(table, columns, cursor).collect()


def _arrow(table: Table, columns: Columns, cursor: Cursor) -> pyarrow.Table:
    return _cast(cursor, selected(table, columns), _IN_ARROW).to_arrow_table()


def _arrow_reader(table: Table, columns: Columns, cursor: Cursor) -> pyarrow.RecordBatchReader:
    return _cast(siblings(cursor)(), selected(table, columns), _IN_ARROW).to_arrow_reader()


def _pandas(table: Table, columns: Columns, cursor: Cursor) -> pandas.DataFrame:
    return _cast(cursor, selected(table, columns), _IN_PANDAS).df()


def _cast(cursor: Cursor, sql: str, casts: Mapping[str, str]) -> duckdb.DuckDBPyRelation:
    """The rows of `sql`, with the columns of some types cast to others."""
    relation = cursor.sql(sql)
    replaced = [
        f"CAST({quote_identifier(name)} AS {other}) AS {quote_identifier(name)}"
        for name, type_ in zip(relation.columns, relation.types, strict=True)
        if (other := casts.get(str(type_)) or _in_arrow(type_)) != str(type_)
    ]
    if not replaced:
        return relation
    return cursor.sql(f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({sql}\n)")


def _in_arrow(type_: DuckDBPyType) -> str:
    """The type with all inside of it that Arrow would spoil as something else."""
    if not any(name in str(type_) for name in _IN_ARROW):
        return str(type_)
    inside = [_in_arrow(child) for child in nested_types(type_)] if type_.id in _NESTED else []
    match type_.id:
        case "list":
            return f"{inside[0]}[]"
        case "array":
            return f"{inside[0]}[{dict(type_.children)['size']}]"
        case "map":
            return f"MAP({inside[0]}, {inside[1]})"
        case "struct":
            names = (quote_identifier(name) for name, _ in type_.children)
            return f"STRUCT({', '.join(map(' '.join, zip(names, inside, strict=True)))})"
        case _:
            return _IN_ARROW.get(str(type_), str(type_))


def selected(table: Table, columns: Columns) -> str:
    """The SQL that reads only `columns` of `table`, in that order."""
    if columns is None:
        return table.sql
    names = ", ".join(map(quote_identifier, columns))
    return f"SELECT {names} FROM ({table.sql}\n)"


# Arrow would get the bytes of a BIT, a time without its zone, and -1 for the largest UHUGEINT.
_IN_ARROW = {"BIT": "VARCHAR", "BIGNUM": "VARCHAR", "TIME WITH TIME ZONE": "VARCHAR", "UHUGEINT": "DECIMAL(38,0)"}
_NESTED = ("list", "array", "map", "struct")

# pandas has no integers of 128 bits, and DuckDB would hand over floats; a BIGINT that is too small says so.
_IN_PANDAS = {**_IN_ARROW, "HUGEINT": "BIGINT", "UHUGEINT": "UBIGINT"}

_FRAMES: dict[Arrival, Callable[[Table, Columns, Cursor], object]] = {
    "relation": _relation,
    "polars_lazy": _polars_lazy,
    "polars": _polars,
    "arrow": _arrow,
    "arrow_reader": _arrow_reader,
    "pandas": _pandas,
}


def _cannot_arrive(error: AssetError, table: Table, where: Where) -> AssetError:
    """What a frame has no type or no room for, with a way around it."""
    hint = (
        f"Without an annotation {table.name} arrives as a DuckDB relation, which holds everything; or cast the column "
        f"in {table.name}, or leave it out: upstream(columns=[...])."
    )
    return where.error(f"{table.name} cannot be handed to {where.asset}: {error.message}", hint=error.hint or hint)


def _require_columns(table: Table, columns: Columns, cursor: Cursor, where: Where) -> None:
    if columns is None:
        return
    known = cursor.sql(table.sql).columns
    for column in columns:
        if column not in known:
            hint = did_you_mean(column, known) or f"It has {', '.join(known)}."
            raise _wrong(where, f"asks for {table.name}.{column}, which does not exist", hint)


def _take_relation(value: object, cursor: Cursor, folder: str, where: Where) -> Result:
    relation = cast("duckdb.DuckDBPyRelation", value)
    _require_distinct(relation.columns, where)
    # A relation is a query: registering it neither runs it nor holds its rows.
    cursor.register(RESULT, relation)
    return Result(cursor, sql=f"FROM {RESULT}")


def _take_polars(value: object, cursor: Cursor, folder: str, where: Where) -> Result:
    from assetflow.engines.polars_sink import as_lazy, sink

    frame = as_lazy(value)
    if frame is None:
        raise _wrong(where, f"returned {_type_name(value)}, which is no table", _ALLOWED)
    _require_distinct(frame.collect_schema().names(), where)
    return sink(frame, cursor, folder, where)


def _take_pandas(value: object, cursor: Cursor, folder: str, where: Where) -> Result:
    import pandas
    import pyarrow

    if not isinstance(value, pandas.DataFrame):
        raise _wrong(where, f"returned {_type_name(value)}, which is no table", _ALLOWED)
    _require_distinct([str(name) for name in value.columns], where)
    index = [str(name) for name in value.index.names if name is not None]
    if index:
        raise _wrong(
            where,
            f"returned a pandas DataFrame with the index {', '.join(index)}, which is no column",
            "Return frame.reset_index(), or frame.reset_index(drop=True) to leave it out.",
        )
    try:
        table = pyarrow.Table.from_pandas(value, preserve_index=False)
    except pyarrow.ArrowException as error:
        why = "; ".join(map(str, error.args))
        hint = 'A column has values of one type: frame["x"].astype(str), or pd.to_numeric(frame["x"]).'
        raise _wrong(where, f"returned a pandas DataFrame that is no table: {why}", hint) from None
    return _take_stream(table, cursor, folder, where)


def _take_stream(value: object, cursor: Cursor, folder: str, where: Where) -> Result:
    """Anything with `__arrow_c_stream__`: an Arrow table, or record batches that are read one by one."""
    import pyarrow

    try:
        arrow = value if isinstance(value, pyarrow.Table) else pyarrow.RecordBatchReader.from_stream(value)
    except pyarrow.ArrowInvalid:  # a stream of single values
        raise _wrong(where, f"returned {_type_name(value)}, which is no table", _ALLOWED) from None
    _require_distinct(arrow.schema.names, where)
    raised: list[BaseException] = []
    if isinstance(value, pyarrow.RecordBatchReader):
        arrow = pyarrow.RecordBatchReader.from_batches(value.schema, _noting(value, raised, where))
    with_relations()
    # The stream may come from the task's cursor, which it then owns until it is read.
    own = cursor.cursor()
    sql = f"FROM {RESULT}"
    with sql_errors(own, sql, where):
        try:
            own.register(RESULT, arrow)
            own.sql(sql)
        except Exception:
            _require_readable(arrow.schema, cursor, where)
            raise
    return Result(own, sql=sql, raised=raised)


def _noting(
    batches: pyarrow.RecordBatchReader, raised: list[BaseException], where: Where
) -> Iterator[pyarrow.RecordBatch]:
    """The batches; what the user's code raises meanwhile is noted, as who reads a stream is told its text alone."""
    try:
        yield from batches
    except BaseException as error:
        if frames_of(error, where.root):
            raised.append(error)
        raise


def _require_readable(schema: pyarrow.Schema, cursor: Cursor, where: Where) -> None:
    """Name the column whose type DuckDB does not read; asked when it could not read all of them."""
    import duckdb

    with cursor.cursor() as own:
        for field in schema:
            try:
                own.register(RESULT, schema.empty_table().select([field.name]))
                own.sql(f"FROM {RESULT}")
            except duckdb.Error:
                raise _wrong(
                    where,
                    f"returned the column {field.name} of type {field.type}, which DuckDB does not read",
                    "Cast it before you return it, or leave it out.",
                ) from None


_TAKES: dict[str, Callable[[object, Cursor, str, Where], Result]] = {
    "duckdb": _take_relation,
    "polars": _take_polars,
    "pandas": _take_pandas,
}

_ALLOWED = (
    "Return a Polars LazyFrame or DataFrame, a pyarrow Table or RecordBatchReader, a DuckDB relation, "
    'a pandas DataFrame, or Query("SELECT ...").'
)
_PIECES = (
    "Put record batches together with pa.RecordBatchReader.from_batches(schema, batches), which also reads them one "
    "by one, and frames with pl.concat(...)."
)


def _take_for(value: object) -> Callable[[object, Cursor, str, Where], Result] | None:
    """Told from the names of its classes, so that no library is imported to ask."""
    for kind in type(value).__mro__:
        take = _TAKES.get(kind.__module__.partition(".")[0])
        if take is not None:
            return take
    return _take_stream if hasattr(value, "__arrow_c_stream__") else None


def _require_distinct(names: Sequence[str], where: Where) -> None:
    """DuckDB would rename the second of `a` and `A` silently."""
    if not names:
        raise _wrong(where, "returned a table without columns", "A table has at least one column.")
    seen: dict[str, str] = {}
    for name in names:
        if not name:
            raise _wrong(where, "returned a column without a name", "Name it: frame.rename(...).")
        if name.lower() in seen:
            raise _wrong(
                where,
                f"returned two columns of one name: {seen[name.lower()]} and {name}",
                "Column names must differ in more than upper and lower case; rename one.",
            )
        seen[name.lower()] = name


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _wrong(where: Where, what: str, hint: str) -> AssetError:
    return where.error(f"{where.asset} {what}", hint=hint)
