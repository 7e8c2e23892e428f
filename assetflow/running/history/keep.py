"""Adds what a query gives now to the history that is kept of it: a worker's way of making such a table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from assetflow.asset import VALID_FROM, Asset, History
from assetflow.errors import WarehouseError
from assetflow.incremental.answer import Answer
from assetflow.incremental.refused import Refused
from assetflow.lineage.sql.names import fold
from assetflow.materialization import ReadSet, SnapshotFile
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.running.built import Delta
from assetflow.running.history.columns import VALIDITY, Together, refuse_lossy, together
from assetflow.running.history.delivery import DELIVERED, Columns, deliver, refuse_rows, refuse_some, widen
from assetflow.running.history.versions import AFTER, BEFORE, KEYS, KNOWN, Versions
from assetflow.running.refreshes.deletes import find_keys
from assetflow.running.refreshes.rewriting import Refreshed, Rows
from assetflow.running.refreshes.temporary import make_table, make_view
from assetflow.running.tasks.kept_history import NO_WAY_BACK, KeptHistory
from assetflow.running.tasks.refresh import Refresh
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.scans import scan_files
from assetflow.warehouse.content.staging import stage_query
from assetflow.warehouse.disk.sha256 import hash_of_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.materialization import Snapshot

TOUCHED = "assetflow_touched"
"""Which versions are others than before, by key and begin."""
SPREAD = 1_000_000
"""Rows of a history beyond which it is written into several files."""


class Added(Struct, frozen=True):
    """The history with what was added to it, and in words what that was; `delta` are its rows, where somebody asks."""

    staged: Staged
    mode: Literal["full", "incremental"]
    how: str
    delta: Delta | None = None


def keep_history(
    cursor: Cursor, sql: str, asset: Asset, kept: KeptHistory, now: str, folder: str, reads: Sequence[ReadSet]
) -> Added:
    """Take in what a query gives at the time `now`, as the ledger writes times.

    AssetError, and nothing is made, for rows that have no place in a history. DuckDB's own error for the query itself.
    """
    history = asset.history
    assert history is not None, "it is declared with a history"
    columns = deliver(cursor, sql, asset)
    return Keeping(cursor, asset, history, kept, f"CAST({quote_literal(now.removesuffix('Z'))} AS TIMESTAMP)", folder,
                   tuple(reads)).add(columns)  # fmt: skip


class Keeping(Struct, frozen=True):
    """One delivery on its way into a history."""

    cursor: Cursor
    asset: Asset
    history: History
    kept: KeptHistory
    now: str
    folder: str
    reads: tuple[ReadSet, ...]

    def add(self, columns: Columns) -> Added:
        snapshot = self.kept.snapshot
        both = together(self.cursor, columns, () if snapshot is None else snapshot.columns, self.asset)
        versions = self.versions(both)
        if any(columns_of_both != came for columns_of_both, came in zip(both.columns, columns, strict=False)):
            refuse_lossy(self.cursor, both, DELIVERED, columns, self.asset, "its query")
            widen(self.cursor, both.of_query)
        at = None if versions.updated_at is None else versions.at
        refuse_rows(self.cursor, self.asset, versions.keys, at)
        if snapshot is None:
            return Added(self.staged(versions.first), "full", f"{told(self.asset)}: its history begins")
        self.show_known(snapshot, both)
        self.refuse_other_history(versions)
        make_table(self.cursor, KEYS, versions.changed)
        make_table(self.cursor, BEFORE, versions.before)
        self.refuse_overlap(versions)
        make_table(self.cursor, AFTER, versions.after)
        make_table(self.cursor, TOUCHED, touched(versions))
        return self.written(snapshot, both, versions)

    def versions(self, both: Together) -> Versions:
        named = {fold(name): quote_identifier(name) for name, _ in both.columns}
        updated_at = self.history.updated_at
        return Versions(
            both,
            tuple(named[fold(name)] for name in self.asset.unique_key),
            None if updated_at is None else named[fold(updated_at)],
            self.history.deleted == "close",
            self.now,
        )

    def show_known(self, snapshot: Snapshot, both: Together) -> None:
        """All versions so far, as a view with the columns of today."""
        paths = [os.path.join(self.kept.root, file.path) for file in snapshot.files]
        scan = f"({scan_files(snapshot.columns, paths)})"
        before = [(column.name, column.type) for column in snapshot.columns]
        refuse_lossy(self.cursor, both, scan, before, self.asset, "its history")
        times = ", ".join(name for name, _ in VALIDITY)
        make_view(self.cursor, KNOWN, f"SELECT {both.select(both.kept)}, {times} FROM {scan}", looks=True)

    def refuse_other_history(self, versions: Versions) -> None:
        """Refuse a history that was kept by another key, or by content where now a time is declared."""
        keys = versions.keys
        gone = [name for name in self.asset.unique_key if fold(name) not in versions.both.kept]
        begin = (
            f"What it holds was kept otherwise, and {NO_WAY_BACK}: give this history another name, or begin it "
            f"anew: assetflow materialize --select {self.asset.name} --full-refresh --discard-history"
        )
        if gone:
            some = f"SELECT {', '.join(keys)} FROM {KNOWN}"
            refuse_some(self.cursor, self.asset, some, keys, f"of its history have no {', '.join(gone)}", begin)
        some = f"SELECT {', '.join(keys)} FROM ({versions.open}) GROUP BY ALL HAVING count(*) > 1"
        refuse_some(self.cursor, self.asset, some, keys, "have several current versions in its history", begin)
        if versions.updated_at is not None:
            some = f"SELECT {', '.join(keys)} FROM {KNOWN} WHERE {versions.at} IS NULL"
            said = f"have versions without {self.history.updated_at} in its history"
            refuse_some(self.cursor, self.asset, some, keys, said, begin)

    def refuse_overlap(self, versions: Versions) -> None:
        keys = ", ".join(versions.keys)
        some = (
            f"SELECT {keys} FROM {BEFORE} WINDOW each AS (PARTITION BY {keys} ORDER BY valid_from) "
            "QUALIFY coalesce(valid_to > lead(valid_from) OVER each, lead(valid_from) OVER each IS NOT NULL)"
        )
        said = "have versions that overlap in its history"
        hint = "Was it kept by another key? Give this history another name, or roll it back to a version from before."
        refuse_some(self.cursor, self.asset, f"SELECT DISTINCT * FROM ({some})", versions.keys, said, hint)

    # Writing

    def written(self, snapshot: Snapshot, both: Together, versions: Versions) -> Added:
        count = int(self.cursor.execute(f"SELECT count(*) FROM {TOUCHED}").fetchall()[0][0])
        is_wider = [column[:2] for column in snapshot.columns] != list(both.whole)
        how = f"{told(self.asset)}: {self.counted(versions)}"
        if is_wider:
            self.refuse_damaged(snapshot.files)
            return Added(self.staged(whole(versions), snapshot.rows or 0), "incremental", f"{how}, with other columns")
        if count == 0:
            same = Staged(snapshot.columns, snapshot.files, snapshot.rows or 0, snapshot.bytes, snapshot.digest)
            return Added(same, "incremental", how)
        refreshed = self.into_files(snapshot, versions)
        return Added(refreshed.staged, "incremental", how, refreshed.delta)

    def into_files(self, snapshot: Snapshot, versions: Versions) -> Refreshed:
        """Write anew only the files in which a version stands that changed."""
        given = Refresh(
            (), snapshot.columns, snapshot.files, self.kept.root, self.kept.sums, compare=False, is_quick=False,
            is_small=False, read_in_order=None, checks="", tell=self.kept.tell,
        )  # fmt: skip
        rows = Rows(given, self.cursor, self.folder, self.reads)
        names = (*self.key_names(versions), VALID_FROM)
        answer = Answer(news(versions), keys=TOUCHED, key_columns=names)
        try:
            gone = find_keys(self.cursor, rows.there, answer)
            self.refuse_damaged([snapshot.files[at] for at in rows.with_small(gone.files)])
            return rows.replacing(answer, gone, "") if gone.files else rows.added(answer.plus, "")
        except Refused:
            # A number is larger than all before, so that its column is stored otherwise from now on; or a column has
            # the name by which DuckDB tells where a row stands.
            self.refuse_damaged(snapshot.files)
            return Refreshed(self.staged(whole(versions), snapshot.rows or 0), "", keeps_order=False)

    def key_names(self, versions: Versions) -> list[str]:
        named = {quote_identifier(name): name for name, _ in versions.both.columns}
        return [named[key] for key in versions.keys]

    def staged(self, sql: str, rows: int = 0) -> Staged:
        return stage_query(self.cursor, sql, self.folder, reads=self.reads, spread=rows > SPREAD)

    def refuse_damaged(self, files: Sequence[SnapshotFile]) -> None:
        """Refuse to carry on what is not what was written: there is no other copy of it."""
        for file in files:
            path = os.path.join(self.kept.root, file.path)
            if hash_of_file(path) != file.sha256:
                raise WarehouseError(
                    f"a file of the history of {self.asset.name} is damaged, and {NO_WAY_BACK}",
                    path=path,
                    hint="Bring the file back from a backup, or go back to an older version: "
                    f"assetflow rollback {self.asset.name} -1",
                )

    def counted(self, versions: Versions) -> str:
        """`2 versions came, 1 ended`"""
        same = versions.match("n", "o", [VALID_FROM])
        came, ended = (
            int(self.cursor.execute(f"SELECT count(*) FROM {sql}").fetchall()[0][0])
            for sql in (
                f"{AFTER} AS n ANTI JOIN {BEFORE} AS o ON {same}",
                f"{AFTER} AS n JOIN {BEFORE} AS o ON {same} WHERE o.valid_to IS NULL AND n.valid_to IS NOT NULL",
            )
        )
        if came == ended == 0:
            changed = self.cursor.execute(f"SELECT count(*) FROM {TOUCHED}").fetchall()[0][0]
            return f"{changed:,} version{'s' * (changed != 1)} corrected" if changed else "nothing changed"
        return f"{came:,} version{'s' * (came != 1)} came, {ended:,} ended"


def told(asset: Asset) -> str:
    """`history by id, changed_at`"""
    at = asset.history.updated_at if asset.history is not None else None
    return f"history by {', '.join(asset.unique_key)}" + (f" and {at}" if at else "")


def touched(versions: Versions) -> str:
    """The versions that are others than before, by key and begin."""
    same = versions.match("n", "o", [name for name in (*versions.names, VALID_FROM, "valid_to")
                                     if name not in versions.keys])  # fmt: skip
    keys = ", ".join((*versions.keys, VALID_FROM))
    return (
        f"SELECT DISTINCT {keys} FROM (SELECT {keys} FROM {AFTER} AS n ANTI JOIN {BEFORE} AS o ON {same} UNION ALL "
        f"SELECT {keys} FROM {BEFORE} AS o ANTI JOIN {AFTER} AS n ON {same})"
    )


def news(versions: Versions) -> str:
    """The versions that are others than before, as they are now."""
    return f"SELECT * FROM {AFTER} AS n SEMI JOIN {TOUCHED} AS t ON {versions.match('n', 't', [VALID_FROM])}"


def whole(versions: Versions) -> str:
    """All versions: those that stay as they were, and those that do not."""
    rest = f"SELECT * FROM {KNOWN} AS o ANTI JOIN {TOUCHED} AS t ON {versions.match('o', 't', [VALID_FROM])}"
    return f"{rest} UNION ALL {news(versions)}"
