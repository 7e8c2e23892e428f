"""What flows through a bound plan: relations of columns, each with its edges and a hash of how it comes about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from assetflow.lineage.columns import Col, Edge, Kind

Edges = frozenset[Edge]
NO_EDGES: Edges = frozenset()


class NotUnderstood(Exception):
    """A part of a plan that the walk does not know; nothing is guessed."""


class Value(Struct, frozen=True):
    """A column or an expression: the edges into it, and its meaning (empty: not known)."""

    edges: Edges = NO_EDGES
    meaning: str = ""


class Relation(Struct, frozen=True):
    """What an operator gives: its columns by position, what decides about its rows, the tables that it reads.

    `rows` is a hash of which rows there are, and in which order where an order was asked for.
    """

    columns: tuple[Value, ...] = ()
    dataset: Edges = NO_EDGES
    inputs: frozenset[str] = frozenset()
    rows: str = ""

    def having(self, columns: Iterable[Value]) -> Relation:
        return replace(self, columns=tuple(columns))

    def influenced(self, edges: Edges, rows: str) -> Relation:
        """The same columns, when `edges` decide about the rows, too."""
        return replace(self, dataset=self.dataset | edges, rows=rows)


def hashed(*parts: Any) -> str:
    """A hash of plain values; empty as soon as one of the texts among them is, since something is not known then."""
    if any(map(_is_unknown, parts)):
        return ""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _is_unknown(part: Any) -> bool:
    return part == "" or (isinstance(part, (list, tuple)) and any(map(_is_unknown, part)))


def as_transformed(edges: Edges) -> Edges:
    """Edges into something computed from a column."""
    return frozenset(replace(edge, kind="transformation") if edge.kind == "identity" else edge for edge in edges)


def as_aggregated(edges: Edges) -> Edges:
    return frozenset(replace(edge, kind="aggregation") if edge.is_direct else edge for edge in edges)


def as_kind(edges: Edges, kind: Kind) -> Edges:
    """Every edge as one of this indirect kind: what matters is that the column has a say in it."""
    return frozenset(replace(edge, kind=kind) for edge in edges)


def as_indirect(edges: Edges, kind: Kind) -> Edges:
    """The same edges, with the direct ones among them as of this indirect kind."""
    return frozenset(replace(edge, kind=kind) if edge.is_direct else edge for edge in edges)


def as_field(edges: Edges, name: str) -> Edges:
    """Edges into one field of a struct."""
    return frozenset(
        Edge(Col(edge.source.table, edge.source.name, (*edge.source.path, name)), edge.kind)
        if edge.kind == "identity"
        else edge
        for edge in edges
    )


def union(*sets: Edges) -> Edges:
    return frozenset().union(*sets)


def edges_of(values: Iterable[Value]) -> Edges:
    return frozenset().union(*(value.edges for value in values))


def meanings_of(values: Iterable[Value]) -> list[str]:
    return [value.meaning for value in values]
