"""Finds the rows of a table that came, went, or stand elsewhere among the others, for who reads them in their order.

    before   a  b  c  d
    now      a  c  b  d  e      e came; b and c stand elsewhere: these went, and came

Any choice of rows that has none of them is there as it was, row after row. Files that stayed divide a table into gaps,
of which each is compared with itself alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from assetflow.materialization import Column, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.running.refreshes.difference import compared, refuse_like_ours
from assetflow.warehouse.content.scans import scan_placed

MOST_ROWS = 5_000_000
"""More rows than these are not sorted for it: all rows of files that changed count as moved."""


class Gap(NamedTuple):
    """Files that stand, or stood, between two others that are there then and now."""

    went: Sequence[SnapshotFile]
    came: Sequence[SnapshotFile]


def gaps(before: Sequence[SnapshotFile], now: Sequence[SnapshotFile]) -> list[Gap]:
    """Where two lists of files differ, in their order."""
    matcher = SequenceMatcher(None, [file.sha256 for file in before], [file.sha256 for file in now], autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    return [Gap(before[begin:end], now[first:last]) for _, begin, end, first, last in changes]


def numbers_of(changed: Sequence[Gap], side: int) -> list[int]:
    """The number of the gap of each file that went (side 0), or came (1)."""
    return [at for at, gap in enumerate(changed) for _ in gap[side]]


class Side(NamedTuple):
    """The files of all gaps, then or now: the columns that are read, paths, and the number of the gap of each."""

    columns: Sequence[Column]
    paths: Sequence[str]
    gaps: Sequence[int]

    def rows(self, sign: int) -> str:
        return (
            f"SELECT *, {sign} AS assetflow_sign, {list(self.gaps)}[assetflow_file::BIGINT + 1] AS assetflow_gap "
            f"FROM ({scan_placed(self.columns, self.paths)})"
        )


def rows_moved(then: Side, now: Side) -> str:
    """SQL of the rows that moved, with `assetflow_sign`: 1 where they are now, -1 where they were."""
    refuse_like_ours(now.columns)
    listed = ", ".join(quote_identifier(column.name) for column in now.columns)
    alike = f"OVER (PARTITION BY assetflow_gap, {', '.join(compared(now.columns))})"
    return f"""
        WITH assetflow_both AS ({then.rows(-1)} UNION ALL {now.rows(1)}),
        assetflow_numbered AS (SELECT *, row_number() OVER () AS assetflow_number FROM assetflow_both),
        assetflow_counted AS (
            SELECT *, sum(assetflow_sign) {alike} AS assetflow_times, min(assetflow_number) {alike} AS assetflow_content
            FROM assetflow_numbered
        ),
        -- Of rows that are there as often as before, the first one is compared with the first one, and so on.
        assetflow_placed AS (
            SELECT *, row_number() OVER (
                PARTITION BY assetflow_sign, assetflow_times = 0 ORDER BY assetflow_file, assetflow_row
            ) AS assetflow_place FROM assetflow_counted
        )
        SELECT {listed}, assetflow_sign FROM assetflow_placed
        WINDOW same_place AS (PARTITION BY assetflow_times = 0, assetflow_place)
        QUALIFY assetflow_times <> 0 OR min(assetflow_content) OVER same_place <> max(assetflow_content) OVER same_place
    """
