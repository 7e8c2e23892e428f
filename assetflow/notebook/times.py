"""Times for people: those of the ledger are UTC, those on the screen are on the reader's clock."""

from __future__ import annotations

from datetime import datetime


def local_time(text: str | None) -> str:
    """`2026-11-20 02:00`."""
    if text is None:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
