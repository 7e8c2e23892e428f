"""What each column of a table is made from: the answer of everything that finds column lineage, as values.

    SELECT city, sum(amount) AS total FROM sales JOIN shops USING (shop) WHERE paid GROUP BY city

    total  <- sales.amount (aggregation)          one column's own, direct
    table  <- sales.shop, shops.shop (join), sales.paid (filter), shops.city (group_by)      every column's

"Not known" is never an empty answer: a table in `whole` is read with all its columns, and `notes` say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal[
    "identity",
    "transformation",
    "aggregation",
    "conditional",
    "window",
    "join",
    "group_by",
    "filter",
    "sort",
    "set_op",
    "unnest",
]
Method = Literal["bound plan", "sqlglot", "polars plan", "declared", "traced", "opaque"]

DIRECT: frozenset[Kind] = frozenset({"identity", "transformation", "aggregation"})
"""Kinds whose values flow into the column; the others only decide which value or which row it is."""


class Col(NamedTuple):
    """A column of a table; `path` leads on to a field where it is a struct."""

    table: str
    name: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.table, self.name, *self.path))


class Edge(NamedTuple):
    """One influence: from which column, and how."""

    source: Col
    kind: Kind

    @property
    def is_direct(self) -> bool:
        return self.kind in DIRECT


class OutCol(NamedTuple):
    """A column of the answer, with its DuckDB type and its own edges.

    `meaning` is a hash of how its values come about from those of the upstreams, whatever it is called; it is to be
    compared between two queries whose `rows_meaning` is equal. Empty where that is not known.
    """

    name: str
    type: str
    edges: frozenset[Edge] = frozenset()
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where the columns of one table come from.

    `columns` stand in the order of the table; `dataset` are the edges of the table as a whole, kept apart from those
    of each column. `inputs` are all tables that are read, also those of which only the number of rows counts; `whole`
    are those of which every column counts as read. `exact` is False where there may be edges too many; there are never
    too few. `rows_meaning` is a hash of which rows there are; empty where that is not known. `open_columns`: there may
    be columns beside these, which depend on data. `notes` say what was not understood.
    """

    columns: tuple[OutCol, ...]
    dataset: frozenset[Edge] = frozenset()
    inputs: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    exact: bool = True
    method: Method = "bound plan"
    notes: tuple[str, ...] = ()
    rows_meaning: str = ""
    open_columns: bool = False

    @property
    def reads(self) -> dict[str, tuple[str, ...] | None]:
        """The read-set of each input: its columns that have any influence, sorted by name; None for all of them."""
        found: dict[str, set[str]] = {name: set() for name in self.inputs}
        for edge in (*self.dataset, *(edge for column in self.columns for edge in column.edges)):
            found[edge.source.table].add(edge.source.name)
        return {name: None if name in self.whole else tuple(sorted(found[name])) for name in sorted(found)}

    @property
    def meaning(self) -> str:
        """A hash-like text of all that the table is; equal for two queries that give the same; empty: not known."""
        if not self.rows_meaning or not all(column.meaning for column in self.columns):
            return ""
        return "\n".join([self.rows_meaning, *(f"{each.name}:{each.type}:{each.meaning}" for each in self.columns)])

    def column(self, name: str) -> OutCol | None:
        """The column of that name, in any case of letters."""
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, for the cache; `from_dict` gives the same lineage back."""
        return {
            "columns": [[each.name, each.type, _edges(each.edges), each.meaning] for each in self.columns],
            "dataset": _edges(self.dataset),
            "inputs": sorted(self.inputs),
            "whole": sorted(self.whole),
            "exact": self.exact,
            "method": self.method,
            "notes": list(self.notes),
            "rows_meaning": self.rows_meaning,
            "open_columns": self.open_columns,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Lineage:
        return cls(
            tuple(OutCol(name, type_, _read_edges(edges), meaning) for name, type_, edges, meaning in value["columns"]),
            _read_edges(value["dataset"]),
            frozenset(value["inputs"]),
            frozenset(value["whole"]),
            value["exact"],
            value["method"],
            tuple(value["notes"]),
            value["rows_meaning"],
            value["open_columns"],
        )


def opaque(inputs: Iterable[str], reason: str, columns: Iterable[tuple[str, str]] | None = None) -> Lineage:
    """The answer where nothing is known: every input is read with all its columns.

    `columns` are the names and types of the answer, where at least these are known.
    """
    read = frozenset(inputs)
    made = tuple(OutCol(name, type_) for name, type_ in columns or ())
    return Lineage(made, inputs=read, whole=read, exact=False, method="opaque", notes=(reason,),
                   open_columns=columns is None)  # fmt: skip


def _edges(edges: Iterable[Edge]) -> list[list[Any]]:
    return sorted([edge.source.table, edge.source.name, list(edge.source.path), edge.kind] for edge in edges)


def _read_edges(values: Iterable[Any]) -> frozenset[Edge]:
    return frozenset(Edge(Col(table, name, tuple(path)), kind) for table, name, path, kind in values)
