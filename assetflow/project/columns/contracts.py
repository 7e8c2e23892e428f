"""Finds before anything runs what cannot work: columns that are not there, types that clash, promises that are broken.

Only what is certain is refused. Where the columns of a table are not known before it is made, nothing is said of who
reads it; and Python functions are held to what they promise when they ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.errors import DefinitionError, did_you_mean
from assetflow.partitions.declared import partitioning
from assetflow.project.columns.columns import ProjectColumns
from assetflow.project.columns.sources import Schema
from assetflow.project.loading.definitions import line_of_upstream, together

if TYPE_CHECKING:
    from assetflow.lineage.plans.binder import BindError
    from assetflow.project.project import Project


def refuse_broken(project: Project, names: Iterable[str], columns: ProjectColumns) -> None:
    """One DefinitionError that tells everything that is wrong with these assets, if anything is."""
    assets = [project.definitions.assets[name] for name in names]
    problems = [problem for asset in assets for problem in problems_of(project, asset, columns)]
    if problems:
        raise together(problems)


def problems_of(project: Project, asset: Asset, columns: ProjectColumns) -> Iterator[DefinitionError]:
    """What is certainly wrong with one asset."""
    problem = columns.problem(asset.name)
    if problem is not None:
        if columns.is_certain(asset) and not (asset.files and problem.missing in OF_FILES):
            yield not_bound(project, asset, problem, columns)
        return
    yield from missing_parameters(asset, columns)
    schema = columns.schema(asset.name)
    if asset.kind == "sql" and schema is not None and not columns.lineage(asset.name).open_columns:
        if columns.is_certain(asset):
            yield from names_of_two(asset, schema)
        yield from broken_promises(asset, schema)
        yield from missing_names(asset, schema)


def names_of_two(asset: Asset, schema: Schema) -> Iterator[DefinitionError]:
    """A table cannot have two columns of one name, whatever their case."""
    seen: dict[str, str] = {}
    for name, _ in schema:
        first = seen.get(name.lower())
        seen[name.lower()] = name
        if first is not None:
            alike = repr(name) if first == name else f"{first!r} and {name!r}"
            hint = "Names must differ by more than case; rename one of them with AS."
            message = f"{asset.name} cannot run: two columns are named {alike}"
            yield asset.definition_error(message, hint=hint)
            return


OF_FILES = frozenset({"filename", "file_index", "file_row_number"})
"""What DuckDB tells of each row of a file that a query opens by itself, beside its columns."""


def not_bound(project: Project, asset: Asset, problem: BindError, columns: ProjectColumns) -> DefinitionError:
    """The query does not fit its upstreams; where one of them lost the column, that is said."""
    line = asset.line + problem.line - 1 if problem.line is not None else asset.line
    hint = problem.hint
    missing = problem.missing or ""
    lost = [name for name in asset.upstreams if missing and lost_column(name, missing, columns)]
    if lost:
        upstream = lost[0]
        made_by = project.definitions.assets.get(upstream)
        where = made_by.path if made_by else "its files"
        hint = f"{upstream} had that column when it was published last, and has no longer, by {where}."
        return DefinitionError(
            f"{asset.name} reads {missing} of {upstream}, which will not be there",
            path=asset.path,
            line=line_of_upstream(asset, missing) if problem.line is None else line,
            hint=hint,
        )
    return DefinitionError(f"{asset.name} cannot run: {problem.message}", path=asset.path, line=line, hint=hint)


def lost_column(upstream: str, column: str, columns: ProjectColumns) -> bool:
    """True when a table was published with a column that it will not have any more."""
    before, after = columns.published_schema(upstream), columns.schema(upstream)
    if before is None or after is None:
        return False
    return has(before, column) and not has(after, column)


def has(schema: Schema, column: str) -> bool:
    return any(name.lower() == column.lower() for name, _ in schema)


def missing_parameters(asset: Asset, columns: ProjectColumns) -> Iterator[DefinitionError]:
    """Columns that a parameter names and its upstream lacks."""
    for parameter in asset.parameters:
        schema = columns.schema(parameter.upstream)
        if schema is None or parameter.upstream in columns.uncertain:
            continue
        for name in parameter.columns or ():
            if not has(schema, name):
                known = [one for one, _ in schema]
                yield asset.definition_error(
                    f"{asset.name} asks for {name} of {parameter.upstream}, which has no such column",
                    hint=did_you_mean(name, known) or f"It has {', '.join(known)}.",
                )


def broken_promises(asset: Asset, schema: Schema) -> Iterator[DefinitionError]:
    """What `columns = {...}` promises, and the query does not keep."""
    found = {name.lower(): kind for name, kind in schema}
    for name in sorted(asset.column_descriptions.keys() - asset.columns.keys()):
        if name.lower() not in found:
            yield not_there(asset, name, "describes", schema)
    for name, declared in asset.columns.items():
        kind = found.get(name.lower())
        if kind is None:
            yield not_there(asset, name, "promises", schema)
        elif (expected := canonical_type(declared)) is not None and expected != kind:
            yield asset.definition_error(
                f"column {name} of {asset.name} is {kind}, but `columns` promises {expected}",
                hint=f"Cast it in the query, or change the promise to {kind}.",
            )


def not_there(asset: Asset, column: str, verb: str, schema: Schema) -> DefinitionError:
    return asset.definition_error(
        f"{asset.name} has no column {column}, which `columns` {verb}",
        hint=f"It has {', '.join(name for name, _ in schema)}.",
    )


def canonical_type(declared: str) -> str | None:
    """A type as DuckDB writes it; None for what is none, which is told when the asset runs."""
    from assetflow.duck import duckdb, type_in_full
    from assetflow.engines.polars_scan import empty_database

    try:
        with empty_database().cursor() as connection:
            return type_in_full(connection, declared)
    except duckdb.Error:
        return None


def missing_names(asset: Asset, schema: Schema) -> Iterator[DefinitionError]:
    """Columns that a key or a check of the asset names, and that it has not."""
    known = [name for name, _ in schema]
    named = [(name, "unique_key") for name in asset.unique_key]
    if asset.partition:
        named += [(cut.column, "partition") for cut in partitioning(asset.partition).dimensions]
    for name, key in named:
        if not has(schema, name):
            yield asset.definition_error(
                f"{asset.name} has no column {name}, which `{key}` names",
                hint=did_you_mean(name, known) or f"It has {', '.join(known)}.",
            )
    for check in asset.checks:
        if check.column is not None and not has(schema, check.column):
            yield DefinitionError(
                f"the check {check.name} is about {check.column}, and {asset.name} has no such column",
                path=check.path or asset.path,
                line=check.line or asset.line,
                hint=did_you_mean(check.column, known) or f"It has {', '.join(known)}.",
            )
