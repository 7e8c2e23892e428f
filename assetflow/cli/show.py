"""`assetflow show`: rows of an asset or a source, as they are published now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assetflow.cli.complete import complete_table, complete_version
from assetflow.cli.options import (
    environment_option,
    json_option,
    open_project,
    open_to_read,
    project_option,
    warn_of_broken,
)
from assetflow.cli.screen import age, count, local_time, plural, put_json_lines, put_lines, say, styled, terminal_width
from assetflow.formats import json, table
from assetflow.names import flag_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

    from assetflow.project.project import Project
    from assetflow.project.versions.reading import Reader


@click.command("show")
@click.argument("asset", shell_complete=complete_table)
@click.option(
    "-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, metavar="N", help="How many rows."
)
@click.option(
    "--at", "when", metavar="WHEN", shell_complete=complete_version,
    help='A version: a snapshot, a run, -1, or a time like "2 days ago".',
)  # fmt: skip
@click.option("--partition", metavar="A..B", help="Only rows of these partitions.")
@click.option("--failed", is_flag=True, help="The rows that a blocking check kept from being published last.")
@click.option("--draft", is_flag=True, help="The rows it would have as its files say now; nothing is published.")
@environment_option
@json_option
@project_option
def command(
    asset: str,
    limit: int,
    when: str | None,
    partition: str | None,
    failed: bool,
    draft: bool,
    env: str | None,
    as_json: bool,
    project: str | None,
) -> None:
    """Show rows of an asset or a source, as it is published now or was at some time, or would be now."""
    from assetflow.errors import UsageError
    from assetflow.project.versions.versions import table_and_version

    asset, named = table_and_version(asset)
    if (when is not None) + (named is not None) + failed + draft > 1:
        hint = "Leave out --draft, --failed, --at or what is behind the @."
        raise UsageError("only one version can be shown", hint=hint)
    when = named if when is None else when
    opened = open_project(project, env) if draft else open_to_read(project, env)
    if draft and show_draft(opened, asset, limit, partition, as_json=as_json):
        return
    reader = opened.reader()
    warn_of_broken(opened)
    with reader.reading(asset):
        if failed:
            relation = relation_refused(opened, asset)
        else:
            relation = reader.relation(asset) if when is None else relation_at(opened, reader, asset, when)
        if partition is not None:
            relation = rows_of_partitions(opened, asset, partition, relation)
        if as_json:
            put_json_lines(json.document("assetflow.show/1", relation, limit, {"draft": None} if draft else None))
            return
        rows = table.texts(relation.limit(limit + 1)).fetchall()
        is_other = when is not None or partition is not None or failed
        said = counted(relation, len(rows), limit) if is_other else footer(reader, asset, len(rows), limit)
    put_lines(table.layout(table.columns_of(relation), rows[:limit], terminal_width(), dim))
    say(styled(said, "dim", err=True))


def show_draft(project: Project, name: str, limit: int, partition: str | None, *, as_json: bool) -> bool:
    """Show what an asset would be now; False where that is what is published."""
    from assetflow.cli.drafts import document, footer, made_aside
    from assetflow.project.drafting.draft import outline
    from assetflow.warehouse.content.scans import scan

    found = outline(project, name)
    if found.is_fresh:
        say(styled(f"{name} is fresh: its draft would be what is published", "dim", err=True))
        return False
    with made_aside(project, found, limit + 1, partition) as draft:
        relation = project.open_cursor().sql(scan(draft.snapshot, project.settings.warehouse))
        if partition is not None:
            relation = rows_of_partitions(project, name, partition, relation)
        if as_json:
            put_json_lines(json.document("assetflow.show/1", relation, limit, {"draft": document(found, draft)}))
            return True
        rows = table.texts(relation.limit(limit + 1)).fetchall()
        put_lines(table.layout(table.columns_of(relation), rows[:limit], terminal_width(), dim))
        say(styled(footer(len(rows), limit), "dim", err=True))
    return True


def rows_of_partitions(project: Project, name: str, text: str, relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """Those rows that belong to the partitions that a text names."""
    from assetflow.partitions.declared import partitioning
    from assetflow.partitions.key_columns import KeyColumns

    asset = project.asset(name)
    wanted = project.partitions_named(text, [asset.name])[asset.name]
    cut = partitioning(asset.partition)
    there = {column.lower(): (column, str(kind)) for column, kind in zip(relation.columns, relation.types, strict=True)}
    keys = KeyColumns(cut, tuple(there.get(each.column.lower()) for each in cut.dimensions))
    return relation.filter(keys.within(wanted))


def relation_refused(project: Project, name: str) -> DuckDBPyRelation:
    """The rows that a check refused last; UsageError when there are none."""
    from assetflow.errors import UsageError
    from assetflow.warehouse.content.scans import scan

    asset = project.asset(name)
    found = project.ledger.rejected(project.environment, name)
    if found is None or not project.warehouse.has_files(found[0]):
        flag = flag_of(project.environment)
        failing = f"`assetflow check {name} --show-failures{flag}` shows the rows that failed."
        if asset.partition:
            raise UsageError(
                f"what a check keeps back of single partitions of {name} is not kept as a whole", hint=failing
            )
        raise UsageError(f"no check refused rows of {name} in {project.environment}", hint=failing)
    snapshot, run_id = found
    say(styled(f"{name} as run {run_id} made it, refused by a check, not published", "dim", err=True))
    return project.open_cursor().sql(scan(snapshot, project.settings.warehouse))


def relation_at(project: Project, reader: Reader, name: str, when: str) -> DuckDBPyRelation:
    """The rows of an older version; UsageError when there is none, or its files are gone."""
    from assetflow.project.versions.versions import find_version

    version, named = find_version(project, name, when), f"{name}@{when}"
    reader.add_version(named)
    say(styled(f"{name}@{version.snapshot[:12]}, published {local_time(version.published_at)}", "dim", err=True))
    return reader.relation(named)


def counted(relation: DuckDBPyRelation, found: int, limit: int) -> str:
    """`20 of 2,801 rows`, of rows that are not those which are published now."""
    if found <= limit:
        return plural(found, "row")
    return f"{count(limit)} of {plural(relation.aggregate('count(*)').fetchall()[0][0], 'row')}"


def footer(reader: Reader, name: str, found: int, limit: int) -> str:
    """`20 of 1,469,307 rows · published 3 min ago`; `found` counts one row more than the limit where there are more."""
    current = reader.current.get(name)
    total = current.rows if current else None
    if found <= limit:
        shown = plural(found, "row")
    else:
        shown = (
            f"{count(limit)} of {plural(total, 'row')}" if total is not None else f"the first {plural(limit, 'row')}"
        )
    if name in reader.definitions.sources:
        return f"{shown} · source"
    return f"{shown} · published {age(current.published_at)}" if current else shown


def dim(text: str) -> str:
    return styled(text, "dim")
