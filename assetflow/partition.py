"""How a table is cut into partitions: by windows of time, by the values of a column, or by several of these.

    partition = "day(ts)"                                                     as many days as there is data for
    partition = { time = "day", column = "ts", start = "2024-01-01", end = "2024-12-31", zone = "Europe/Berlin" }
    partition = { column = "region", values = ["eu", "us"] }                  these, and no others
    partition = "region"                                                      whatever values there are
    partition = { day = { time = "day", column = "ts" }, region = { column = "region" } }

A declaration is kept as JSON values; `partitioning(...)` reads it. A key is written 2024-01-05, eu, or 2024-01-05/eu.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from assetflow import windows
from assetflow.slices import (
    FIRST,
    LAST,
    NONE,
    POINT,
    Key,
    Label,
    Ranges,
    Slice,
    put_together,
)
from assetflow.windows import GRAINS, UTC_NAME, Grain, WrongTimeError

MOST_WINDOWS = 1_000_000
"""More than a century of hours: whoever declares more has made a mistake."""
UPSTREAMS = "upstreams"


class WrongPartitionError(ValueError):
    """A declaration or a text that cannot be; what it says completes the sentence "partition of sales ..."."""


class Dimension(NamedTuple):
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


class Link(NamedTuple):
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


class Partitioning(NamedTuple):
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
    def word(self) -> str:
        """What one partition is called: day, region."""
        return self.time.grain or "" if self.time and not self.others else "partition"

    def holds(self, key: Key) -> bool:
        """True for a key that there can be."""
        at, label = key
        listed = all(each.values is None or one in each.values for each, one in zip(self.others, label, strict=True))
        return listed and any(low <= at < high for low, high in self.line)

    def is_before_or_after(self, key: Key) -> bool:
        """True for a key that lies outside of the declared time, and is good otherwise."""
        return not self.holds(key) and self.holds((self.line[0][0], key[1]))

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

    def read(self, text: str) -> Slice:
        """The keys that `2024-01-01..2024-01-31`, `eu`, `2024-01/eu` or several of these with commas between name."""
        found = Slice()
        for part in split(text, ","):
            found = found | self._read_one(part.strip())
        return found

    def _read_one(self, text: str) -> Slice:
        pieces = split(text, "/")
        if len(pieces) > len(self.dimensions):
            raise WrongPartitionError(
                f"has {len(self.dimensions)} columns in its key, and {text!r} names {len(pieces)}"
            )
        told: dict[str, str] = {}
        rest = list(self.dimensions)
        for piece in pieces:
            name, equals, value = piece.partition("=")
            named = next((each for each in rest if equals and each.column == name), None)
            dimension = named or self._fitting(rest, piece, whole=len(pieces) == len(self.dimensions))
            told[dimension.column] = value if named else piece
            rest.remove(dimension)
        ranges = self.line
        if self.time and self.time.column in told:
            ranges = self._times(self.time, told[self.time.column])
        choices = [self._values(each, told.get(each.column)) for each in self.others]
        if any(each is None for each in choices):
            if any(each is not None for each in choices):
                raise WrongPartitionError(f"is cut by {self._columns()}: {text!r} names some of them; name all")
            return Slice(ranges)
        labels = itertools.product(*(each for each in choices if each is not None))
        return Slice(NONE, dict.fromkeys(labels, ranges))

    def _fitting(self, rest: list[Dimension], piece: str, *, whole: bool) -> Dimension:
        """The column that a piece of a text without names is about."""
        if whole or len(rest) == 1:
            return rest[0]
        if self.time in rest and self.time is not None:
            try:
                self._times(self.time, piece)
            except WrongPartitionError:
                pass
            else:
                return self.time
        listed = [each for each in rest if each.values is not None and unquoted(piece) in each.values]
        others = listed or [each for each in rest if not each.grain]
        if len(others) != 1:
            raise WrongPartitionError(f"is cut by {self._columns()}: write {piece!r} as COLUMN={piece}")
        return others[0]

    def _columns(self) -> str:
        return " and ".join(each.column for each in self.dimensions)

    def _times(self, dimension: Dimension, text: str) -> Ranges:
        assert dimension.grain is not None
        first, dots, last = text.partition("..")
        low, high = dimension.low, dimension.high
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

    def _values(self, dimension: Dimension, text: str | None) -> list[str] | None:
        """The values that a text names; None: all, of a column that takes its values from the data."""
        if text is None or text == "*":
            return None if dimension.values is None else list(dimension.values)
        value = unquoted(text)
        if dimension.values is not None and value not in dimension.values:
            known = ", ".join(map(quoted, dimension.values[:10]))
            raise WrongPartitionError(f"has no {dimension.column} {value!r}; it lists {known}")
        return [value]


def quoted(value: str) -> str:
    """A value as a part of the text of a key: in quotes where it could be taken for something else."""
    plain = value and value == value.strip() and not re.search(r'["/,=*]|\.\.', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def unquoted(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def split(text: str, separator: str) -> list[str]:
    """The pieces of a text between separators that do not stand in quotes."""
    return re.findall(rf'(?:[^{separator}"]|"(?:[^"\\]|\\.)*"|")+', text) or [text]


# The declaration


def declaration_of(value: Any) -> dict[str, Any]:
    """What was declared, as JSON values that `partitioning` reads; WrongPartitionError for what cannot be."""
    said, upstreams = tables_of(value)
    links = {}
    if not isinstance(upstreams, Mapping):
        raise WrongPartitionError(f'must give {UPSTREAMS} a table such as {{ sales = "-6..0" }}, not {upstreams!r}')
    for name, link in upstreams.items():
        links[name] = link_declared(name, link)
    dimensions = [dimension_declared(one) for one in said]
    columns = [each["column"].lower() for each in dimensions]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise WrongPartitionError(f"names the column {twice} twice")
    if sum("time" in each for each in dimensions) > 1:
        raise WrongPartitionError("has two times; one of them, and columns beside it, is what can be")
    return {"by": dimensions, **({UPSTREAMS: links} if links else {})}


def tables_of(value: Any) -> tuple[list[Any], Any]:
    """The tables of single columns, and what is said of upstreams, whichever form the declaration has."""
    if isinstance(value, str):
        return [value], {}
    if isinstance(value, list | tuple) and value:
        return list(value), {}
    if not isinstance(value, Mapping) or not value:
        raise WrongPartitionError(
            f'must be text such as "day(ts)" or a table such as {{ time = "day", column = "ts" }}, not {value!r}'
        )
    rest = {key: each for key, each in value.items() if key != UPSTREAMS}
    upstreams = value.get(UPSTREAMS, {})
    if rest and all(isinstance(each, Mapping) for each in rest.values()):
        return [{"column": name, **each} for name, each in rest.items()], upstreams
    return [rest], upstreams


SHORT = re.compile(r"\s*(?:(\w+)\s*\(\s*)?([^()]+?)\s*(\))?\s*")
KEYS = ("time", "column", "start", "end", "zone", "values")


def dimension_declared(said: Any) -> dict[str, Any]:
    if isinstance(said, str):
        found = SHORT.fullmatch(said)
        if not found or bool(found[1]) != bool(found[3]):
            raise WrongPartitionError(f'is {said!r}, which is neither a column nor a time such as "day(ts)"')
        said = {"column": found[2], **({"time": found[1]} if found[1] else {})}
    if not isinstance(said, Mapping):
        raise WrongPartitionError(f"must be tables of columns, not {said!r}")
    for key in said:
        if key not in KEYS:
            raise WrongPartitionError(f"says {key!r}, which is no key of a partition; known are {', '.join(KEYS)}")
    column = said.get("column")
    if not isinstance(column, str) or not column.strip():
        raise WrongPartitionError('must name the column whose values tell which rows belong where: column = "ts"')
    if "time" in said:
        return {"column": column, **time_declared(said)}
    for key in ("start", "end", "zone"):
        if key in said:
            raise WrongPartitionError(f'says {key} without a time; add time = "day"')
    if "values" not in said:
        return {"column": column}
    return {"column": column, "values": values_declared(said["values"])}


def values_declared(values: Any) -> list[str]:
    plain = (str, int, date)
    if not isinstance(values, list | tuple) or not values or not all(isinstance(each, plain) for each in values):
        raise WrongPartitionError(f'must list values, as in values = ["eu", "us"], not {values!r}')
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise WrongPartitionError(f"lists {twice!r} twice")
    return texts


def time_declared(said: Mapping[str, Any]) -> dict[str, Any]:
    grain, zone = said["time"], said.get("zone", UTC_NAME)
    if grain not in GRAINS:
        raise WrongPartitionError(f"must have one of {', '.join(GRAINS)} as its time, not {grain!r}")
    if "values" in said:
        raise WrongPartitionError("lists values of a time; say start and end, or leave time out")
    if not isinstance(zone, str):
        raise WrongPartitionError(f'must have a zone such as "Europe/Berlin", not {zone!r}')
    found: dict[str, Any] = {"time": grain}
    try:
        windows.zone_named(zone)
        if grain == "hour" and not windows.has_whole_hours(zone):
            raise WrongPartitionError(
                f"is cut by hours, which in {zone} do not begin with those of UTC; leave zone out"
            )
        ends = {key: windows.read(grain, time_text(said[key]), zone) for key in ("start", "end") if key in said}
    except WrongTimeError as error:
        raise WrongPartitionError(f"is wrong: {error}") from None
    if zone != UTC_NAME:
        found["zone"] = zone
    if "start" in ends:
        found["start"] = ends["start"][0]
    if "end" in ends:
        found["end"] = ends["end"][1]
    if len(ends) == 2:
        refuse_endless(grain, found["start"], found["end"], said)
    return found


def refuse_endless(grain: str, start: int, end: int, said: Mapping[str, Any]) -> None:
    if end <= start:
        raise WrongPartitionError(f"ends ({said['end']}) before it starts ({said['start']})")
    if end - start > MOST_WINDOWS:
        raise WrongPartitionError(
            f"never ends: from {said['start']} to {said['end']} are {end - start:,} {grain}s; "
            "leave end out, and it ends where the data does"
        )


def time_text(value: Any) -> str:
    """A time that TOML or Python gave, as text."""
    if isinstance(value, datetime):
        if value.minute or value.second or value.microsecond:
            raise WrongTimeError(f"{value} is not the beginning of an hour")
        return value.isoformat(timespec="minutes")
    if isinstance(value, str | date) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise WrongTimeError(f"{value!r} is no time")


LINK_KEYS = ("column", "range", "columns")


def link_declared(name: str, said: Any) -> dict[str, Any]:
    """`"-6..0"`, `"same"`, `"all"`, or a table that names the column of the upstream as well."""
    if isinstance(said, str):
        said = {"range": said}
    if not isinstance(said, Mapping) or not said or set(said) - set(LINK_KEYS):
        raise WrongPartitionError(
            f'must say of the upstream {name} "same", "all", a number of windows such as "-6..0", '
            f'or {{ column = "sold_at", range = "-6..0" }}, not {said!r}'
        )
    text = str(said.get("range", "same")).strip()
    found: dict[str, Any] = {}
    if text == "all":
        found["all"] = True
    elif text != "same":
        numbers = re.fullmatch(r"([+-]?\d+)(?:\.\.([+-]?\d+))?", text)
        if not numbers:
            raise WrongPartitionError(f'must say of the upstream {name} "same", "all" or "-6..0", not {text!r}')
        low, high = int(numbers[1]), int(numbers[2] or numbers[1])
        if low > high:
            raise WrongPartitionError(f"reads {name} from {low} to {high}, which ends before it starts")
        found["range"] = [low, high]
    for key in ("column", "columns"):
        if key in said:
            found[key] = said[key] if key == "column" else dict(said[key])
    return found


def partitioning(declared: Mapping[str, Any]) -> Partitioning:
    """The value of a declaration that `declaration_of` has seen."""
    return _partitioning(json.dumps(declared, sort_keys=True))


@cache
def _partitioning(text: str) -> Partitioning:
    declared = json.loads(text)
    dimensions = tuple(
        Dimension(
            each["column"],
            each.get("time"),
            each.get("zone", UTC_NAME),
            each.get("start", FIRST),
            each.get("end", LAST),
            tuple(each["values"]) if "values" in each else None,
        )
        for each in declared["by"]
    )
    time = next((each.column for each in dimensions if each.grain), dimensions[0].column)
    links = {name: _link(each, time) for name, each in declared.get(UPSTREAMS, {}).items()}
    return Partitioning(dimensions, links)


def _link(said: Mapping[str, Any], time: str) -> Link:
    columns = dict(said.get("columns", {}))
    if "column" in said:
        columns[time] = said["column"]
    low, high = said.get("range", (0, 0))
    return Link(bool(said.get("all")), tuple(sorted(columns.items())), low, high)


BOUNDS = ("start", "end", "values")


def identity(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What of a declaration every partition depends on: all but which ones there are."""
    by = [{key: value for key, value in each.items() if key not in BOUNDS} for each in declared["by"]]
    return {**declared, "by": by}


def bounds(declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rest: which ones there are."""
    return [{key: value for key, value in each.items() if key in BOUNDS} for each in declared["by"]]


def told(declared: Mapping[str, Any]) -> str:
    """A declaration in words: `day of ts from 2024-01-01 in Europe/Berlin`."""
    return " and ".join(map(_dimension_told, partitioning(declared).dimensions))


def _dimension_told(each: Dimension) -> str:
    if each.grain is None:
        return f"{each.column} ({', '.join(map(quoted, each.values))})" if each.values is not None else each.column
    said = f"{each.grain} of {each.column}"
    said += f" from {windows.shown(each.grain, each.low, each.zone)}" if each.low > FIRST else ""
    said += f" to {windows.shown(each.grain, each.high - 1, each.zone)}" if each.high < LAST else ""
    return said + (f" in {each.zone}" if each.zone != UTC_NAME else "")
