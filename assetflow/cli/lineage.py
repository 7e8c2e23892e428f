"""`assetflow lineage`: who depends on what, table by table or column by column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from assetflow.cli.complete import complete_column, complete_column_tag
from assetflow.cli.options import json_option, no_asset, open_project, project_option
from assetflow.cli.screen import clean, plural, put, put_json, say, styled
from assetflow.errors import UsageError, did_you_mean
from assetflow.lineage.pictures.graph import dot, mermaid, tree
from assetflow.project.columns.words import column_graph, declared_tags, descriptions

if TYPE_CHECKING:
    from assetflow.lineage.column_graph import ColumnGraph
    from assetflow.lineage.column_words import Words
    from assetflow.lineage.columns import Col
    from assetflow.lineage.graph import Graph
    from assetflow.project.loading.definitions import Definitions
    from assetflow.project.project import Project


@click.command("lineage")
@click.argument("asset", required=False, metavar="[ASSET[.COLUMN]]", shell_complete=complete_column)
@click.option("--up", is_flag=True, help="Only what it is made from.")
@click.option("--down", is_flag=True, help="Only what is made from it.")
@click.option("--impact", is_flag=True, help="List everything that a change of ASSET or ASSET.COLUMN would reach.")
@click.option(
    "--tag", metavar="TAG", shell_complete=complete_column_tag, help="Show where columns with this tag end up."
)
@click.option(
    "-f", "--format", "form", type=click.Choice(["text", "json", "mermaid", "dot", "html", "openlineage"]),
    default="text", show_default=True, help="How it is drawn.",
)  # fmt: skip
@json_option
@project_option
def command(
    asset: str | None,
    up: bool,
    down: bool,
    impact: bool,
    tag: str | None,
    form: str,
    as_json: bool,
    project: str | None,
) -> None:
    """Show who depends on what: everything, or what is around ASSET or one of its columns."""
    if (up or down or impact) and asset is None:
        raise UsageError(
            "--up and --down are about one asset, and so is --impact", hint="Name it: assetflow lineage ASSET --up"
        )
    opened = open_project(project)
    focus, column = (None, None) if asset is None else known_name(asset, opened)
    up, down = up or not down, down or not up
    form = "json" if as_json else form
    if tag is not None:
        show_tag(opened, tag, form)
    elif impact and focus is not None:
        show_impact(opened, focus, column, form)
    elif column is not None:
        show_column(opened, column, form, up=up, down=down)
    else:
        show_tables(opened, focus, form, up=up, down=down)
    opened.columns_cache.save()


def show_tables(
    project: Project, focus: str | None, form: str, *, up: bool, down: bool, column: Col | None = None
) -> None:
    definitions = project.definitions
    if form == "text":
        print_tree(definitions, focus, up=up, down=down)
        if not definitions.graph.names:
            say(f"T{no_asset(project)[1:]}")
        return
    graph = around(definitions.graph, focus, up=up, down=down)
    if form == "json":
        put_json(lineage_document(graph, project))
    elif form == "html":
        put_page(graph, project, column or focus)
    elif form == "openlineage":
        put_json_lines(project, [name for name in graph.names if name in definitions.assets])
    else:
        draw = mermaid if form == "mermaid" else dot
        put(draw(graph, {name: one.kind for name, one in definitions.assets.items()}).rstrip("\n"))


def put_page(graph: Graph, project: Project, focus: Col | str | None) -> None:
    import os

    from assetflow.lineage.pictures.page import page

    columns = column_graph(project)
    title = f"Lineage of {os.path.basename(project.settings.root)}"
    kinds = {name: one.kind for name, one in project.definitions.assets.items()}
    put(page(graph, columns, title, descriptions(project, columns), kinds, focus))


def put_json_lines(project: Project, names: Iterable[str]) -> None:
    """One event of OpenLineage on each line."""
    import json
    from datetime import UTC, datetime

    from assetflow.lineage.pictures.columns import openlineage
    from assetflow.version import VERSION

    producer = f"urn:assetflow:{VERSION}"
    now = datetime.now(UTC).isoformat()
    for event in openlineage(column_graph(project), names, f"file://{project.settings.warehouse}", producer, now):
        put(json.dumps(event))


def show_column(project: Project, column: Col, form: str, *, up: bool, down: bool) -> None:
    from assetflow.lineage.pictures import columns as pictures

    graph = column_graph(project)
    if form == "text":
        put_words(descriptions(project, graph).get(column), column)
        if up:
            put_tree(pictures.upstream_tree(graph, column, bold))
        if up and down:
            put()
            put("read by")
        if down:
            put_tree(pictures.downstream_tree(graph, column, bold))
        return
    if form in {"openlineage", "html"}:
        show_tables(project, column.table, form, up=up, down=down, column=column)
        return
    chosen = {column, *(above(graph, column) if up else ()), *(graph.impact([column])[0] if down else ())}
    if form == "json":
        tables = project.definitions.graph.only({each.table for each in chosen})
        document = lineage_document(tables, project)
        names = {str(each) for each in chosen}
        kept = {name: edges for name, edges in document["columns"].items() if name in names}
        said = {name: words for name, words in document["descriptions"].items() if name in names}
        put_json({**document, "columns": kept, "descriptions": said})
    else:
        draw = pictures.mermaid if form == "mermaid" else pictures.dot
        put(draw(graph, chosen).rstrip("\n"))


def put_words(words: Words | None, column: Col) -> None:
    """What the column is said to hold, and where that is said, if not here."""
    if words is not None:
        put(
            clean(" ".join(words.text.split()))
            + ("" if words.origin == column else f"  (as {clean(str(words.origin))})")
        )
        put()


def bold(text: str) -> str:
    return styled(clean(text), "bold")


def put_tree(lines: Iterable[str]) -> None:
    for line in lines:
        put(line)


def above(graph: ColumnGraph, column: Col) -> set[Col]:
    """All columns that flow or speak into a column, however far away."""
    from assetflow.lineage.column_graph import plain

    found: set[Col] = set()
    ahead = [column]
    while ahead:
        one = ahead.pop()
        for edge in (*graph.own(one), *graph.of_table(one.table)):
            if plain(edge.source) not in found:
                found.add(plain(edge.source))
                ahead.append(plain(edge.source))
    return found


def show_impact(project: Project, focus: str, column: Col | None, form: str) -> None:
    """What a change would reach, by table."""
    from assetflow.lineage.columns import Col

    graph = column_graph(project)
    start = [column] if column is not None else [Col(focus, name) for name in graph.columns.get(focus, ())]
    columns, tables = graph.impact(start)
    reached: dict[str, list[str]] = {}
    for each in sorted(columns):
        reached.setdefault(each.table, []).append(each.name)
    for table in sorted(tables - reached.keys()):
        reached[table] = []
    ordered = [name for name in project.definitions.graph.order if name in reached]
    if form == "json":
        listed = [{"asset": name, "columns": reached[name], "rows": name in tables} for name in ordered]
        put_json({"schema": "assetflow.impact/1", "of": [str(each) for each in start], "reaches": listed})
        return
    width = max(map(len, ordered), default=0)
    for name in ordered:
        parts = [clean(", ".join(reached[name]))] * bool(reached[name]) + ["which rows there are"] * (name in tables)
        put(f"{bold(name)}{' ' * (width - len(name))}  {' and '.join(parts)}")
    say(f"{plural(len(ordered), 'table')} would be reached by a change of {column or focus}." if ordered else
        f"Nothing reads {column or focus}.")  # fmt: skip


def show_tag(project: Project, tag: str, form: str) -> None:
    """Where columns with a tag end up, and where each was declared."""
    graph = column_graph(project)
    declared = declared_tags(project)
    known = sorted({each for tags in declared.values() for each in tags})
    if tag not in known:
        raise UsageError(
            f"no column has the tag {tag}", hint=did_you_mean(tag, known) or "Write -- @tag after a column."
        )
    found = {column: tags[tag] for column, tags in graph.tagged(declared).items() if tag in tags}
    if form == "json":
        listed = [{"column": str(column), "declared_on": str(origin)} for column, origin in sorted(found.items())]
        put_json({"schema": "assetflow.tag/1", "tag": tag, "columns": listed})
        return
    for column, origin in sorted(found.items()):
        put(bold(str(column)) + ("  declared here" if origin == column else f"  from {clean(str(origin))}"))


def known_name(text: str, project: Project) -> tuple[str, Col | None]:
    """The table that is meant, and the column if one is; UsageError names the nearest ones."""
    known = {*project.definitions.assets, *project.definitions.sources}
    if text in known:
        return text, None
    table, dot_, name = text.rpartition(".")
    if not dot_ or table not in known:
        raise UsageError(
            f"there is no asset or source named {text}", hint=did_you_mean(text, known) or "`assetflow ls` lists them."
        )
    graph = column_graph(project)
    column = graph.find(table, name)
    if column is not None:
        return table, column
    listed = graph.columns.get(table, ())
    if not listed:
        why = "; ".join(graph.lineages[table].notes) if table in graph.lineages else "its files cannot be read"
        shown = [column for column, _ in project.columns_of.schema(table) or ()]
        if name.lower() in map(str.lower, shown):
            raise UsageError(f"what {table}.{name} is made from is not known: {why}")
        if not shown:
            raise UsageError(f"the columns of {table} are not known before it is made: {why}")
        listed = tuple(shown)
    raise UsageError(f"{table} has no column {name}", hint=did_you_mean(name, listed) or f"It has {', '.join(listed)}.")


def around(graph: Graph, focus: str | None, *, up: bool, down: bool) -> Graph:
    """The part of the graph around a name, or all of it."""
    if focus is None:
        return graph
    above = graph.ancestors([focus]) if up else frozenset()
    below = graph.descendants([focus]) if down else frozenset()
    return graph.only({focus, *above, *below})


def print_tree(definitions: Definitions, focus: str | None, *, up: bool, down: bool) -> None:
    graph = definitions.graph

    def label(name: str) -> str:
        text = clean(name)
        if name not in definitions.assets:
            return f"{text} {styled('(source)', 'dim')}"
        return styled(text, "bold") if name == focus else text

    for line in tree(graph, [] if focus is None else [focus], up=up, down=down, label=label):
        put(line)


def lineage_document(graph: Graph, project: Project) -> dict[str, Any]:
    """`null` in a read-set's place means everything."""
    from assetflow.lineage.pictures.columns import columns_document
    from assetflow.planning.staleness import reads_of

    assets = project.definitions.assets
    drawn = [name for name in graph.names if name in assets]
    lineages = {name: project.columns_of.lineage(name) for name in drawn}
    reads = {name: reads_of(assets[name], lineages[name], project.evidence.made_last(name)) for name in drawn}
    columns = column_graph(project)
    return {
        "schema": "assetflow.lineage/1",
        "nodes": list(graph.names),
        "edges": [list(edge) for edge in graph.edges],
        "columns": columns_document(columns, drawn),
        "descriptions": {
            str(column): {"description": words.text, "declared_on": str(words.origin)}
            for column, words in descriptions(project, columns).items()
            if column.table in graph
        },
        "read_sets": {
            name: {up: None if read.columns is None else list(read.columns) for up, read in reads[name].items()}
            for name in drawn
        },
        "opaque": {name: "; ".join(lineages[name].notes) for name in drawn if lineages[name].whole},
    }
