"""The files of a table that is refreshed, which go by their numbers from 0, and SELECTs of the rows of some of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from assetflow.incremental.refused import Refused
from assetflow.materialization import Bounds, Column, SnapshotFile, Sums
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.bounds import Between, all_hold_nothing_else, all_may_hold
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.scans import scan_files, scan_placed


class TableFiles(Struct, frozen=True):
    """The rows that are there. `sums` are what the digests of the files are made of.

    `bounds` are between which values the columns of a file lie, by its SHA-256, where that is known.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    root: str
    sums: Mapping[tuple[str, str], Sums]
    bounds: Mapping[str, Mapping[str, Bounds]] = field(default_factory=dict)

    @property
    def all_rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def all_files(self) -> range:
        return range(len(self.files))

    @property
    def listed(self) -> str:
        """Its columns, as SQL lists them."""
        return ", ".join(quote_identifier(column.name) for column in self.columns)

    def of(self, files: Sequence[int]) -> str:
        """The rows of some files, with the types that the table has."""
        if files:
            return scan_files(self.columns, self.paths_at(files))
        typed = ", ".join(f"NULL::{column.type} AS {quote_identifier(column.name)}" for column in self.columns)
        return f"SELECT {typed} WHERE false"

    def placed(self, files: Sequence[int]) -> str:
        """The rows of some files with the place of each: `assetflow_file`, its number, and `assetflow_row` in there."""
        if not tells_order(self.columns):
            raise Refused("a column of its own has the name by which DuckDB tells where a row stands")
        number = "file_index" if len(files) == len(self.files) else f"{list(files)}[file_index::INTEGER + 1]"
        return scan_placed(self.columns, self.paths_at(files), number)

    def near(self, ranges: Iterable[tuple[str, Between | None]]) -> list[int]:
        """The files in which rows may stand of which these columns lie between two values each (None: any)."""
        box = [(name, between) for name, between in ranges if between is not None]
        return [at for at, file in enumerate(self.files) if all_may_hold(self.bounds.get(file.sha256, {}), box)]

    def are_within(self, files: Iterable[int], ranges: Iterable[tuple[str, Between | None]]) -> bool:
        """True where each row of these files is known to have these columns between two values each (None: any)."""
        box = [(name, between) for name, between in ranges if between is not None]
        return all(all_hold_nothing_else(self.bounds.get(self.files[at].sha256, {}), box) for at in files)

    def apart_by(self, names: Iterable[str]) -> list[str]:
        """Those of the columns by which files stand apart: all over some file one value, and others elsewhere."""
        return [name for name in names if self._stand_apart(name)]

    def _stand_apart(self, name: str) -> bool:
        held = {(known[name].least, known[name].greatest) for known in self.bounds.values() if name in known}
        return len(held) > 1 and any(least == greatest is not None for least, greatest in held)

    def paths_at(self, files: Sequence[int]) -> list[str]:
        return [os.path.join(self.root, self.files[at].path) for at in files]

    def left_in(self, files: Sequence[int], gone: Mapping[int, int]) -> list[int]:
        """Those of the files of which not every row goes, when so many rows go of each."""
        return [at for at in files if at not in gone or gone[at] < self.files[at].rows]

    def others(self, files: Sequence[int]) -> list[SnapshotFile]:
        return [file for at, file in enumerate(self.files) if at not in files]
