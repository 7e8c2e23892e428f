"""Parses a source in parts, so that files which were parsed before are not parsed again.

data/1.csv  data/2.csv  data/3.csv        the files of a source, each known by its bytes (its tag)
part of 1 and 2         part of 3         one Parquet file each, of about a megabyte of text or more

A part is taken again when its very files stand in the same order among today's. Many small ones that stand side by
side, as of a folder that gets a file every night, are put together as they would be if all were parsed at once. The
types of the columns are those of all files together; they stay what they were when only files were added that fit them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from assetflow.errors import SourceError
from assetflow.materialization import Column, ReadSet, SnapshotFile, Sums
from assetflow.running.built import Parsed
from assetflow.source import Observed, SourceFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.warehouse.content.reading import Staged

BYTES_OF_PART = 1_000_000
"""Files are put together up to so much text: less would cost more to open than to parse."""
MOST_PARTS = 2000
MANY_SMALL = 32
"""Small parts of a source beyond which they are put together: not every time, since those who read them look anew."""


class Part(NamedTuple):
    """A Parquet file, and the tags of the files that it holds, in their order."""

    tags: tuple[str, ...]
    file: SnapshotFile


class Together(NamedTuple):
    """Parts that stand side by side, about to become one."""

    parts: tuple[Part, ...]


Piece = Part | Together | range


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out about a source before: the types of the columns of some files, and the parts of it.

    `reading` names how it was read then; `sums` are what digests of the parts are made of; `root` is where they lie.
    """

    reading: str
    tags: tuple[str, ...]
    types: Mapping[str, str]
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    sums: Mapping[tuple[str, str], Sums]
    root: str = ""


def reading_of(observed: Observed) -> str:
    """How a source is read: its declaration, and the version of the reader."""
    import duckdb

    said = json.dumps([observed.source.name, observed.source.location.to_dict(), duckdb.__version__], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def as_read_now(known: Known | None, observed: Observed) -> Known | None:
    """What was parsed of a source, if it would be read in the same way now."""
    return known if known is not None and known.reading == reading_of(observed) else None


def tag_of(file: SourceFile, observed: Observed) -> str:
    """What the rows of a file depend on: its bytes; also its path, where that shows in them."""
    declared = observed.source.location.to_dict()
    options = declared.get("options", {})
    if (
        declared.get("format") == "file"
        or "=" in file.stat.path
        or declared.get("keys")
        or options.get("filename")
        or options.get("file_row_number")
    ):
        return hashlib.sha256(f"{file.sha256} {file.stat.path}".encode()).hexdigest()
    return file.sha256


def parse(observed: Observed, known: Known | None, cursor: Cursor, staging: str, reads: Sequence[ReadSet]) -> Parsed:
    """Read the files of a source that are not in a part yet; SourceError, or DuckDB's own, when that fails."""
    from assetflow.warehouse.content.file_sums import by_file, digests_together, that_add_up

    tags = tuple(tag_of(file, observed) for file in observed.files)
    paths = {at: file.stat.path for at, file in enumerate(observed.files)}
    known = as_read_now(known, observed)
    sizes = sizes_of(observed)
    types = types_of(observed, known, tags, cursor)
    os.makedirs(staging, exist_ok=True)
    parts = known.parts if known is not None and dict(known.types) == dict(types) else ()
    pieces = put_together(list(cover(tags, parts, sizes)), sizes)
    staged = {}
    for number, piece in enumerate(pieces):
        if isinstance(piece, range):
            staged[number] = stage(observed, [paths[at] for at in piece], types, cursor, staging, number, reads)
        elif isinstance(piece, Together) and known is not None:
            staged[number] = stage_together(piece, known, cursor, staging, number, reads)
    columns = {one.columns for one in staged.values()}
    if known is not None and any(isinstance(piece, Part) for piece in pieces):
        columns.add(known.columns)
    if len(columns) > 1:  # a number of one part needs another type in Parquet than those of the others
        pieces = [range(len(tags))]
        staged = {0: stage(observed, list(paths.values()), types, cursor, staging, len(paths) + 1, reads)}
        columns = {staged[0].columns}
    files = tuple(
        piece.file if isinstance(piece, Part) else staged[number].files[0] for number, piece in enumerate(pieces)
    )
    found = tuple(sums for one in staged.values() for sums in one.sums)
    made = tuple(
        (tags_of(piece, tags), staged[number].files[0].sha256)
        for number, piece in enumerate(pieces)
        if not isinstance(piece, Part)
    )
    (shown,) = columns
    sums = {**(known.sums if known is not None else {}), **by_file(found)}
    digests = digests_together(shown, files, that_add_up(shown, reads), sums)
    return Parsed(shown, files, tuple(digests), found, types, tags, made)


def sizes_of(observed: Observed) -> list[int]:
    """About how much text the rows of each file are."""
    if observed.source.location.to_dict().get("format") == "file":
        return [BYTES_OF_PART // 1000] * len(observed.files)
    return [file.stat.size for file in observed.files]


def types_of(observed: Observed, known: Known | None, tags: tuple[str, ...], cursor: Cursor) -> dict[str, str]:
    """The types of the columns over all files; where files were only added, these alone are looked at if they fit."""
    location = observed.source.location
    paths = tuple(file.stat.path for file in observed.files)
    if known is not None and known.types:
        added = Counter(tags) - Counter(known.tags)
        new = [path for path, tag in zip(paths, tags, strict=True) if tag in added]
        # The first file is looked at as well: whether two files contradict each other shows only side by side.
        if is_among(known.tags, tags) and (not new or fits(observed, (paths[0], *new), known.types, cursor)):
            return dict(known.types)
    return location.sniff(cursor, paths)


def is_among(some: Sequence[str], tags: Sequence[str]) -> bool:
    """True for tags that are all there, in the same order: columns stand in the order in which files show them."""
    rest = iter(tags)
    return all(tag in rest for tag in some)


def fits(observed: Observed, paths: tuple[str, ...], types: Mapping[str, str], cursor: Cursor) -> bool:
    """True for files that leave the types of all files together what they are."""
    try:
        found = observed.source.location.sniff(cursor, paths)
    except SourceError:  # it is told when all are looked at
        return False
    return list(found) == list(types) and all(holds(types[name], kind) for name, kind in found.items())


def holds(of_all: str, kind: str) -> bool:
    return kind == of_all or of_all == "VARCHAR" or (of_all, kind) == ("DOUBLE", "BIGINT")


def put_together(pieces: list[Part | range], sizes: Sequence[int]) -> list[Piece]:
    """Where there are many small parts, those that stand side by side as one, up to the size of a part."""
    most, at, sized = most_bytes(sizes), 0, []
    for piece in pieces:
        number = len(piece.tags) if isinstance(piece, Part) else len(piece)
        sized.append((piece, sum(sizes[at : at + number])))
        at += number
    small = [size for piece, size in sized if isinstance(piece, Part) and size < most // 4]
    if len(small) < MANY_SMALL:
        return list(pieces)
    found: list[Piece] = []
    held = 0
    for piece, size in sized:
        last = found[-1] if found else None
        if isinstance(piece, Part) and isinstance(last, Part | Together) and held + size <= most:
            found[-1] = Together((*(last.parts if isinstance(last, Together) else (last,)), piece))
            held += size
        else:
            found.append(piece)
            held = size
    return found


def tags_of(piece: Piece, tags: Sequence[str]) -> tuple[str, ...]:
    """The tags of the files that a piece holds."""
    if isinstance(piece, range):
        return tuple(tags[at] for at in piece)
    parts = (piece,) if isinstance(piece, Part) else piece.parts
    return tuple(tag for part in parts for tag in part.tags)


def most_bytes(sizes: Sequence[int]) -> int:
    """How much text goes into one part."""
    return max(BYTES_OF_PART, sum(sizes) // MOST_PARTS)


def cover(tags: Sequence[str], parts: Sequence[Part], sizes: Sequence[int]) -> Iterator[Part | range]:
    """The files in their order as parts that there are, and ranges of files to parse."""
    by_first: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda part: -len(part.tags)):
        by_first.setdefault(part.tags[0], []).append(part)
    most = most_bytes(sizes)
    begin = at = 0
    while at < len(tags):
        fitting = next(
            (one for one in by_first.get(tags[at], ()) if tuple(tags[at : at + len(one.tags)]) == one.tags), None
        )
        if fitting is None:
            at += 1
            continue
        yield from batches(range(begin, at), sizes, most)
        yield fitting
        begin = at = at + len(fitting.tags)
    yield from batches(range(begin, at), sizes, most)


def batches(files: range, sizes: Sequence[int], most: int) -> Iterator[range]:
    """Ranges of files that hold about so many bytes each."""
    begin, held = files.start, 0
    for at in files:
        if at > begin and held + sizes[at] > most:
            yield range(begin, at)
            begin, held = at, 0
        held += sizes[at]
    if begin < files.stop:
        yield range(begin, files.stop)


def stage(
    observed: Observed, paths: list[str], types: Mapping[str, str], cursor: Cursor, staging: str, number: int,
    reads: Sequence[ReadSet],
) -> Staged:  # fmt: skip
    from assetflow.warehouse.content.staging import stage_query

    sql = observed.source.location.read(cursor, tuple(paths), types)
    return stage_query(
        cursor, sql, staging, f"part-{number}.parquet", reads=[read for read in reads if not read.ordered]
    )


def stage_together(
    piece: Together, known: Known, cursor: Cursor, staging: str, number: int, reads: Sequence[ReadSet]
) -> Staged:
    """One file of the rows of several parts, in their order."""
    from assetflow.warehouse.content.scans import scan_files
    from assetflow.warehouse.content.staging import stage_query

    sql = scan_files(known.columns, [os.path.join(known.root, part.file.path) for part in piece.parts])
    return stage_query(
        cursor, sql, staging, f"part-{number}.parquet", reads=[read for read in reads if not read.ordered]
    )
