"""The work of one step, as a value that any worker can do: it reads snapshots by path and writes staged files.

Task (definition, tables, checks)  --computing.compute-->  Built (staged files, digest, check results)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from assetflow.asset import Asset
from assetflow.check import CheckResult
from assetflow.engines import PartitionKey, Table, Where
from assetflow.errors import AssetError
from assetflow.materialization import Column, FileSums, ReadSet, SnapshotFile

if TYPE_CHECKING:
    from assetflow.running.history.kept import Kept as KeptHistory
    from assetflow.running.refreshes.pieces import Pieces
    from assetflow.running.refreshes.refresh import Refresh
    from assetflow.running.seen import Watching
    from assetflow.running.sources.parts import Parsed
    from assetflow.warehouse.cache.costs import InVain
    from assetflow.warehouse.content.reading import Staged


@dataclass(frozen=True, slots=True)
class Task:
    """One asset to compute. `tables` are its upstreams in the order in which they can be attached.

    `staging` is a folder for this task alone; `now` the time of the run, which checks of freshness compare with.
    `read_sets` are what others are known to read of it. `watching`: how to note which columns of its LazyFrames are
    read, if at all. `refresh` is what it can be made from without reading everything; None: it is made in full, and
    `why_full`. `pieces`: the files that its function is called with, one by one. `spread`: its rows may be written
    into several files, in any order. `columns` are names and types of what its query gives, where they are known.
    `kept` is what a table with history holds so far. `partition`: the one that a function is called for.
    `hands`: with so many files at once it may be called. `rows`: nobody looks at more of it than so many, the first.
    """

    asset: Asset
    run_id: str
    now: str
    staging: str
    tables: tuple[Table, ...]
    check_tables: tuple[Table, ...] = ()
    read_sets: tuple[ReadSet, ...] = ()
    watching: Watching | None = None
    refresh: Refresh | None = None
    why_full: str | None = None
    pieces: Pieces | None = None
    spread: bool = False
    columns: tuple[tuple[str, str], ...] | None = None
    kept: KeptHistory | None = None
    partition: PartitionKey | None = None
    hands: int = 1
    rows: int | None = None


class Delta(NamedTuple):
    """The rows that came to a table in this run and those that went, in a file each (None: none), and how many."""

    came: str | None
    went: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Which new files (by SHA-256) hold the results of which files that a function was called with, by their tags."""

    key: str
    reading: str
    columns: Mapping[str, str]
    parts: tuple[tuple[tuple[str, ...], str], ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What a task made: staged files (none for a view), the digest of their content, what the checks found.

    `projections` are the digests of what others read of it. `reads` are the columns (None: all) that it was seen to
    read of upstreams, where the code does not tell, or tells less; `surprises` are the upstreams of which it tells
    less. `warnings` are what its author should know. `sums` are what digests of its new files are made of, `parsed`
    which files of a source stand in which of them. `is_right`: an incremental refresh was compared with a full one,
    and gave the same. `used` are seconds of processor time. `delta` are the rows that came and went, where somebody
    wants to know. `error`: it failed, and `files` are only `kept` for the next time. `groups` is a file of
    what is kept beside it.
    """

    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int | None
    bytes: int
    digest: str | None
    seconds: float
    checks: tuple[CheckResult, ...] = ()
    projections: tuple[tuple[ReadSet, str], ...] = ()
    reads: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    surprises: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sums: tuple[FileSums, ...] = ()
    parsed: Parsed | None = None
    mode: Literal["full", "incremental"] = "full"
    mode_reason: str | None = None
    is_right: bool | None = None
    rows_read: int = 0
    used: float | None = None
    in_vain: InVain | None = None
    delta: Delta | None = None
    kept: Kept | None = None
    error: AssetError | None = None
    groups: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of an incremental refresh: its rows, or why there are none; `is_full` where all of them were made.
    `error`: it failed for one of its files, and `staged` is what was made of others.

    `is_right` where it was compared with a full one, which took so many `seconds`. `in_vain`: it will never lead to
    anything.
    """

    staged: Staged | None = None
    why: str | None = None
    is_right: bool | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    delta: Delta | None = None
    is_full: bool = False
    kept: Kept | None = None
    error: AssetError | None = None
    in_vain: bool = False
    groups: str | None = None


def built_of(staged: Staged) -> Built:
    """What was staged, before anything is said of it."""
    return Built(
        staged.columns, staged.files, staged.rows, staged.bytes, staged.digest, 0.0, projections=staged.projections,
        sums=staged.sums,
    )  # fmt: skip


def finished(built: Built, seconds: float) -> Built:
    return replace(built, seconds=round(seconds, 6))


def where_of(asset: Asset, root: str) -> Where:
    return Where(asset.name, asset.path, asset.line, root)
