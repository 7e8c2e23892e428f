"""The files of a table that is refreshed, which go by their numbers from 0, and SELECTs of the rows of some of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct

from assetflow.incremental.refused import Refused
from assetflow.materialization import Column, SnapshotFile, Sums
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.scans import scan_files, scan_placed


class TableFiles(Struct, frozen=True):
    """The rows that are there. `sums` are what the digests of the files are made of."""

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    root: str
    sums: Mapping[tuple[str, str], Sums]

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
        """The rows of some files with the place of each: `assetflow_file`, counted from 0, and `assetflow_row`."""
        if not tells_order(self.columns):
            raise Refused("a column of its own has the name by which DuckDB tells where a row stands")
        return scan_placed(self.columns, self.paths_at(files))

    def paths_at(self, files: Sequence[int]) -> list[str]:
        return [os.path.join(self.root, self.files[at].path) for at in files]

    def left_in(self, files: Sequence[int], gone: Mapping[int, int]) -> list[int]:
        """Those of the files of which not every row goes, when so many rows go of each."""
        return [at for at in files if at not in gone or gone[at] < self.files[at].rows]

    def others(self, files: Sequence[int]) -> list[SnapshotFile]:
        return [file for at, file in enumerate(self.files) if at not in files]
