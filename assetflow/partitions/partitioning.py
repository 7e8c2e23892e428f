"""How a table is cut into partitions: by windows of time, by the values of a column, or by several of these.

A key is written 2024-01-05, eu, or 2024-01-05/eu; `reading.py` reads it back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetflow.partitions import windows
from assetflow.partitions.quotes import quoted
from assetflow.partitions.ranges import FIRST, LAST, NONE, POINT, Ranges
from assetflow.partitions.slices import Key, Label, Slice
from assetflow.partitions.windows import UTC_NAME, Grain


class WrongPartitionError(ValueError):
    """A declaration or a text that cannot be; what it says completes the sentence "partition of sales ..."."""


class Dimension(Struct, frozen=True):
    """One column by which a table is cut: by windows of time between two places, by listed values, or by any values."""

    column: str
    grain: Grain | None = None
    zone: str = UTC_NAME
    low: int = FIRST
    high: int = LAST
    values: tuple[str, ...] | None = None

    @property
    def ranges(self) -> Ranges:
        return ((self.low, self.high),) if self.grain else POINT


class Link(Struct, frozen=True):
    """What a partition reads of one upstream: all of it, or the rows whose columns say that they belong to it.

    `columns` are those of the upstream, for each column of the key (empty: of the same names). `low` and `high` tell
    how many windows before (negative) or after are read as well.
    """

    is_all: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    low: int = 0
    high: int = 0

    def column(self, name: str) -> str:
        return dict(self.columns).get(name, name)


class Partitioning(Struct, frozen=True):
    """How one table is cut; `links` are declared for some of its upstreams."""

    dimensions: tuple[Dimension, ...]
    links: Mapping[str, Link]

    @property
    def time(self) -> Dimension | None:
        return next((each for each in self.dimensions if each.grain), None)

    @property
    def others(self) -> tuple[Dimension, ...]:
        """The dimensions whose values make up the label of a key."""
        return tuple(each for each in self.dimensions if not each.grain)

    @property
    def line(self) -> Ranges:
        """The windows that there can be."""
        return self.time.ranges if self.time else POINT

    @property
    def domain(self) -> Slice:
        """All keys that there can be; where values are taken from the data, `holds` knows more."""
        if any(each.values is None for each in self.others):
            return Slice(self.line)
        labels = itertools.product(*(each.values or () for each in self.others))
        return Slice(NONE, dict.fromkeys(labels, self.line))

    @property
    def lists_in_part(self) -> bool:
        """True where values are listed beside others that are not, so that `domain` has keys that there cannot be."""
        return len({each.values is None for each in self.others}) > 1

    @property
    def unbounded(self) -> Partitioning:
        """The same cut with any windows and values: reads what was written when others were declared."""
        by = tuple(replace(each, low=FIRST, high=LAST, values=None) for each in self.dimensions)
        return Partitioning(by, self.links)

    @property
    def word(self) -> str:
        """What one partition is called: day, region."""
        return self.time.grain or "" if self.time and not self.others else "partition"

    def holds(self, key: Key) -> bool:
        """True for a key that there can be."""
        return self._is_good(key) and self._is_declared(key[0])

    def is_before_or_after(self, key: Key) -> bool:
        """True for a key that lies outside of the declared time, and is good otherwise."""
        return self._is_good(key) and not self._is_declared(key[0])

    def _is_declared(self, at: int) -> bool:
        return any(low <= at < high for low, high in self.line)

    def _is_good(self, key: Key) -> bool:
        at, label = key
        listed = all(each.values is None or one in each.values for each, one in zip(self.others, label, strict=True))
        return listed and (self.time is None or self.time.grain is None or windows.is_there(self.time.grain, at))

    def shown(self, key: Key) -> str:
        """A key as people and scripts write it."""
        at, label = key
        values = iter(label)
        parts = [
            windows.shown(each.grain, at, each.zone) if each.grain else quoted(next(values)) for each in self.dimensions
        ]
        return "/".join(parts)

    def ranges_shown(self, slice_: Slice) -> Iterator[tuple[str, int | None]]:
        """The ranges of a slice in words, each with the number of its keys (None: not known)."""
        for label, ranges in [(None, slice_.default), *sorted(slice_.labels.items())]:
            for low, high in ranges:
                yield self._range_shown(low, high, label), high - low if low > FIRST and high < LAST else None

    def _range_shown(self, low: int, high: int, label: Label | None) -> str:
        values = iter(label or ())
        parts = []
        for each in self.dimensions:
            if each.grain:
                first = windows.shown(each.grain, low, each.zone) if low > FIRST else ""
                last = windows.shown(each.grain, high - 1, each.zone) if high < LAST else ""
                parts.append(first if first == last and first else f"{first}..{last}" if first or last else "*")
            else:
                parts.append("*" if label is None else quoted(next(values)))
        return "/".join(parts)

    def text_of(self, slice_: Slice) -> str:
        """A finite slice as `read` takes it: `2024-01-01..2024-01-03,2024-01-07`."""
        return ",".join(text for text, _ in self.ranges_shown(slice_))
