"""Puts keys together into batches: as many as one query can make, and as a file can hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from assetflow.asset import Asset
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.running.partitions.sql_forms import is_batched

MOST_KEYS = 256
"""Keys of one batch."""
MOST_PACKED = 1024
"""Keys of one batch, and of one file, of partitions that have few rows."""
MANY, FEW_ROWS = 512, 2000
"""So many partitions, of no more than so many rows each in the mean, share files: thousands of tiny ones would take
longer to open than to read."""
MOST_ROWS = 4_000_000
"""Rows of one batch, where it is known how many there are."""


@dataclass
class Batches:
    """What waits to be made. `packs`: the partitions of a batch share a file."""

    waiting: deque[tuple[Key, ...]] = field(default_factory=deque)
    packs: bool = False

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def line_up(self, asset: Asset, keys: Sequence[tuple[Key, int]]) -> None:
        """Cut keys, each with the number of its rows, into batches; those that share a file follow each other."""
        self.packs = len(keys) > MANY and is_batched(asset) and sum(count for _, count in keys) < FEW_ROWS * len(keys)
        most = (MOST_PACKED if self.packs else MOST_KEYS) if is_batched(asset) else 1
        batch: list[Key] = []
        rows = 0
        for key, count in keys:
            if batch and (len(batch) >= most or rows + count > MOST_ROWS):
                self.waiting.append(tuple(batch))
                batch, rows = [], 0
            batch.append(key)
            rows += count
        if batch:
            self.waiting.append(tuple(batch))

    def next(self) -> tuple[Key, ...]:
        return self.waiting.popleft()

    def halve(self, keys: tuple[Key, ...]) -> None:
        """Line up the halves of a batch that failed, before all others."""
        half = len(keys) // 2
        self.waiting.extendleft([keys[half:], keys[:half]])

    def clear(self) -> None:
        self.waiting.clear()

    @property
    def keys(self) -> Slice:
        return slice_of(key for batch in self.waiting for key in batch)
