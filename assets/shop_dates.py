"""The shop's calendar: the year of receipts, and its weeks from Monday to Sunday."""

from __future__ import annotations

from datetime import date, timedelta

FIRST_DAY = date(2017, 1, 1)
LAST_DAY = date(2017, 12, 31)

# Week 1 is only the Sunday that the year began with, so comparisons start at week 2: two halves of 26 weeks.
FIRST_FULL_WEEK = 2
LAST_WEEK = 53
SECOND_HALF = 28


def weeks_before(day: date, weeks: int) -> date:
    """The day that many weeks earlier."""
    return day - timedelta(weeks=weeks)
