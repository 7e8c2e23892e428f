"""Which rows of an upstream a partition reads: as declared, or as the SQL compares them with its partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.materialization import Column
from assetflow.partitions.key_columns import KeyColumns
from assetflow.partitions.partitioning import Link, Partitioning
from assetflow.partitions.ranges import EVERYWHERE, NONE, Ranges, widened
from assetflow.partitions.slices import Slice
from assetflow.quoting import folded

if TYPE_CHECKING:
    from assetflow.incremental.picked import Picked


def link_of(asset: Asset, cut: Partitioning, upstream: str) -> Link | None:
    """What is declared of an upstream; for a function, which is handed just that, else by its columns' names.

    None for SQL of which nothing is declared: its text tells.
    """
    declared = cut.links.get(upstream)
    if declared is None and asset.kind == "python":
        return Link()
    return declared


def link_picked(cut: Partitioning, places: Sequence[Picked]) -> Link:
    """The columns of an upstream that SQL compares with its partition."""
    by_parameter: dict[str, str] = {}
    for each in cut.dimensions:
        names = ("partition_start", "partition_end") if each.grain else (f"partition_{each.column.lower()}",)
        by_parameter.update(dict.fromkeys(names, each.column))
    if len(cut.dimensions) == 1:
        by_parameter["partition"] = cut.dimensions[0].column
    found: dict[str, str] = {}
    for place in places:
        for parameter, column in place.columns():
            if parameter in by_parameter:
                found.setdefault(by_parameter[parameter], column)
    return Link(columns=tuple(sorted(found.items())))


def columns_linked(cut: Partitioning, link: Link, columns: Sequence[Column]) -> KeyColumns | None:
    """The columns of an upstream that tell to which partitions its rows belong; None: each belongs to all of them."""
    if link.is_all:
        return None
    there = {folded(column.name): (column.name, column.type) for column in columns}
    found = tuple(there.get(folded(link.column(each.column))) for each in cut.dimensions)
    return KeyColumns(cut, found) if any(found) else None


def slice_read_by(columns: KeyColumns, rows: Iterable[tuple[object, ...]], low: int, high: int) -> Slice:
    """The keys of some rows, and those so many windows from them; of all values of what the rows do not tell."""
    has_time = any(column is not None and each.grain for each, column in columns.pairs)
    is_timed = columns.partitioning.time is not None
    has_labels = all(column is not None for each, column in columns.pairs if not each.grain)
    found = Slice()
    keys = set()
    for at, *label in rows:
        if (is_timed and has_time and at is None) or (has_labels and any(value is None for value in label)):
            continue  # such a row belongs to no partition
        ranges: Ranges = EVERYWHERE if is_timed and not has_time else ((int(str(at)), int(str(at)) + 1),)
        keys.add((ranges, tuple(str(value) for value in label) if has_labels else None))
    by_label: dict[tuple[str, ...] | None, list[tuple[int, int]]] = {}
    for ranges, label_or_none in keys:
        by_label.setdefault(label_or_none, []).extend(ranges)
    for one, places in by_label.items():
        moved = widened(tuple(sorted(places)), low, high) if is_timed else ((0, 1),)
        found = found | (Slice(moved) if one is None else Slice(NONE, {one: moved}))
    return found
