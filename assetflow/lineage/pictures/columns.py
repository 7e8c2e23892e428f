"""Pictures of column lineage: trees for the terminal, Mermaid, DOT, and the documents of OpenLineage."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from assetflow.lineage.column_graph import ColumnGraph, in_order, plain
from assetflow.lineage.columns import DIRECT, Col, Edge

Label = Callable[[str], str]


def upstream_tree(graph: ColumnGraph, column: Col, style: Label = str) -> list[str]:
    """Lines: what a column is made from, down to the columns of sources; and what decides about the rows."""
    lines = [style(str(column))]
    lines += _branches(graph, column, "", {column}, style)
    if column.table not in graph.lineages:
        lines.append(f"└── what the source {column.table} holds")
    return lines


def _branches(graph: ColumnGraph, column: Col, indent: str, above: set[Col], style: Label) -> Iterator[str]:
    own = graph.own(column)
    table = graph.of_table(column.table)
    whole = sorted(graph.lineages[column.table].whole) if column.table in graph.lineages else []
    if not own and whole:
        yield f"{indent}└── all columns of {', '.join(whole)}: {_why(graph, column.table)}"
        return
    if not own and not table and column.table in graph.lineages:
        yield f"{indent}└── {_of_no_column(graph, column.table)}"
        return
    rest = [_rows_line(table)] if table else []
    for number, (source, kinds) in enumerate(_grouped(own).items()):
        last = number == len(_grouped(own)) - 1 and not rest
        yield f"{indent}{'└── ' if last else '├── '}{style(str(source))}  {', '.join(kinds)}"
        below = plain(source)
        if below not in above:
            yield from _branches(graph, below, indent + ("    " if last else "│   "), {*above, below}, style)
    for line in rest:
        yield f"{indent}└── {line}"


def _of_no_column(graph: ColumnGraph, table: str) -> str:
    """Where a column comes from that no other flows into: `1 AS one`, `count(*)`."""
    inputs = sorted(graph.lineages[table].inputs)
    rows = f", or by how many rows there are in {', '.join(inputs)}" if inputs else ""
    return f"no column: {table} makes it by itself{rows}"


def _why(graph: ColumnGraph, table: str) -> str:
    return "; ".join(graph.lineages[table].notes) or "its columns are not known"


def _grouped(edges: Iterable[Edge]) -> dict[Col, list[str]]:
    found: dict[Col, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.source, []).append(edge.kind)
    return found


def _rows_line(edges: Iterable[Edge]) -> str:
    """`its rows: sales.week (group_by), sales.paid (filter)`."""
    return "its rows: " + ", ".join(f"{source} ({', '.join(kinds)})" for source, kinds in _grouped(edges).items())


def downstream_tree(graph: ColumnGraph, column: Col, style: Label = str) -> list[str]:
    """Lines: which columns a column flows or speaks into, and the tables whose rows it decides about."""
    readers = list(_readers(graph, column, "", {column}, style))
    return [style(str(column)), *(readers or ["└── nothing reads it"])]


def _readers(graph: ColumnGraph, column: Col, indent: str, above: set[Col], style: Label) -> Iterator[str]:
    found: dict[Col, list[str]] = {}
    for reader, kind in graph.readers(column):
        found.setdefault(reader, []).append(kind)
    tables: dict[str, list[str]] = {}
    for table, kind in graph.reading_tables(column):
        tables.setdefault(table, []).append(kind)
    count = len(found) + len(tables)
    for number, (reader, kinds) in enumerate(found.items(), 1):
        last = number == count
        yield f"{indent}{'└── ' if last else '├── '}{style(str(reader))}  {', '.join(dict.fromkeys(kinds))}"
        if reader not in above:
            yield from _readers(graph, reader, indent + ("    " if last else "│   "), {*above, reader}, style)
    for number, (table, kinds) in enumerate(tables.items(), len(found) + 1):
        mark = "└── " if number == count else "├── "
        yield f"{indent}{mark}the rows of {style(table)}  {', '.join(dict.fromkeys(kinds))}"


def columns_document(graph: ColumnGraph, tables: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """For each column of these tables its edges, its own ones and those of its table."""
    found = {}
    for table in sorted(tables):
        lineage = graph.lineages.get(table)
        for made in lineage.columns if lineage is not None else ():
            edges = [*in_order(made.edges), *graph.of_table(table)]
            found[f"{table}.{made.name}"] = [
                {
                    "column": str(edge.source),
                    "kind": "direct" if edge.kind in DIRECT else "indirect",
                    "transformation": EXPORTED.get(edge.kind, edge.kind),
                }
                for edge in edges
            ]
    return found


EXPORTED = {"set_op": "filter", "unnest": "filter"}
"""Kinds of ours that others have no word for."""


def openlineage(
    graph: ColumnGraph, tables: Iterable[str], namespace: str, producer: str, time: str
) -> list[dict[str, Any]]:
    """One DatasetEvent of OpenLineage for each table, with the facet `columnLineage` (1-2-0)."""
    return [
        {
            "eventTime": time,
            "producer": producer,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
            "dataset": {
                "namespace": namespace,
                "name": table,
                "facets": {"columnLineage": _facet(graph, table, namespace, producer)},
            },
        }
        for table in sorted(tables)
        if table in graph.lineages
    ]


def _facet(graph: ColumnGraph, table: str, namespace: str, producer: str) -> dict[str, Any]:
    lineage = graph.lineages[table]
    return {
        "_producer": producer,
        "_schemaURL": f"{FACET}#/$defs/ColumnLineageDatasetFacet",
        "fields": {made.name: {"inputFields": _inputs(made.edges, namespace)} for made in lineage.columns},
        "dataset": [*_inputs(lineage.dataset, namespace), *_not_known(graph, table, namespace)],
    }


FACET = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json"


def _not_known(graph: ColumnGraph, table: str, namespace: str) -> Iterator[dict[str, Any]]:
    """Every column of what is read nobody knows how: silence would say that nothing is read."""
    said = {"type": "INDIRECT", "description": f"all columns count as read: {_why(graph, table)}", "masking": False}
    for name in sorted(graph.lineages[table].whole):
        for column in graph.columns.get(name) or ("*",):
            yield {"namespace": namespace, "name": name, "field": column, "transformations": [said]}


def _inputs(edges: Iterable[Edge], namespace: str) -> list[dict[str, Any]]:
    return [
        {
            "namespace": namespace,
            "name": source.table,
            "field": ".".join((source.name, *source.path)),
            "transformations": [
                {
                    "type": "DIRECT" if kind in DIRECT else "INDIRECT",
                    "subtype": EXPORTED.get(kind, kind).upper(),
                    "description": "",
                    "masking": False,
                }
                for kind in kinds
            ],
        }
        for source, kinds in _grouped(in_order(edges)).items()
    ]


def mermaid(graph: ColumnGraph, columns: Iterable[Col]) -> str:
    """A Mermaid flowchart of the direct edges between these columns; a box for each table."""
    chosen = sorted(set(columns))
    lines = ["flowchart LR"]
    for table in dict.fromkeys(column.table for column in chosen):
        lines.append(f'    subgraph {_id(table)}["{_text(table)}"]')
        lines += [f'        {_id(str(each))}["{_text(each.name)}"]' for each in chosen if each.table == table]
        lines.append("    end")
    for source, column, direct in _links(graph, chosen):
        lines.append(f"    {_id(str(source))} {'-->' if direct else '-.->'} {_id(str(column))}")
    return "\n".join(lines) + "\n"


def dot(graph: ColumnGraph, columns: Iterable[Col]) -> str:
    """The same for Graphviz."""
    chosen = sorted(set(columns))
    lines = ["digraph columns {", "    rankdir=LR;", "    node [shape=box];"]
    for table in dict.fromkeys(column.table for column in chosen):
        lines += [f"    subgraph {_quoted('cluster_' + table)} {{", f"        label={_quoted(table)};"]
        lines += [
            f"        {_quoted(str(each))} [label={_quoted(each.name)}];" for each in chosen if each.table == table
        ]
        lines.append("    }")
    for source, column, direct in _links(graph, chosen):
        lines.append(f"    {_quoted(str(source))} -> {_quoted(str(column))}{'' if direct else ' [style=dashed]'};")
    return "\n".join([*lines, "}"]) + "\n"


def _links(graph: ColumnGraph, chosen: Iterable[Col]) -> Iterator[tuple[Col, Col, bool]]:
    known = set(chosen)
    for column in sorted(known):
        linked: Mapping[Col, list[str]] = _grouped(graph.own(column))
        for source, kinds in linked.items():
            if plain(source) in known:
                yield plain(source), column, any(kind in DIRECT for kind in kinds)


def _id(text: str) -> str:
    return "c_" + re.sub(r"\W", lambda found: f"_{ord(found[0]):x}_", text)


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
