"""Looks a warehouse over: what is wrong with it, and for each thing the next step."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from assetflow.errors import WarehouseError
from assetflow.warehouse.disk.filesystem import journal_mode
from assetflow.warehouse.disk.locks import holders
from assetflow.warehouse.verify import Problem, verify
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from assetflow.project.project import Project

SPARE_BYTES = 100_000_000

REBUILD = "assetflow doctor --rebuild"
REMEDIES = {
    "ledger_newer": "Upgrade assetflow, or name another folder as `warehouse`.",
    "ledger_damaged": REBUILD,
    "record_missing": REBUILD,
    "record_damaged": REBUILD,
    "journal_ahead": REBUILD,
    "journal_damaged": REBUILD,
    "backup_damaged": "Delete it, and the .sha256 beside it; what is current does not need it.",
}
"""What helps against what `verify` finds; against the rest of it, making the table again."""


class Finding(NamedTuple):
    """One thing that is not as it should be, and what to do. `is_wrong`: something is lost or will be."""

    kind: str
    detail: str
    remedy: str
    is_wrong: bool = True


def look_over(project: Project) -> list[Finding]:
    """Everything that somebody should know, the worst first."""
    warehouse = project.warehouse
    if not os.path.isdir(warehouse.root):
        return []
    problems = verify(warehouse).problems
    found = [*from_problems(problems), *from_the_place(warehouse)]
    if not any(finding.remedy in (REBUILD, REMEDIES["ledger_newer"]) for finding in found):
        found += [*from_runs(warehouse), *from_catalogs(warehouse)]
    return sorted(found, key=lambda finding: not finding.is_wrong)


def from_problems(problems: tuple[Problem, ...]) -> Iterator[Finding]:
    for problem in problems:
        where = " ".join(each for each in (problem.asset, problem.path) if each)
        yield Finding(problem.kind, f"{where}: {problem.detail}", remedy(problem))


def remedy(problem: Problem) -> str:
    again = f"assetflow materialize --full-refresh --select {problem.asset or 'NAME'}"
    if problem.kind == "source_lost":
        return f"Put the file back as it was, or publish what {problem.asset} holds now: {again}+"
    return REMEDIES.get(problem.kind, again)


def from_the_place(warehouse: Warehouse) -> Iterator[Finding]:
    """What is to be said of the folder and the disk that it lies on."""
    try:
        journal_mode(warehouse.root)
    except WarehouseError as error:
        yield Finding("file_system", error.message, error.hint or "Move the warehouse to a local disk.")
    if not os.access(warehouse.root, os.W_OK):
        yield Finding("read_only", f"{warehouse.root} may only be read by you", "Others can make tables here.", False)
    elif stat.S_IMODE(os.stat(warehouse.root).st_mode) & stat.S_IWOTH:
        yield Finding("open_to_all", f"everybody can write to {warehouse.root}", f"chmod o-w {warehouse.root}")
    disk = os.statvfs(warehouse.root)
    free = disk.f_bavail * disk.f_frsize
    if free < SPARE_BYTES:
        yield Finding("disk_full", f"only {free:,} bytes are free on its disk", "assetflow gc --grace 0")


def from_runs(warehouse: Warehouse) -> Iterator[Finding]:
    """Runs that died, and what they left."""
    at_work = {holder.run_id for holder in holders(warehouse.root)}
    died = [id for (id,) in warehouse.ledger.connection.read(SELECT_RUNNING) if id not in at_work]
    if died:
        said = f"{len(died)} runs ended without saying so, the last of them {died[-1]}"
        yield Finding("run_died", said, "Nothing; what they had built is used by the next run.", False)
    staging = os.path.join(warehouse.root, "staging")
    left = [name for name in os.listdir(staging) if name not in at_work] if os.path.isdir(staging) else []
    if left:
        yield Finding("left_behind", f"staging/ holds what {len(left)} runs left behind", "assetflow gc", False)


def from_catalogs(warehouse: Warehouse) -> Iterator[Finding]:
    from assetflow.warehouse import catalog

    for env in warehouse.ledger.environments():
        if not catalog.is_current(warehouse.root, env, warehouse.ledger.generation(env)):
            said = f"{env}.duckdb does not show what is published"
            yield Finding("catalog_behind", said, f"assetflow materialize --env {env}", False)


SELECT_RUNNING = "SELECT id FROM runs WHERE status = 'running' ORDER BY number"
