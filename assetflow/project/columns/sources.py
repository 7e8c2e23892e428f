"""The columns of sources, and of files that queries read where they lie."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.errors import SourceError
from assetflow.materialization import Column
from assetflow.project.columns.cache import ColumnsCache
from assetflow.source import Observed

if TYPE_CHECKING:
    from assetflow.project.project import Project

Schema = tuple[tuple[str, str], ...]
"""Names and DuckDB types of columns, in the order of the table."""


class SourceColumns:
    """Answers from the cache, or by a look into files."""

    def __init__(self, project: Project, cache: ColumnsCache) -> None:
        self.project = project
        self.cache = cache

    def schema(self, name: str) -> Schema | None:
        """What a source holds: as it was read last, or by a look into its files where they changed since."""
        observed = self.project.observed(name)
        current = self.project.current.get(name)
        version = observed.version if isinstance(observed, Observed) else None
        if current is not None and version in (None, current.digest):
            return schema_of(self.project.ledger.snapshot(current.snapshot).columns)
        if not isinstance(observed, Observed):
            return None
        key = f"source {observed.version}"
        kept = self._kept(key)
        if kept is not None:
            return kept
        try:
            found = self._look_at(observed)
        except SourceError:  # whoever reads it is told when it runs, with the file and the line
            return None
        self.cache.put(key, json.dumps(found))
        return found

    def schema_in_place(self, asset: Asset, file: str) -> Schema | None:
        """The columns of a file as a query opens it in place, with the options that stand there."""
        name = self.project.in_place.name(asset, file)
        if name is None:
            return None
        kept = self._kept(name)
        if kept is not None:
            return kept
        from assetflow.warehouse.content.types import logical_type

        found = tuple((column.name, logical_type(column.type)) for column in self.project.in_place.columns(name))
        if found:
            self.cache.put(name, json.dumps(found))
        return found or None

    def _kept(self, key: str) -> Schema | None:
        kept = self.cache.get(key)
        return None if kept is None else tuple((column, type_) for column, type_ in json.loads(kept))

    def _look_at(self, observed: Observed) -> Schema:
        """The columns of a source as its files are now; SourceError where they cannot be read."""
        from assetflow.duck import duckdb
        from assetflow.running.sources.before import before, brings_little, columns_now
        from assetflow.warehouse.content.types import logical_type

        project, name = self.project, observed.source.name
        last = project.current.get(name)
        snapshot = None if last is None else project.ledger.snapshot(last.snapshot)
        then = before(name, snapshot, project.warehouse, for_columns=True)
        session = project.session
        opened = session.small_cursor() if brings_little(observed, then) else closing(session.cursor())
        try:
            with opened as cursor:
                found = columns_now(observed, then, cursor)
                # A declared type may be written in any way; DuckDB's own is what a table of it has.
                types = {name: str(cursor.sqltype(type_)) for name, type_ in found.items()}
        except duckdb.Error as error:
            from assetflow.sources.files.explain import explain_read_error

            raise explain_read_error(error, observed.source, project.settings.root) from error
        return tuple((name, logical_type(type_)) for name, type_ in types.items())


def schema_of(columns: Iterable[Column]) -> Schema:
    return tuple((column.name, column.type) for column in columns)
