"""What a step tells of the rows that it changed, to those that are refreshed by them in the same run."""

from __future__ import annotations

from typing import NamedTuple


class Delta(NamedTuple):
    """The rows that came to a table in this run and those that went, in a file each (None: none), and how many."""

    came: str | None
    went: str | None
    rows: int
