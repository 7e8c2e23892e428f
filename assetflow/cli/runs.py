"""`assetflow runs`: what ran, and how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import click

from assetflow.cli.complete import complete_run
from assetflow.cli.options import json_option, open_project, project_option
from assetflow.cli.screen import count, local_time, parse_time, partitions_text, put, put_json, say, seconds, table
from assetflow.errors import UsageError
from assetflow.reason import in_short
from assetflow.running.events import how_made
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.ledger.records import RunRecord, StepRecord

IsRunning = Callable[[RunRecord], bool]


@click.command("runs")
@click.argument("run", required=False, shell_complete=complete_run)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="At most so many runs."
)
@json_option
@project_option
def command(run: str | None, limit: int, as_json: bool, project: str | None) -> None:
    """List runs, newest first; or show what one run did."""
    opened = open_project(project)
    if run is None:
        list_runs(opened.ledger, limit, opened.is_running, as_json=as_json)
        return
    matches = [record for record in opened.ledger.runs(10_000) if record.id.startswith(run)]
    if len(matches) != 1:
        found = "no run" if not matches else f"{len(matches)} runs"
        raise UsageError(f"{found} begins with {run!r}", hint="`assetflow runs` lists them.")
    show_run(matches[0], opened.ledger.steps(matches[0].id), opened.is_running, as_json=as_json)


def list_runs(ledger: Ledger, limit: int, is_running: IsRunning, *, as_json: bool) -> None:
    records = ledger.runs(limit)
    steps = {record.id: ledger.steps(record.id) for record in records}
    if as_json:
        put_json(
            {"schema": "assetflow.runs/1", "runs": [document(each, steps[each.id], is_running) for each in records]}
        )
        return
    if not records:
        say("There was no run yet. `assetflow materialize` makes one.")
        return
    rows = [
        [
            record.id,
            local_time(record.started_at),
            record.env,
            status_of(record, is_running),
            duration(record),
            summary(steps[record.id]),
            record.selection,
        ]
        for record in records
    ]
    for line in table(["run", "started", "env", "status", "took", "assets", "selection"], rows, right=["took"]):
        put(line)


def show_run(record: RunRecord, steps: tuple[StepRecord, ...], is_running: IsRunning, *, as_json: bool) -> None:
    if as_json:
        one = document(record, steps, is_running)
        put_json({"schema": "assetflow.runs/1", **one, "runs": [one]})
        return
    put(f"run {record.id}: {status_of(record, is_running)}, {local_time(record.started_at)}, took {duration(record)}")
    put()
    rows = [
        [
            step.asset if step.partition is None else f"{step.asset} {step.partition}",
            step.outcome,
            count(step.rows),
            seconds(step.seconds) if step.seconds else "",
            (step.error or why_text(step)).partition("\n")[0],
        ]
        for step in steps
    ]
    for line in table(["asset", "outcome", "rows", "took", "why"], rows, right=["rows", "took"]):
        put(line)


def why_text(step: StepRecord) -> str:
    reason = in_short(step.reasons)
    how = how_made(step.mode, step.mode_reason, step.reasons) if step.outcome == "materialized" else None
    return f"{how}: {reason}" if how else reason


def document(record: RunRecord, steps: tuple[StepRecord, ...], is_running: IsRunning) -> dict[str, object]:
    return {
        "run_id": record.id,
        "env": record.env,
        "status": status_of(record, is_running),
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "selection": record.selection,
        "assets": [
            {
                "asset": step.asset,
                "partition": step.partition,
                "outcome": step.outcome,
                "mode": step.mode,
                "mode_reason": step.mode_reason,
                "reasons": [reason.to_dict() for reason in step.reasons],
                "rows": step.rows,
                "seconds": step.seconds,
                "snapshot": step.snapshot,
                "error": step.error,
            }
            for step in steps
        ],
    }


def status_of(record: RunRecord, is_running: IsRunning) -> str:
    """A run that is not finished and holds no lock has died."""
    if record.status != "running":
        return record.status
    return "running" if is_running(record) else "died"


def duration(record: RunRecord) -> str:
    if record.finished_at is None:
        return ""
    return seconds((parse_time(record.finished_at) - parse_time(record.started_at)).total_seconds())


def summary(steps: tuple[StepRecord, ...]) -> str:
    """`12 materialized, 1 failed (365 partitions of 2 assets)`"""
    counts = Counter(outcome for outcome, _ in dict.fromkeys((step.outcome, step.asset) for step in steps))
    said = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    return said + partitions_text((step.asset, step.partition) for step in steps)
