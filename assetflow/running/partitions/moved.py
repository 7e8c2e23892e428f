"""Finds the rows of a table that came, went, or stand elsewhere among the others, for who reads them in their order.

    before   a  b  c  d
    now      a  c  b  d  e      e came; b and c stand elsewhere: these went, and came

Any choice of rows that has none of them is there as it was, row after row. Files that stayed divide a table into gaps,
of which each is compared with itself alone, without the rows that are the same at its beginning and at its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from assetflow.materialization import Column, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.running.refreshes.difference import compared, refuse_like_ours
from assetflow.warehouse.content.scans import scan_placed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

MOST_ROWS = 5_000_000
"""More rows than these are not compared: all rows of files that changed count as moved."""


class Gap(NamedTuple):
    """Files that stand, or stood, between two others that are there then and now."""

    went: Sequence[SnapshotFile]
    came: Sequence[SnapshotFile]


def gaps(before: Sequence[SnapshotFile], now: Sequence[SnapshotFile]) -> list[Gap]:
    """Where two lists of files differ, in their order."""
    matcher = SequenceMatcher(None, [file.sha256 for file in before], [file.sha256 for file in now], autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    return [Gap(before[begin:end], now[first:last]) for _, begin, end, first, last in changes]


class Side(NamedTuple):
    """What fills the gaps, then or now: the columns that are read, and path and number of rows of each file."""

    columns: Sequence[Column]
    gaps: Sequence[Sequence[tuple[str, int]]]

    @property
    def sizes(self) -> list[int]:
        """How many rows each gap has."""
        return [sum(rows for _, rows in gap) for gap in self.gaps]

    def placed(self) -> str:
        """The SELECT of all rows, each with its gap, and its place in there: counted from 0, and from the end."""
        paths = [path for gap in self.gaps for path, _ in gap]
        numbers = [at for at, gap in enumerate(self.gaps) for _ in gap]
        begins = [begin for gap in self.gaps for begin in list(accumulate((rows for _, rows in gap), initial=0))[:-1]]
        return f"""
            SELECT *, {self.sizes}[assetflow_gap + 1] - 1 - assetflow_place AS assetflow_behind FROM (
                SELECT * EXCLUDE (assetflow_file, assetflow_row),
                {numbers}[assetflow_file::BIGINT + 1]::BIGINT AS assetflow_gap,
                {begins}[assetflow_file::BIGINT + 1]::BIGINT + assetflow_row AS assetflow_place
                FROM ({scan_placed(self.columns, paths)})
            )
        """


def rows_moved(cursor: Cursor, then: Side, now: Side) -> str:
    """SQL of the rows that moved, with `assetflow_sign`: 1 where they are now, -1 where they were."""
    refuse_like_ours(now.columns)
    most = [min(sizes) for sizes in zip(then.sizes, now.sizes, strict=True)]
    first = first_differing(cursor, then, now, "assetflow_place")
    last = first_differing(cursor, then, now, "assetflow_behind")
    head = [first.get(gap, size) for gap, size in enumerate(most)]
    tail = [min(last.get(gap, size), size - head[gap]) for gap, size in enumerate(most)]
    between = f"{head}[assetflow_gap + 1] <= assetflow_place AND {tail}[assetflow_gap + 1] <= assetflow_behind"
    listed = ", ".join(quote_identifier(column.name) for column in now.columns)
    alike = f"OVER (PARTITION BY assetflow_gap, {', '.join(compared(now.columns))})"
    return f"""
        WITH assetflow_both AS (
            SELECT *, -1 AS assetflow_sign FROM ({then.placed()}) WHERE {between}
            UNION ALL SELECT *, 1 FROM ({now.placed()}) WHERE {between}
        ),
        assetflow_numbered AS (SELECT *, row_number() OVER () AS assetflow_number FROM assetflow_both),
        assetflow_counted AS (
            SELECT *, sum(assetflow_sign) {alike} AS assetflow_times, min(assetflow_number) {alike} AS assetflow_content
            FROM assetflow_numbered
        ),
        -- Of rows that are there as often as before, the first one is compared with the first one, and so on.
        assetflow_ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY assetflow_sign, assetflow_times = 0 ORDER BY assetflow_gap, assetflow_place
            ) AS assetflow_rank FROM assetflow_counted
        )
        SELECT {listed}, assetflow_sign FROM assetflow_ranked
        WINDOW same_rank AS (PARTITION BY assetflow_times = 0, assetflow_rank)
        QUALIFY assetflow_times <> 0 OR min(assetflow_content) OVER same_rank <> max(assetflow_content) OVER same_rank
    """


def first_differing(cursor: Cursor, then: Side, now: Side, place: str) -> Mapping[int, int]:
    """Of each gap the first place at which another row stands than before; none where all rows are the same."""
    pairs = zip(compared(now.columns, "one."), compared(now.columns, "other."), strict=True)
    differ = " OR ".join(f"{one} IS DISTINCT FROM {other}" for one, other in pairs)
    asked = (
        f"SELECT one.assetflow_gap, min(one.{place}) FROM ({then.placed()}) AS one JOIN ({now.placed()}) AS other "
        f"ON one.assetflow_gap = other.assetflow_gap AND one.{place} = other.{place} WHERE {differ} GROUP BY ALL"
    )
    return dict(cursor.execute(asked).fetchall())
