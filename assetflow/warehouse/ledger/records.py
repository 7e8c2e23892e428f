"""What the ledger is told and what it tells: runs, steps, built and published materializations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from assetflow.check import CheckResult
from assetflow.materialization import FileBounds, FileSums, Materialization, Partition, ReadSet, Snapshot, SnapshotFile
from assetflow.reason import Reason

RunStatus = Literal["running", "succeeded", "failed", "nothing_to_do", "interrupted"]
Outcome = Literal["materialized", "restored", "skipped", "failed", "blocked", "interrupted"]
Mode = Literal["full", "incremental"]


class Current(Struct, frozen=True):
    """What is published of one asset now: all that planning asks of it when nothing changed."""

    asset: str
    partition: Partition
    materialization: str
    fingerprint_hash: str
    digest: str
    snapshot: str
    rows: int | None
    published_at: str
    checks: str
    paths: str

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of its files, relative to the warehouse; absolute for a source read in place."""
        return tuple(self.paths.split("\n")) if self.paths else ()


class Parsed(Struct, frozen=True):
    """What was parsed of a source: the tags of all its files, their types together, and which part holds which."""

    source: str
    reading: str
    tags: tuple[str, ...]
    types: Mapping[str, str]
    parts: tuple[tuple[tuple[str, ...], SnapshotFile], ...]


class Built(Struct, frozen=True):
    """One finished step, not published yet: its record, its content, what its checks found.

    `projections` are the digests of those columns of the content that somebody reads, `sums` what digests of its new
    files are made of, `bounds` between which values their columns lie, `parsed` what was parsed of a source.
    """

    materialization: Materialization
    snapshot: Snapshot
    check_results: tuple[CheckResult, ...] = ()
    projections: tuple[tuple[ReadSet, str], ...] = ()
    sums: tuple[FileSums, ...] = ()
    bounds: tuple[FileBounds, ...] = ()
    parsed: Parsed | None = None


class RunRecord(Struct, frozen=True):
    """One carrying-out of a plan. A run that died is still `running` here; the lock of its environment tells."""

    id: str
    env: str
    started_at: str
    status: RunStatus = "running"
    finished_at: str | None = None
    selection: str = ""
    host: str = ""
    pid: int = 0


class StepRecord(Struct, frozen=True):
    """What became of one asset (and partition) in a run."""

    asset: str
    outcome: Outcome
    partition: Partition = None
    mode: Mode | None = None
    reasons: tuple[Reason, ...] = ()
    rows: int | None = None
    seconds: float = 0.0
    snapshot: str | None = None
    error: str | None = None
    mode_reason: str | None = None


class LastStep(Struct, frozen=True):
    """What became of a partition in the last run that dealt with it."""

    run_id: str
    started_at: str
    outcome: Outcome
    rows: int | None
    reasons: tuple[Reason, ...]
    error: str | None


class Version(Struct, frozen=True):
    """One time that an asset was published in an environment."""

    asset: str
    partition: Partition
    materialization: str
    snapshot: str
    run_id: str
    published_at: str
    is_current: bool
    rows: int | None
    bytes: int
    code: str
    digest: str


class Since(Struct, frozen=True):
    """Since when what is published of an asset has been what it is: its content, and the code that made it."""

    content: str
    code: str
