"""The law of history tables: after any deliveries, in any state of the columns, the table tells what happened.

Late, repeated, edited, deleted and doubled rows, clocks that go back, columns that come, go and get wider.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assetflow.asset import History
from assetflow.errors import AssetError
from tests.laws.histories import Content, RefusedError, Row, Table, Time

DAY = datetime(2024, 1, 1)
TYPES = {"v": ("INTEGER", "BIGINT", "HUGEINT"), "w": ("VARCHAR",), "x": ("DATE", "TIMESTAMP")}
VALUES = {"v": (None, 1, 2), "w": (None, "a", "it's"), "x": (None, DAY, DAY + timedelta(days=1))}

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "8")) * 5

rows = st.fixed_dictionaries(
    {
        "id": st.sampled_from([1, 2, None]),
        "at": st.sampled_from([DAY + timedelta(hours=hours) for hours in (0, 48, 49, 51, 54, 60)]),
        **{name: st.sampled_from(values) for name, values in VALUES.items()},
    }
)
edits = st.tuples(st.sampled_from(["set", "set", "also", "drop", "drop", "again", "back", "nothing"]), rows)
deliveries = st.lists(
    st.tuples(
        st.lists(edits, min_size=1, max_size=2),
        st.sampled_from([["v"], ["v"], ["v", "w"], ["v", "w", "x"], ["w"]]),
        st.integers(0, 2),
        st.integers(-1, 4),
    ),
    min_size=2,
    max_size=7,
)


def edited(given: list[Row], kind: str, row: Row, earlier: list[list[Row]]) -> list[Row]:
    """The next delivery: as the one before, with one row set, late, twice, gone, or all as it was once."""
    others = [each for each in given if each["id"] != row["id"]]
    if kind == "back" and earlier:
        return earlier[len(earlier) // 2]
    if kind == "again":
        return [*given, *given[:1]]
    return {"set": [*others, row], "also": [*given, row], "drop": others}.get(kind, given)


def written(given: Sequence[Row], columns: list[str], width: int) -> str:
    """A delivery as SQL, with these columns, and types as wide as that."""
    kinds = {"id": "INTEGER", "at": "TIMESTAMP", **{name: TYPES[name][min(width, len(TYPES[name]) - 1)]
                                                    for name in columns}}  # fmt: skip
    values = " UNION ALL ".join(
        "SELECT " + ", ".join(f"CAST({literal(row[name])} AS {kind}) AS {name}" for name, kind in kinds.items())
        for row in given
    )
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in kinds.items())
    return values or f"SELECT {nothing} WHERE false"


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


@contextmanager
def place(history: History) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as root, duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        numbers = itertools.count()
        yield Table(connection.cursor(), lambda: f"{root}/{next(numbers)}", history)


def told_of(hours: int) -> Row:
    return {"id": 1, "at": DAY + timedelta(hours=hours), "v": 1, "w": "a", "x": None}


LATE_IN_A_GAP = [
    ([("set", told_of(0))], ["v"], 0, 0),
    ([("drop", told_of(0))], ["v"], 0, 2),
    ([("set", told_of(0))], ["v"], 0, 4),
    ([("set", told_of(51))], ["v"], 0, 1),
]
"""A key was gone and came back, and then turns out to have been there meanwhile."""


@example(True, True, LATE_IN_A_GAP)
@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.booleans(), deliveries)
def test_the_table_tells_what_happened(by_time: bool, closes: bool, given_: list[object]) -> None:
    told: Content | Time = Time(closes) if by_time else Content(closes)
    now, current, earlier = DAY + timedelta(days=2), [], []  # type: ignore[var-annotated]
    with place(History("scd2", "at" if by_time else None, "close" if closes else "keep")) as table:
        for changes, columns, width, hours in given_:  # type: ignore[misc]
            now += timedelta(hours=hours)
            earlier.append(current)
            for kind, row in changes:
                current = edited(current, kind, row, earlier)
            delivered = [{name: row[name] for name in ("id", "at", *columns)} for row in current]
            if not by_time:
                delivered = [{**row, "at": DAY} for row in delivered]
            sql = written(delivered, columns, width)
            try:
                told.deliver(delivered, now)
            except RefusedError:
                current = earlier[-1]
                before = table.table()
                with pytest.raises(AssetError):
                    table.deliver(sql, now)
                assert table.table() == before
                continue
            table.deliver(sql, now)
            assert Counter(table.table()) == Counter(told.table())
            table.deliver(sql, now + timedelta(hours=1))
            assert not table.changed


@settings(max_examples=HISTORIES // 4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(rows, min_size=1, max_size=3), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_by_time_the_order_of_deliveries_makes_no_difference(given_: list[list[Row]], draw: object) -> None:
    # What is said of one moment of one key is said once.
    said = {(row["id"], row["at"]): row for each in given_ for row in each}
    batches = [[said[row["id"], row["at"]] for row in each] for each in given_]
    found = []
    for order in (batches, draw.sample(batches, len(batches)), [list(said.values())]):  # type: ignore[attr-defined]
        with place(History("scd2", "at", "keep")) as table:
            for number, each in enumerate((*order, order[0])):
                table.deliver(written(each, ["v", "w", "x"], 0), DAY + timedelta(hours=number))
            found.append(Counter(table.table()))
    assert found[0] == found[1] == found[2]
