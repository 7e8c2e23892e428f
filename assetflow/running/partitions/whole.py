"""Puts the table together: the files of the partitions that stay, and those of the new ones, as one snapshot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from assetflow.engines import Table
from assetflow.materialization import Column, ReadSet, Snapshot, SnapshotFile
from assetflow.partitions.slices import Slice
from assetflow.planning.staleness import Content, in_part
from assetflow.running.built import Built
from assetflow.running.computing.promised import keep_contract
from assetflow.running.keeping.made import projections_of
from assetflow.running.partitions.columns import columns_declared, empty_file, tells_columns
from assetflow.running.partitions.failures import cut_otherwise, mixed_columns
from assetflow.running.partitions.gathered import Gathered
from assetflow.running.partitions.order import PartOrder
from assetflow.running.partitions.staying import rest_of, staying
from assetflow.warehouse.ledger import records

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class Manifest(NamedTuple):
    """All files of the table as it is to be, in the order of their keys."""

    files: list[SnapshotFile]
    columns: tuple[Column, ...]


@dataclass
class Whole:
    """The table of one asset as it is to be, once its partitions are made."""

    order: PartOrder
    gathered: Gathered
    found: list[Manifest | None] = field(default_factory=list)

    def manifest(self, done: Slice) -> Manifest | None:
        """None where the table would have no columns. It is put together once."""
        if not self.found:
            self.found.append(self.find(done))
        return self.found[0]

    def find(self, done: Slice) -> Manifest | None:
        before, columns, parts = self.order.before, self.gathered.columns, self.order.parts
        if parts.is_cut_otherwise and (not parts.is_all or parts.keys - done):
            raise cut_otherwise(self.order.asset)
        stays = staying(self.order, self.gathered, done)
        if before is not None:
            # A table that is empty has the columns of its query now, whichever it had.
            if columns is None and (stays.files or not tells_columns(self.order.asset)):
                columns = before.columns
            elif columns is not None and columns != before.columns and stays.files:
                raise mixed_columns(self.order.asset, stays.files, columns, before.columns)
        if columns is None:
            return None
        rests = [
            rest
            for number, (file, keys) in enumerate(stays.partly)
            for rest in rest_of(
                self.order, file, keys, columns, os.path.join(self.order.task.staging, f"rest-{number}")
            )
        ]
        files = sorted((*stays.whole, *rests, *self.gathered.files.values()), key=lambda file: file.partition or "")
        return Manifest(files, columns)

    def table(self, done: Slice) -> Table | None:
        """The table, for checks that look at all of it; None where there is none."""
        from assetflow.warehouse.content.scans import scan_files

        found = self.manifest(done)
        if found is None or not found.files:
            return None
        paths = tuple(os.path.join(self.order.warehouse.root, file.path) for file in found.files)
        return Table(self.order.asset.name, scan_files(found.columns, paths), paths)

    def record(self, done: Slice, cursor: Cursor) -> tuple[Snapshot, bool]:
        """Record the table as built, to be published at the end; and whether it holds the same as before."""
        order = self.order
        files, columns = self.manifest(done) or Manifest([], columns_declared(order, cursor))
        if not files:
            files = [empty_file(order, columns, cursor)]
        keep_contract(order.asset, columns, cursor)  # of what was made before, too
        built = self.combined(files, columns, cursor)
        snapshot, same = order.keeping.keep_content(order.asset, built)
        record = order.keeping.materialization(order.asset, order.step, built, snapshot)
        layers = order.parts.layers_after(done)
        if len(layers) != 1 or layers[0][1] or order.cut.domain - Slice.from_text(layers[0][0]):
            record = replace(record, fingerprint=in_part(record.fingerprint))
        record = replace(record, layers=layers)
        projections = projections_of(built, snapshot)
        order.keeping.order.projections.add(snapshot.id, projections)
        order.keeping.recording.add(records.Built(record, snapshot, (), projections, built.sums))
        content = Content(snapshot.digest, snapshot.id, snapshot.id)
        order.contents.note(order.asset.name, snapshot, record.id, content)
        return snapshot, same

    def combined(self, files: Sequence[SnapshotFile], columns: tuple[Column, ...], cursor: Cursor) -> Built:
        """The table, with the digests that follow from those of its files."""
        from assetflow.warehouse.content.file_sums import by_file, digests_together, missing_sums
        from assetflow.warehouse.content.reading import readable

        order, gathered = self.order, self.gathered
        wanted = [ReadSet(), *readable(columns, order.task.read_sets)]
        new = {sha256 for sha256, _ in gathered.sums}
        old = order.warehouse.ledger.file_sums(file.sha256 for file in files if file.sha256 not in new)
        known = {**old, **gathered.sums}
        more = missing_sums(cursor, order.warehouse.root, files, columns, wanted, known)
        known.update(by_file(more))
        (_, digest), *projections = digests_together(columns, files, wanted, known)
        return Built(
            columns, tuple(files), sum(file.rows for file in files), sum(file.bytes for file in files), digest,
            gathered.seconds, projections=tuple(projections), sums=more,
            reads=tuple(gathered.reads.items()), surprises=tuple(sorted(gathered.surprises)),
        )  # fmt: skip
