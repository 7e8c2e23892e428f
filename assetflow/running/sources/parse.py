"""Parses the files of a source that are in no part yet, and puts them together with the parts that there are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.materialization import ReadSet
from assetflow.running.built import Parsed
from assetflow.running.sources.known import Known, as_read_now, types_of
from assetflow.running.sources.parts import Part, Piece, Together, cover, put_together, sizes_of, tag_of, tags_of
from assetflow.source import Observed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.warehouse.content.reading import Staged


def parse(observed: Observed, known: Known | None, cursor: Cursor, staging: str, reads: Sequence[ReadSet]) -> Parsed:
    """Read the files of a source that are not in a part yet; SourceError, or DuckDB's own, when that fails."""
    tags = tuple(tag_of(file, observed) for file in observed.files)
    known = as_read_now(known, observed)
    types = types_of(observed, known, tags, cursor)
    os.makedirs(staging, exist_ok=True)
    parsing = Parsing(observed, tags, types, known, cursor, staging, tuple(reads))
    pieces = parsing.pieces()
    staged = {at: parsing.stage(piece, at) for at, piece in enumerate(pieces) if not isinstance(piece, Part)}
    if not parsing.agree(pieces, staged):  # a number of one part needs another type in Parquet than those of the others
        everything = range(len(tags))
        pieces, staged = [everything], {0: parsing.stage(everything, len(tags) + 1)}
    return parsing.parsed(pieces, staged)


class Parsing(Struct, frozen=True):
    """What the pieces of one source are made from, and with; each is written into a file of `folder`."""

    observed: Observed
    tags: tuple[str, ...]
    types: Mapping[str, str]
    known: Known | None
    cursor: Cursor
    folder: str
    reads: tuple[ReadSet, ...]

    def pieces(self) -> list[Piece]:
        """The parts that stay, and what is to be parsed or put together."""
        there = self.known is not None and dict(self.known.types) == dict(self.types)
        parts = self.known.parts if self.known is not None and there else ()
        sizes = sizes_of(self.observed)
        return put_together(list(cover(self.tags, parts, sizes)), sizes)

    def stage(self, piece: Together | range, number: int) -> Staged:
        """One file of the rows of some files of the source, or of several parts, in their order."""
        from assetflow.warehouse.content.staging import stage_query

        sql = self.read(piece) if isinstance(piece, range) else self.read_parts(piece)
        return stage_query(self.cursor, sql, self.folder, f"part-{number}.parquet", reads=self.reads, with_bounds=True)

    def read(self, files: range) -> str:
        paths = tuple(self.observed.files[at].stat.path for at in files)
        return self.observed.source.location.read(self.cursor, paths, self.types)

    def read_parts(self, piece: Together) -> str:
        from assetflow.warehouse.content.scans import scan_files

        assert self.known is not None, "there are no parts of what is not known"
        return scan_files(self.known.columns, [os.path.join(self.known.root, part.file.path) for part in piece.parts])

    def agree(self, pieces: Sequence[Piece], staged: Mapping[int, Staged]) -> bool:
        """True when all pieces have the same columns in Parquet."""
        columns = {one.columns for one in staged.values()}
        if self.known is not None and any(isinstance(piece, Part) for piece in pieces):
            columns.add(self.known.columns)
        return len(columns) <= 1

    def parsed(self, pieces: Sequence[Piece], staged: Mapping[int, Staged]) -> Parsed:
        """All files of the source in Parquet, of pieces that agree; with their digests."""
        from assetflow.warehouse.content.file_sums import by_file, digests_together
        from assetflow.warehouse.content.reading import readable

        files = {number: one.files[0] for number, one in staged.items()}
        in_order = tuple(piece.file if isinstance(piece, Part) else files[at] for at, piece in enumerate(pieces))
        made = tuple((tags_of(pieces[at], self.tags), file.sha256) for at, file in files.items())
        found = tuple(sums for one in staged.values() for sums in one.sums)
        sums = {**(self.known.sums if self.known is not None else {}), **by_file(found)}
        columns = next((one.columns for one in staged.values()), self.known.columns if self.known is not None else ())
        digests = digests_together(columns, in_order, readable(columns, self.reads), sums)
        bounds = tuple(bounds for one in staged.values() for bounds in one.bounds)
        return Parsed(columns, in_order, tuple(digests), found, bounds, self.types, self.tags, made)
