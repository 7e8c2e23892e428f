"""Finds the column lineage of a function that puts a relation together: DuckDB writes it down as one query."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assetflow.asset import Asset
from assetflow.duck import WITHOUT_DOWNLOADS
from assetflow.errors import DefinitionError
from assetflow.lineage.columns import Lineage
from assetflow.lineage.python.functions import function_nodes
from assetflow.lineage.python.modules import ModuleTexts
from assetflow.lineage.python.relations import why_it_may_look_at_rows
from assetflow.quoting import quote_identifier

Schema = Sequence[tuple[str, str]]


def relation_lineage(
    asset: Asset, function: Callable[..., Any], given: Mapping[str, Any], schemas: Mapping[str, Schema]
) -> Lineage | str:
    """The lineage of what the function puts together from relations over tables without rows, or why there is none."""
    relations = {parameter.name for parameter in asset.parameters}
    why = why_not(function, relations)
    if why:
        whole = ", ".join(sorted(relations))
        return f"{whole} arrives as a whole; name what is read by upstream(columns=[...]), since {why}"
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        **WITHOUT_DOWNLOADS, "enable_external_access": False, "python_enable_replacements": False, "threads": 1,
        "legacy_disable_null_type": True,
    }  # fmt: skip
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in asset.upstreams:
            columns = ", ".join(f"{quote_identifier(column)} {kind}" for column, kind in schemas[name])
            connection.execute(f"CREATE TABLE {quote_identifier(name)} ({columns})")
        tables = {
            each.name: connection.sql(selection(each.upstream, each.columns)).set_alias(each.upstream)
            for each in asset.parameters
        }
        returned = function(**tables, **given)
        if not isinstance(returned, duckdb.DuckDBPyRelation):
            return f"it returns a {type(returned).__name__} and no relation"
        made = [(name, str(kind)) for name, kind in zip(returned.columns, returned.types, strict=True)]
        return lineage_of_text(asset, returned.sql_query(), made, schemas)


def why_not(function: Callable[..., Any], relations: set[str]) -> str:
    """Why calling the function without rows would not show what it does with rows; empty when it would."""
    if not isinstance(function, types.FunctionType) or inspect.unwrap(function) is not function:
        return "it is no plain function"
    nodes = function_nodes(function, ModuleTexts(_read))
    if len(nodes) != 1:
        return "its text is not found"
    return why_it_may_look_at_rows(nodes[0], relations, function.__globals__)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def selection(table: str, columns: Sequence[str] | None) -> str:
    listed = "*" if columns is None else ", ".join(map(quote_identifier, columns))
    return f"SELECT {listed} FROM {quote_identifier(table)}"


def lineage_of_text(
    asset: Asset, text: str, made: Sequence[tuple[str, str]], schemas: Mapping[str, Schema]
) -> Lineage | str:
    """The lineage of the query that DuckDB writes down for a relation, when it is one that says the same."""
    from msgspec.structs import replace

    from assetflow.lineage.plans.binder import BindError
    from assetflow.lineage.sql.order import reads_order
    from assetflow.lineage.sql.query import read_query
    from assetflow.lineage.sql_columns import sql_lineage

    why = "DuckDB writes its relation down as a query that cannot be read"
    try:
        query = read_query(text, asset.path, first_line=asset.line)
        lineage = sql_lineage(text, schemas)
    except (BindError, DefinitionError):
        return why
    if query.files or query.notes or [(each.name, each.type) for each in lineage.columns] != list(made):
        return why
    # What it is given and does not look into still counts as an upstream.
    return replace(lineage, inputs=frozenset(asset.upstreams), ordered=reads_order(query.canonical))
