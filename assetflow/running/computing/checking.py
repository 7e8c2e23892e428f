"""Asks the checks of an asset of what was staged, and of no more of it than can have changed what they say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assetflow.check import CheckResult
from assetflow.running.checking import New, Subject, check_rows, rows_beyond
from assetflow.running.workshop import Workshop

if TYPE_CHECKING:
    from assetflow.running.tasks.task import Task
    from assetflow.warehouse.content.reading import Staged


def run_checks(task: Task, shop: Workshop, staged: Staged | None) -> tuple[CheckResult, ...]:
    """What the checks of the asset say of what was staged, before anybody else can see it."""
    if not task.asset.checks:
        return ()
    from assetflow.warehouse.content.scans import scan_files

    place = shop.place.warehouse
    paths = [] if staged is None else [os.path.join(place, file.path) for file in staged.files]
    sql = task.asset.sql or "" if staged is None else scan_files(staged.columns, paths)
    subject = Subject(
        task.asset.name, sql, task.asset.checks, task.staging, task.now, task.run_id,
        rows=None if staged is None else staged.rows, new=new_rows(task, staged),
    )  # fmt: skip
    return check_rows(subject, (*task.tables, *task.check_tables), shop)


def new_rows(task: Task, staged: Staged | None) -> New | None:
    """The rows that the checks did not see before; None where they are to see all."""
    if staged is None or task.refresh is None or task.refresh.checks != task.asset.checks_version:
        return None
    return rows_beyond(task.refresh.files, staged.files, staged.columns, task.refresh.root)
