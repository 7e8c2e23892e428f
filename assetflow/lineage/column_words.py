"""What people wrote of a column, on the column itself or on the one that its values are handed on from.

orders.email  "Where mail goes"     declared
sales.email   (identity)            the same, from orders.email, as long as nobody says otherwise here
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from assetflow.lineage.column_graph import ColumnGraph
from assetflow.lineage.columns import Col


class Words(NamedTuple):
    """A description, and the column that it was declared on."""

    text: str
    origin: Col


def described(graph: ColumnGraph, declared: Mapping[Col, str]) -> dict[Col, Words]:
    """The description of every column that has one: its own, or else that of what it hands on unchanged.

    A column that comes from several, as in a union, takes what they all say; where two say different things, it is
    neither. What is also made from something else, or is one field of a column, is another thing than the column.
    """
    found: dict[Col, Words | None] = {
        column: Words(text, column)
        for written, text in declared.items()
        if (column := graph.find(written.table, written.name)) is not None
    }
    for table, names in graph.columns.items():
        for name in names:
            _describe(graph, Col(table, name), found)
    return {column: words for column, words in sorted(found.items()) if words is not None}


def _describe(graph: ColumnGraph, column: Col, found: dict[Col, Words | None]) -> None:
    """Answer for a column and all that it is handed on from, these first; no recursion, for chains can be long."""
    ahead = [column]
    while ahead:
        one = ahead[-1]
        missing = [each for each in _handed_on(graph, one) if each not in found] if one not in found else []
        if missing:
            ahead += missing
            continue
        ahead.pop()
        if one not in found:
            found[one] = _agreed(found[each] for each in _handed_on(graph, one))


def _handed_on(graph: ColumnGraph, column: Col) -> tuple[Col, ...]:
    """The columns whose values this one holds as they are; none where it holds anything else."""
    direct = [edge for edge in graph.own(column) if edge.is_direct]
    if any(edge.kind != "identity" or edge.source.path for edge in direct):
        return ()
    return tuple(edge.source for edge in direct)


def _agreed(words: Iterable[Words | None]) -> Words | None:
    said = [each for each in words if each is not None]
    return said[0] if said and len({each.text for each in said}) == 1 else None
