"""What is known of a source from reading it before: its parts, and the types of its columns over all of its files.

The types stay what they were when only files were added that fit them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.errors import SourceError
from assetflow.materialization import Column, Sums
from assetflow.running.sources.parts import Part
from assetflow.source import Observed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class Known(Struct, frozen=True):
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


def as_read_now(known: Known | None, observed: Observed) -> Known | None:
    """What was parsed of a source, if it would be read in the same way now."""
    return known if known is not None and known.reading == reading_of(observed) else None


def reading_of(observed: Observed) -> str:
    """How a source is read: its declaration, and the version of the reader."""
    from assetflow.duck import duckdb

    said = json.dumps([observed.source.name, observed.source.location.to_dict(), duckdb.__version__], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


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
