"""Calls a function once for each file that is new, and puts what it returns together with what is kept.

files        a      b      c(new)  d          in the order of the upstream
kept parts   [a b]         -       [x d]      a part is taken as it is, or the rows of one file are taken out of it
called                     c
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from assetflow.asset import Query
from assetflow.duck import duckdb
from assetflow.engines import Context, File, Table, Where, frames, python
from assetflow.engines.duckdb import siblings
from assetflow.engines.limit import Limit
from assetflow.errors import AssetError
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.running.bodies.body import arguments, query_of_rows, stage
from assetflow.running.built import How, Kept, Tried
from assetflow.running.refreshes.rewriting import MOST_SMALL, SMALL
from assetflow.running.refreshes.side_by_side import side_by_side
from assetflow.running.sources.parts import Part, cover
from assetflow.running.tasks.pieces import KeptPart, Piece, Pieces, columns_to_keep, tags_to_keep
from assetflow.running.tasks.task import Task
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.file_sums import one_table
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.scans import scan_files, scan_placed
from assetflow.warehouse.content.staging import stage_query
from assetflow.warehouse.disk.removal import remove_folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

ROWS_OF_PART = 200_000
MOST_FAILED = 5
"""Files after which no further one is tried, when as many failed."""
FILES_OF_PART = 100
"""Results are put together in parts of about so many; a part of half as many, and of few rows, is small."""


def by_pieces(
    task: Task, pieces: Pieces, function: Callable[..., Any], cursor: Cursor, where: Where, limit: Limit
) -> Tried:
    """All rows of the asset, file by file; AssetError, with the name of the file, for what the function raises."""
    try:
        return Piecewise(task, pieces, function, cursor, where, limit).run()
    except Refused as refused:
        remove_folder(pieces.root, os.path.join(task.staging, "pieces"))
        alone = replace(pieces, kept=(), kept_columns=(), why_full=refused.what)
        return Piecewise(task, alone, function, cursor, where, limit).run()


class Piecewise:
    """One making of an asset out of files."""

    def __init__(
        self, task: Task, pieces: Pieces, function: Callable[..., Any], cursor: Cursor, where: Where, limit: Limit
    ) -> None:
        self.task = task
        self.pieces = pieces
        self.function = function
        self.cursor = cursor
        self.where = where
        self.limit = limit
        self.folder = os.path.join(task.staging, "pieces")
        self.places = {
            tag: (part, sum(part.counts[:at]), part.counts[at])
            for part in pieces.kept
            for at, tag in enumerate(part.tags)
        }
        self.called: dict[str, Staged] = {}
        self.failed: dict[str, AssetError] = {}
        self.columns: tuple[Column, ...] = pieces.kept_columns

    def run(self) -> Tried:
        wanted = self.pieces.pieces
        self.call_all(wanted)
        for tag, staged in self.called.items():
            if staged.columns != self.columns:  # it had nothing but NULLs in a column of which others tell the type
                self.called[tag] = self.cast(staged, f"{tag}-cast.parquet")
        if self.failed:
            return self.kept_for_next_time()
        files, new = self.together(wanted)
        why = self.pieces.why_full
        how = How("incremental" if why is None else "full", why or self.how(), kept=self.kept(new))
        return Tried(self.all_of(files, new), how)

    def call_all(self, wanted: Sequence[Piece]) -> None:
        """Call the function with every file that is new; one that fails keeps no other from being made."""
        new = list({piece.tag: piece for piece in wanted if piece.tag not in self.places}.values())
        for piece, make in self.one_by_one(new) if min(self.task.hands, len(new)) <= 1 else self.at_once(new):
            try:
                self.called[piece.tag] = self.agreed(make(), piece)
            except AssetError as error:
                self.failed[piece.tag] = error
                has_worked = self.called or self.places
                if not has_worked or len(self.failed) == MOST_FAILED:
                    return

    def one_by_one(self, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Callable[[], Staged]]]:
        """Each file with what makes it."""
        given = self.given_to_all(self.cursor)
        for number, piece in enumerate(pieces):
            yield piece, partial(self.call, piece, number, given, self.cursor)

    def at_once(self, pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Callable[[], Staged]]]:
        """Each file with what came of it, when several are made at once: each thread reads by a cursor of its own."""
        open_cursor = siblings(self.cursor)
        own = threading.local()

        def call(numbered: tuple[int, Piece]) -> Staged:
            if not hasattr(own, "cursor"):
                own.cursor = open_cursor()
                self.limit.also(own.cursor.interrupt)
                own.given = self.given_to_all(own.cursor)
            return self.call(numbered[1], numbered[0], own.given, own.cursor)

        hands = min(self.task.hands, len(pieces))
        with closing(side_by_side(call, list(enumerate(pieces)), hands, self.limit)) as made:
            for (_, piece), future in made:
                yield piece, future.result

    def given_to_all(self, cursor: Cursor) -> dict[str, object]:
        """What the function is called with beside the file."""
        return arguments(self.task, self.function, cursor, self.where, but=[self.pieces.parameter.name])

    def kept_for_next_time(self) -> Tried:
        """What was made of other files before one failed: the next run need not make it again."""
        first, *others = self.failed.values()
        if others:
            first.message += f" ({len(others)} more file{'s' * (len(others) > 1)} failed)"
        if not self.called:
            raise first
        _, new = self.together([piece for piece in self.pieces.pieces if piece.tag in self.called])
        return Tried(self.all_of([part.file for part, _ in new], new), How(kept=self.kept(new)), error=first)

    def kept(self, new: Sequence[tuple[KeptPart, Staged]]) -> Kept:
        parts = tuple((tags_to_keep(part), part.file.sha256) for part, _ in new)
        return Kept(self.pieces.key, self.pieces.reading, columns_to_keep(self.columns), parts)

    def how(self) -> str:
        """What was done, as a person says it."""
        what = "file" if self.task.asset.per == "file" else "part"
        total = len(self.pieces.pieces)
        made = sum(piece.tag in self.called for piece in self.pieces.pieces)
        return f"{made:,} of {total:,} {what}s made"

    # One file

    def call(self, piece: Piece, number: int, given: dict[str, object], cursor: Cursor) -> Staged:
        """What the function makes of one file, written and read back."""
        folder = os.path.join(self.folder, str(number))
        os.makedirs(folder, exist_ok=True)
        task = replace(self.task, staging=folder, read_sets=self.task.read_sets)
        if self.task.asset.takes_context:
            context = given["context"]
            assert isinstance(context, Context)
            given = {**given, "context": replace(context, file=self.file(piece))}
        try:
            given = {**given, self.pieces.parameter.name: self.given(piece, folder, cursor)}
            value = python.call(self.function, given, where=self.where)
            if isinstance(value, Query):
                raise query_of_rows(self.task.asset)
            staged = stage(frames.from_result(value, cursor, folder, self.where, task.tables), task, self.where)
        except AssetError as error:
            raise AssetError(
                f"{piece.name}: {error.message}", path=error.path, line=error.line, hint=error.hint,
                details=error.details,
            ) from error  # fmt: skip
        remove_folder(self.pieces.root, os.path.join(folder, "given"))
        return staged

    def file(self, piece: Piece) -> File | None:
        if self.task.asset.per != "file":
            return None
        from pathlib import Path

        return File(Path(piece.path), piece.name, piece.sha256, piece.bytes)

    def given(self, piece: Piece, folder: str, cursor: Cursor) -> object:
        """One file as the function asks for it: its path, or its rows."""
        parameter = self.pieces.parameter
        if parameter.is_path:
            from pathlib import Path

            return Path(piece.path)
        table = self.table(piece, folder, cursor)
        return frames.to_frame(parameter.arrives, table, parameter.columns, cursor, self.where)

    def table(self, piece: Piece, folder: str, cursor: Cursor) -> Table:
        """The rows of one file."""
        name = self.pieces.parameter.upstream
        columns, paths = self.pieces.columns, [piece.path]
        if self.pieces.location is not None:
            staged = self.parsed(piece, os.path.join(folder, "given"), cursor)
            columns, paths = staged.columns, [file.path for file in staged.files]
        elif not piece.path:
            return next(table for table in self.task.tables if table.name == name)
        return Table(name, scan_files(columns, paths), tuple(paths))

    def parsed(self, piece: Piece, folder: str, cursor: Cursor) -> Staged:
        """The rows of one file of a source, with the columns of all of them; SourceError where it cannot be read."""
        observed = self.pieces.location
        assert observed is not None
        types = {column.name: column.type for column in self.pieces.columns}
        try:
            sql = observed.source.location.read(cursor, (piece.path,), types)
            return stage_query(cursor, sql, folder)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            from assetflow.sources.files.explain import explain_read_error

            raise explain_read_error(error, observed.source, self.where.root) from error

    # Columns

    def agreed(self, staged: Staged, piece: Piece) -> Staged:
        """What was made of one file, in the columns that all have; a column of NULLs has the type of the others."""
        if not self.columns:
            self.columns = staged.columns
        if staged.columns == self.columns:
            return staged
        now, before = {each.name: each for each in staged.columns}, {each.name: each for each in self.columns}
        strange = sorted(now.keys() ^ before.keys())
        if strange:
            raise self.refused(piece, f"has {'no ' if strange[0] in before else ''}column {strange[0]}")
        types = {}
        for name, column in before.items():
            other = now[name]
            if other[1:] != column[1:]:
                if self.is_null(staged, name):
                    other = column
                elif not all(self.is_null(each, name) for each in self.called.values()) or self.pieces.kept:
                    raise self.refused(piece, f"has {name} as {other.type}, which is {column.type} elsewhere")
            types[name] = other
        self.columns = tuple(types[name] for name in before)
        return staged

    def is_null(self, staged: Staged, name: str) -> bool:
        scan = scan_files(staged.columns, [file.path for file in staged.files])
        return not self.cursor.execute(f"SELECT count({quote_identifier(name)}) FROM ({scan})").fetchall()[0][0]

    def refused(self, piece: Piece, what: str) -> Exception:
        """Other columns than those kept: everything is made; other ones than for another file: an error."""
        if self.pieces.kept:
            return Refused(f"what it makes of {piece.name} {what}")
        return self.task.asset.error(
            f"what it makes of {piece.name} {what}, unlike what it makes of other files",
            hint="Return the same columns with the same types for every file: cast them in the function.",
        )

    def cast(self, staged: Staged, file_name: str) -> Staged:
        casts = ", ".join(
            f"CAST({quote_identifier(column.name)} AS {column.type}) AS {quote_identifier(column.name)}"
            for column in self.columns
        )
        scan = scan_files(staged.columns, [file.path for file in staged.files])
        return stage_query(
            self.cursor, f"SELECT {casts} FROM ({scan})", self.folder, file_name, reads=self.task.read_sets
        )

    # All of them

    def together(self, wanted: Sequence[Piece]) -> tuple[list[SnapshotFile], list[tuple[KeptPart, Staged]]]:
        """The files of the table in their order, and those among them that are new."""
        files: list[SnapshotFile] = []
        new: list[tuple[KeptPart, Staged]] = []
        tags = [piece.tag for piece in wanted]
        sizes = [self.rows_of(tag) for tag in tags]
        for found in cover(tags, self.taken_whole(), sizes):
            if isinstance(found, Part):
                files.append(found.file)
                continue
            for group in groups([tags[at] for at in found], self.rows_of):
                staged = self.staged_group(group, len(new))
                part = KeptPart(tuple(group), tuple(map(self.rows_of, group)), staged.files[0])
                new.append((part, staged))
                files.append(part.file)
        return files, new

    def rows_of(self, tag: str) -> int:
        return self.places[tag][2] if tag in self.places else self.called[tag].rows

    def taken_whole(self) -> list[Part]:
        """The parts that may stay; small ones are put together where there are many."""
        small = [part for part in self.pieces.kept if part.file.rows < SMALL and len(part.tags) * 2 < FILES_OF_PART]
        gone = small if len(small) >= MOST_SMALL else ()
        return [Part(part.tags, part.file) for part in self.pieces.kept if part not in gone]

    def staged_group(self, group: Sequence[str], number: int) -> Staged:
        """The results of some files one after the other, as one Parquet file."""
        if len(group) == 1 and group[0] in self.called:
            return self.called[group[0]]
        if not tells_order(self.columns):
            raise self.task.asset.error(
                "it has a column of the name by which DuckDB tells where a row stands (file_index, file_row_number)",
                hint="Name it otherwise.",
            )
        listed = ", ".join(quote_identifier(column.name) for column in self.columns)
        terms = " UNION ALL ".join(
            f"(SELECT *, {at} AS assetflow_piece FROM ({self.slice(tag)}))" for at, tag in enumerate(group)
        )
        sql = f"SELECT {listed} FROM ({terms}) ORDER BY assetflow_piece, assetflow_row"
        return stage_query(self.cursor, sql, self.folder, f"group-{number}.parquet", reads=self.task.read_sets)

    def slice(self, tag: str) -> str:
        """The rows of one file, and the place of each."""
        if tag in self.called:
            return scan_placed(self.columns, [file.path for file in self.called[tag].files])
        part, begin, count = self.places[tag]
        scan = scan_placed(self.columns, [os.path.join(self.pieces.root, part.file.path)])
        return f"SELECT * FROM ({scan}) WHERE assetflow_row >= {begin} AND assetflow_row < {begin + count}"

    def all_of(self, files: Sequence[SnapshotFile], new: Sequence[tuple[KeptPart, Staged]]) -> Staged:
        """All files with the digest of them together."""
        sums = tuple(one for _, staged in new for one in staged.sums)
        # A file that is new can have the bytes of one that stays.
        stay = list((Counter(files) - Counter(part.file for part, _ in new)).elements())
        staged = Staged(self.columns, (), 0, 0, "", (), sums)
        made = [part.file for part, _ in new]
        known = self.pieces.sums or {}
        together = one_table(self.cursor, self.pieces.root, staged, stay, made, self.task.read_sets, known)
        return replace(together, files=tuple(files))  # in the order of the upstream


def groups(tags: Sequence[str], rows_of: Callable[[str], int]) -> Iterator[list[str]]:
    """Files whose results are put into one part."""
    group: list[str] = []
    rows = 0
    for tag in tags:
        if group and (rows + rows_of(tag) > ROWS_OF_PART or len(group) >= FILES_OF_PART):
            yield group
            group, rows = [], 0
        group.append(tag)
        rows += rows_of(tag)
    if group:
        yield group
