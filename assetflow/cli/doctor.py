"""`assetflow doctor`: what is wrong with the warehouse, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assetflow.cli.options import json_option, open_project, project_option
from assetflow.cli.screen import clean, plural, put, put_json, styled

if TYPE_CHECKING:
    from assetflow.warehouse.ledger.rebuild import Rebuilt


@click.command("doctor")
@click.option("--rebuild", is_flag=True, help="Restore the ledger from its journal and the manifests.")
@json_option
@project_option
def command(rebuild: bool, as_json: bool, project: str | None) -> int:
    """Say what is wrong with the warehouse and what to do. Exit code 1 when something is.

    With --rebuild a ledger that was lost or damaged is restored; the old one is kept in backups/.
    """
    from assetflow.project.inspecting.doctor import look_over

    opened = open_project(project, None)
    restored = None
    if rebuild:
        from assetflow.running.clock import now
        from assetflow.warehouse.ledger.rebuild import mend

        opened.warehouse.close()
        restored = mend(opened.warehouse.root, now())
    findings = look_over(opened)
    is_wrong = any(finding.is_wrong for finding in findings)
    if as_json:
        put_json(
            {
                "schema": "assetflow.doctor/1",
                "ok": not is_wrong,
                "findings": [finding._asdict() for finding in findings],
                "rebuilt": None if restored is None else document(restored),
            }
        )
        return 1 if is_wrong else 0
    if restored is not None:
        put_rebuilt(restored)
    for finding in findings:
        put(f"{styled(finding.kind, 'failed' if finding.is_wrong else 'bold')}  {clean(finding.detail)}")
        put(f"    {clean(finding.remedy)}")
    if not findings:
        put("Nothing is wrong. `assetflow verify --deep` reads every byte.")
    return 1 if is_wrong else 0


def document(restored: Rebuilt) -> dict[str, object]:
    return {
        "from": restored.origin,
        "entries": restored.entries,
        "rows": dict(restored.rows),
        "damaged": [{"path": damage.path, "detail": damage.detail} for damage in restored.damaged],
        "missing_files": restored.missing_files,
        "old": restored.old,
    }


def put_rebuilt(restored: Rebuilt) -> None:
    if restored.origin == "ledger":
        put("The ledger is sound; its journal was damaged, and has been written anew.")
    else:
        made, moved = restored.rows.get("materializations", 0), restored.rows.get("publications", 0)
        put(
            f"The ledger was restored from {plural(restored.entries, 'entry', 'entries')}: "
            f"{plural(made, 'materialization')}, {plural(moved, 'publication')}"
        )
    for damage in restored.damaged:
        put(f"{styled('could not be read', 'failed')}  {clean(damage.path)}: {clean(damage.detail)}")
    if restored.missing_files:
        put(f"{plural(restored.missing_files, 'file')} of older versions are not there; these can no longer be shown")
    if restored.old is not None:
        put(f"What was there before is kept: {restored.old}")
