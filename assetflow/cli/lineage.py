"""`assetflow lineage`: who depends on what, as a tree, JSON, Mermaid or DOT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from assetflow.cli.options import complete_asset, json_option, open_project, project_option
from assetflow.cli.screen import clean, put, put_json, styled
from assetflow.errors import UsageError, did_you_mean
from assetflow.lineage.draw import dot, mermaid, tree

if TYPE_CHECKING:
    from assetflow.asset import Asset
    from assetflow.lineage.graph import Graph
    from assetflow.project.definitions import Definitions

OPAQUE = "its columns are not traced: it counts as reading all of them"


@click.command("lineage")
@click.argument("asset", required=False, metavar="[ASSET]", shell_complete=complete_asset)
@click.option("--up", is_flag=True, help="Only what ASSET is made from.")
@click.option("--down", is_flag=True, help="Only what is made from ASSET.")
@click.option(
    "-f", "--format", "form", type=click.Choice(["text", "json", "mermaid", "dot"]), default="text", show_default=True,
    help="How it is drawn.",
)  # fmt: skip
@json_option
@project_option
def command(asset: str | None, up: bool, down: bool, form: str, as_json: bool, project: str | None) -> None:
    """Show who depends on what: everything, or what ASSET is made from and what is made from it."""
    if (up or down) and asset is None:
        raise UsageError("--up and --down are about one asset", hint="Name it: assetflow lineage ASSET --up")
    definitions = open_project(project).definitions
    focus = None if asset is None else known_name(asset, definitions)
    up, down = up or not down, down or not up
    if form == "text" and not as_json:
        print_tree(definitions, focus, up=up, down=down)
        return
    graph = around(whole_graph(definitions), focus, up=up, down=down)
    if as_json or form == "json":
        put_json(lineage_document(graph, definitions.assets))
    else:
        draw = mermaid if form == "mermaid" else dot
        put(draw(graph, {name: one.kind for name, one in definitions.assets.items()}).rstrip("\n"))


def known_name(name: str, definitions: Definitions) -> str:
    """The name, if the project knows it; UsageError names the nearest ones."""
    known = {*definitions.assets, *definitions.sources}
    if name in known:
        return name
    table, dot_, column = name.rpartition(".")
    if dot_ and table in known:
        raise UsageError(
            f"the lineage of a single column ({column} of {table}) is not known yet",
            hint=f"`assetflow lineage {table}` shows the lineage of the whole table.",
        )
    raise UsageError(f"there is no asset or source named {name}", hint=did_you_mean(name, known))


def whole_graph(definitions: Definitions) -> Graph:
    """The lineage, with the sources that nobody reads."""
    from assetflow.lineage.graph import Graph

    graph = definitions.graph
    return Graph.of({**dict.fromkeys(definitions.sources, ()), **{name: graph.upstreams(name) for name in graph.names}})


def around(graph: Graph, focus: str | None, *, up: bool, down: bool) -> Graph:
    """The part of the graph around a name, or all of it."""
    if focus is None:
        return graph
    above = graph.ancestors([focus]) if up else frozenset()
    below = graph.descendants([focus]) if down else frozenset()
    return graph.only({focus, *above, *below})


def print_tree(definitions: Definitions, focus: str | None, *, up: bool, down: bool) -> None:
    graph = whole_graph(definitions)

    def label(name: str) -> str:
        text = clean(name)
        if name not in definitions.assets:
            return f"{text} {styled('(source)', 'dim')}"
        return styled(text, "bold") if name == focus else text

    for line in tree(graph, [] if focus is None else [focus], up=up, down=down, label=label):
        put(line)


def lineage_document(graph: Graph, assets: Mapping[str, Asset]) -> dict[str, Any]:
    """`null` in a read-set's place means everything."""
    drawn = [name for name in graph.names if name in assets]
    return {
        "schema": "assetflow.lineage/1",
        "nodes": list(graph.names),
        "edges": [list(edge) for edge in graph.edges],
        "columns": {},
        "read_sets": {name: dict.fromkeys(graph.upstreams(name)) for name in drawn},
        "opaque": dict.fromkeys(drawn, OPAQUE),
    }
