"""The columns of a query or a file: their names, their types, and as what each is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.duck import described
from assetflow.errors import AssetError
from assetflow.materialization import Column
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.types import logical_type, stored_as, written_as

if TYPE_CHECKING:
    import duckdb


def columns_of(made: Sequence[tuple[str, str]], *, wide: bool = False) -> tuple[Column, ...]:
    """The columns of a table of these names and types."""
    logical = [(name, logical_type(kind)) for name, kind in made]
    return tuple(Column(name, kind, stored_as(kind, wide=wide)) for name, kind in logical)


def columns_made(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Names and types of the columns that a table of these rows has."""
    return [column[:2] for column in columns_of(described(cursor, sql))]


def with_casts(sql: str, made: Sequence[tuple[str, str]], *, wide: bool = False) -> str:
    """The query with every column as it is to be written."""
    casts = [(name, _written(kind, wide=wide)) for name, kind in made]
    if not any(cast for _, cast in casts):
        return sql
    return f"SELECT {', '.join(cast_to(name, cast) for name, cast in casts)} FROM ({sql}\n)"


def cast_to(name: str, kind: str | None) -> str:
    quoted = quote_identifier(name)
    return quoted if kind is None else f"CAST({quoted} AS {kind}) AS {quoted}"


def _written(kind: str, *, wide: bool) -> str | None:
    logical = logical_type(kind)
    return written_as(logical, wide=wide) or (logical if logical != kind else None)


def survives(kind: str) -> bool:
    """True for a type that is written as it is, and shown by the file as it is."""
    return logical_type(kind) == kind and written_as(kind) is None and stored_as(kind) is None


def refuse_duplicates(names: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.get(name.lower())
        if first is not None:
            alike = repr(name) if first == name else f"{first!r} and {name!r}"
            hint = "Names must differ by more than case; rename one of them with AS."
            raise AssetError(f"two columns are named {alike}", hint=hint)
        seen[name.lower()] = name
