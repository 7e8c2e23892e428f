"""`assetflow.open()`: a project's published tables in a notebook or a script.

wh = assetflow.open()                   # or open("path/to/project", env="dev")
wh["sales"].pl()
wh.sql("SELECT department, sum(sales_value) FROM sales GROUP BY ALL")
wh.materialize("sales+"); wh.refresh()
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assetflow.formats.table import Column, Row, layout
from assetflow.notebook import html
from assetflow.notebook.html import local_time
from assetflow.notebook.plan import Plan
from assetflow.notebook.run import Run, progress
from assetflow.notebook.table import Table
from assetflow.project.project import Project
from assetflow.project.versions.reading import Reader

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

    from assetflow.notebook.draft import Draft

COLUMNS = (Column("table"), Column("kind"), Column("rows", is_number=True), Column("published"), Column("description"))
WIDTH = 120


def open(path: str | os.PathLike[str] | None = None, env: str | None = None) -> Warehouse:
    """The tables of the project at `path`, or around the working directory; `env` as the project says, unless given."""
    return Warehouse(None if path is None else os.fspath(path), env)


class Warehouse:
    """The tables of one environment as they are published now. It reads this one set until `refresh()`.

    It can never delay a run: it holds no lock of the warehouse, and what it reads is only named to `assetflow gc`.
    """

    def __init__(self, path: str | None = None, env: str | None = None) -> None:
        self._env = env
        project = Project.open(path, environment=env)
        # The working directory may change before the next question.
        self._root = project.settings.root
        self._reader = pinned(project)

    # Reading

    def __getitem__(self, name: str) -> Table:
        """The table of that name, or a version of one: `wh["sales@-1"]`. UsageError names the nearest ones."""
        if "@" in name:
            self._reader.add_version(name)
            return Table(self._reader, name, self._opened)
        if name not in self:
            raise self._reader.unknown(name)
        return Table(self._reader, name, self._opened)

    def __contains__(self, name: object) -> bool:
        return name in self._reader.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be read: published assets, and sources."""
        return self._reader.names

    def sql(self, text: str) -> DuckDBPyRelation:
        """A DuckDB relation over the published tables; it runs when it is read. UsageError says what is wrong."""
        return self._reader.sql(text)

    def refresh(self) -> Warehouse:
        """Read what is published now. Tables and relations that were taken before stay as they are."""
        self._reader = pinned(self._opened())
        return self

    # Planning and making

    def plan(self, *select: str, exclude: str | Sequence[str] = (), full_refresh: bool = False) -> Plan:
        """What would be made and why: `plan("sales+", "tag:nightly")`; without a selection, of everything."""
        project = self._opened()
        try:
            return Plan(project.foresee(project.plan(select, several(exclude), full_refresh=full_refresh)))
        finally:
            project.ledger.close()

    def materialize(
        self,
        *select: str,
        exclude: str | Sequence[str] = (),
        full_refresh: bool = False,
        jobs: int | None = None,
        quiet: bool = False,
    ) -> Run:
        """Make what is stale, check it and publish it, with a line for each asset (none when `quiet`).

        A failing asset does not raise: look at `.ok` and `.errors`. This warehouse shows what it showed before, until
        `refresh()`.
        """
        project = self._opened()
        try:
            plan = project.plan(select, several(exclude), full_refresh=full_refresh)
            running = project.run(plan, jobs=jobs, selection=" ".join(select))
            done = 0
            for event in running:
                line = progress(event, done + 1, len(plan.steps))
                if line is not None:
                    done += 1
                    if not quiet:
                        print(line, flush=True)  # noqa: T201 - this is a face
        finally:
            project.ledger.close()
        assert running.result is not None, "a run that ends has a result"
        return Run(running.result)

    def draft(self, name: str, *, rows: int | None = None, partition: str | None = None) -> Draft:
        """The rows that an asset would have as its files say now, or the first of them; nothing is published.

        What is stale above it is computed for it, too. AssetError when its code fails, or that of an upstream.
        """
        from assetflow.notebook.draft import Draft

        return Draft(self._opened(), name, rows, partition)

    # How it looks

    def __repr__(self) -> str:
        lines = layout(COLUMNS, self._cells(), WIDTH)
        return "\n".join([self._title(), *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        return html.card(self._title(), html.table(COLUMNS, self._cells()))

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def _title(self) -> str:
        return f"{self._root} · {self._reader.environment}"

    def _cells(self) -> list[Row]:
        return [self._about(name) for name in self.names]

    def _about(self, name: str) -> Row:
        definitions, current = self._reader.definitions, self._reader.current.get(name)
        declared = definitions.assets.get(name) or definitions.sources.get(name)
        asset = definitions.assets.get(name)
        description = declared.description.strip() if declared else ""
        return [
            name,
            asset.kind if asset else "source" if declared else "no longer declared",
            "" if current is None or current.rows is None else f"{current.rows:,}",
            local_time(current.published_at) if current else "",
            " ".join(description.split()),
        ]

    def _opened(self) -> Project:
        # A new one each time: files and modules of the project may have been edited since.
        return Project.open(self._root, environment=self._env)


def pinned(project: Project) -> Reader:
    """A reader of what is published now, with the ledger given back; it warns of a project that is broken."""
    reader = project.reader()
    if reader.problem is not None:
        warnings.warn(f"{reader.problem}\nWhat was published is read all the same.", stacklevel=4)
    reader.pin()
    project.ledger.close()
    return reader


def several(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names
