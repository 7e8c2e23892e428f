"""What the people of a project say of columns: descriptions and tags, where they were declared and where they went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.lineage.column_graph import ColumnGraph
from assetflow.lineage.column_words import Words, described
from assetflow.lineage.columns import Col
from assetflow.source import Source

if TYPE_CHECKING:
    from assetflow.project.project import Project


def column_graph(project: Project) -> ColumnGraph:
    """The columns of everything."""
    columns = project.columns_of
    sources = {name: tuple(column for column, _ in columns.schema(name) or ()) for name in project.definitions.sources}
    return ColumnGraph.of(columns.all(), sources)


def graph_above(project: Project, asset: str) -> ColumnGraph:
    """The columns of an asset and of all that it is made from."""
    columns, definitions = project.columns_of, project.definitions
    names = {asset, *definitions.graph.ancestors([asset])}
    sources = {
        name: tuple(column for column, _ in columns.schema(name) or ()) for name in names & definitions.sources.keys()
    }
    return ColumnGraph.of({name: columns.lineage(name) for name in names & definitions.assets.keys()}, sources)


def declared_tags(project: Project) -> dict[Col, tuple[str, ...]]:
    """The tags that stand on columns."""
    return {Col(each.name, column): tags for each in _tables(project) for column, tags in each.column_tags.items()}


def descriptions(project: Project, graph: ColumnGraph) -> Mapping[Col, Words]:
    """What each column of the graph is said to hold."""
    declared = {
        Col(each.name, column): text for each in _tables(project) for column, text in each.column_descriptions.items()
    }
    return described(graph, declared) if declared else {}


def _tables(project: Project) -> list[Asset | Source]:
    return [*project.definitions.assets.values(), *project.definitions.sources.values()]
