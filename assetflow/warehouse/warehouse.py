"""The warehouse: one folder with snapshots, ledger and catalog. Opens them and hands over; decides nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from assetflow.errors import WarehouseError
from assetflow.materialization import Column, Materialization, Snapshot, SnapshotFile
from assetflow.names import run
from assetflow.warehouse.content.manifest import with_id
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.locks import EVERYTHING, Holder, Work, holders, run_lock
from assetflow.warehouse.disk.sha256 import hash_of_file
from assetflow.warehouse.ledger.claims import claim
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.ledger.records import Current

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.warehouse.content.links import HashOf
    from assetflow.warehouse.views import NowAt, Published, Views


class Warehouse:
    """The warehouse in folder `root`, which need not exist yet: reading an absent one finds nothing."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self.ledger = Ledger(self.root)

    @property
    def views(self) -> Views:
        from assetflow.warehouse.views import Views

        return Views(self.ledger, self.root)

    def close(self) -> None:
        self.ledger.close()

    def prepare(self) -> None:
        """Make the folder for what is derived, where that is possible; a project can be read without it."""
        try:
            os.makedirs(os.path.join(self.root, "cache"), exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            hint = "Move it away, or name another folder as `warehouse`."
            said = "this is no folder, so there can be no warehouse in it"
            raise WarehouseError(said, path=self.root, hint=hint) from None
        except OSError:  # a disk that is full or may only be read: a run will say so
            return

    def present_files(self) -> frozenset[str]:
        """The relative paths of all files for good, by listing folders: asking for each one would take far longer."""
        found: list[str] = []
        with contextlib.suppress(FileNotFoundError):
            for folder in os.listdir(os.path.join(self.root, "objects")):
                found += [f"objects/{folder}/{name}" for name in os.listdir(os.path.join(self.root, "objects", folder))]
        return frozenset(found)

    # Content

    def keep(
        self, asset: str, columns: Sequence[Column], files: Sequence[SnapshotFile], rows: int, bytes: int, digest: str
    ) -> Snapshot:
        """Move staged files to their place for good; the snapshot is not recorded yet."""
        from assetflow.warehouse.content.keep import keep, kept_path

        # What lies there already may be about to be removed.
        claim(self.ledger.connection, map(kept_path, files))
        return with_id(Snapshot("", asset, digest, tuple(columns), keep(self.root, files), rows, bytes))

    def make_source(
        self,
        asset: str,
        columns: Sequence[Column],
        files: Sequence[SnapshotFile],
        rows: int | None,
        bytes: int,
        digest: str,
    ) -> Snapshot:
        """The snapshot of files that stay where they are."""
        return with_id(Snapshot("", asset, digest, tuple(columns), tuple(files), rows, bytes))

    def make_view(self, asset: str, sql: str, columns: Sequence[Column], digest: str) -> Snapshot:
        """The snapshot of a view: its query in place of files."""
        return with_id(Snapshot("", asset, digest, tuple(columns), (), None, 0, sql))

    def keep_sample(self, run_id: str, asset: str, path: str) -> str:
        """Move a file of failing rows out of staging; returns its path relative to the warehouse. Its name seals it."""
        folder = f"samples/{run(run_id)}/{asset}"
        relative = f"{folder}/{os.path.basename(path).removesuffix('.parquet')}.{hash_of_file(path)}.parquet"
        target = os.path.join(self.root, relative)
        with durable.writing(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.replace(path, target)
        return relative

    def has_files(self, snapshot: Snapshot) -> bool:
        """True when every file of a snapshot is where it belongs."""
        return all(os.path.exists(os.path.join(self.root, file.path)) for file in snapshot.files)

    def found(self, snapshot: Snapshot, hash_of: HashOf = hash_of_file) -> Snapshot | None:
        """A snapshot in files that hold what was recorded, wherever they lie by now; None where they are gone."""
        from assetflow.warehouse.content.links import with_its_bytes

        kept = [file.path for file in snapshot.files if not os.path.isabs(file.path)]
        if not all(os.path.exists(os.path.join(self.root, path)) for path in kept):
            return None
        return snapshot if len(kept) == len(snapshot.files) else with_its_bytes(self.root, snapshot, hash_of)

    def holds(self, snapshot: Snapshot) -> bool:
        """True when every file of a snapshot is there, and stays."""
        gone = claim(self.ledger.connection, (file.path for file in snapshot.files if not os.path.isabs(file.path)))
        return not gone and self.has_files(snapshot)

    def is_sound(self, snapshot: Snapshot) -> bool:
        """True when every file of a snapshot has the bytes that it was written with."""
        return all(hash_of_file(os.path.join(self.root, file.path)) == file.sha256 for file in snapshot.files)

    # Runs

    @contextlib.contextmanager
    def running(self, env: str, run_id: str, started_at: str, work: Work = EVERYTHING) -> Iterator[Holder]:
        """Hold an environment, or some of its assets, for one run; BusyError names a run that is at these already."""
        with run_lock(self.root, env, run_id, started_at, work) as holder:
            yield holder

    def at_work(self, env: str) -> tuple[Holder, ...]:
        """The runs at work on an environment now."""
        return holders(self.root, env)

    # Catalog

    def catalog_path(self, env: str) -> str:
        from assetflow.warehouse.catalog import catalog_path

        return catalog_path(self.root, env)

    def patch_catalog(self, env: str, open_cursor: Callable[[], Cursor] | None = None) -> bool:
        """Bring the catalog to what the ledger says is published; False when it was there already.

        `open_cursor`: on a database in memory on which nothing else is at work, which spares opening one.
        WarehouseError when it cannot be written; nothing that is published depends on that.
        """
        from assetflow.warehouse import catalog

        generation = self.ledger.generation(env)
        if generation == 0 or catalog.is_current(self.root, env, generation):
            return False
        published_at = self.ledger.published_at(env) or ""
        catalog.patch(self.root, env, generation, published_at, lambda since: self._views(env, since), open_cursor)
        return True

    def _views(self, env: str, since: int) -> dict[str, str | None]:
        """The SELECT for each asset that shows something else since a generation, a view after those that it reads."""
        from assetflow.warehouse.content.links import through_links
        from assetflow.warehouse.content.scans import scan_for_everyone

        changed = self.ledger.published_since(env, since)
        moved = {**self.ledger.views_over(env, changed), **changed}
        made = {one.asset: one for one in self.ledger.materializations(filter(None, moved.values())).values()}
        snapshots = self.ledger.snapshots(one.snapshot for one in made.values())
        now_at = cached_now(self.ledger, env)
        found: dict[str, str | None] = dict.fromkeys(name for name, now in changed.items() if now is None)
        for name in in_order(made):
            snapshot = snapshots[made[name].snapshot]
            if snapshot.sql is not None:
                snapshot = self.views.shown(snapshot, made[name], now_at, scan_for_everyone).snapshot
            found[name] = scan_for_everyone(through_links(self.root, snapshot), self.root)
        return found


def cached_now(ledger: Ledger, env: str) -> NowAt:
    """What stands behind the names of an environment, asked of the ledger when it is first asked for."""

    from assetflow.warehouse.views import Published

    @cache
    def current() -> dict[str, Current]:
        return ledger.current(env)

    def now_at(name: str) -> Published | None:
        found = current().get(name)
        return None if found is None else Published(found.snapshot, found.digest)

    return now_at


def in_order(made: Mapping[str, Materialization]) -> list[str]:
    """The names, each after those of its inputs that are among them."""
    ordered: dict[str, None] = {}
    waiting = sorted(made, reverse=True)
    while waiting:
        name = waiting[-1]
        first = [one.upstream for one in made[name].inputs if one.upstream in made and one.upstream not in ordered]
        if name in ordered or not first:
            ordered[name] = None
            waiting.pop()
        else:
            waiting.extend(first)
    return list(ordered)
