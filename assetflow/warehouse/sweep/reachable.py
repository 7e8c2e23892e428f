"""What of a warehouse can be reached: nothing of it is ever removed.

What environments point to, kept versions, what current tables were made from, pins, runs at work, what somebody reads.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

from msgspec import Struct, field

from assetflow.errors import WarehouseError
from assetflow.warehouse import catalog
from assetflow.warehouse.disk.locks import holders
from assetflow.warehouse.ledger.connection import Connection
from assetflow.warehouse.ledger.journal import Journal, lost_something
from assetflow.warehouse.sweep import below
from assetflow.warehouse.sweep.leases import leased
from assetflow.warehouse.sweep.retention import Kept, Published, Retention, kept_versions, within

SELECT_PUBLISHED = """
SELECT p.env, p.asset, p.published_at, m.snapshot
FROM publications p LEFT JOIN materializations m ON m.id = p.materialization ORDER BY p.number
"""
SELECT_FILES = "SELECT id, paths, bytes FROM snapshots WHERE paths != ''"
# What was read through a view counts as well: the view may be shown as it was then.
SELECT_INPUTS = """
WITH RECURSIVE made (id) AS (
    SELECT materialization FROM pointers
    UNION SELECT l.base FROM pointers p JOIN layers l ON l.materialization = p.materialization
    UNION SELECT m.id FROM made JOIN inputs i ON i.materialization = made.id
        JOIN snapshots s ON s.id = i.snapshot AND s.sql IS NOT NULL
        JOIN materializations m ON m.asset = s.asset AND m.snapshot = s.id AND m.digest = i.digest
)
SELECT i.snapshot FROM made JOIN inputs i ON i.materialization = made.id WHERE i.snapshot != ''
"""
# What was made of an asset after it was published last may be taken up again; so may what a run kept though it failed.
SELECT_UNFINISHED = """
SELECT m.snapshot FROM materializations m JOIN runs r ON r.id = m.run_id
WHERE r.number >= coalesce((SELECT max(q.number) FROM runs q JOIN publications p ON p.run_id = q.id
                            WHERE q.env = r.env AND p.asset = m.asset), 0)
"""
SELECT_ENTRIES = "SELECT number FROM journal"
SELECT_BUILT_BY = "SELECT snapshot FROM materializations WHERE run_id = ?"
SELECT_PINNED = "SELECT m.snapshot FROM pins p JOIN materializations m ON m.id = p.materialization"
SELECT_REJECTED = "SELECT snapshot FROM rejected"
SELECT_SHOWN = """
SELECT m.snapshot FROM publications p JOIN materializations m ON m.id = p.materialization
WHERE p.env = :env AND p.number = (
    SELECT max(q.number) FROM publications q
    WHERE q.env = p.env AND q.asset = p.asset AND q.partition = p.partition AND q.generation <= :generation)
"""
SELECT_ANY_RUN = "SELECT 1 FROM runs LIMIT 1"


class Amount(Struct, frozen=True):
    """So many files, and what they take."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.files + other.files, self.bytes + other.bytes)


class Survey(Struct, frozen=True):
    """What lies there: sizes by path of what is not reachable; `condemned` when, and after which run."""

    idle: dict[str, int]
    reachable: frozenset[str]
    kept: Amount
    unknown: frozenset[str]
    foreign: tuple[str, ...]
    condemned: dict[str, tuple[str, int]] = field(default_factory=dict)


class Reach(Struct, frozen=True):
    """Asks the ledger and the folders of one warehouse."""

    connection: Connection
    retention: Retention
    now: datetime

    @property
    def root(self) -> str:
        return self.connection.root

    def survey(self) -> Survey:
        """Look at the ledger and at the folders, and tell what nothing needs."""
        if Journal(self.root).last_written() > max((n for (n,) in self.connection.read(SELECT_ENTRIES)), default=0):
            raise lost_something(self.root)
        files = {id: tuple(paths.split("\n")) for id, paths, _ in self.connection.read(SELECT_FILES)}
        present, foreign = self.present()
        # The first run of all may be at work, or have been killed: then the ledger knows of that.
        if present and not files and not self.connection.read(SELECT_ANY_RUN):
            raise WarehouseError(
                "the ledger knows no run, and there are files: it cannot tell what is needed",
                path=self.connection.path,
                hint="`assetflow doctor --rebuild` restores the ledger.",
            )
        needed = self.needed()
        sized = {id: [(path, present[path]) for path in paths if path in present] for id, paths in files.items()}
        chosen = within(self.versions(), needed, sized, self.retention.max_bytes)
        reachable = {path for id in chosen for path, _ in sized.get(id, ())}
        known = {path for paths in files.values() for path in paths}
        idle = {path: size for path, size in present.items() if path not in reachable}
        found = self.connection.read("SELECT path, condemned_at, after_run FROM condemned WHERE removed_at IS NULL")
        return Survey(
            idle,
            frozenset(reachable),
            Amount(len(reachable), sum(present[path] for path in reachable)),
            frozenset(idle.keys() - known),
            foreign,
            {path: (at, run) for path, at, run in found},
        )

    def versions(self) -> list[Kept]:
        published = [Published._make(row) for row in self.connection.read(SELECT_PUBLISHED)]
        since = text_of(self.now - timedelta(days=self.retention.days)) if self.retention.days > 0 else None
        return kept_versions(published, self.retention.versions, since)

    def needed(self) -> set[str]:
        """Snapshots that no limit reaches, beside those that are current."""
        pointed = {id for (id,) in self.connection.read("SELECT snapshot FROM pointers")}
        needed = pointed | {id for (id,) in self.connection.read(SELECT_INPUTS)}
        needed.update(id for (id,) in self.connection.read(SELECT_UNFINISHED))
        for holder in holders(self.root):
            needed.update(id for (id,) in self.connection.read(SELECT_BUILT_BY, (holder.run_id,)))
        needed.update(leased(self.root) or ())
        needed.update(id for (id,) in self.connection.read(SELECT_PINNED))
        needed.update(id for (id,) in self.connection.read(SELECT_REJECTED))
        for env, generation in self.connection.read("SELECT name, generation FROM environments"):
            shown = catalog.generation_shown(self.root, env)
            if shown is not None and shown < generation:
                found = self.connection.read(SELECT_SHOWN, {"env": env, "generation": shown})
                needed.update(id for (id,) in found)
        return needed

    def present(self) -> tuple[dict[str, int], tuple[str, ...]]:
        """Sizes of all objects by path, and names below objects/ that no run gave."""
        found: dict[str, int] = {}
        foreign = []
        for folder in listed(os.path.join(self.root, "objects")):
            for entry in listed(folder.path) if folder.is_dir(follow_symlinks=False) else [folder]:
                path = os.path.relpath(entry.path, self.root)
                if below.is_object(path) and entry.is_file(follow_symlinks=False):
                    found[path] = entry.stat(follow_symlinks=False).st_size
                else:
                    foreign.append(path)
        return found, tuple(sorted(foreign))

    def linked(self) -> set[str]:
        """The hashes of the files outside of the warehouse that kept versions are made of."""
        ids = self.needed() | {kept.snapshot for kept in self.versions()}
        found = self.connection.read("SELECT id, files FROM snapshots")
        return {file[1] for id, files in found if id in ids for file in json.loads(files) if os.path.isabs(file[0])}


def listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def text_of(time: datetime) -> str:
    """A time as the ledger keeps it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
