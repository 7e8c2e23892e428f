"""Lineage as one page of HTML without scripts: a picture, every table, and where each of its columns comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from assetflow.lineage.column_graph import ColumnGraph
from assetflow.lineage.column_words import Words
from assetflow.lineage.columns import Col, Edge
from assetflow.lineage.graph import Graph
from assetflow.lineage.pictures.svg import picture

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #263238; --faint: #607d8b; --line: #b0bec5; --box: #eceff1; --link: #00695c; --on: #fff3c4
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e0e6e9; --faint: #90a4ae; --line: #546e7a; --box: #263238; --link: #80cbc4; --on: #4e4316 }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink) }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem }
details:target { outline: 2px solid var(--link) }
summary { cursor: pointer } .kind, .reads { color: var(--faint) } table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid var(--box); padding: .15rem .6rem .15rem 0; vertical-align: top } a { color: var(--link) }
tr.focus { background: var(--on) }
.picture { overflow-x: auto; margin: 1rem 0 2rem; width: max-content; max-width: 96vw; position: relative; left: 50% }
.picture { transform: translateX(-50%) }
svg text { font: 12.5px system-ui, sans-serif; text-anchor: middle; fill: var(--ink) }
svg path { fill: none; stroke: var(--line); stroke-width: 1.2 } svg rect { fill: var(--box); stroke: var(--line) }
svg .source rect { stroke-dasharray: 4 3 } svg .python rect { stroke: #ffb300 } svg .sql rect { stroke: #26a69a }
svg .focus rect { fill: var(--on); stroke-width: 2 } svg a:hover rect { stroke-width: 2.4 }
"""
LEGEND = '<p class="kind">Dashed: sources; green: SQL; amber: Python. What stands on the left is read.</p>'


def page(
    graph: Graph,
    columns: ColumnGraph,
    title: str,
    words: Mapping[Col, Words],
    kinds: Mapping[str, str],
    focus: Col | str | None = None,
) -> str:
    """The whole page; tables in the order in which they are made. The table of `focus` stands open."""
    table = focus.table if isinstance(focus, Col) else focus
    tables = "\n".join(_table(name, graph, columns, words, focus, is_open=name == table) for name in graph.order)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    drawn = f'<div class="picture">{picture(graph, kinds, table)}</div>{LEGEND}' if graph.names else ""
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n'
        f"<body><h1>{escape(title)}</h1>\n{drawn}\n{tables}\n</body></html>"
    )


def _table(
    name: str,
    graph: Graph,
    columns: ColumnGraph,
    words: Mapping[Col, Words],
    focus: Col | str | None,
    *,
    is_open: bool,
) -> str:
    reads, read_by = _links(graph.upstreams(name)), _links(graph.downstreams(name))
    said = [f"reads {reads}"] * bool(reads) + [f"read by {read_by}"] * bool(read_by)
    known = [Col(name, column) for column in columns.columns.get(name, ())]
    rows = "\n".join(_column(column, columns, words, is_focus=column == focus) for column in known)
    decides = _sources(columns.of_table(name))
    lineage = columns.lineages.get(name)
    notes = "; ".join(lineage.notes) if lineage is not None and lineage.whole else ""
    around = f'<span class="reads">{"; ".join(said)}</span>'
    return (
        f'<details id="{escape(name)}"{" open" * is_open}><summary><b>{escape(name)}</b> {around}</summary>'
        f"<table>{rows}</table>"
        + (f'<p class="kind">Its rows depend on {decides}.</p>' if decides else "")
        + (f'<p class="kind">It reads everything: {escape(notes)}.</p>' if notes else "")
        + "</details>"
    )


def _links(names: Iterable[str]) -> str:
    return ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names)


def _column(column: Col, columns: ColumnGraph, words: Mapping[Col, Words], *, is_focus: bool) -> str:
    said = words.get(column)
    description = ""
    if said is not None:
        origin = "" if said.origin == column else f' <span class="kind">as {escape(str(said.origin))}</span>'
        description = f"{escape(said.text)}{origin}"
    cells = (escape(column.name), description, _sources(columns.own(column)))
    row = '<tr class="focus">' if is_focus else "<tr>"
    return f"{row}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _sources(edges: Iterable[Edge]) -> str:
    kinds: dict[str, list[str]] = {}
    for edge in edges:
        kinds.setdefault(str(edge.source), []).append(edge.kind)
    return ", ".join(f'{escape(name)} <span class="kind">{", ".join(told)}</span>' for name, told in kinds.items())
