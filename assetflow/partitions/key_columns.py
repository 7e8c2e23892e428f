"""The SQL of partition keys: which key a row belongs to, and which rows belong to a slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import NamedTuple

from assetflow.partitions import windows
from assetflow.partitions.partitioning import Dimension, Partitioning
from assetflow.partitions.ranges import FIRST, LAST, POINT, Ranges
from assetflow.partitions.slices import Key, Label, Slice
from assetflow.partitions.windows import UTC_NAME
from assetflow.quoting import quote_identifier, quote_literal

AT = "__assetflow_at"
LABEL = "__assetflow_label_"
EPOCHS = {"week": "1970-01-05"}
AFTER_TIME, A_DAY_LATER = "10000-01-01", "10000-01-02"
"""Behind the year 9999, with which Python's time ends and DuckDB's does not."""


class WrongColumnError(ValueError):
    """A column cannot be part of a key; what it says completes the sentence "the column ts ..."."""


class KeyColumns(NamedTuple):
    """The columns of one table that tell the key of a row, one for each dimension: its name and DuckDB type.

    None where the table has no such column: then a row belongs to all keys, as far as that dimension goes.
    """

    partitioning: Partitioning
    columns: tuple[tuple[str, str] | None, ...]

    @property
    def pairs(self) -> list[tuple[Dimension, tuple[str, str] | None]]:
        return list(zip(self.partitioning.dimensions, self.columns, strict=True))

    @property
    def listed(self) -> str:
        """The select list that gives the key of a row: its place, and the values of its label."""
        found = [f"{self._place} AS {AT}"]
        values = [column for each, column in self.pairs if not each.grain]
        found += [f"{_label(column)} AS {LABEL}{at}" for at, column in enumerate(values)]
        return ", ".join(found)

    @property
    def names(self) -> str:
        """The columns that `listed` gives."""
        return ", ".join([AT, *(f"{LABEL}{at}" for at in range(len(self.partitioning.others)))])

    @property
    def _place(self) -> str:
        for each, column in self.pairs:
            if each.grain:
                return "NULL::BIGINT" if column is None else window_number(each, *column)
        return "0"

    def within(self, slice_: Slice) -> str:
        """The condition that a row belongs to one of the keys of a slice; NULL or false where it does not."""
        by_ranges: dict[Ranges, list[Label]] = {}
        for label, ranges in slice_.labels.items():
            by_ranges.setdefault(ranges, []).append(label)
        found = [self._labelled(labels, ranges) for ranges, labels in by_ranges.items() if ranges]
        if slice_.default:
            others = f"NOT {self._among(list(slice_.labels))} AND " if slice_.labels else ""
            nulls = "".join(f"{_label(c)} IS NOT NULL AND " for e, c in self.pairs if not e.grain and c is not None)
            found.append(f"({others}{nulls}{self._timed(slice_.default)})")
        return f"({' OR '.join(found)})" if found else "false"

    def _labelled(self, labels: Sequence[Label], ranges: Ranges) -> str:
        if labels == [()]:
            return self._timed(ranges)
        return f"({self._among(labels)} AND {self._timed(ranges)})"

    def _among(self, labels: Sequence[Label]) -> str:
        """The condition that the values of a row are one of these labels."""
        there = [
            (at, column)
            for at, column in enumerate(column for each, column in self.pairs if not each.grain)
            if column is not None
        ]
        if not there:
            return "true"
        values = dict.fromkeys(tuple(label[at] for at, _ in there) for label in labels)
        if len(there) == 1:
            listed = ", ".join(quote_literal(value) for (value,) in values)
            return f"{_label(there[0][1])} IN ({listed})"
        said = (f"({', '.join(map(quote_literal, value))})" for value in values)
        return f"({', '.join(_label(column) for _, column in there)}) IN ({', '.join(said)})"

    def _timed(self, ranges: Ranges) -> str:
        for each, column in self.pairs:
            if each.grain:
                return "true" if column is None else in_windows(each, *column, ranges)
        return "true" if ranges == POINT else "false"


def key_of_row(row: Sequence[object]) -> Key | None:
    """The key of what `KeyColumns.listed` gave; None where part of it is NULL."""
    at, *label = row
    if at is None or any(value is None for value in label):
        return None
    return int(str(at)), tuple(str(value) for value in label)


def window_number(dimension: Dimension, name: str, kind: str) -> str:
    """The number of the window that a row lies in, as `windows.index_of` counts."""
    column = quote_identifier(name)
    refuse_kind(dimension, kind)
    if kind == "DATE":
        local = utc = column
    elif "TIME ZONE" in kind:
        utc, local = f"timezone('UTC', {column})", f"timezone({quote_literal(dimension.zone)}, {column})"
    else:
        utc = local = f"{column}::TIMESTAMP"
        if dimension.zone != UTC_NAME:
            local = f"timezone({quote_literal(dimension.zone)}, timezone('UTC', {utc}))"
    grain = dimension.grain or ""
    counted = utc if grain == "hour" else f"date_trunc('week', {local})" if grain == "week" else local
    return f"datediff('{grain}', TIMESTAMP '{EPOCHS.get(grain, '1970-01-01')}', {counted})"


def in_windows(dimension: Dimension, name: str, kind: str, ranges: Ranges) -> str:
    """The condition that a row lies in one of these windows, as comparisons of the column itself."""
    refuse_kind(dimension, kind)
    column = quote_identifier(name)
    found = []
    for low, high in ranges:
        if any(begins_twice(dimension, end) for end in (low, high)):  # its rows lie in two spans of time
            number = window_number(dimension, name, kind)
            ends = [f"{number} >= {low}"] * (low > FIRST) + [f"{number} < {high}"] * (high < LAST)
        else:
            ends = [f"{column} >= {moment(dimension, low, kind)}"] * (low > FIRST)
            ends += [f"{column} < {moment(dimension, high, kind)}"] * (high < LAST)
        found.append(" AND ".join(ends) or f"{column} IS NOT NULL")
    return f"({' OR '.join(found)})" if found else "false"


def begins_twice(dimension: Dimension, index: int) -> bool:
    grain = dimension.grain or "day"
    return windows.is_there(grain, index) and windows.begins_twice(grain, index, dimension.zone)


def moment(dimension: Dimension, index: int, kind: str) -> str:
    """The beginning of a window as a literal of a type."""
    grain = dimension.grain or "day"
    if not windows.is_there(grain, index):
        text = AFTER_TIME if dimension.zone == UTC_NAME else A_DAY_LATER
        return f"{kind} '{text}'" if kind == "DATE" else typed(f"{text} 00:00:00", kind)
    if kind == "DATE":
        return f"DATE '{windows.first_moment(grain, index).date().isoformat()}'"
    begin = windows.begins(grain, index, dimension.zone)
    text = begin.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    return typed(text, kind)


def typed(utc: str, kind: str) -> str:
    """A moment of UTC as a literal of a type with or without a time zone."""
    return f"TIMESTAMPTZ '{utc}+00'" if "TIME ZONE" in kind else f"TIMESTAMP '{utc}'"


def refuse_kind(dimension: Dimension, kind: str) -> None:
    """WrongColumnError for a column of a type that holds no such time, or values that are not the same twice."""
    if dimension.grain is None:
        if kind in ("FLOAT", "DOUBLE"):
            raise WrongColumnError(f"is {kind}, whose values are no keys: cast it to text or to a whole number")
        return
    if kind != "DATE" and not kind.startswith("TIMESTAMP"):
        raise WrongColumnError(f"is {kind}, and a partition by {dimension.grain} needs a DATE or a TIMESTAMP: cast it")
    if kind == "DATE" and dimension.grain == "hour":
        raise WrongColumnError("is a DATE, which has no hours: take a TIMESTAMP, or cut it by day")
    if kind == "DATE" and dimension.zone != UTC_NAME:
        raise WrongColumnError(f"is a DATE, which has no time zone: leave out the zone {dimension.zone}")


def _label(column: tuple[str, str] | None) -> str:
    return "NULL::VARCHAR" if column is None else f"CAST({quote_identifier(column[0])} AS VARCHAR)"
