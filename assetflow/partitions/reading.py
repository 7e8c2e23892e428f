"""Reads the text of keys, as it stands on a command line and in the ledger: the text ends here."""

from __future__ import annotations

import itertools
from functools import reduce
from operator import or_

from assetflow.partitions import windows
from assetflow.partitions.partitioning import Dimension, Partitioning, WrongPartitionError
from assetflow.partitions.quotes import quoted, split, unquoted
from assetflow.partitions.ranges import NONE, Ranges, put_together
from assetflow.partitions.slices import Label, Slice
from assetflow.partitions.windows import WrongTimeError


def read_keys(cut: Partitioning, text: str) -> Slice:
    """The keys that `2024-01-01..2024-01-31`, `eu`, `2024-01/eu` or several of these with commas between name."""
    found = [read_one(cut, part.strip()) for part in split(text, ",")]
    if any(each.default for each in found):
        return reduce(or_, found)
    by_label: dict[Label, list[tuple[int, int]]] = {}
    for each in found:
        for label, ranges in each.labels.items():
            by_label.setdefault(label, []).extend(ranges)
    return Slice(NONE, {label: put_together(ranges) for label, ranges in by_label.items()})


def read_written(cut: Partitioning, text: str) -> Slice:
    """The keys of a file by the text that it bears, declared or not any more; none where it was cut otherwise."""
    try:
        keys = read_keys(cut.unbounded, text)
    except WrongPartitionError:
        return Slice()
    return keys if cut.text_of(keys) == text else Slice()


def read_one(cut: Partitioning, text: str) -> Slice:
    pieces = split(text, "/")
    if len(pieces) > len(cut.dimensions):
        raise WrongPartitionError(f"has {len(cut.dimensions)} columns in its key, and {text!r} names {len(pieces)}")
    told: dict[str, str] = {}
    rest = list(cut.dimensions)
    for piece in pieces:
        name, equals, value = piece.partition("=")
        named = next((each for each in rest if equals and each.column == name), None)
        dimension = named or fitting(cut, rest, piece, whole=len(pieces) == len(cut.dimensions))
        told[dimension.column] = value if named else piece
        rest.remove(dimension)
    ranges = cut.line
    if cut.time and cut.time.column in told:
        ranges = times(cut.time, told[cut.time.column])
    choices = [values(each, told.get(each.column)) for each in cut.others]
    if any(each is None for each in choices):
        if any(each is not None for each in choices):
            raise WrongPartitionError(f"is cut by {columns_of(cut)}: {text!r} names some of them; name all")
        return Slice(ranges)
    labels = itertools.product(*(each for each in choices if each is not None))
    return Slice(NONE, dict.fromkeys(labels, ranges))


def fitting(cut: Partitioning, rest: list[Dimension], piece: str, *, whole: bool) -> Dimension:
    """The column that a piece of a text without names is about."""
    if whole or len(rest) == 1:
        return rest[0]
    if cut.time in rest and cut.time is not None:
        try:
            times(cut.time, piece)
        except WrongPartitionError:
            pass
        else:
            return cut.time
    listed = [each for each in rest if each.values is not None and unquoted(piece) in each.values]
    others = listed or [each for each in rest if not each.grain]
    if len(others) != 1:
        raise WrongPartitionError(f"is cut by {columns_of(cut)}: write {piece!r} as COLUMN={piece}")
    return others[0]


def columns_of(cut: Partitioning) -> str:
    return " and ".join(each.column for each in cut.dimensions)


def times(dimension: Dimension, text: str) -> Ranges:
    assert dimension.grain is not None
    first, dots, last = text.partition("..")
    low, high = dimension.low, dimension.high
    if text.strip() == "*":
        return put_together([(low, high)])
    try:
        if first.strip():
            low, end = windows.read(dimension.grain, first, dimension.zone)
            high = high if dots else end
        if last.strip():
            high = windows.read(dimension.grain, last, dimension.zone)[1]
    except WrongTimeError as error:
        raise WrongPartitionError(f"is cut by {dimension.grain}: {error}") from None
    if not first.strip() and not last.strip():
        raise WrongPartitionError(f"is cut by {dimension.grain}: {text!r} names none")
    if low >= high:
        raise WrongPartitionError(f"is cut by {dimension.grain}: {text!r} ends before it starts")
    return put_together([(low, high)])


def values(dimension: Dimension, text: str | None) -> list[str] | None:
    """The values that a text names; None: all, of a column that takes its values from the data."""
    if text is None or text == "*":
        return None if dimension.values is None else list(dimension.values)
    value = unquoted(text)
    if dimension.values is not None and value not in dimension.values:
        known = ", ".join(map(quoted, dimension.values[:10]))
        raise WrongPartitionError(f"has no {dimension.column} {value!r}; it lists {known}")
    return [value]
