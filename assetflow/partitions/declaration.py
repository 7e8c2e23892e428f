"""What people declare of partitions, read into JSON values that are kept.

partition = "day(ts)"                                                     as many days as there is data for
partition = { time = "day", column = "ts", start = "2024-01-01", end = "2024-12-31", zone = "Europe/Berlin" }
partition = { column = "region", values = ["eu", "us"] }                  these, and no others
partition = "region"                                                      whatever values there are
partition = { day = { time = "day", column = "ts" }, region = { column = "region" } }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from assetflow.partitions import windows
from assetflow.partitions.declared import UPSTREAMS
from assetflow.partitions.partitioning import WrongPartitionError
from assetflow.partitions.windows import GRAINS, UTC_NAME, WrongTimeError

MOST_WINDOWS = 1_000_000
"""More than a century of hours: whoever declares more has made a mistake."""


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
