"""What every table holds, as one run sees it: what it made itself, else what was current when it began."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.errors import WarehouseError
from assetflow.lineage.columns import Lineage
from assetflow.materialization import (
    Bounds,
    Column,
    FileBounds,
    FileSums,
    Input,
    Materialization,
    ReadSet,
    Snapshot,
    Sums,
)
from assetflow.planning.decide import content_of, content_of_source, drifted
from assetflow.planning.staleness import ChangedKeys, Content, Made, is_in_place, read_inputs, with_files
from assetflow.planning.step import State
from assetflow.running.order import Order
from assetflow.warehouse.cache.costs import Costs, read_costs

if TYPE_CHECKING:
    from assetflow.running.built import Delta
    from assetflow.warehouse.views import Published, Shown


class Contents:
    """Grows with the run: each table that is made, restored or read anew is noted here."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.made = dict(order.state.made)
        self.held: dict[str, Content | None] = {name: content_of(made) for name, made in self.made.items()}
        for name, one in order.sources.items():
            self.held[name] = content_of_source(one.version, self.made.get(name))
        self.held.update(dict.fromkeys(order.unread))
        for name in (*order.plan.stale_upstreams, *order.plan.stale_held):
            if self.made[name].is_view and order.state.known.is_live(self.made[name], self.held):
                self.held[name] = drifted(self.made[name].digest, order.run_id, self.made[name].snapshot)
        self.snapshots: dict[str, Snapshot] = {}
        self.moves: dict[str, str] = {}
        self.deltas: dict[tuple[str, str], Delta] = {}
        """What came and went between two snapshots, by their ids, where a step has told."""
        self.sums: dict[tuple[str, str], Sums] = {}
        """What digests are made of, of files that tables got in this run: by SHA-256 and the key of the columns."""
        self.bounds: dict[str, Mapping[str, Bounds]] = {}
        """Between which values the columns of these files lie, by SHA-256."""
        self.changed_keys: ChangedKeys | None = None
        self._by_id: dict[str, Snapshot] = {}
        self._lineages: dict[str, Lineage | None] = {}

    @cached_property
    def costs(self) -> dict[str, Costs]:
        """What assets cost the last time."""
        return read_costs(self.order.warehouse.root)

    def note(self, name: str, snapshot: Snapshot, materialization: str, content: Content) -> None:
        """A table holds this from now on, and is published as this materialization at the end."""
        self.snapshots[name] = snapshot
        self._by_id[snapshot.id] = snapshot
        self.moves[name] = materialization
        self.held[name] = content

    def state(self) -> State:
        """What the planner is asked with again, now with the real upstreams."""
        known = self.order.state.known
        changed_keys = self.changed_keys or known.changed_keys
        now = replace(
            known, project=self.project, columns_of=self.columns_of, lineage=self.lineage, changed_keys=changed_keys
        )
        return replace(self.order.state, made=self.made, known=now)

    def columns_of(self, snapshot: str) -> tuple[Column, ...]:
        if is_in_place(snapshot):
            return self.order.state.known.columns_of(snapshot)
        return self.snapshot(snapshot).columns

    def snapshot_of(self, name: str) -> Snapshot:
        """The content of an upstream."""
        if name not in self.snapshots:
            self.snapshots[name] = self.order.warehouse.ledger.snapshot(self.made[name].snapshot)
        return self.snapshots[name]

    def sums_of(self, files: Iterable[str]) -> Mapping[tuple[str, str], Sums]:
        """What is known of some files, by their SHA-256; what this run told is perhaps not recorded yet."""
        return {**self.order.warehouse.ledger.file_sums(files), **self.sums}

    def bounds_of(self, files: Iterable[str]) -> Mapping[str, Mapping[str, Bounds]]:
        """Between which values the columns of some files lie, by their SHA-256, where that is known."""
        asked = list(files)
        told = {file: self.bounds[file] for file in asked if file in self.bounds}
        return {**self.order.warehouse.ledger.file_bounds(asked), **told}

    def snapshot(self, id: str) -> Snapshot:
        if id not in self._by_id:
            self._by_id[id] = self.order.warehouse.ledger.snapshot(id)
        return self._by_id[id]

    def shown(self, name: str) -> Shown:
        """What a view shows: what it reads now, where this run made it, else what it was published with."""
        from assetflow.warehouse.views import Shown

        snapshot = self.snapshot_of(name)
        if name in self.moves and name in self.order.assets:
            return Shown(snapshot, self.order.assets[name].upstreams)
        made = self.order.warehouse.ledger.materialization(self.made[name].id)
        return self.order.warehouse.views.shown(snapshot, made, self.now_at)

    def now_at(self, name: str) -> Published | None:
        """What stands behind a name at this moment of the run."""
        from assetflow.warehouse.views import Published

        content = self.held.get(name)
        if content is None or not self.is_made(name):
            return None
        if name in self.order.sources and name not in self.moves:
            # Nothing but views reads it in this run, so it is not read anew, however it changed.
            is_same = self.made[name].digest == content.digest
            return Published(self.made[name].snapshot if is_same else "", content.digest)
        return Published(self.snapshot_of(name).id, content.digest)

    def is_made(self, name: str) -> bool:
        return name in self.snapshots or name in self.made

    def lineage(self, asset: Asset) -> Lineage | None:
        """The column lineage of an asset over its upstreams as they are in this run; all of them have been made."""
        if asset.name not in self._lineages:
            columns = {name: self.snapshot_of(name).columns for name in asset.upstreams if self.is_made(name)}
            self._lineages[asset.name] = self.order.lineage(asset, columns)
        return self._lineages[asset.name]

    def project(self, snapshot: str, read: ReadSet) -> str | None:
        """The digest of some columns of a snapshot, by its id."""
        if not snapshot:
            return None
        if is_in_place(snapshot):
            return self.order.state.known.project(snapshot, read)
        try:
            found = self.snapshot(snapshot)
        except WarehouseError:  # it was swept away meanwhile, so there is nothing to compare with
            return None
        return self.order.projections.of(found, read)

    def inputs(self, asset: Asset, reads: dict[str, ReadSet]) -> tuple[Input, ...]:
        """What an asset was made from, with the digests of what it read."""
        held = with_files(asset, self.held, self.order.state.known.in_place)
        return read_inputs(asset, held, reads, self.project) or ()

    def restored(self, name: str, made: Made) -> Snapshot:
        """Note that an older materialization is what a table holds again."""
        snapshot = self.snapshot(made.snapshot)
        self.made[name] = made
        self.note(name, snapshot, made.id, content_of(made))
        return snapshot

    def source_restored(self, name: str, made: Made) -> None:
        """Note that what a source holds was read before."""
        version = self.order.sources[name].version
        self.made[name] = made
        self.note(name, self.snapshot(made.snapshot), made.id, Content(version, version, made.snapshot))

    def told(self, name: str, sums: Iterable[FileSums], bounds: Iterable[FileBounds] = ()) -> None:
        """Note what a table got, as far as it had something before with which that can be compared."""
        if name in self.made:
            self.sums.update(((one.file, one.key), one.sums) for one in sums)
            self.bounds.update((one.file, one.columns) for one in bounds)

    def source_kept(self, name: str, snapshot: Snapshot, made: Materialization) -> None:
        version = self.order.sources[name].version
        self.note(name, snapshot, made.id, Content(version, version, snapshot.id))

    def lies_there(self, name: str, made: Made) -> bool:
        """True unless a source that is read in place has moved."""
        paths = [file.path for file in self.order.warehouse.ledger.snapshot(made.snapshot).files]
        files = self.order.sources[name].files
        return not any(map(os.path.isabs, paths)) or paths == [file.stat.path for file in files]
