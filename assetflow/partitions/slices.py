"""Sets of partition keys, as ranges and never as lists: `2024-01-01..2024-01-31`, for all regions or for some.

A key is a place on a line (a window of time; 0 where time plays no part) and a label (the values of the other columns).
A slice says for each label which places belong to it, and `default` says so for all labels that it does not name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct, field

from assetflow.partitions.ranges import EVERYWHERE, NONE, Ranges, common, is_finite, put_together, united, without

Label = tuple[str, ...]
Key = tuple[int, Label]


class Slice(Struct, frozen=True):
    """A set of keys."""

    default: Ranges = NONE
    labels: Mapping[Label, Ranges] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.default or any(self.labels.values()))

    def __or__(self, other: Slice) -> Slice:
        return self._with(other, united)

    def __and__(self, other: Slice) -> Slice:
        return self._with(other, common)

    def __sub__(self, other: Slice) -> Slice:
        return self._with(other, without)

    def __contains__(self, key: Key) -> bool:
        at, label = key
        return any(low <= at < high for low, high in self.labels.get(label, self.default))

    def _with(self, other: Slice, operation: Callable[[Ranges, Ranges], Ranges]) -> Slice:
        default = operation(self.default, other.default)
        # Of no place, no operation but the union makes any: then the labels of the other one need no look.
        labels = self.labels if not self.default and operation is not united else {**self.labels, **other.labels}
        named = {
            label: operation(self.labels.get(label, self.default), other.labels.get(label, other.default))
            for label in labels
        }
        return Slice(default, {label: ranges for label, ranges in named.items() if ranges != default})

    @property
    def is_finite(self) -> bool:
        """True when all keys can be counted."""
        return not self.default and all(is_finite(ranges) for ranges in self.labels.values())

    def __len__(self) -> int:
        """How many keys there are; of a slice that is not finite, the ends of time."""
        return sum(high - low for ranges in (self.default, *self.labels.values()) for low, high in ranges)

    def __iter__(self) -> Iterator[Key]:
        """All keys, by time and then by label; of finite slices only."""
        found = sorted((low, high, label) for label, ranges in self.labels.items() for low, high in ranges)
        if len(self.labels) <= 1:
            for low, high, label in found:
                yield from ((at, label) for at in range(low, high))
        else:
            yield from sorted((at, label) for low, high, label in found for at in range(low, high))

    def to_text(self) -> str:
        """As it is kept in the ledger."""
        return json.dumps([self.default, sorted([label, ranges] for label, ranges in self.labels.items())])

    @classmethod
    def from_text(cls, text: str) -> Slice:
        default, labels = json.loads(text)
        return cls(_ranges(default), {tuple(label): _ranges(ranges) for label, ranges in labels})


ALL = Slice(EVERYWHERE)
EMPTY = Slice()


def slice_of(keys: Iterable[Key]) -> Slice:
    """The slice of some keys, neighbours put together."""
    by_label: dict[Label, list[int]] = {}
    for at, label in keys:
        by_label.setdefault(label, []).append(at)
    return Slice(NONE, {label: put_together((at, at + 1) for at in places) for label, places in by_label.items()})


def _ranges(value: list[list[int]]) -> Ranges:
    return tuple((low, high) for low, high in value)
