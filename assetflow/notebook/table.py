"""One published table in a notebook: its rows in whatever frame is wanted, where it comes from, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from assetflow.engines import Table as Source
from assetflow.formats import table as layout
from assetflow.lineage.pictures.graph import tree
from assetflow.notebook import html
from assetflow.notebook.html import local_time
from assetflow.notebook.rows import Rows
from assetflow.project.versions.reading import Reader
from assetflow.project.versions.versions import compare_versions, find_version
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    import polars
    from duckdb import DuckDBPyConnection as Cursor
    from duckdb import DuckDBPyRelation

    from assetflow.notebook.diff import Diff
    from assetflow.notebook.profile import Profile
    from assetflow.project.project import Project

ROWS_SHOWN = 5
WIDTH = 120


class Table(Rows):
    """A table as it was published when its warehouse was opened or refreshed; rows are read when asked for."""

    other_ways = ".rel(), .arrow() or .pl()"

    def __init__(self, reader: Reader, name: str, open_project: Callable[[], Project]) -> None:
        self.name = name
        self._reader = reader
        self._open_project = open_project
        self._declared_as = name.partition("@")[0].lower() if "@" in name else name

    # Rows

    def lazy(self) -> polars.LazyFrame:
        """A Polars LazyFrame: a scan of the table's files, which reads what its query needs."""
        return cast("polars.LazyFrame", self._frame("polars_lazy"))

    def rel(self) -> DuckDBPyRelation:
        """A DuckDB relation; nothing runs before it is read."""
        return self._reader.relation(self.name)

    def preview(self, n: int = 10) -> Preview:
        """The first rows, to look at."""
        relation = self.rel()
        return Preview(tuple(layout.columns_of(relation)), tuple(layout.texts(relation.limit(n)).fetchall()))

    def profile(self) -> Profile:
        """For each column how much is NULL, about how many values differ, the least, the mean and the greatest."""
        from assetflow.notebook.profile import profile_of

        cursor = self._reader.cursor([self.name])
        with self._reader.reading(self.name):
            return profile_of(cursor, self.name)

    # What is known of it

    @property
    def description(self) -> str:
        definitions = self._reader.definitions
        declared = definitions.assets.get(self._declared_as) or definitions.sources.get(self._declared_as)
        return "" if declared is None else declared.description.strip()

    @cached_property
    def columns(self) -> dict[str, str]:
        """The DuckDB type of each column, by name."""
        if self.name in self._reader.current:
            return {column.name: column.type for column in self._reader.snapshot(self.name).columns}
        relation = self.rel()
        return {name: str(type_) for name, type_ in zip(relation.columns, relation.types, strict=True)}

    @cached_property
    def rows(self) -> int:
        """How many rows it has; those of a view are counted."""
        current = self._reader.current.get(self.name)
        if current is not None and current.rows is not None:
            return current.rows
        return int(self.rel().aggregate("count(*)").fetchall()[0][0])

    @property
    def published_at(self) -> str | None:
        """When it was published (UTC, ISO 8601); None for a source that no run has read yet."""
        current = self._reader.current.get(self.name)
        return None if current is None else current.published_at

    def history(self) -> History:
        """Every time that it was published, newest first."""
        ledger = self._reader.ledger
        try:
            return History(ledger.history(self._reader.environment, self._declared_as))
        finally:
            ledger.close()

    def diff(self, before: str = "-1", after: str | None = None, *, rows: int = 3) -> Diff:
        """How a version of it differs from this one: "-1" (the one before), a snapshot, a run, "2 days ago", "dev".

        `after` is another version to compare with, in place of this one; `rows` says how many rows are shown.
        """
        from assetflow.notebook.diff import Diff

        project = self._open_project()
        try:
            name = self._declared_as
            one = self._version(project, before)
            other = self._version(project, after)
            return Diff(name, one, other, compare_versions(project, name, one, other, rows))
        finally:
            project.ledger.close()

    def _version(self, project: Project, when: str | None) -> Version:
        """A version by its name; `-1` and the like are counted from what this table shows, not from what is newest."""
        pinned = self._reader.current.get(self.name)
        if pinned is not None and (when is None or re.fullmatch(r"-\d+", when.strip())):
            published = project.ledger.history(project.environment, self._declared_as)
            since = [each for each in published if each.published_at <= pinned.published_at]
            here = next((index for index, each in enumerate(since) if each.snapshot == pinned.snapshot), 0)
            back = here - int(when or "0")
            if back < len(since):
                return since[back]
        return find_version(project, self._declared_as, when or "current")

    def lineage(self) -> Lineage:
        """What it is made from, and what is made from it."""
        graph = self._reader.definitions.graph
        if self._declared_as not in graph:
            return Lineage((), (), (self._declared_as,))
        lines = tree(graph, [self._declared_as], up=True, down=True, label=str)
        return Lineage(graph.upstreams(self._declared_as), graph.downstreams(self._declared_as), tuple(lines))

    # How it looks

    def __repr__(self) -> str:
        head = [f"{self.name}: {self._facts()}", *([self.description] if self.description else [])]
        return "\n".join([*head, "", repr(self.preview(ROWS_SHOWN))])

    def _repr_html_(self) -> str:
        shown = self.preview(ROWS_SHOWN)
        return html.card(self.name, html.paragraph(self.description), html.faint(self._facts()), shown._repr_html_())

    def _facts(self) -> str:
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        columns = f"{len(self.columns)} column{'s' * (len(self.columns) != 1)}"
        if self.name in self._reader.definitions.sources:
            return f"{rows} · {columns} · source"
        return f"{rows} · {columns} · published {local_time(self.published_at)}"

    def _place(self) -> tuple[Source, Cursor]:
        cursor = self._reader.cursor([self.name])
        return self._reader.tables([self.name])[-1], cursor


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """The first rows of a table as text, None for NULL."""

    columns: tuple[layout.Column, ...]
    rows: tuple[layout.Row, ...]

    def __repr__(self) -> str:
        return "\n".join(line.rstrip() for line in layout.layout(self.columns, self.rows, WIDTH))

    def _repr_html_(self) -> str:
        return html.table(self.columns, self.rows)


class History(tuple[Version, ...]):
    """Versions of a table, newest first."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(line.rstrip() for line in layout.layout(_HISTORY, self._cells(), WIDTH))

    def _repr_html_(self) -> str:
        return html.table(_HISTORY, self._cells())

    def _cells(self) -> list[layout.Row]:
        return [
            [
                local_time(version.published_at),
                "current" if version.is_current else "",
                None if version.rows is None else f"{version.rows:,}",
                version.run_id,
                version.snapshot,
            ]
            for version in self
        ]


_HISTORY = (
    layout.Column("published"),
    layout.Column("current"),
    layout.Column("rows", is_number=True),
    layout.Column("run"),
    layout.Column("snapshot"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Lineage:
    """What a table is made from and what is made from it, directly; shown as a tree of all of it."""

    upstreams: tuple[str, ...]
    downstreams: tuple[str, ...]
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return html.preformatted(self.lines)
