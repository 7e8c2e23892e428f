"""Makes partitions and checks them: what a worker does for an asset that is cut. PartTask(keys) -> PartBuilt each."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.check import Check, CheckResult, looks_at_rows_alone
from assetflow.partitions.slices import Key
from assetflow.running.bodies.body import evaluate
from assetflow.running.bodies.seen import Seen, confirmed
from assetflow.running.built import built_of, finished
from assetflow.running.checking import Subject, check_rows
from assetflow.running.computing.compute import with_retries
from assetflow.running.computing.promised import keep_contract
from assetflow.running.partitions.given import narrowed, with_keys
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.staging import Found, stage_parts
from assetflow.running.partitions.tasks import PartBuilt, PartTask
from assetflow.running.tasks.task import where_of
from assetflow.running.workshop import Workplace, Workshop, workshop

if TYPE_CHECKING:
    from assetflow.warehouse.content.reading import Staged


def compute_parts(wanted: PartTask, place: Workplace) -> tuple[PartBuilt, ...]:
    """Make the rows of some partitions, one file each, and check them; AssetError when that fails for any of them."""
    began = time.perf_counter()
    task, shop = wanted.task, workshop(place)
    os.makedirs(task.staging, exist_ok=True)
    parts = with_retries(lambda: compute_once(wanted, shop), task.asset, shop)
    took = (time.perf_counter() - began) / max(len(parts), 1)
    return tuple(replace(part, built=finished(part.built, took)) for part in parts)


def compute_once(wanted: PartTask, shop: Workshop) -> tuple[PartBuilt, ...]:
    from assetflow.engines.limit import time_limit

    task, asset = wanted.task, wanted.task.asset
    where = where_of(asset, shop.place.root)
    cursor = shop.session.cursor()
    seen: dict[str, Seen] = {}
    try:
        with time_limit(asset.timeout, where, cursor.interrupt) as limit, shop.stoppable(limit):
            shop.session.attach(task.tables, cursor)
            given = task if is_batched(asset) else narrowed(task, wanted.keys, cursor)
            if given.tables != task.tables:
                shop.session.attach(given.tables, cursor)
            result = evaluate(given, shop, cursor, where, seen)
            limit.also(result.cursor.interrupt)
            staged, rows = stage_parts(result, wanted, where)
        for one in staged.values():
            keep_contract(asset, one.columns, cursor)
            break
        found = checked(wanted, staged, shop)
        read = confirmed(asset.name, seen, task.watching)
        reads = with_keys(task, read.reads, cursor) if asset.kind == "python" else read.reads
    finally:
        cursor.close()
    return tuple(
        PartBuilt(
            keys,
            replace(
                built_of(one), checks=found.get(keys, ()), reads=reads, surprises=read.surprises,
                warnings=read.warnings, sums=one.sums if one.rows else (),
            ),
            tuple(rows.get(key, 0) for key in keys),
        )
        for keys, one in staged.items()
    )  # fmt: skip


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
    from assetflow.warehouse.content.scans import scan_files

    task = wanted.task
    paths = [file.path for one in staged for file in one.files]
    sql = scan_files(staged[0].columns, paths)
    subject = Subject(
        task.asset.name, sql, checks, os.path.join(task.staging, f"checks-{folder}"), task.now, task.run_id,
    )  # fmt: skip
    return check_rows(subject, (*task.tables, *task.check_tables), shop)
