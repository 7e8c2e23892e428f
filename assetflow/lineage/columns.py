"""What each column of a table is made from: the answer of everything that finds column lineage, as values.

    SELECT city, sum(amount) AS total FROM sales JOIN shops USING (shop) WHERE paid GROUP BY city

    total  <- sales.amount (aggregation)          one column's own, direct
    table  <- sales.shop, shops.shop (join), sales.paid (filter), shops.city (group_by)      every column's

"Not known" is never an empty answer: a table in `whole` is read with all its columns, and `notes` say why.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

from msgspec import Struct

from assetflow.materialization import is_whole

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


GATHERING: frozenset[Kind] = frozenset({"aggregation", "group_by", "window", "set_op"})
"""Kinds by which one row comes of several."""


class Col(NamedTuple):
    """A column of a table; `path` leads on to a field where it is a struct."""

    table: str
    name: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.table, self.name, *self.path))


class Edge(Struct, frozen=True):
    """One influence: from which column, and how."""

    source: Col
    kind: Kind

    @property
    def is_direct(self) -> bool:
        return self.kind in DIRECT


class OutCol(Struct, frozen=True):
    """A column of the answer, with its DuckDB type and its own edges.

    `meaning` is a hash of how its values come about from those of the upstreams, whatever it is called; it is to be
    compared between two queries whose `rows_meaning` is equal. Empty where that is not known.
    """

    name: str
    type: str
    edges: frozenset[Edge] = frozenset()
    meaning: str = ""


class Lineage(Struct, frozen=True):
    """Where the columns of one table come from.

    `columns` stand in the order of the table; `dataset` are the edges of the table as a whole, kept apart from those
    of each column. `inputs` are all tables that are read, also those of which only the number of rows counts; `whole`
    are those of which every column counts as read. `exact` is False where there may be edges too many; there are never
    too few. `rows_meaning` is a hash of which rows there are; empty where that is not known. `open_columns`: there may
    be columns beside these, which depend on data. `ordered`: the same rows in another order could make another table,
    as far as whoever found the lineage can tell. `notes` say what was not understood.
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
    ordered: bool = True

    @property
    def reads(self) -> dict[str, tuple[str, ...] | None]:
        """The read-set of each input: its columns that have any influence, sorted by name; None for all of them."""
        found: dict[str, set[str]] = {name: set() for name in self.inputs}
        for edge in (*self.dataset, *(edge for column in self.columns for edge in column.edges)):
            found[edge.source.table].add(edge.source.name)
        return {name: None if name in self.whole else tuple(sorted(found[name])) for name in sorted(found)}

    @property
    def gathers_rows(self) -> bool:
        """True where values that are read decide which rows make one: groups, windows, set operations."""
        edges = (*self.dataset, *(edge for column in self.columns for edge in column.edges))
        return any(edge.kind in GATHERING for edge in edges)

    def shown(self, table: str) -> tuple[str, ...]:
        """The columns that are read of a table, where each is shown as it is; none where one of them is not.

        Rows that differ in them then make rows that differ.
        """
        alone = [edge for column in self.columns if len(column.edges) == 1 for edge in column.edges]
        seen = {edge.source.name for edge in alone if edge == Edge(Col(table, edge.source.name), "identity")}
        read = self.reads.get(table)
        return read if read is not None and seen.issuperset(read) else ()

    @property
    def meaning(self) -> str:
        """All that the table is, as text to keep and to compare by `same_meaning`; empty where it is not known."""
        if not self.rows_meaning or self.open_columns:
            return ""
        return json.dumps([self.rows_meaning, [[each.name, each.type, each.meaning] for each in self.columns]])

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
            "ordered": self.ordered,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
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
            value["ordered"],
        )


def opaque(inputs: Iterable[str], reason: str, columns: Iterable[tuple[str, str]] | None = None) -> Lineage:
    """The answer where nothing is known: every input is read with all its columns.

    `columns` are the names and types of the answer, where at least these are known.
    """
    read = frozenset(inputs)
    made = tuple(OutCol(name, type_) for name, type_ in columns or ())
    return Lineage(made, inputs=read, whole=read, exact=False, method="opaque", notes=(reason,),
                   open_columns=columns is None)  # fmt: skip


def same_meaning(one: str, other: str) -> bool:
    """True when both are known, in every column, and the same: then both tables are the same for any content."""
    return one == other and is_whole(one)


def other_meaning(one: str, other: str) -> bool:
    """True when both are known to the same binder, and are not the same."""
    return bool(one) and bool(other) and one != other and _binder(one) == _binder(other)


def columns_alike(one: str, other: str) -> frozenset[str]:
    """The columns whose tuples are the same in both tables, whatever these are made from holds."""
    if not one or not other:
        return frozenset()
    (rows, columns), (other_rows, other_columns) = json.loads(one), json.loads(other)
    if rows != other_rows:
        return frozenset()
    known = {name: (type_, meaning) for name, type_, meaning in other_columns if meaning}
    same = {name for name, type_, meaning in columns if known.get(name) == (type_, meaning)}
    return frozenset(same - _names_of_two(columns) - _names_of_two(other_columns))


def _names_of_two(columns: Iterable[Sequence[str]]) -> set[str]:
    """Names that more than one column of a query has: the table calls one of them otherwise."""
    named = [name for name, _, _ in columns]
    folded = Counter(name.lower() for name in named)
    return {name for name in named if folded[name.lower()] > 1}


def _binder(meaning: str) -> str:
    return str(json.loads(meaning)[0]).partition(":")[0]


def _edges(edges: Iterable[Edge]) -> list[list[Any]]:
    return sorted([edge.source.table, edge.source.name, list(edge.source.path), edge.kind] for edge in edges)


def _read_edges(values: Iterable[Any]) -> frozenset[Edge]:
    return frozenset(Edge(Col(table, name, tuple(path)), kind) for table, name, path, kind in values)
