"""Finds the column lineage of a Python asset by calling its function with frames that have columns and no rows.

Only a function that takes nothing but LazyFrames, or nothing but relations, is called, and only one whose code version
sees all that it does: it can then do nothing here that it would not do in a run. A function of LazyFrames that looks at
rows while it is called (it collects) shows nothing by that; it is watched when it runs.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache, wraps
from threading import get_ident
from typing import TYPE_CHECKING, Any

from assetflow.asset import Asset
from assetflow.lineage.columns import Col, Edge, Lineage, opaque
from assetflow.running.python.overrides import like_default

if TYPE_CHECKING:
    import polars as pl

Schema = Sequence[tuple[str, str]]
FindFunction = Callable[[], Callable[..., Any]]


def python_lineage(asset: Asset, find: FindFunction, schemas: Mapping[str, Schema]) -> Lineage:
    """The lineage of a Python asset over upstreams with these columns; opaque, with the reason, where it is not known.

    `find` loads the function; it is asked only when the function is to be called.
    """
    inputs = (*asset.upstreams, *asset.files)
    taken = {parameter.upstream for parameter in asset.parameters}
    if not asset.parameters or set(inputs) - taken:
        return opaque(inputs, "the tables of a Query are looked at when it runs")
    if asset.per == "file":
        return opaque(inputs, "it is called with one file after the other, of which all counts")
    if all(parameter.columns is not None for parameter in asset.parameters):
        return declared_lineage(asset)
    if asset.per == "row":
        said = "it is called with some rows after the other; name what is read by upstream(columns=[...])"
        return partly_declared(asset, said) if asset.reads_order else every_column(asset, schemas, said)
    if asset.merge is not None:
        said = "it takes changes of all columns; name what is read by upstream(columns=[...])"
        return partly_declared(asset, said) if asset.reads_order else every_column(asset, schemas, said)
    arrivals = {parameter.arrives for parameter in asset.parameters}
    eager = [parameter.name for parameter in asset.parameters if parameter.arrives != "polars_lazy"]
    if eager and arrivals != {"relation"}:
        return partly_declared(
            asset, f"{', '.join(eager)} arrives as a whole; name what is read by upstream(columns=[...])"
        )
    if asset.takes_context:
        return partly_declared(asset, "it takes the context of the run")
    if asset.notes:
        return partly_declared(asset, f"its code reads what cannot be compared: {asset.notes[0]}")
    return called(asset, find, schemas, call_with_relations if eager else call_with_frames)


def declared_lineage(asset: Asset) -> Lineage:
    """What the parameters declare: these columns are all that is loaded."""
    read = {Col(each.upstream, column) for each in asset.parameters for column in each.columns or ()}
    rows = frozenset(Edge(column, "filter") for column in read)
    return Lineage((), rows, frozenset(asset.upstreams), exact=False, method="declared", open_columns=True)


def every_column(asset: Asset, schemas: Mapping[str, Schema], reason: str) -> Lineage:
    """Everything, column by column: so that rows in another order, or cut into other files, are the same rows."""
    read = {
        Col(each.upstream, column)
        for each in asset.parameters
        for column in each.columns or [name for name, _ in schemas[each.upstream]]
    }
    rows = frozenset(Edge(column, "filter") for column in read)
    return Lineage(
        (), rows, frozenset(asset.upstreams), exact=False, method="declared", notes=(reason,), open_columns=True
    )


def partly_declared(asset: Asset, reason: str) -> Lineage:
    """Everything of the upstreams whose columns nobody declared, for this reason."""
    whole = frozenset(each.upstream for each in asset.parameters if each.columns is None)
    known = declared_lineage(asset)
    return Lineage(
        (), frozenset(edge for edge in known.dataset if edge.source.table not in whole), known.inputs, whole,
        exact=False, method="opaque", notes=(reason,), open_columns=True,
    )  # fmt: skip


class StubSource:
    """What Polars would read from; nobody reads from it, or else the function looked at rows."""

    def __init__(self, table: str, empty: pl.DataFrame) -> None:
        self.table = table
        self.empty = empty
        self.was_read = False

    def __call__(self, *_: Any) -> Iterator[pl.DataFrame]:
        self.was_read = True
        yield self.empty


Call = Callable[[Asset, Callable[..., Any], Mapping[str, Any], Mapping[str, Schema]], Lineage]


def called(asset: Asset, find: FindFunction, schemas: Mapping[str, Schema], call: Call) -> Lineage:
    """The lineage of what the function returns for tables without rows."""
    try:
        function = find()
        given = {name: like_default(function, name, value) for name, value in asset.overrides.items()}
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return call(asset, function, given, schemas)
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        return partly_declared(asset, f"it raises {type(error).__name__} for frames without rows: {said}")
    except BaseException as error:
        # Polars raises its PanicException past `except Exception`.
        if type(error).__name__ != "PanicException":
            raise
        return partly_declared(asset, "Polars cannot plan it for frames without rows")


def call_with_frames(
    asset: Asset, function: Callable[..., Any], given: Mapping[str, Any], schemas: Mapping[str, Schema]
) -> Lineage:
    import polars as pl

    from assetflow.lineage.plans.frames import lazyframe_lineage

    sources = {each.name: stub_source(each.upstream, schemas[each.upstream], each.columns) for each in asset.parameters}
    with watched_joins() as validated:
        returned = function(**{name: lazy(source) for name, source in sources.items()}, **given)
    if any(source.was_read for source in sources.values()):
        return partly_declared(asset, "it looks at rows while it is called; what it reads is seen when it runs")
    if not isinstance(returned, pl.LazyFrame):
        return partly_declared(asset, f"it returns a {type(returned).__name__} and no LazyFrame")
    return lazyframe_lineage(returned, table_of, asset.upstreams, duckdb_type, validated)


@contextmanager
def watched_joins() -> Iterator[list[str]]:
    """Notes what joins of frames are held to while a function is called in this thread: no plan of Polars tells it."""
    import polars as pl

    join, caller, found = pl.LazyFrame.join, get_ident(), list[str]()

    @wraps(join)
    def watched(*arguments: Any, **options: Any) -> pl.LazyFrame:
        if "validate" in options and get_ident() == caller:
            found.append(str(options["validate"]))
        return join(*arguments, **options)

    pl.LazyFrame.join = watched  # type: ignore[method-assign]
    try:
        yield found
    finally:
        pl.LazyFrame.join = join  # type: ignore[method-assign]


def call_with_relations(
    asset: Asset, function: Callable[..., Any], given: Mapping[str, Any], schemas: Mapping[str, Schema]
) -> Lineage:
    from assetflow.running.python.relations import relation_lineage

    found = relation_lineage(asset, function, given, schemas)
    return partly_declared(asset, found) if isinstance(found, str) else found


def stub_source(table: str, schema: Schema, columns: Sequence[str] | None) -> StubSource:
    from assetflow.engines.polars_scan import empty_frame

    read = [(name, kind) for name, kind in schema if columns is None or name in columns]
    return StubSource(table, empty_frame(read))


def lazy(source: StubSource) -> pl.LazyFrame:
    from polars.io.plugins import register_io_source

    return register_io_source(source, schema=source.empty.schema)


def table_of(node: Any) -> str | None:
    """The table that a scan of a plan stands for: Polars keeps the source inside of a function of its own."""
    options = getattr(node, "options", None)
    for cell in getattr(options[0], "__closure__", None) or () if isinstance(options, tuple) else ():
        if isinstance(cell.cell_contents, StubSource):
            return cell.cell_contents.table
    return None


@cache
def duckdb_type(kind: Any) -> str:
    """The DuckDB type that a column of this Polars type is stored as."""
    import polars as pl

    from assetflow.engines.polars_scan import empty_database

    known = {pl.Int128: "HUGEINT", pl.UInt128: "UHUGEINT", pl.Duration: "INTERVAL", pl.Null: "INTEGER"}
    for plain, name in known.items():
        if kind == plain:
            return name
    if kind in (pl.Categorical, pl.Enum):
        return "VARCHAR"
    with empty_database().cursor() as connection:
        return str(connection.from_arrow(pl.DataFrame(schema={"x": kind}).to_arrow()).types[0])
