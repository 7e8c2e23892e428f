"""`assetflow gc`: remove what nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from assetflow.cli.options import json_option, open_project, project_option
from assetflow.cli.screen import plural, put, put_json, size, styled

if TYPE_CHECKING:
    from assetflow.project.settings import Settings
    from assetflow.warehouse.sweep.gc import Swept
    from assetflow.warehouse.sweep.reachable import Amount
    from assetflow.warehouse.sweep.retention import Retention


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Keep the newest N versions of each table.")
@click.option(
    "--grace", type=click.FloatRange(min=0), metavar="HOURS",
    help="How long files stay after nothing needs them any more (default: 24).",
)  # fmt: skip
@json_option
@project_option
def command(dry_run: bool, keep: int | None, grace: float | None, as_json: bool, project: str | None) -> None:
    """Remove files that no environment, no kept version and no run at work needs.

    In two steps: a file that nothing needs is noted first, and removed by a later call, when its grace period is over.
    """
    from assetflow.warehouse.sweep.gc import sweep

    opened = open_project(project, None)
    retention = retention_of(opened.settings)
    if keep is not None:
        retention = replace(retention, versions=keep)
    if grace is not None:
        retention = replace(retention, grace_hours=grace)
    swept = sweep(opened.ledger.connection, retention, datetime.now(UTC), dry_run=dry_run)
    if as_json:
        put_json(document(swept, dry_run=dry_run))
        return
    for line in lines(swept, retention, dry_run=dry_run):
        put(line)


def retention_of(settings: Settings) -> Retention:
    from assetflow.warehouse.sweep.retention import Retention

    given = settings.retention
    usual = Retention()
    limit = given.get("max-bytes")
    return Retention(
        versions=max(int(given.get("versions", usual.versions)), 1),
        days=float(given.get("days", usual.days)),
        max_bytes=None if limit is None else int(limit),
        grace_hours=float(given.get("grace-hours", usual.grace_hours)),
    )


def document(swept: Swept, *, dry_run: bool) -> dict[str, object]:
    amounts = {"removed": swept.removed, "condemned": swept.condemned, "waiting": swept.waiting, "kept": swept.kept}
    return {
        "schema": "assetflow.gc/1",
        "dry_run": dry_run,
        **{name: {"files": amount.files, "bytes": amount.bytes} for name, amount in amounts.items()},
        "staging": list(swept.staging),
        "unknown": list(swept.unknown),
        "foreign": list(swept.foreign),
        "at_work": list(swept.at_work),
        "samples": swept.samples,
    }


def lines(swept: Swept, retention: Retention, *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield styled(f"{said(swept.removed)} {would}removed", "bold")
    if swept.staging:
        yield f"{plural(len(swept.staging), 'run')} that died left something behind: {would}removed"
    if swept.waiting.files:
        yield f"{said(swept.waiting)} will go when nothing has needed them for {retention.grace_hours:g} hours"
    yield f"{said(swept.kept)} kept"
    if swept.at_work:
        yield f"While a run is at work ({', '.join(swept.at_work)}) what it may use stays."
    for path in swept.unknown[:5]:
        yield f"not in the ledger: {path}"
    if len(swept.unknown) > 5:
        yield f"... and {len(swept.unknown) - 5} more"
    for path in swept.foreign[:5]:
        yield f"not ours, stays: {path}"


def said(amount: Amount) -> str:
    return f"{plural(amount.files, 'file')} ({size(amount.bytes)})"
