"""`assets/**/NAME.sql` declares the asset NAME."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from assetflow.asset import Asset
from assetflow.checks.declare import check_from_tag
from assetflow.errors import DefinitionError
from assetflow.lineage.sql.column_tags import ColumnTag
from assetflow.lineage.sql.order import reads_order, sets_order
from assetflow.lineage.sql.query import SqlQuery, partition_parameters, read_query, read_sql_file, to_duckdb
from assetflow.partitions.declared import partitioning
from assetflow.partitions.parameters import example_key, variables
from assetflow.project.loading.declared import in_place_source
from assetflow.project.loading.definitions import FileDefinitions
from assetflow.project.loading.options import (
    Place,
    check_name,
    history_parts,
    history_said,
    read_options,
    refuse_other_links,
)
from assetflow.project.settings import Settings


def read_sql_definition(path: str, text: str, settings: Settings) -> FileDefinitions:
    """The asset that a SQL file declares, and the files that it reads in place."""
    stem = path.rpartition("/")[2].removesuffix(".sql")
    front, query = read_sql_file(text, path)
    place = Place(path, front.first_line, front.lines)
    values = read_options(front.options, asset=stem, place=place)
    refuse_for_functions(values, place)
    name = values.pop("name", stem)
    check_name(name, what="an asset", place=Place(path, 1))
    checks = [*values.pop("checks", ())]
    tags = {column: [*names] for column, names in values.pop("column_tags", {}).items()}
    for tag in front.tags:
        read_tag(tag, path, checks, tags)
    refuse_twins(name, [check.name for check in checks], place)
    is_view = values.get("materialized") == "view"
    if is_view:
        refuse_files_in_view(name, query, path)
    refuse_unknown_parameters(name, front.query, values.get("partition", {}), place)
    refuse_other_links(name, values.get("partition", {}), [table.name for table in query.tables], place)
    history = history_said(values)
    asset = Asset(
        name=name,
        kind="sql",
        path=path,
        line=front.first_line,
        group=values.pop("group", group_of(path, settings)),
        code_version=sql_code_version(query, values.get("materialized", "table"), history),
        code_parts=history_parts(history),
        upstreams=tuple(table.name for table in query.tables),
        sql=to_duckdb(query.text, values.pop("dialect", "duckdb"), path, front.first_line),
        files=tuple(dict.fromkeys(file.text for file in query.files)),
        # A view hands the order of what it reads on to whoever reads it.
        reads_order=is_view or reads_order(query.canonical),
        sets_order=not history and sets_order(query.canonical),
        notes=query.notes,
        checks=tuple(checks),
        column_tags={column: tuple(names) for column, names in tags.items()},
        **values,
    )
    in_place = {file.text: in_place_source(file.text, file.function, Place(path, file.line)) for file in query.files}
    return FileDefinitions(path, (asset,), in_place=tuple(in_place.values()))


def refuse_for_functions(values: Mapping[str, Any], place: Place) -> None:
    """Refuse keys that say how a function is refreshed: of a query that is found by itself."""
    for key in ("merge", "per"):
        if key in values:
            hint = "Take it out: what the query allows to be refreshed by its changes is found by itself."
            raise place.error(f"{key} is for Python functions, and this is SQL", key=key, hint=hint)


def refuse_files_in_view(name: str, query: SqlQuery, path: str) -> None:
    if query.files:
        raise Place(path, query.files[0].line).error(
            f"the view {name} reads {query.files[0].text!r} in place, which a reader elsewhere could not find",
            hint='Make it a table (materialized = "table"), or declare the file as a source.',
        )


def refuse_unknown_parameters(name: str, text: str, declared: Mapping[str, Any], place: Place) -> None:
    """Refuse SQL that speaks of a partition which it has not got."""
    found = partition_parameters(text, place.line)
    if not found:
        return
    cut = partitioning(declared) if declared else None
    known = [] if cut is None else list(variables(cut, example_key(cut)))
    for parameter, line in found.items():
        if parameter not in known:
            hint = f"There {'is' if len(known) == 1 else 'are'} {', '.join(f'${each}' for each in known)}."
            raise Place(place.path, line).error(
                f"{name} speaks of ${parameter}, which nothing gives a value",
                hint=hint if known else 'Declare how it is cut into partitions: partition = "day(ts)".',
            )


def sql_code_version(query: SqlQuery, materialized: str, history: str = "") -> str:
    """A hash of what the query does: its canonical text, and whether it is kept as a table, a view or a history."""
    return hashlib.sha256(f"{materialized}{history}\n{query.canonical}".encode()).hexdigest()


def code_version_today(text: str, asset: Asset, *, is_view: bool, history: str = "") -> str | None:
    """The code version of an older text of an asset; None when it can no longer be read."""
    try:
        query = read_query(text, asset.path, first_line=asset.line)
    except DefinitionError:
        return None
    return sql_code_version(query, "view" if is_view else "table", history)


def read_tag(tag: ColumnTag, path: str, checks: list[object], tags: dict[str, list[str]]) -> None:
    """A column tag is a check by its name (`@not_null`), or else a tag of the column (`@pii`)."""
    check = check_from_tag(tag.column, tag.name, tag.arguments, tag.options, path=path, line=tag.line)
    if check is not None:
        checks.append(check)
    else:
        tags.setdefault(tag.column, []).append(tag.name)


def refuse_twins(name: str, checks: list[str], place: Place) -> None:
    twins = sorted({check for check in checks if checks.count(check) > 1})
    if twins:
        raise place.error(
            f"{name} has two checks named {twins[0]}", key="checks", hint="Take one out, or give one another name."
        )


def group_of(path: str, settings: Settings) -> str:
    """The group of an asset: its folder below the assets folder; `main` at the top."""
    folder = settings.assets_folder[len(settings.root) + 1 :].replace("\\", "/")
    inner = path[len(folder) + 1 :].rpartition("/")[0]
    return inner or "main"
