"""Reads published tables: one pinned set of snapshots, no lock, and only the views that a query names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assetflow.engines import Table, Where
from assetflow.errors import AssetError, AssetflowError, SourceError, UsageError, WarehouseError, did_you_mean
from assetflow.lineage.sql.tokens import without_trailing_semicolon
from assetflow.materialization import Snapshot
from assetflow.project.loading.definitions import Readable
from assetflow.project.versions.at_version import with_versions
from assetflow.project.versions.missing import not_there
from assetflow.quoting import quote_identifier
from assetflow.running.tasks.tables import Tables
from assetflow.secret import references
from assetflow.source import Observed
from assetflow.warehouse.content.links import path_of
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.ledger.records import Current, Version
from assetflow.warehouse.sweep import leases
from assetflow.warehouse.views import Published, Shown, Views, nothing_at

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from assetflow.engines.duckdb import Session


class Reader:
    """The tables of one environment as they were published when it was made."""

    def __init__(
        self,
        readable: Readable,
        ledger: Ledger,
        environment: str,
        warehouse: str,
        observe: Callable[[str], Observed | SourceError],
        open_session: Callable[[], Session],
        find_version: Callable[[str, str], Version],
        found: Callable[[Snapshot], Snapshot | None],
    ) -> None:
        self.definitions, self.problem = readable.definitions, readable.problem
        self.ledger = ledger
        self.environment = environment
        self.warehouse = warehouse
        # Taken before what is current is read: nothing of it can be swept away in between.
        self._lease = leases.take(warehouse)
        self.current = ledger.current(environment)
        self._views = Views(ledger, warehouse)
        self._hold(current.snapshot for current in self.current.values())
        self._hold(self._views.needed(self.current.values()))
        self._observe = observe
        self._open_session = open_session
        self._find_version = find_version
        self._found = found
        self._session: Session | None = None
        self._snapshots: dict[str, Snapshot] = {}
        self._shown: dict[str, Shown] = {}
        self._tables = Tables(self.found, self.shown, warehouse)
        self._unread: dict[str, Table] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be read by its name: published assets, and sources."""
        in_place = {file for asset in self.definitions.assets.values() for file in asset.files}
        found = {*self.current, *self.definitions.sources} - in_place
        return tuple(sorted(name for name in found if "@" not in name))

    def snapshot(self, name: str) -> Snapshot:
        """The pinned snapshot of an asset or a source; UsageError when there is none."""
        if name not in self._snapshots:
            if name not in self.current:
                raise self.unknown(name)
            self._snapshots[name] = self.ledger.snapshot(self.current[name].snapshot)
        return self._snapshots[name]

    def found(self, name: str) -> Snapshot:
        """The same in files that can be read; SourceError where others lie in their places.

        It is looked at each time: somebody may write into the files of a source that is read in place.
        """
        snapshot = self.snapshot(name)
        if not any(os.path.isabs(file.path) for file in snapshot.files):
            return snapshot
        found = self._found(snapshot)
        if found is None:
            raise lost(self.warehouse, name, snapshot)
        return found

    def shown(self, name: str) -> Shown:
        """What a published view shows, whatever is declared by now."""
        if name not in self._shown:
            # Of an older version, all that it read is older.
            now_at = nothing_at if "@" in name else self._now_at
            made = self.ledger.materialization(self.current[name].materialization)
            self._shown[name] = self._views.shown(self.snapshot(name), made, now_at)
        return self._shown[name]

    def _now_at(self, name: str) -> Published | None:
        found = self.current.get(name)
        return None if found is None else Published(found.snapshot, found.digest)

    def add_version(self, name: str) -> None:
        """Make an older version of a table readable, as `sales@-1`; UsageError when there is none, or it is gone."""
        if name in self.current:
            return
        table, _, when = name.partition("@")
        version = self._find_version(table.lower(), when)
        snapshot = self.ledger.snapshot(version.snapshot)
        made = self.ledger.materialization(version.materialization)
        if snapshot.sql is not None and self._views.is_live(snapshot, made, nothing_at):
            hint = "It names a table with its schema, or files that it read are gone. Read the tables that it reads."
            raise UsageError(f"what the view {table} showed then is not kept", hint=hint)
        behind = [snapshot] if snapshot.sql is None else list(self._views.tables_behind(made.inputs))
        self._hold(each.id for each in behind)
        if any(self._found(each) is None for each in behind):
            raise UsageError(f"the files of {name} are gone", hint=f"`assetflow history {table}` lists the versions.")
        self._snapshots[name] = snapshot
        self.current[name] = Current(
            name, None, version.materialization, "", version.digest, snapshot.id, version.rows, version.published_at,
            "", "",
        )  # fmt: skip

    def pin(self) -> None:
        """Read the record of every snapshot now, so that the ledger is not asked again."""
        snapshots = self.ledger.snapshots(current.snapshot for current in self.current.values())
        self._snapshots = {name: snapshots[current.snapshot] for name, current in self.current.items()}
        for name, snapshot in self._snapshots.items():
            if snapshot.sql is not None:
                self.shown(name)

    def tables(self, names: Iterable[str]) -> tuple[Table, ...]:
        """Tables in an order in which they can be attached. A source that no run has recorded is read where it lies."""
        names = list(names)
        recorded = [name for name in names if name in self.current]
        return (*self._tables.named(recorded), *(self.unread(name) for name in names if name not in self.current))

    def unread(self, name: str) -> Table:
        if name not in self.definitions.sources:
            raise self.unknown(name)
        if name not in self._unread:
            observed = self._observe(name)
            if isinstance(observed, SourceError):
                raise observed
            if any(references(observed.source.location.to_dict())):
                raise SourceError(
                    f"{name} was not read by a run yet, and needs a secret for it",
                    path=observed.source.path,
                    line=observed.source.line,
                    hint="Make something that reads it, with `assetflow materialize`.",
                )
            paths = tuple(file.stat.path for file in observed.files)
            self._unread[name] = Table(name, observed.source.location.scan(paths))
        return self._unread[name]

    def cursor(self, names: Iterable[str]) -> DuckDBPyConnection:
        """A DuckDB cursor that sees these tables."""
        if self._session is None:
            self._session = self._open_session()
        cursor = self._session.cursor()
        self._session.attach(self.tables(names), cursor)
        return cursor

    def relation(self, name: str) -> DuckDBPyRelation:
        """All rows of one table, as a DuckDB relation."""
        return self.cursor([name]).sql(f"FROM {quote_identifier(name)}").set_alias(name)

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Turn what DuckDB says while a table is read into an error that tells what is to blame."""
        from assetflow.duck import duckdb
        from assetflow.sources.files.explain import explain_read_error

        try:
            yield
        except duckdb.Error as error:
            if name in self._unread:
                raise explain_read_error(error, self.definitions.sources[name]) from error
            raise WarehouseError(f"{name} cannot be read: {str(error).splitlines()[0]}") from error

    def sql(self, text: str) -> DuckDBPyRelation:
        """A query over the published tables, as a DuckDB relation; nothing runs before it is read.

        UsageError when the text is not one query, or DuckDB refuses it: with the place, and names that are near.
        """
        unreadable: dict[str, SourceError] = {}
        text, versions = with_versions(text)
        for name in versions:
            self.add_version(name)
        cursor = self.cursor([*self._readable(self.named_in(text), unreadable), *versions])
        with self.explained(text, cursor, unreadable):
            _refuse_other_than_query(text, cursor)
            # DuckDB puts brackets around a relation's text.
            return cursor.sql(without_trailing_semicolon(text))

    @contextmanager
    def explained(
        self, text: str, cursor: DuckDBPyConnection | None = None, unreadable: Mapping[str, SourceError] | None = None
    ) -> Iterator[None]:
        """Turn what DuckDB says of a query, when it is made or read, into an error for the one who wrote it."""
        from assetflow.engines.duckdb import sql_errors

        try:
            with sql_errors(cursor or self.cursor([]), text, Where("the query", "query.sql", 1, "")):
                yield
        except AssetError as error:
            raise self._query_error(text, error, unreadable or {}) from None

    def named_in(self, text: str) -> list[str]:
        """The tables whose names stand somewhere in a text (a few too many do no harm), or all that are published."""
        words = set(re.findall(r"\w+", text.lower()))
        if words & LISTING:
            words.update(self.current)
        return [name for name in self.names if name.lower() in words]

    def unknown(self, name: str) -> AssetflowError:
        if self.problem is not None:
            return UsageError(
                f"no table {name} is published here, and the definitions are too broken to tell more",
                hint=f"Mend them first:\n{self.problem}",
            )
        asset = self.definitions.assets.get(name)
        if asset is not None and not asset.enabled:
            return UsageError(
                f"{name} is not made: it says enabled = false",
                path=asset.path,
                line=asset.line,
                hint="Take that out to have it made.",
            )
        if asset is not None:
            return not_there(name, self.environment, self.ledger.environments(), may_draft=True)
        hint = did_you_mean(name, self.known()) or "`assetflow ls` lists them."
        return UsageError(f"there is no asset or source named {name}", hint=hint)

    def known(self) -> list[str]:
        return sorted({*self.definitions.assets, *self.definitions.sources})

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        if self._lease is not None:
            self._lease.release()

    def _hold(self, snapshots: Iterable[str]) -> None:
        if self._lease is not None:
            self._lease.add(snapshots)

    def _readable(self, names: Iterable[str], unreadable: dict[str, SourceError]) -> list[str]:
        """The names without those of sources that cannot be read: the text may mean something else by them."""
        found = []
        for name in names:
            try:
                self.tables([name])
                found.append(name)
            except SourceError as error:
                unreadable[name] = error
        return found

    def _query_error(
        self, text: str, error: AssetError, unreadable: Mapping[str, SourceError]
    ) -> UsageError | SourceError:
        missing = re.search(r"Table with name (\S+) does not exist", error.message)
        excerpt = "".join(f"\n  {line}" for line in (error.details or "").splitlines())
        line = f"line {error.line}: " if error.line and text.strip().count("\n") else ""
        if missing is None:
            return UsageError(f"{line}{error.message}{excerpt}", hint=error.hint)
        name = missing[1].lower()
        if name in unreadable:
            return unreadable[name]
        unknown = self.unknown(name)
        where = f"{unknown.where}: " if unknown.where else ""
        return UsageError(f"{line}{where}{unknown.message}{excerpt}", hint=unknown.hint)


def lost(root: str, name: str, snapshot: Snapshot) -> SourceError:
    """What is said of a source that is read in place, of a file that was written into or is gone with its link."""
    outside = [file for file in snapshot.files if os.path.isabs(file.path)]
    gone = next((file.path for file in outside if path_of(root, file) is None), outside[0].path)
    return SourceError(
        f"{name} is read in place, and what was published of it is lost: this file was written over, or is gone",
        path=gone,
        hint=f"Put it back as it was, or publish what {name} holds now: `assetflow materialize --full-refresh "
        f"--select {name.partition('@')[0]}+`.",
    )


LISTING = frozenset(
    {"show", "describe", "information_schema", "duckdb_tables", "duckdb_views", "duckdb_columns", "sqlite_master"}
)
"""Words of queries that ask which tables there are."""

QUERIES = frozenset({"SELECT", "MULTI", "EXPLAIN", "CALL", "PRAGMA"})
"""What DuckDB calls statements that return rows and change nothing; a PIVOT is several in one."""


def _refuse_other_than_query(text: str, cursor: DuckDBPyConnection) -> None:
    statements = cursor.extract_statements(text)
    if len(statements) != 1:
        found = f"{len(statements)} statements" if statements else "nothing"
        raise UsageError(f"{found} where one query is expected", hint="Write one SELECT.")
    kind = statements[0].type.name
    if kind not in QUERIES:
        raise UsageError(
            f"{kind} is not a query: published tables are only read",
            hint="Write one SELECT. What should become a table is an asset: assets/NAME.sql.",
        )
