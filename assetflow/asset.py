"""An asset: a table declared as a function of its upstreams.

People write `@asset` functions and SQL files; the loader turns both into `Asset`, a value that holds no code object,
so that it can be kept in a file, compared, and sent to a worker.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple, TypeVar, overload

from msgspec import Struct
from msgspec.structs import force_setattr

from assetflow.check import NOTHING, Check, Severity, version_of
from assetflow.errors import AssetError, DefinitionError

Kind = Literal["sql", "python"]
Arrival = Literal["relation", "polars", "polars_lazy", "arrow", "arrow_reader", "pandas"]
Volatility = Literal["rebuild", "ignore"]
Incremental = Literal["auto", "off", "require"]
Merge = Literal["append", "upsert"]
Per = Literal["file", "row"]
F = TypeVar("F", bound=Callable[..., Any])

VALID_FROM, VALID_TO = "valid_from", "valid_to"
"""The last columns of a table with history: since when and until when a row was so (NULL: it still is), in UTC."""


class Query(Struct, frozen=True):
    """SQL that a function returns in place of rows; the tables it reads count as upstreams too."""

    sql: str
    engine: str = "duckdb"

    def __post_init__(self) -> None:
        if not isinstance(self.sql, str):
            raise TypeError(f"Query takes the text of a SELECT, not {type(self.sql).__name__}")


class upstream(Struct, frozen=True):  # noqa: N801 - reads as a word inside Annotated[...]
    """Renames or narrows a parameter: `Annotated[pl.DataFrame, upstream("other", columns=["a", "b"])]`.

    `partitions` says which partitions of it one partition of the asset is handed: "same", "all", or "-6..0" for its own
    and those of the six windows of time before.
    """

    name: str | None = None
    columns: Sequence[str] | None = None
    partitions: str | None = None

    def __post_init__(self) -> None:
        if self.columns is None:
            return
        if isinstance(self.columns, str) or not self.columns:
            raise ValueError(f'columns must be a list of names, as in columns=["a", "b"], not {self.columns!r}')
        force_setattr(self, "columns", tuple(self.columns))


class Parameter(NamedTuple):
    """One parameter of a Python asset that receives an upstream: which, as what, and which columns of it.

    `changes`: it receives what came and what went, as `Changes` of that kind of frame. `is_path`: it receives the path
    of one file of a source.
    """

    name: str
    upstream: str
    arrives: Arrival = "relation"
    columns: tuple[str, ...] | None = None
    changes: bool = False
    is_path: bool = False
    partitions: str | None = None


class Note(NamedTuple):
    """Something in an asset's code that no fingerprint can hold: what it is, and where."""

    what: str
    path: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.path is None:
            return self.what
        return f"{self.what} ({self.path}:{self.line})"


class History(NamedTuple):
    """How the history of a table is kept: by a column that says when a row changed, else by what is in the rows.

    `deleted`: a key that is no longer there ends its current version ("close"), or does not ("keep").
    """

    kind: Literal["scd2"] = "scd2"
    updated_at: str | None = None
    deleted: Literal["close", "keep"] = "close"

    def said(self, key: tuple[str, ...]) -> str:
        """All that it does, as text that goes into the code version."""
        return json.dumps([*self, *(name.lower() for name in key)])


HISTORY_PART = "the history option"
"""What it does, among the parts that code is made of, tells a history from another table, also in the ledger."""


PACKAGE_PART = "the package "
"""Begins the names of those parts that are packages: what counts of them, and by which version."""


class Asset(NamedTuple):
    """One declared table.

    `upstreams` are the names of the assets and sources that it reads, `files` the files that its SQL reads in place
    (each a source by itself, under its own text as name). `code_version` is the hash of what the asset does,
    `code_parts` the hashes of the project objects it is made of, `config` the values of its parameters with a
    default, `overrides` those that the settings give. `notes` say what the code version cannot see.
    `partition` is how it is cut into partitions, if it is, as `partition.partitioning` reads it.
    `incremental`: whether it may be refreshed by the rows that changed. `merge`: how the rows that a function makes of
    changes are put to those that are there. `per`: a function is called for the first of its upstreams file by file, or
    makes each row of one row of it. `reads_order`: the same rows in another order could make another table of it;
    `sets_order`: the order of its own rows is part of what it says. `history`: its query gives what there is now, and
    the table keeps what there was, by `unique_key`.
    """

    name: str
    kind: Kind
    path: str
    line: int
    group: str
    code_version: str
    code_parts: tuple[tuple[str, str], ...] = ()
    upstreams: tuple[str, ...] = ()
    sql: str | None = None
    function: str | None = None
    parameters: tuple[Parameter, ...] = ()
    takes_context: bool = False
    config: Mapping[str, Any] = NOTHING
    overrides: Mapping[str, Any] = NOTHING
    files: tuple[str, ...] = ()
    reads_order: bool = False
    sets_order: bool = False
    notes: tuple[Note, ...] = ()
    volatile: Volatility | None = None
    materialized: Literal["table", "view"] = "table"
    partition: Mapping[str, Any] = NOTHING
    description: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    checks: tuple[Check, ...] = ()
    unique_key: tuple[str, ...] = ()
    history: History | None = None
    columns: Mapping[str, str] = NOTHING
    column_tags: Mapping[str, tuple[str, ...]] = NOTHING
    column_descriptions: Mapping[str, str] = NOTHING
    retries: int = 0
    retry_delay: float = 0.0
    timeout: float | None = None
    incremental: Incremental = "auto"
    merge: Merge | None = None
    per: Per | None = None
    enabled: bool = True
    meta: Mapping[str, Any] = NOTHING

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def is_view(self) -> bool:
        return self.materialized == "view"

    @property
    def knows_names(self) -> bool:
        """True when a function that is called file by file is told which file it is."""
        return self.per == "file" and (self.takes_context or self.parameters[0].is_path)

    @property
    def taken_as_changes(self) -> frozenset[str]:
        """The upstreams of which a function is given what changed, and nothing else."""
        whole = {parameter.upstream for parameter in self.parameters if not parameter.changes}
        return frozenset(parameter.upstream for parameter in self.parameters if parameter.changes) - whole

    @property
    def row_key(self) -> tuple[str, ...]:
        """What names one row of the table, as far as that is declared."""
        return (*self.unique_key, VALID_FROM) if self.history is not None else self.unique_key

    @property
    def check_upstreams(self) -> tuple[str, ...]:
        """The other tables that its checks compare with."""
        return tuple(dict.fromkeys(name for check in self.checks for name in check.upstreams if name != self.name))

    @property
    def checks_version(self) -> str:
        """A hash of its checks: a snapshot that passed others has to pass these before it is published again."""
        return version_of(self.checks)

    def error(self, message: str, *, hint: str | None = None, details: str | None = None) -> AssetError:
        """What went wrong while it was made, with the place of its declaration."""
        return AssetError(message, path=self.path, line=self.line, hint=hint, details=details)

    def definition_error(self, message: str, *, hint: str | None = None) -> DefinitionError:
        """What is wrong with how it is declared, with the place."""
        return DefinitionError(message, path=self.path, line=self.line, hint=hint)

    @property
    def rebuilds_always(self) -> bool:
        """True when the code reads what no fingerprint holds, and nobody declared that harmless."""
        return self.volatile == "rebuild" or (self.volatile is None and bool(self.notes))


class AssetDeclaration(NamedTuple):
    """What `@asset` was given, beside the function it stands on, and the file and line of the decorator."""

    function: Callable[..., Any]
    options: Mapping[str, Any]
    path: str
    line: int

    @property
    def asset_name(self) -> str:
        return str(self.options.get("name", self.function.__name__))


class CheckDeclaration(NamedTuple):
    """What `@check` was given: the asset under check and the function that returns failing rows."""

    function: Callable[..., Any]
    asset: str | Callable[..., Any]
    name: str | None
    severity: Severity
    path: str
    line: int

    @property
    def check_name(self) -> str:
        return self.name or self.function.__name__

    @property
    def about(self) -> str:
        """The name of the asset under check."""
        if isinstance(self.asset, str):
            return self.asset
        return str(getattr(self.asset, OPTIONS, {}).get("name", getattr(self.asset, "__name__", "")))


class SourceDeclaration(NamedTuple):
    """What `source(NAME, ...)` was given, and the file and line that say so."""

    name: str
    source: Any
    options: Mapping[str, Any]
    path: str
    line: int


Declaration = AssetDeclaration | CheckDeclaration | SourceDeclaration

OPTIONS = "__asset_options__"
"""The attribute under which a function bears what `@asset` was given."""

declared: ContextVar[list[Declaration] | None] = ContextVar("declared", default=None)
"""Where decorators put what they declare while the loader imports a file; None outside of loading."""


def declare(declaration: Declaration) -> None:
    """Hand a declaration to the loader, if one is listening."""
    listening = declared.get()
    if listening is not None:
        listening.append(declaration)


@overload
def asset(function: F, /) -> F: ...
@overload
def asset(**options: Any) -> Callable[[F], F]: ...
def asset(function: F | None = None, /, **options: Any) -> F | Callable[[F], F]:
    """Declare a function as an asset; the function itself stays what it was.

        @asset(tags=["nightly"])
        def loyalty(sales: pl.LazyFrame, min_spend: float = 100.0) -> pl.LazyFrame: ...

    Options: description, tags, owner, group, materialized, partition, checks, unique_key, history, columns, retries,
    retry_delay, timeout, volatile, incremental, merge, per, enabled, meta, name. The loader checks them and names the
    nearest known one.
    """

    if function is not None:
        declare(AssetDeclaration(function, options, *caller()))
        return remembering(function, options)

    def mark(function: F) -> F:
        declare(AssetDeclaration(function, options, *caller()))
        return remembering(function, options)

    return mark


def remembering(function: F, options: Mapping[str, Any]) -> F:
    """The same function, which bears what was declared of it, for tests that call it."""
    with suppress(AttributeError, TypeError):  # something that is no function; the loader says so
        setattr(function, OPTIONS, options)
    return function


def check(
    asset: str | Callable[..., Any], *, name: str | None = None, severity: Severity = "error"
) -> Callable[[F], F]:
    """Declare a function that takes the asset (and other tables) and returns the rows that fail.

    @check("loyalty")
    def nobody_twice(loyalty: pl.LazyFrame) -> pl.LazyFrame: ...
    """

    if not isinstance(asset, str) and not hasattr(asset, OPTIONS):
        # Written without its asset, it would stand there and never be asked.
        raise DefinitionError(
            f"@check is given {getattr(asset, '__name__', repr(asset))}, which is no asset",
            hint='Name the asset: @check("sales"), or its function: @check(sales).',
        )

    def mark(function: F) -> F:
        declare(CheckDeclaration(function, asset, name, severity, *caller()))
        return function

    return mark


def caller() -> tuple[str, int]:
    """File and line of the code that called the caller of this function; of text, of the `exec` that was given it."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith("<") and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno
