"""What happens in a run, as values: one event for each thing that happened, one result for each asset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from assetflow.check import CheckResult
from assetflow.errors import AssetflowError
from assetflow.materialization import Partition
from assetflow.reason import Reason

EventKind = Literal["started", "finished", "skipped", "restored", "failed", "blocked", "published", "withdrawn"]
Outcome = Literal["materialized", "restored", "skipped", "failed", "blocked"]
Status = Literal["succeeded", "failed", "nothing_to_do", "interrupted"]


class Event(Struct, frozen=True):
    """One thing that happened in a run; `published` and `withdrawn` come only after the ledger has committed.

    `how` it was made: by which rule, or why in full. `parts`: what happened to so many partitions, each of which has
    had an event of its own.
    """

    event: EventKind
    run_id: str
    asset: str
    partition: Partition = None
    snapshot: str | None = None
    seconds: float | None = None
    rows: int | None = None
    error: str | None = None
    reasons: tuple[Reason, ...] = ()
    same_content: bool = False
    how: str | None = None
    parts: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "event": self.event,
            "run_id": self.run_id,
            "asset": self.asset,
            "partition": self.partition,
            "snapshot": self.snapshot,
            "seconds": self.seconds,
            "rows": self.rows,
            "error": self.error,
        }


class Saved(Struct, frozen=True):
    """What an incremental refresh spared: rows in files that were read, rows that there are, seconds of a full one."""

    rows_read: int
    rows_there: int
    seconds_in_full: float | None


class AssetResult(Struct, frozen=True):
    """How one asset fared in a run. `same_content` says that it was computed and came out as it was; `warnings` what
    its author should know.
    """

    asset: str
    outcome: Outcome
    partition: Partition = None
    mode: Literal["full", "incremental"] | None = None
    mode_reason: str | None = None
    reasons: tuple[Reason, ...] = ()
    rows: int | None = None
    seconds: float = 0.0
    snapshot: str | None = None
    error: AssetflowError | None = None
    checks: tuple[CheckResult, ...] = ()
    same_content: bool = False
    warnings: tuple[str, ...] = ()
    saved: Saved | None = None
    parts: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "asset": self.asset,
            "partition": self.partition,
            "outcome": self.outcome,
            "mode": self.mode,
            "mode_reason": self.mode_reason,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "rows": self.rows,
            "seconds": self.seconds,
            "snapshot": self.snapshot,
            "error": None if self.error is None else str(self.error),
        }


def how_made(mode: str | None, mode_reason: str | None, reasons: Sequence[Reason]) -> str | None:
    """By which rule rows that changed were followed, or why they could not be; None where nothing is to be said."""
    if mode == "incremental":
        return mode_reason
    is_followed = bool(reasons) and all(reason.kind == "input_changed" for reason in reasons)
    return f"in full, {mode_reason}" if is_followed and mode == "full" and mode_reason else None


def event_of(result: AssetResult, run_id: str) -> Event:
    """That an asset or a partition came to this."""
    return Event(
        "finished" if result.outcome == "materialized" else result.outcome,
        run_id,
        result.asset,
        result.partition,
        result.snapshot,
        seconds=result.seconds if result.outcome in {"materialized", "failed"} else None,
        rows=result.rows,
        error=None if result.error is None else str(result.error),
        reasons=result.reasons,
        same_content=result.same_content,
        how=how_made(result.mode, result.mode_reason, result.reasons),
        parts=result.parts,
    )


class RunResult(Struct, frozen=True):
    """What came of a run. `warnings` did not hinder it (a catalog that could not be patched).

    `withdrawn` are tables that are published no more, since nothing declares them; `published` those that this run made
    and published, also where it was stopped later.
    """

    run_id: str | None
    status: Status
    seconds: float
    assets: tuple[AssetResult, ...] = ()
    warnings: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    published: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": "assetflow.materialize/1",
            "run_id": self.run_id,
            "status": self.status,
            "seconds": self.seconds,
            "assets": [result.to_dict() for result in self.assets],
            "withdrawn": list(self.withdrawn),
        }
