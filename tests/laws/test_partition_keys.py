"""Windows of time count as DuckDB counts them, slices are sets, and what is shown can be read."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.partitions import windows
from assetflow.partitions.declaration import declaration_of
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns
from assetflow.partitions.partitioning import Dimension, Partitioning
from assetflow.partitions.ranges import put_together
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import ALL, Slice, slice_of
from assetflow.partitions.windows import GRAINS

MOMENTS = st.datetimes(datetime(1900, 1, 8), datetime(2100, 1, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Pacific/Auckland"])
LABELS = st.sampled_from([(), ("eu",), ("us",), ("a/b",)])
KEYS = st.sets(st.tuples(st.integers(-20, 20), LABELS), max_size=15)

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


@UNHURRIED
@given(st.sampled_from(GRAINS), MOMENTS)
def test_a_moment_lies_in_its_window(grain: windows.Grain, moment: datetime) -> None:
    at = windows.index_of(grain, moment)
    assert windows.first_moment(grain, at) <= moment < windows.first_moment(grain, at + 1)


@settings(UNHURRIED, max_examples=60)
@given(st.lists(MOMENTS, min_size=1, max_size=20), ZONES, st.sampled_from(["DATE", "TIMESTAMP", "TIMESTAMPTZ"]))
def test_duckdb_counts_the_same_windows(moments: list[datetime], zone: str, kind: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE t AS SELECT unnest(?::TIMESTAMP[])::{kind} AS ts", [moments])
        told = str(connection.table("t").types[0])
        for grain in GRAINS:
            dimension = Dimension("ts", grain, "UTC" if kind == "DATE" else zone)
            if grain == "hour" and (kind == "DATE" or not windows.has_whole_hours(zone)):
                continue
            columns = KeyColumns(Partitioning((dimension,), {}), (("ts", told),))
            found = [row[0] for row in connection.execute(f"SELECT {columns.listed} FROM t").fetchall()]
            assert found == [number(grain, moment, dimension.zone) for moment in moments]
            for at in found[:2]:
                for low, high in ((at, at + 1), (at - 1, at), (at + 1, at + 3)):
                    asked = f"SELECT count(*) FROM t WHERE {columns.within(Slice(((low, high),)))}"
                    assert connection.execute(asked).fetchall() == [(sum(low <= each < high for each in found),)]


def number(grain: windows.Grain, moment: datetime, zone: str) -> int:
    if grain == "hour" or zone == "UTC":
        return windows.index_of(grain, moment)
    local = moment.replace(tzinfo=UTC).astimezone(windows.zone_named(zone))
    return windows.index_of(grain, local.replace(tzinfo=None))


@UNHURRIED
@given(st.sampled_from(GRAINS), ZONES, st.datetimes(datetime(1900, 1, 8), datetime(2100, 1, 1)))
def test_what_is_shown_of_a_window_names_it(grain: windows.Grain, zone: str, moment: datetime) -> None:
    if grain == "hour" and not windows.has_whole_hours(zone):
        return
    at = windows.index_of(grain, moment)
    if grain == "hour" and moment.year < 1970:  # clocks of those days differed by minutes
        return
    assert windows.read(grain, windows.shown(grain, at, zone), zone) == (at, at + 1)


@UNHURRIED
@given(st.sampled_from(GRAINS), ZONES, st.datetimes(datetime(1970, 1, 8), datetime(2100, 1, 1)))
def test_windows_follow_each_other_without_a_gap(grain: windows.Grain, zone: str, moment: datetime) -> None:
    at = windows.index_of(grain, moment)
    begin, end = windows.begins(grain, at, zone), windows.begins(grain, at + 1, zone)
    assert begin < end
    local = (end - timedelta(seconds=1)).astimezone(UTC if grain == "hour" else windows.zone_named(zone))
    assert windows.index_of(grain, local.replace(tzinfo=None)) == at


@pytest.mark.parametrize(
    ("grain", "text", "count"),
    [("day", "2024-02", 29), ("day", "2024", 366), ("month", "2024-02-05", 1), ("month", "2024-Q1", 3),
     ("hour", "2024-01-01", 24), ("week", "2024-01-03", 1), ("day", "2024-W01", 7), ("hour", "2024-01-01T05", 1)],
)  # fmt: skip
def test_a_coarser_text_names_all_windows_in_it(grain: windows.Grain, text: str, count: int) -> None:
    low, high = windows.read(grain, text)
    assert high - low == count


def test_the_day_on_which_clocks_change_has_23_or_25_hours() -> None:
    for text, count in [("2024-03-31", 23), ("2024-10-27", 25)]:
        low, high = windows.read("hour", text, "Europe/Berlin")
        assert high - low == count
    with pytest.raises(windows.WrongTimeError, match="has no hour"):
        windows.read("hour", "2024-03-31T02:00", "Europe/Berlin")


@UNHURRIED
@given(KEYS, KEYS)
def test_slices_are_sets(one: set[tuple[int, tuple[str, ...]]], other: set[tuple[int, tuple[str, ...]]]) -> None:
    first, second = slice_of(one), slice_of(other)
    assert set(first | second) == one | other
    assert set(first & second) == one & other
    assert set(first - second) == one - other
    assert len(first) == len(one)
    rest = ALL - first
    for key in one | other:
        assert (key in rest) == (key not in one)
    assert (ALL - rest) == first
    assert Slice.from_text(rest.to_text()) == rest


@UNHURRIED
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=8))
def test_ranges_are_put_together(ranges: list[tuple[int, int]]) -> None:
    found = put_together(ranges)
    assert {at for low, high in found for at in range(low, high)} == {at for a, b in ranges for at in range(a, b)}
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


@UNHURRIED
@given(st.integers(-1000, 20000), st.text(max_size=8))
def test_any_value_can_be_part_of_a_key(at: int, value: str) -> None:
    cut = partitioning(declaration_of({"day": {"time": "day", "column": "ts"}, "place": {"column": "place"}}))
    key = (at, (value,))
    assert list(read_keys(cut, cut.shown(key))) == [key]
