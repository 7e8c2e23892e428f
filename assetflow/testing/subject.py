"""The function under test, with rows to make up tables of, in a DuckDB of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from assetflow.asset import OPTIONS, Parameter
from assetflow.engines import Context, Table, Where
from assetflow.engines.changes import Changes
from assetflow.errors import UsageError
from assetflow.quoting import quote_identifier as quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Row = tuple[int, int, int]
"""A made-up row: it has the values of one row, but some columns, by the bits of the third number, of another."""

MOST_ROWS = 500
"""Rows of each table that examples are made of."""


class Made(NamedTuple):
    """A table: its columns with their types, and its rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass
class Subject:
    """The function under test, with rows to make up tables of."""

    name: str
    function: Callable[..., Any]
    options: Mapping[str, Any]
    parameters: tuple[Parameter, ...]
    takes_context: bool
    cursor: Cursor
    folder: str
    columns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def merge(self) -> str | None:
        return self.options.get("merge")

    @property
    def key(self) -> tuple[str, ...]:
        found = self.options.get("unique_key", ())
        return (found,) if isinstance(found, str) else tuple(found)

    @property
    def varied(self) -> list[str]:
        """The upstreams that change in examples; the others are given whole."""
        if self.options.get("per") == "row":
            return [self.parameters[0].upstream]
        return sorted({each.upstream for each in self.parameters if each.changes})

    def select(self, upstream: str, rows: Sequence[Row]) -> str:
        """SQL of made-up rows."""
        names = [quoted(name) for name, _ in self.columns[upstream]]
        if not rows:
            return f"SELECT {', '.join(names)} FROM {given(upstream)} WHERE false"
        mixed = [
            f"CASE WHEN (w.bits >> {at}) & 1 = 1 THEN b.{each} ELSE a.{each} END AS {each}"
            for at, each in enumerate(names)
        ]
        listed = ", ".join(f"({at}, {a}, {b}, {bits})" for at, (a, b, bits) in enumerate(rows))
        return (
            f"SELECT {', '.join(mixed)} FROM (VALUES {listed}) AS w(place, a, b, bits) "
            f"JOIN {given(upstream)} AS a ON a.assetflow_row = w.a "
            f"JOIN {given(upstream)} AS b ON b.assetflow_row = w.b ORDER BY w.place"
        )

    def frame(self, parameter: Parameter, rows: Sequence[Row] | None) -> object:
        """Made-up rows as the parameter asks for them; None: all that were given."""
        from assetflow.engines import frames

        if rows is None:
            names = ", ".join(quoted(name) for name, _ in self.columns[parameter.upstream])
            sql = f"SELECT {names} FROM {given(parameter.upstream)} ORDER BY assetflow_row"
        else:
            sql = self.select(parameter.upstream, rows)
        table = Table(parameter.upstream, sql)
        return frames.to_frame(parameter.arrives, table, parameter.columns, self.cursor, self.where)

    @property
    def where(self) -> Where:
        return Where(self.name, "", 1, self.folder)

    def call(self, changes: Mapping[str, tuple[Sequence[Row], Sequence[Row]]], *, is_full: bool) -> Made:
        """What the function makes of these rows that came and went, by upstream."""
        from assetflow.engines import frames

        arguments: dict[str, object] = {"context": Context(self.name, "test")} if self.takes_context else {}
        for each in self.parameters:
            if each.upstream not in changes:
                arguments[each.name] = self.frame(each, None)
                continue
            came, went = changes[each.upstream]
            if not each.changes:
                arguments[each.name] = self.frame(each, came)
                continue
            why = "a test" if is_full else None
            arguments[each.name] = Changes(self.frame(each, came), self.frame(each, went), is_full, why)
        result = frames.from_result(self.function(**arguments), self.cursor, self.folder, self.where)
        sql = result.sql or f"SELECT * FROM read_parquet('{result.file}')"
        relation = result.cursor.sql(sql)
        columns = tuple((name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))
        return Made(columns, tuple(relation.fetchall()))

    def keys_of(self, upstream: str, rows: Sequence[Row]) -> list[tuple[object, ...]]:
        listed = ", ".join(map(quoted, self.key))
        return self.cursor.execute(f"SELECT {listed} FROM ({self.select(upstream, rows)})").fetchall()


class opened:  # noqa: N801 - reads as a word behind `with`
    """Makes a subject of a function, or of the name of an asset, and gives its tables to a DuckDB of their own."""

    def __init__(
        self, function: Callable[..., Any] | str, project: str | None, tables: Mapping[str, Any], folder: str
    ) -> None:
        self.function = function
        self.project = project
        self.tables = tables
        self.folder = folder

    def __enter__(self) -> Subject:
        from assetflow.engines.duckdb import Session
        from assetflow.lineage.python.signature import read_signature

        function, tables = self.function, dict(self.tables)
        if isinstance(function, str):
            function, tables = published(function, self.project, tables)
        options = getattr(function, OPTIONS, {})
        name = str(options.get("name", getattr(function, "__name__", "it")))
        signature = read_signature(function, name)
        if not options.get("merge") and options.get("per") != "row":
            raise UsageError(
                f"{name} is not refreshed by changes of rows, so there is nothing to compare",
                hint='Declare merge="append", merge="upsert" with a unique_key, or per="row".',
            )
        self.session = Session(self.folder)
        cursor = self.session.cursor()
        subject = Subject(name, function, options, signature.parameters, signature.takes_context, cursor, self.folder)
        for each in signature.parameters:
            if each.upstream not in tables:
                self.session.close()
                raise UsageError(
                    f"{name} reads {each.upstream}, of which no rows were given",
                    hint=f"Write assert_incremental({name}, {each.upstream}=frame).",
                )
            take(subject, each.upstream, tables[each.upstream])
        return subject

    def __exit__(self, *_: object) -> None:
        self.session.close()


def published(name: str, project: str | None, tables: dict[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The function of an asset of a project, and some rows of the tables that it reads."""
    from assetflow.notebook.warehouse import open as open_warehouse
    from assetflow.project.project import Project
    from assetflow.running.workshop import Workshop

    found = Project.open(project)
    asset = found.asset(name)
    if asset.kind != "python":
        raise UsageError(f"{name} is SQL: what is refreshed of it by changes is compared by assetflow itself")
    shop = Workshop(found.workplace, found.open_imports)
    function = shop.function(asset)
    handle = open_warehouse(project)
    for upstream in asset.upstreams:
        if upstream not in tables:
            tables[upstream] = handle.sql(f"SELECT * FROM {quoted(upstream)} LIMIT {MOST_ROWS}").to_arrow_table()
    return function, tables


def take(subject: Subject, upstream: str, table: Any) -> None:
    """Keep some rows of a table, numbered, for examples to be made of."""
    from assetflow.engines import frames

    if upstream in subject.columns:
        return
    result = frames.from_result(table, subject.cursor, subject.folder, subject.where)
    sql = result.sql or f"SELECT * FROM read_parquet('{result.file}')"
    relation = result.cursor.sql(sql)
    subject.columns[upstream] = [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
    arrow = relation.limit(MOST_ROWS).to_arrow_table()
    subject.cursor.register("assetflow_given", arrow)
    subject.cursor.execute(
        f"CREATE TABLE {given(upstream)} AS SELECT *, row_number() OVER () - 1 AS assetflow_row FROM assetflow_given"
    )
    subject.cursor.unregister("assetflow_given")
    subject.rows[upstream] = arrow.num_rows
    if arrow.num_rows == 0:
        raise UsageError(f"{upstream} has no rows to make examples of", hint="Give it a few typical ones.")


def given(upstream: str) -> str:
    return quoted(f"{upstream}__given")
