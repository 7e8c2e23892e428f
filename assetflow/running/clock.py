"""The time, as the ledger keeps it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """UTC, `2026-11-20T02:00:00.123456Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
