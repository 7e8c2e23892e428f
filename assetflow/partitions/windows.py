"""Windows of time: hours, days, weeks, months, quarters and years, each known by a whole number.

day 19723  <->  2024-01-01  <->  from 2023-12-31 23:00 UTC (in Europe/Berlin) to just before day 19724

Hours are counted in UTC, so that an hour which a zone has twice is two windows; all others by the zone's calendar.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Literal, get_args

Grain = Literal["hour", "day", "week", "month", "quarter", "year"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
EPOCH = datetime(1970, 1, 1)
MONDAY = date(1970, 1, 5).toordinal()
DAY = EPOCH.toordinal()
UTC_NAME = "UTC"
HOUR = timedelta(hours=1)


class WrongTimeError(ValueError):
    """A text that is no such time; what it says completes the sentence "... is wrong: ..."."""


def index_of(grain: Grain, moment: datetime) -> int:
    """The window of a moment: of the clock on the wall of its zone, or of UTC for hours."""
    if grain == "hour":
        return (moment - EPOCH) // HOUR
    if grain == "day":
        return moment.toordinal() - DAY
    if grain == "week":
        return (moment.toordinal() - MONDAY) // 7
    if grain == "month":
        return (moment.year - 1970) * 12 + moment.month - 1
    if grain == "quarter":
        return (moment.year - 1970) * 4 + (moment.month - 1) // 3
    return moment.year - 1970


def first_moment(grain: Grain, index: int) -> datetime:
    """The first moment of a window, by the same clock; OverflowError or ValueError outside of the years 1 to 9999."""
    if grain == "hour":
        return EPOCH + index * HOUR
    if grain == "day":
        return datetime.fromordinal(index + DAY)
    if grain == "week":
        return datetime.fromordinal(index * 7 + MONDAY)
    if grain == "month":
        return datetime(1970 + index // 12, index % 12 + 1, 1)
    if grain == "quarter":
        return datetime(1970 + index // 4, index % 4 * 3 + 1, 1)
    return datetime(1970 + index, 1, 1)


def is_there(grain: Grain, index: int) -> bool:
    """True for a window in the years 1 to 9999."""
    try:
        first_moment(grain, index)
    except (OverflowError, ValueError):
        return False
    return True


def moment_after(grain: Grain, index: int) -> datetime:
    """The end of a window; time itself ends with the year 9999."""
    try:
        return first_moment(grain, index + 1)
    except (OverflowError, ValueError):
        return datetime.max.replace(microsecond=0)


def begins(grain: Grain, index: int, zone: str = UTC_NAME) -> datetime:
    """When a window begins, in UTC."""
    first = first_moment(grain, index)
    if grain == "hour" or zone == UTC_NAME:
        return first.replace(tzinfo=UTC)
    # A midnight that the zone leaves out is taken for the moment at which its clocks go on.
    return first.replace(tzinfo=zone_named(zone)).astimezone(UTC)


def begins_twice(grain: Grain, index: int, zone: str = UTC_NAME) -> bool:
    """True where clocks go back over the beginning of a window: its first minute, then the last ones before it."""
    if grain == "hour" or zone == UTC_NAME:
        return False
    clock, first = zone_named(zone), first_moment(grain, index)
    again = first.replace(tzinfo=clock, fold=1).astimezone(UTC)
    just_before = (again - timedelta(microseconds=1)).astimezone(clock).replace(tzinfo=None)
    return again > begins(grain, index, zone) and just_before < first


def shown(grain: Grain, index: int, zone: str = UTC_NAME) -> str:
    """A window as people and scripts write it: 2024-01-05T13:00, 2024-01-05, 2024-W01, 2024-01, 2024-Q1, 2024."""
    try:
        first = first_moment(grain, index)
    except (OverflowError, ValueError):
        return f"{grain} {index}"
    if grain == "hour":
        return _hour(first.replace(tzinfo=UTC), zone)
    if grain == "day":
        return first.date().isoformat()
    if grain == "week":
        year, week, _ = first.isocalendar()
        return f"{year:04}-W{week:02}"
    if grain == "month":
        return f"{first.year:04}-{first.month:02}"
    if grain == "quarter":
        return f"{first.year:04}-Q{first.month // 3 + 1}"
    return f"{first.year:04}"


def _hour(moment: datetime, zone: str) -> str:
    local = moment.astimezone(zone_named(zone))
    # Only the second of two hours of one name says which it is.
    return local.isoformat(timespec="minutes") if local.fold else local.strftime("%Y-%m-%dT%H:%M").rjust(16, "0")


_TEXTS: tuple[tuple[Grain, str], ...] = (
    ("year", r"(\d{4})"),
    ("quarter", r"(\d{4})-Q([1-4])"),
    ("month", r"(\d{4})-(\d{2})"),
    ("week", r"(\d{4})-W(\d{2})"),
    ("day", r"(\d{4})-(\d{2})-(\d{2})"),
    ("hour", r"(\d{4}-\d{2}-\d{2})[T ](\d{2})(?::00(?::00)?)?(Z|[+-]\d{2}:\d{2})?"),
)


def read(grain: Grain, text: str, zone: str = UTC_NAME) -> tuple[int, int]:
    """The windows that a text names, as a range of numbers: 2024-01 names one month, or all days of January."""
    for said, pattern in _TEXTS:
        found = re.fullmatch(pattern, text.strip())
        if found:
            try:
                return _windows(grain, said, found, zone)
            except (ValueError, OverflowError) as error:
                if isinstance(error, WrongTimeError):
                    raise
                raise WrongTimeError(f"there is no {said} {text!r}") from None
    raise WrongTimeError(f"{text!r} is no time such as {shown(grain, index_of(grain, datetime(2024, 1, 1)), zone)}")


def _windows(grain: Grain, said: Grain, found: re.Match[str], zone: str) -> tuple[int, int]:
    if said == "hour":
        first = _moment_of_hour(found, zone)
        after = first + HOUR
    else:
        number = _number(said, [int(each) for each in found.groups()])
        first, after = first_moment(said, number), moment_after(said, number)
        if grain == "hour":
            clock_there = zone_named(zone)
            first, after = (each.replace(tzinfo=clock_there).astimezone(UTC) for each in (first, after))
    if grain == "hour":
        clock: tzinfo = UTC
    else:
        clock = zone_named(zone)
    if first.tzinfo is not None:
        first, last = (each.astimezone(clock).replace(tzinfo=None) for each in (first, after - timedelta(seconds=1)))
    else:
        last = after - timedelta(seconds=1)
    return index_of(grain, first), index_of(grain, last) + 1


def _number(said: Grain, numbers: list[int]) -> int:
    if said == "week":
        return index_of("week", datetime.fromisocalendar(numbers[0], numbers[1], 1))
    if said == "quarter":
        return index_of("quarter", datetime(numbers[0], numbers[1] * 3 - 2, 1))
    return index_of(said, datetime(*[*numbers, 1, 1][:3]))  # type: ignore[arg-type]


def _moment_of_hour(found: re.Match[str], zone: str) -> datetime:
    day, hour, offset = found.groups()
    local = datetime.fromisoformat(f"{day}T{hour}:00:00")
    if offset is not None:
        return datetime.fromisoformat(f"{day}T{hour}:00:00{offset.replace('Z', '+00:00')}").astimezone(UTC)
    moment = local.replace(tzinfo=zone_named(zone)).astimezone(UTC)
    if moment.astimezone(zone_named(zone)).replace(tzinfo=None) != local:
        raise WrongTimeError(f"{zone} has no hour {day}T{hour}:00: its clocks were put forward over it")
    return moment


@cache
def zone_named(zone: str) -> tzinfo:
    """A time zone by its name; WrongTimeError where there is none of that name."""
    if zone == UTC_NAME:
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise WrongTimeError(f"there is no time zone {zone!r}; write one such as Europe/Berlin") from None


def has_whole_hours(zone: str) -> bool:
    """True for a zone whose clocks differ from UTC by whole hours, all over the years that anybody asks about."""
    clock = zone_named(zone)
    asked = (datetime(year, month, 1, tzinfo=UTC) for year in range(1980, 2040) for month in (1, 7))
    return all((each.astimezone(clock).utcoffset() or timedelta(0)) % HOUR == timedelta(0) for each in asked)
