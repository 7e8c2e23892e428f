"""Lineage as a picture in SVG: tables from left to right, each behind all that it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from assetflow.lineage.graph import Graph

WIDTH_OF_LETTER, HEIGHT, GAP, BETWEEN, MARGIN = 7.4, 26, 10, 56, 8
SWEEPS = 4
"""How often tables are moved next to what they are connected with; more changes hardly anything."""


def picture(graph: Graph, kinds: Mapping[str, str], focus: str | None = None) -> str:
    """The `<svg>`; `kinds` say which tables are assets, and of what kind, all others are sources."""
    ranks = _ranks(graph)
    if not ranks:
        return ""
    widths = [max(len(name) for name in rank) * WIDTH_OF_LETTER + 20 for rank in ranks]
    lefts = [MARGIN + sum(widths[:number]) + number * BETWEEN for number in range(len(ranks))]
    tallest = max(map(len, ranks))
    places = {
        name: (lefts[number], MARGIN + (row + (tallest - len(rank)) / 2) * (HEIGHT + GAP), widths[number])
        for number, rank in enumerate(ranks)
        for row, name in enumerate(rank)
    }
    lines = [_line(places[above], places[name]) for name in graph.names for above in graph.upstreams(name)]
    boxes = [_box(name, places[name], kinds.get(name, "source"), name == focus) for name in graph.names]
    width, height = lefts[-1] + widths[-1] + MARGIN, 2 * MARGIN + tallest * (HEIGHT + GAP) - GAP
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg role="img" aria-label="Lineage" {size}>{"".join(lines)}{"".join(boxes)}</svg>'


def _ranks(graph: Graph) -> list[list[str]]:
    """The tables of each column of the picture, from top to bottom, so that few lines cross."""
    rank: dict[str, int] = {}
    for name in graph.order:
        rank[name] = max((rank[above] + 1 for above in graph.upstreams(name) if above in rank), default=0)
    for name in reversed(graph.order):  # a source stands right before the first table that reads it
        below = [rank[each] for each in graph.downstreams(name) if each in rank]
        if below and not graph.upstreams(name):
            rank[name] = min(below) - 1
    ranks: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in graph.order:
        ranks[rank[name]].append(name)
    for sweep in range(SWEEPS):
        heights = {name: (row + 0.5) / len(each) for each in ranks for row, name in enumerate(each)}
        neighbours = graph.upstreams if sweep % 2 == 0 else graph.downstreams
        for each in ranks if sweep % 2 == 0 else reversed(ranks):
            each.sort(
                key=lambda name: _mean([heights[one] for one in neighbours(name) if one in heights], heights[name])
            )
            heights.update({name: (row + 0.5) / len(each) for row, name in enumerate(each)})
    return ranks


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _line(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    x, y = start[0] + start[2], start[1] + HEIGHT / 2
    to_x, to_y = end[0], end[1] + HEIGHT / 2
    bend = max((to_x - x) / 2, 20)
    return f'<path d="M{x:.0f} {y:.0f}C{x + bend:.0f} {y:.0f} {to_x - bend:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"/>'


def _box(name: str, place: tuple[float, float, float], kind: str, is_focus: bool) -> str:
    x, y, width = place
    marked = f"{kind} focus" if is_focus else kind
    return (
        f'<a href="#{escape(name)}"><g class="{escape(marked)}">'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{HEIGHT}" rx="5"/>'
        f'<text x="{x + width / 2:.0f}" y="{y + HEIGHT / 2 + 4.5:.0f}">{escape(name)}</text></g></a>'
    )
