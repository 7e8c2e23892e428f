"""One asset in a notebook as its files say now: rows that nobody published, there for as long as somebody looks."""

from __future__ import annotations

import os
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING

from assetflow.engines import Table
from assetflow.formats import table as layout
from assetflow.notebook import html
from assetflow.notebook.rows import Rows
from assetflow.notebook.table import ROWS_SHOWN, Preview
from assetflow.project.drafting.draft import Draft as Made
from assetflow.project.drafting.draft import drafted, outline
from assetflow.running.tasks.tables import table_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.check import CheckResult
    from assetflow.project.project import Project


class Draft(Rows):
    """The rows that an asset would have: taken as a frame, which stays; what was written for them goes with this."""

    def __init__(self, project: Project, name: str, rows: int | None = None, partition: str | None = None) -> None:
        self.name = name
        found = outline(project, name)
        keys = None if partition is None else project.partitions_named(partition, [name])[name]
        kept = ExitStack()
        self._made: Made = kept.enter_context(drafted(project, found, rows, keys))
        self._cursor = project.open_cursor()
        self._table = table_of(name, self._made.snapshot, project.settings.warehouse)
        project.ledger.close()
        weakref.finalize(self, end, kept, os.getpid())

    def preview(self, n: int = 10) -> Preview:
        """The first rows, to look at."""
        relation = self._cursor.sql(self._table.sql)
        return Preview(tuple(layout.columns_of(relation)), tuple(layout.texts(relation.limit(n)).fetchall()))

    @property
    def rows(self) -> int:
        """How many there are, of those that were asked for."""
        return self._made.snapshot.rows or 0

    @property
    def columns(self) -> dict[str, str]:
        """The DuckDB type of each column, by name."""
        return {column.name: column.type for column in self._made.snapshot.columns}

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """What its checks say, which are asked where all rows are made."""
        return self._made.checks

    def __repr__(self) -> str:
        return "\n".join([f"{self.name}: {self._facts()}", *self._failures(), "", repr(self.preview(ROWS_SHOWN))])

    def _repr_html_(self) -> str:
        told = [html.faint(self._facts()), *map(html.paragraph, self._failures())]
        return html.card(self.name, *told, self.preview(ROWS_SHOWN)._repr_html_())

    def _facts(self) -> str:
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        columns = f"{len(self.columns)} column{'s' * (len(self.columns) != 1)}"
        part = f" · partition {self._made.partition}" if self._made.partition else ""
        return f"{rows} · {columns}{part} · as its files say now, not published"

    def _failures(self) -> list[str]:
        failed = [check for check in self.checks if not check.ok]
        rows = ("failing row" + "s" * (check.failures != 1) for check in failed)
        told = zip(failed, rows, strict=True)
        return [f"{check.name}: {check.error or f'{check.failures:,} {words}'}" for check, words in told]

    def _place(self) -> tuple[Table, Cursor]:
        return self._table, self._cursor


def end(kept: ExitStack, owner: int) -> None:
    """Remove what was written for a draft; a copy of the process (fork) leaves that to the one that made it."""
    if os.getpid() == owner:
        kept.close()
