"""What the checks of an asset say of some of its partitions, before they are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.check import Check, CheckResult, looks_at_rows_alone
from assetflow.partitions.slices import Key
from assetflow.running.checking import Subject, check_rows
from assetflow.running.partitions.staging import Found
from assetflow.running.partitions.tasks import PartTask
from assetflow.running.workshop import Workshop

if TYPE_CHECKING:
    from assetflow.warehouse.snapshots import Staged


def checked(wanted: PartTask, staged: Found, shop: Workshop) -> dict[tuple[Key, ...], tuple[CheckResult, ...]]:
    """What the checks say of each partition. They are run over all at once; only where one fails, over each."""
    asset = wanted.task.asset
    checks = tuple(check for check in asset.checks if tells_of_parts(check))
    if not checks or not staged:
        return {}
    whole = check_staged(wanted, list(staged.values()), checks, shop, "all")
    if all(result.ok for result in whole) or len(staged) == 1:
        return dict.fromkeys(staged, whole)
    return {
        key: check_staged(wanted, [one], checks, shop, str(number)) for number, (key, one) in enumerate(staged.items())
    }


def tells_of_parts(check: Check) -> bool:
    """True for a check that fails for the whole table when it fails for a part of it."""
    return looks_at_rows_alone(check) or check.name.startswith("unique")


def check_staged(
    wanted: PartTask, staged: Sequence[Staged], checks: tuple[Check, ...], shop: Workshop, folder: str
) -> tuple[CheckResult, ...]:
    from assetflow.warehouse.snapshots import scan_files

    task = wanted.task
    paths = [file.path for one in staged for file in one.files]
    sql = scan_files(staged[0].columns, paths)
    subject = Subject(
        task.asset.name, sql, checks, os.path.join(task.staging, f"checks-{folder}"), task.now, task.run_id,
    )  # fmt: skip
    return check_rows(subject, (*task.tables, *task.check_tables), shop)
