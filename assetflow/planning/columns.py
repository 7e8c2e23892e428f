"""How the columns of a table change, as a value: by name, and by type where both are known."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ColumnsChange(Struct, frozen=True):
    """Columns that come and go, with their types, and those whose type changes: name, type then, type now."""

    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        """`+ margin DOUBLE, - discount INTEGER, amount INTEGER -> BIGINT`"""
        parts = [f"+ {name} {kind}" for name, kind in self.added]
        parts += [f"- {name} {kind}" for name, kind in self.removed]
        parts += [f"{name} {then} -> {now}" for name, then, now in self.changed]
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        return {
            "added": [{"name": name, "type": kind} for name, kind in self.added],
            "removed": [{"name": name, "type": kind} for name, kind in self.removed],
            "changed": [{"name": name, "before": then, "after": now} for name, then, now in self.changed],
        }


def columns_change(
    before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...], *, by_type: bool = True
) -> ColumnsChange:
    """The change from one schema to another; without `by_type`, types are not compared."""
    then, now = dict(before), dict(after)
    return ColumnsChange(
        tuple((name, kind) for name, kind in after if name not in then),
        tuple((name, kind) for name, kind in before if name not in now),
        tuple((name, then[name], kind) for name, kind in after if by_type and name in then and then[name] != kind),
    )
