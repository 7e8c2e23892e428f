"""Ranges of places on a line, disjoint and in order, and what can be done with them: put together, cut, moved."""

from __future__ import annotations

from collections.abc import Iterable

"""Disjoint ranges of whole numbers in their order, without their ends."""

Ranges = tuple[tuple[int, int], ...]
"""Disjoint ranges of whole numbers in their order, without their ends."""

FIRST, LAST = -(2**40), 2**40
"""Before and behind every window of time."""
NONE: Ranges = ()
EVERYWHERE: Ranges = ((FIRST, LAST),)
POINT: Ranges = ((0, 1),)


def put_together(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Any ranges, as disjoint ones in their order."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(each for each in ranges if each[0] < each[1]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def united(one: Ranges, other: Ranges) -> Ranges:
    return put_together((*one, *other))


def common(one: Ranges, other: Ranges) -> Ranges:
    return without(one, without(EVERYWHERE, other))


def without(one: Ranges, other: Ranges) -> Ranges:
    """What is in the first and not in the second."""
    left: list[tuple[int, int]] = []
    at = 0
    for low, high in one:
        while at < len(other) and other[at][1] <= low:
            at += 1
        begin, next_ = low, at
        while next_ < len(other) and other[next_][0] < high:
            if begin < other[next_][0]:
                left.append((begin, other[next_][0]))
            begin = max(begin, other[next_][1])
            next_ += 1
        if begin < high:
            left.append((begin, high))
    return tuple(left)


def widened(ranges: Ranges, low: int, high: int) -> Ranges:
    """All places that are so far from one of these: between `low` and `high`, both included."""
    return put_together((_moved(begin, low), _moved(end, high)) for begin, end in ranges)


def _moved(place: int, by: int) -> int:
    return place if place in (FIRST, LAST) else place + by


def is_finite(ranges: Ranges) -> bool:
    return all(low > FIRST and high < LAST for low, high in ranges)
