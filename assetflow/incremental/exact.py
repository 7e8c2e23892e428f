"""Of which types two values can be equal and still be told apart: rows are never found by these."""

from __future__ import annotations

INEXACT = ("FLOAT", "DOUBLE", "INTERVAL", "TIME WITH TIME ZONE", "VARIANT", "GEOMETRY")


def is_inexact(kind: str) -> bool:
    return any(name in kind for name in INEXACT)
