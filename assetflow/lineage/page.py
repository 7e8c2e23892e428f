"""Lineage as one page of HTML without scripts: every table, and where each of its columns comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from assetflow.lineage.column_graph import ColumnGraph
from assetflow.lineage.column_words import Words
from assetflow.lineage.columns import Col, Edge
from assetflow.lineage.graph import Graph

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #263238 }
details { border: 1px solid #cfd8dc; border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem }
summary { cursor: pointer } .kind, .reads { color: #607d8b } table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #eceff1; padding: .15rem .6rem .15rem 0; vertical-align: top } a { color: #00695c }
"""


def page(graph: Graph, columns: ColumnGraph, title: str, words: Mapping[Col, Words]) -> str:
    """The whole page; tables in the order in which they are made."""
    tables = "\n".join(_table(name, graph, columns, words) for name in graph.order)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f"<!doctype html>\n<html><head>{head}</head>\n<body><h1>{escape(title)}</h1>\n{tables}\n</body></html>"


def _table(name: str, graph: Graph, columns: ColumnGraph, words: Mapping[Col, Words]) -> str:
    reads, read_by = _links(graph.upstreams(name)), _links(graph.downstreams(name))
    said = [f"reads {reads}"] * bool(reads) + [f"read by {read_by}"] * bool(read_by)
    rows = "\n".join(_column(Col(name, column), columns, words) for column in columns.columns.get(name, ()))
    decides = _sources(columns.of_table(name))
    lineage = columns.lineages.get(name)
    notes = "; ".join(lineage.notes) if lineage is not None and lineage.whole else ""
    around = f'<span class="reads">{"; ".join(said)}</span>'
    return (
        f'<details id="{escape(name)}"><summary><b>{escape(name)}</b> {around}</summary><table>{rows}</table>'
        + (f'<p class="kind">Its rows depend on {decides}.</p>' if decides else "")
        + (f'<p class="kind">It reads everything: {escape(notes)}.</p>' if notes else "")
        + "</details>"
    )


def _links(names: Iterable[str]) -> str:
    return ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names)


def _column(column: Col, columns: ColumnGraph, words: Mapping[Col, Words]) -> str:
    said = words.get(column)
    description = ""
    if said is not None:
        origin = "" if said.origin == column else f' <span class="kind">as {escape(str(said.origin))}</span>'
        description = f"{escape(said.text)}{origin}"
    cells = (escape(column.name), description, _sources(columns.own(column)))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _sources(edges: Iterable[Edge]) -> str:
    kinds: dict[str, list[str]] = {}
    for edge in edges:
        kinds.setdefault(str(edge.source), []).append(edge.kind)
    return ", ".join(f'{escape(name)} <span class="kind">{", ".join(told)}</span>' for name, told in kinds.items())
