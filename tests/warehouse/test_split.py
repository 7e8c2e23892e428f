"""Which cause made which row change: a law over made-up tables, and what needs a second look."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetflow.materialization import Column
from assetflow.warehouse.content.split import Cause, Split, is_alike, split

COLUMNS = (Column("id", "INTEGER"), Column("v", "INTEGER"))
Rows = dict[int, int | None]
TABLES = st.dictionaries(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 2)), max_size=6)


def sql(rows: Rows) -> str:
    values = ", ".join(f"({id}, {'NULL' if value is None else value})" for id, value in rows.items())
    return f"SELECT id::INTEGER AS id, v::INTEGER AS v FROM (VALUES {values or '(0, 0)'}) t(id, v){'' if rows else ' LIMIT 0'}"


def counted(before: Rows, after: Rows, *worlds: Rows, key: tuple[str, ...] = ("id",)) -> Split:
    causes = [Cause(sql(before), sql(world)) for world in worlds]
    return split(duckdb.connect(), sql(before), sql(after), causes, COLUMNS, key)


@settings(max_examples=60, deadline=None)
@given(TABLES, TABLES, st.lists(TABLES, max_size=3))
def test_parts_add_up_and_each_row_goes_to_whoever_made_it_so(before: Rows, after: Rows, worlds: list[Rows]) -> None:
    gone = object()
    changed = [id for id in before.keys() | after.keys() if before.get(id, gone) != after.get(id, gone)]
    by = {id: [n for n, world in enumerate(worlds) if world.get(id, gone) == after.get(id, gone)] for id in changed}
    found = counted(before, after, *worlds)
    assert found.rows == tuple(sum(causes == [n] for causes in by.values()) for n in range(len(worlds)))
    assert found.several == sum(len(causes) > 1 for causes in by.values())
    assert found.together == sum(not causes for causes in by.values())
    assert found.total == len(changed)


@settings(max_examples=30, deadline=None)
@given(TABLES, TABLES)
def test_a_single_cause_accounts_for_everything_with_a_key_and_without(before: Rows, after: Rows) -> None:
    for key in (("id",), ()):
        found = counted(before, after, after, key=key)
        assert (found.several, found.together) == (0, 0)
        assert found.rows == (found.total,)


def test_without_a_key_rows_that_come_and_go_are_counted_as_often_as_they_do() -> None:
    before = "SELECT 1 AS id, NULL::INTEGER AS v"
    after = "SELECT 1 AS id, NULL::INTEGER AS v FROM range(4)"
    found = split(duckdb.connect(), before, after, [Cause(before, after)], COLUMNS, ())
    assert found == Split((3,), 0, 0)


def test_a_row_that_goes_counts_for_what_makes_it_go_whatever_it_held() -> None:
    base, world = sql({1: 7, 2: 7}), sql({1: 7})
    found = split(duckdb.connect(), sql({1: 7, 2: 5}), sql({1: 7}), [Cause(base, world)], COLUMNS, ("id",))
    assert found == Split((1,), 0, 0)


def test_a_world_that_could_not_be_made_accounts_for_nothing() -> None:
    found = split(duckdb.connect(), sql({1: 1}), sql({1: 2}), [Cause(None, None)], COLUMNS, ("id",))
    assert found == Split((0,), 0, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.3::DOUBLE", True),
        ("'nan'::DOUBLE", "'nan'::DOUBLE", True),
        ("NULL::DOUBLE", "0::DOUBLE", False),
        ("1.0000001::DOUBLE", "1.0000002::DOUBLE", False),
    ],
)
def test_last_digits_of_floating_point_numbers_do_not_count(one: str, other: str, same: bool) -> None:
    found = is_alike(duckdb.connect(), f"SELECT {one} AS x", f"SELECT {other} AS x", [Column("x", "DOUBLE")])
    assert found is same


def test_columns_may_be_called_as_it_likes() -> None:
    columns = [Column(name, "INTEGER") for name in ("side", "state", "h", "weight", "s0", "by0", 'a "b"')]
    names = ", ".join(f'''{n} AS "{column.name.replace('"', '""')}"''' for n, column in enumerate(columns))
    before, after = f"SELECT {names}", f"SELECT * REPLACE (9 AS s0) FROM (SELECT {names})"
    for key in (("side",), ()):
        assert split(duckdb.connect(), before, after, [Cause(before, after)], columns, key).together == 0
