"""How two versions of a table differ, in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetflow.notebook import html
from assetflow.notebook.html import local_time
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    from assetflow.warehouse.content.difference import Difference


@dataclass(frozen=True, slots=True, repr=False)
class Diff:
    """What changed from one version of a table to another: `.same`, `.to_dict()` with all counts, some rows shown."""

    name: str
    before: Version
    after: Version
    found: Difference

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        return self.found.same

    def to_dict(self) -> dict[str, Any]:
        """What `assetflow diff --json` tells."""
        ends = {"asset": self.name, "before": self.before.snapshot, "after": self.after.snapshot}
        return {**ends, "same": self.same, **self.found.to_dict()}

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(f"  {line}" for line in self._lines())])

    def _repr_html_(self) -> str:
        return html.card(self._title(), html.preformatted(list(self._lines())))

    def _title(self) -> str:
        ends = (f"{each.snapshot[:12]} ({local_time(each.published_at)})" for each in (self.before, self.after))
        return f"{self.name}  {' -> '.join(ends)}"

    def _lines(self) -> Iterator[str]:
        found = self.found
        if found.same:
            yield f"the same {found.rows_after:,} rows"
            return
        yield from (f"+ column {column.name} {column.type}" for column in found.columns_added)
        yield from (f"- column {column.name} {column.type}" for column in found.columns_removed)
        yield from (f"~ column {name} {before} -> {after}" for name, before, after in found.columns_retyped)
        changed = f", {found.changed:,} changed" if found.key else ""
        key = f"told apart by {', '.join(found.key)}" if found.key else "no key to tell them apart"
        counts = f"{found.added:,} added, {found.removed:,} removed{changed}"
        yield f"{found.rows_before:,} -> {found.rows_after:,} rows: {counts}, {key}"
        for sample in found.samples:
            told = ", ".join(f"{name} {value}" for name, value in zip(found.key, sample.key, strict=True))
            yield f"~ {told}: " + ", ".join(f"{name} {one} -> {other}" for name, one, other in sample.changes)
        for sign, rows in (("+", found.added_rows), ("-", found.removed_rows)):
            for row in rows:
                yield f"{sign} " + ", ".join(f"{name} {value}" for name, value in zip(found.columns, row, strict=True))
