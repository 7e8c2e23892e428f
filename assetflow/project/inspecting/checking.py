"""Runs the checks of assets and sources on what is published."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.check import Check, CheckResult
from assetflow.warehouse.disk.removal import remove_folder

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.project.versions.reading import Reader
    from assetflow.running.workshop import Workshop


class Checked(Struct, frozen=True):
    """What the checks of one table found. `skipped` says why they did not run."""

    asset: str
    results: tuple[CheckResult, ...]
    skipped: str | None = None


def check_published(project: Project, names: frozenset[str]) -> Iterator[Checked]:
    """Check what is published of these assets and sources, and keep the failing rows."""
    from assetflow.project.run import new_run_id
    from assetflow.running.clock import now
    from assetflow.running.workshop import opened
    from assetflow.warehouse.ledger.records import RunRecord, RunStatus

    reader = project.reader()
    run_id = new_run_id()
    chosen = [name for name in project.definitions.graph.order if name in names and checks_of(project, name)]
    staging = os.path.join(project.settings.warehouse, "staging", run_id)
    if not chosen:
        return
    project.ledger.start_run(RunRecord(run_id, project.environment, now(), selection="check " + " ".join(chosen)))
    status: RunStatus = "failed"
    try:
        with opened(project.workplace, project.open_imports) as shop:
            results = []
            for name in chosen:
                checked = check_one(project, reader, shop, name, run_id, os.path.join(staging, name))
                results.append(checked)
                yield checked
        status = "failed" if any(each.blocks for checked in results for each in checked.results) else "succeeded"
    finally:
        reader.close()
        remove_folder(project.settings.warehouse, staging)
        project.ledger.finish_run(run_id, status, [], now())


def checks_of(project: Project, name: str) -> tuple[Check, ...]:
    definitions = project.definitions
    return (definitions.assets.get(name) or definitions.sources[name]).checks


def check_one(project: Project, reader: Reader, shop: Workshop, name: str, run_id: str, folder: str) -> Checked:
    from assetflow.running.checking import Subject, check_rows
    from assetflow.running.clock import now

    if name not in reader.current and name not in project.definitions.sources:
        return Checked(name, (), "it has not been made yet")
    checks = checks_of(project, name)
    needed = [up for check in checks for up in check.upstreams if up in reader.names]
    tables = reader.tables(list(dict.fromkeys([name, *needed])))
    own = next(table for table in tables if table.name == name)
    subject = Subject(name, own.sql, checks, folder, now(), run_id)
    found = check_rows(subject, tuple(table for table in tables if table.name != name), shop)
    kept = tuple(
        each if each.sample is None else each._replace(sample=project.warehouse.keep_sample(run_id, name, each.sample))
        for each in found
    )
    project.ledger.record_checks(run_id, name, kept)
    return Checked(name, kept)
