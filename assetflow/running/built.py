"""What a worker made of its task, as a value that it hands back: staged files, digests, what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from assetflow.check import CheckResult
from assetflow.errors import AssetError
from assetflow.materialization import Column, FileBounds, FileSums, ReadSet, SnapshotFile

if TYPE_CHECKING:
    from assetflow.warehouse.cache.costs import InVain
    from assetflow.warehouse.content.reading import Staged


class How(Struct, frozen=True):
    """How rows were made: in full, and why; or out of the rows that changed, and by which rule.

    `is_right`: an incremental refresh was compared with a full one, and gave the same. `delta` are the rows that came
    and went, where somebody wants to know. `kept` tells which new files hold what a function made of which others.
    `groups` is a file of what is kept beside the rows for the next refresh.
    """

    mode: Literal["full", "incremental"] = "full"
    reason: str | None = None
    is_right: bool | None = None
    delta: Delta | None = None
    kept: Kept | None = None
    groups: str | None = None


class Built(Struct, frozen=True):
    """What a task made: staged files (none for a view), the digest of their content, what the checks found.

    `projections` are the digests of what others read of it. `reads` are the columns (None: all) that it was seen to
    read of upstreams, where the code does not tell, or tells less; `surprises` are the upstreams of which it tells
    less. `warnings` are what its author should know. `sums` are what digests of its new files are made of, `bounds`
    between which values their columns lie, `parsed` which files of a source stand in which of them. `used` are seconds
    of processor time. `error`: it failed, and `files` are only kept for the next time.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int | None
    bytes: int
    digest: str | None
    seconds: float
    how: How = How()
    checks: tuple[CheckResult, ...] = ()
    projections: tuple[tuple[ReadSet, str], ...] = ()
    reads: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    surprises: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sums: tuple[FileSums, ...] = ()
    bounds: tuple[FileBounds, ...] = ()
    parsed: Parsed | None = None
    rows_read: int = 0
    used: float | None = None
    in_vain: InVain | None = None
    error: AssetError | None = None


class Tried(Struct, frozen=True):
    """What came of an incremental refresh: its rows, and how they were made, or why there are none.

    `seconds`: the full refresh that it was compared with took so long. `in_vain`: it will never lead to anything.
    `error`: it failed for one of its files, and `staged` is what was made of others.
    """

    staged: Staged | None
    how: How
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    in_vain: bool = False
    error: AssetError | None = None


class Delta(Struct, frozen=True):
    """The rows that came to a table in this run and those that went, in a file each (None: none), and how many.

    `in_files`: the files that the table got hold the first alone, and those that it lost the others. Then `stayed` are
    those that it got (by SHA-256) with rows that were there before, and `box` is a condition on columns of `old` that
    those rows of lost files fulfil which went. `is_replaced`: hardly a row is in both, and nobody looked which; else
    none is.
    """

    came: str | None
    went: str | None
    rows: int
    in_files: bool = False
    stayed: tuple[str, ...] = ()
    box: str = ""
    is_replaced: bool = False


class Kept(Struct, frozen=True):
    """Which new files (by SHA-256) hold the results of which files that a function was called with, by their tags."""

    key: str
    reading: str
    columns: Mapping[str, str]
    parts: tuple[tuple[tuple[str, ...], str], ...]


class Parsed(Struct, frozen=True):
    """A source in Parquet: all files of it, new and old; which of the new ones holds which files of the source."""

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    projections: tuple[tuple[ReadSet, str], ...]
    sums: tuple[FileSums, ...]
    bounds: tuple[FileBounds, ...]
    types: Mapping[str, str]
    tags: tuple[str, ...]
    made: tuple[tuple[tuple[str, ...], str], ...]


def built_of(staged: Staged) -> Built:
    """What was staged, before anything is said of it."""
    return Built(
        staged.columns, staged.files, staged.rows, staged.bytes, staged.digest, 0.0, projections=staged.projections,
        sums=staged.sums, bounds=staged.bounds,
    )  # fmt: skip


def finished(built: Built, seconds: float) -> Built:
    return replace(built, seconds=round(seconds, 6))
