"""Which files of a source stand in which part, so that files which were parsed before are not parsed again.

data/1.csv  data/2.csv  data/3.csv        the files of a source, each known by its bytes (its tag)
part of 1 and 2         part of 3         one Parquet file each, of about a megabyte of text or more

A part is taken again when its very files stand in the same order among today's. Many small ones that stand side by
side, as of a folder that gets a file every night, are put together as they would be if all were parsed at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from msgspec import Struct

from assetflow.materialization import SnapshotFile
from assetflow.source import Observed, SourceFile

BYTES_OF_PART = 1_000_000
"""Files are put together up to so much text: less would cost more to open than to parse."""
MOST_PARTS = 2000
MANY_SMALL = 32
"""Small parts of a source beyond which they are put together: not every time, since those who read them look anew."""


class Part(Struct, frozen=True):
    """A Parquet file, and the tags of the files that it holds, in their order."""

    tags: tuple[str, ...]
    file: SnapshotFile


class Together(Struct, frozen=True):
    """Parts that stand side by side, about to become one."""

    parts: tuple[Part, ...]


Piece = Part | Together | range


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


def sizes_of(observed: Observed) -> list[int]:
    """About how much text the rows of each file are."""
    if observed.source.location.to_dict().get("format") == "file":
        return [BYTES_OF_PART // 1000] * len(observed.files)
    return [file.stat.size for file in observed.files]


def most_bytes(sizes: Sequence[int]) -> int:
    """How much text goes into one part."""
    return max(BYTES_OF_PART, sum(sizes) // MOST_PARTS)


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
