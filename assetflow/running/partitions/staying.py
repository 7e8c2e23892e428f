"""Which files of a table stay as they are, and what is left of those of which only some partitions do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from assetflow.errors import AssetError
from assetflow.materialization import Column, SnapshotFile
from assetflow.partitions.key_columns import KeyColumns
from assetflow.partitions.reading import read_written
from assetflow.partitions.slices import Slice
from assetflow.quoting import folded
from assetflow.running.partitions.gathered import Gathered
from assetflow.running.partitions.order import PartOrder

MOST_RANGES = 8
"""Ranges of keys that one file holds; where more holes were made into it, it is cut."""


class Staying(NamedTuple):
    """The files that stay, and those of which some partitions do."""

    whole: list[SnapshotFile]
    partly: list[tuple[SnapshotFile, Slice]]

    @property
    def files(self) -> list[SnapshotFile]:
        return [*self.whole, *(file for file, _ in self.partly)]


def staying(order: PartOrder, gathered: Gathered, done: Slice) -> Staying:
    """What stays of the table when the partitions that are done take the place of what they were."""
    found = Staying([], [])
    if order.before is None:
        return found
    cut, parts = order.cut, order.parts
    new = {cut.shown(key) for key, result in gathered.results.items() if result.outcome != "failed"}
    stays = parts.fresh
    for keys, _ in parts.layers:
        stays = stays | keys
    stays = (stays - done) & cut.domain
    looks = not done.is_finite or bool(parts.reasons) or any(share.is_whole for share in parts.shares)
    for file in order.before.files:
        if file.partition is None or file.partition in new:
            continue
        if not looks and ".." not in file.partition and "," not in file.partition:
            found.whole.append(file)
            continue
        keys = read_written(cut, file.partition)
        if keys and not keys - stays:
            found.whole.append(file)
        elif keys & stays:
            found.partly.append((file, keys & stays))
    return found


def rest_of(
    order: PartOrder, file: SnapshotFile, keys: Slice, columns: tuple[Column, ...], folder: str
) -> list[SnapshotFile]:
    """The rows of some partitions of a file, written into others."""
    from assetflow.warehouse.content.scans import scan_files
    from assetflow.warehouse.content.staging import stage_query

    cut = order.cut
    there = {folded(column.name): (column.name, column.type) for column in columns}
    by = KeyColumns(cut, tuple(there.get(folded(each.column)) for each in cut.dimensions))
    rows = scan_files(columns, [os.path.join(order.warehouse.root, file.path)])
    found = []
    cursor = order.open_cursor()
    try:
        for number, some in enumerate(in_pieces(keys)):
            sql = f"SELECT * FROM ({rows}) WHERE {by.within(some)}"
            staged = stage_query(cursor, sql, os.path.join(folder, str(number)))
            if staged.columns != columns:
                raise AssetError(f"the rows of {file.partition} are stored otherwise than before: run --full-refresh")
            text = cut.text_of(some)
            found += [replace(one, partition=text) for one in staged.files if one.rows]
    finally:
        cursor.close()
    return found


def in_pieces(keys: Slice) -> Iterator[Slice]:
    """Keys as one file may hold them: of one label not too many ranges, of several labels whatever is left of each."""
    if len(keys.labels) != 1:
        yield keys
        return
    ((label, ranges),) = keys.labels.items()
    for at in range(0, len(ranges), MOST_RANGES):
        yield Slice((), {label: ranges[at : at + MOST_RANGES]})
