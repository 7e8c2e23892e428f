"""Where no row of a key came, went or stands elsewhere, its rows are there as they were, one after the other."""

from __future__ import annotations

from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.materialization import Column, SnapshotFile
from assetflow.running.partitions.moved import Side, gaps, rows_moved

COLUMNS = [Column("k", "BIGINT"), Column("x", "DOUBLE")]
ROW = st.tuples(st.integers(0, 2), st.sampled_from([0.0, -0.0, None, float("nan")]))
Row = tuple[int, float | None]
ROWS = st.lists(ROW, min_size=1, max_size=4)
FILES = st.lists(ROWS, min_size=1, max_size=4)


@st.composite
def two_tables(draw: st.DrawFn) -> tuple[list[list[Row]], list[list[Row]]]:
    """Files then and now, of which some are the same."""
    before = draw(FILES)
    changed = [draw(st.sampled_from([rows, rows[::-1], [*rows, rows[-1]], [*rows[:1], *rows]])) for rows in before]
    others = draw(st.lists(ROWS, max_size=2))
    return before, draw(st.permutations([*changed[draw(st.integers(0, 1)) :], *others]))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(two_tables())
def test_what_did_not_move_is_there_as_it_was(tmp_path: Path, tables: tuple[list[list[Row]], list[list[Row]]]) -> None:
    then, now = ([written(tmp_path, rows) for rows in table] for table in tables)
    changed = gaps(then, now)
    sides = [Side(COLUMNS, [[(file.path, file.rows) for file in gap[side]] for gap in changed]) for side in (0, 1)]
    if all(sum(side.sizes) for side in sides):
        with duckdb.connect() as connection:
            moved = {key for key, *_ in connection.execute(rows_moved(connection, *sides)).fetchall()}
    else:
        files = [file for gap in changed for side in gap for file in side]
        moved = {key for file in files for key, _ in duckdb.read_parquet(file.path).fetchall()}
    before, after = ([row for rows in table for row in rows] for table in tables)
    for key in {0, 1, 2} - moved:
        assert of(key, before) == of(key, after)
    if [str(rows) for rows in tables[0]] == [str(rows) for rows in tables[1]]:
        assert moved == set()


def of(key: int, rows: list[Row]) -> list[str]:
    return [repr(x) for at, x in rows if at == key]


def written(folder: Path, rows: list[Row]) -> SnapshotFile:
    """A file of these rows; the same rows are in the same file."""
    name = repr(rows)
    path = folder / f"{abs(hash(name))}.parquet"
    if not path.exists():
        values = ", ".join(f"({key}::BIGINT, {repr(str(x)) if x is not None else 'NULL'}::DOUBLE)" for key, x in rows)
        duckdb.sql(f"FROM (VALUES {values}) t(k, x)").write_parquet(str(path))
    return SnapshotFile(str(path), name, len(rows), 0)
