"""What came to an upstream and what went since a function ran last, as frames."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

Frame = TypeVar("Frame")


class Changes(Struct, Generic[Frame], frozen=True):
    """The rows of an upstream that were added and removed since the asset was made, for a function that takes these.

        @asset(merge="upsert", unique_key=["id"])
        def scores(events: Changes[pl.DataFrame]) -> pl.DataFrame: ...

    `is_full`: everything counts as added and nothing as removed, and what the function returns is the whole table;
    `why_full` says why. Under "upsert", a key of which one row came or went is there with all of its rows: those it
    had are `removed`, those it has are `added`.
    """

    added: Frame
    removed: Frame
    is_full: bool = False
    why_full: str | None = None
