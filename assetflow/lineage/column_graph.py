"""Which column comes from which, through every table of a project; and every question one may ask of that.

revenue of sales_by_week                       upstream: a tree of influences, down to the columns of sources
amount of sales          -> what it reaches    impact: columns, and whole tables whose rows depend on it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assetflow.lineage.columns import Col, Edge, Lineage

ORDER = (
    "identity", "transformation", "aggregation", "conditional", "window", "filter", "join", "group_by", "sort",
    "set_op", "unnest",
)  # fmt: skip
"""Direct kinds first, then what belongs to one column, then what belongs to the whole table."""


@dataclass(frozen=True)
class ColumnGraph:
    """The lineages of all assets, and the columns that each table is known to have. `ColumnGraph.of(...)` makes one."""

    lineages: Mapping[str, Lineage]
    columns: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, lineages: Mapping[str, Lineage], sources: Mapping[str, Iterable[str]]) -> ColumnGraph:
        """`sources` are the columns of tables that nothing of the project makes."""
        columns = {name: tuple(column.name for column in lineage.columns) for name, lineage in lineages.items()}
        return cls(lineages, {**columns, **{name: tuple(listed) for name, listed in sources.items()}})

    def find(self, table: str, column: str) -> Col | None:
        """The column of a table by its name, in any case of letters."""
        found = [name for name in self.columns.get(table, ()) if name.lower() == column.lower()]
        return Col(table, found[0]) if found else None

    def own(self, column: Col) -> tuple[Edge, ...]:
        """The edges into one column alone, direct ones first."""
        lineage = self.lineages.get(column.table)
        made = lineage.column(column.name) if lineage is not None else None
        return in_order(made.edges) if made is not None else ()

    def of_table(self, table: str) -> tuple[Edge, ...]:
        """The edges into every column of a table: what decides about its rows."""
        lineage = self.lineages.get(table)
        return in_order(lineage.dataset) if lineage is not None else ()

    def readers(self, column: Col) -> tuple[tuple[Col, str], ...]:
        """The columns that this one flows or speaks into by edges of their own, with the kind."""
        return tuple(
            (Col(table, made.name), edge.kind)
            for table in sorted(self.lineages)
            for made in self.lineages[table].columns
            for edge in in_order(made.edges)
            if plain(edge.source) == column
        )

    def reading_tables(self, column: Col) -> tuple[tuple[str, str], ...]:
        """The tables whose rows it decides about, with the kind; `everything` where it is not known which columns."""
        found: list[tuple[str, str]] = []
        for table, lineage in sorted(self.lineages.items()):
            found += [(table, edge.kind) for edge in self.of_table(table) if plain(edge.source) == column]
            if column.table in lineage.whole:
                found.append((table, "everything"))
        return tuple(found)

    def impact(self, columns: Iterable[Col]) -> tuple[frozenset[Col], frozenset[str]]:
        """Everything that a change of these columns would reach: columns, and tables whose rows could be others."""
        reached: set[Col] = set()
        tables: set[str] = set()
        ahead = list(columns)
        while ahead:
            column = ahead.pop()
            following = [reader for reader, _ in self.readers(column)]
            for table, _ in self.reading_tables(column):
                if table not in tables:
                    tables.add(table)
                    following += [Col(table, name) for name in self.columns.get(table, ())]
                    ahead += [Col(table, "*")] if not self.columns.get(table) else []
            for each in following:
                if each not in reached:
                    reached.add(each)
                    ahead.append(each)
        return frozenset(reached), frozenset(tables)

    def tagged(self, tags: Mapping[Col, tuple[str, ...]]) -> dict[Col, dict[str, Col]]:
        """Where tags end up: for each column its tags, and the column that each was declared on.

        A tag follows its column as long as its values are handed on as they are.
        """
        found: dict[Col, dict[str, Col]] = {}
        ahead = [(column, tag, column) for column, listed in tags.items() for tag in listed]
        while ahead:
            column, tag, origin = ahead.pop()
            if tag in found.setdefault(column, {}):
                continue
            found[column][tag] = origin
            ahead += [(reader, tag, origin) for reader, kind in self.readers(column) if kind == "identity"]
        return found


def plain(column: Col) -> Col:
    """The column, whatever field of it is meant."""
    return Col(column.table, column.name)


def in_order(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    return tuple(sorted(edges, key=lambda edge: (ORDER.index(edge.kind), edge.source)))
