"""The law of history tables: after any deliveries, in any state of the columns, the table tells what happened.

Late, repeated, edited, deleted and doubled rows, clocks that go back, columns that come, go and get wider.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.asset import History
from assetflow.errors import AssetError
from tests.laws.histories import Content, RefusedError, Row, Table, Time

DAY = datetime(2024, 1, 1)
TYPES = {"v": ("INTEGER", "BIGINT", "HUGEINT"), "w": ("VARCHAR",), "x": ("DATE", "TIMESTAMP")}
VALUES = {"v": (None, 1, 2), "w": (None, "a", "it's"), "x": (None, DAY, DAY + timedelta(days=1))}

rows = st.fixed_dictionaries(
    {
        "id": st.sampled_from([1, 2, 3, None]),
        "at": st.sampled_from([DAY + timedelta(days=n) for n in range(0, 12, 3)]),
        **{name: st.sampled_from(values) for name, values in VALUES.items()},
    }
)
deliveries = st.lists(
    st.tuples(
        st.lists(rows, max_size=4),
        st.sets(st.sampled_from(sorted(TYPES)), min_size=1).map(sorted),
        st.integers(0, 2),
        st.integers(-1, 4),
    ),
    min_size=1,
    max_size=6,
)


def written(given: list[Row], columns: list[str], width: int) -> str:
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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.booleans(), deliveries)
def test_the_table_tells_what_happened(by_time: bool, closes: bool, given_: list[object]) -> None:
    told: Content | Time = Time(closes) if by_time else Content(closes)
    now = DAY + timedelta(days=2)
    with place(History("scd2", "at" if by_time else None, "close" if closes else "keep")) as table:
        for given_rows, columns, width, hours in given_:  # type: ignore[misc]
            now += timedelta(hours=hours)
            delivered = [{name: row[name] for name in ("id", "at", *columns)} for row in given_rows]
            if not by_time:
                delivered = [{**row, "at": DAY} for row in delivered]
            sql = written(delivered, columns, width)
            try:
                told.deliver(delivered, now)
            except RefusedError:
                before = table.table()
                with pytest.raises(AssetError):
                    table.deliver(sql, now)
                assert table.table() == before
                continue
            table.deliver(sql, now)
            assert Counter(table.table()) == Counter(told.table())
            table.deliver(sql, now + timedelta(hours=1))
            assert not table.changed


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
