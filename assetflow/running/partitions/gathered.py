"""What came of the partitions of one asset so far: results, files, and what they tell of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from assetflow.materialization import Column, SnapshotFile, Sums
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.running.built import Built
from assetflow.running.events import AssetResult


@dataclass
class Gathered:
    """`files` by the partitions that stand in them; `sums` by file and columns."""

    results: dict[Key, AssetResult] = field(default_factory=dict)
    files: dict[str, SnapshotFile] = field(default_factory=dict)
    columns: tuple[Column, ...] | None = None
    reads: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    surprises: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    sums: dict[tuple[str, str], Sums] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, built: Built) -> None:
        """Remember what a batch tells of all of them."""
        if self.columns is None or (built.rows and not self.files):
            self.columns = built.columns
        self.sums.update({(one.file, one.key): one.sums for one in built.sums})
        self.surprises.update(built.surprises)
        self.warnings += [text for text in built.warnings if text not in self.warnings]
        for name, columns in built.reads:
            before = self.reads.get(name, ())
            self.reads[name] = None if columns is None or before is None else tuple(sorted({*before, *columns}))

    def add(self, text: str, files: tuple[SnapshotFile, ...]) -> None:
        """Note the file of a partition, which has none where it has no rows."""
        if files:
            (self.files[text],) = files

    @property
    def failed(self) -> Slice:
        return slice_of(key for key, result in self.results.items() if result.outcome == "failed")

    @property
    def is_news(self) -> bool:
        """True when a partition was made, found again, or went."""
        return any(result.outcome in {"materialized", "restored"} for result in self.results.values())
