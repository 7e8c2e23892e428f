"""Makes partitions: a worker's work for an asset that is cut into some. PartTask(keys) -> one PartBuilt for each."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from assetflow.running.body import evaluate
from assetflow.running.computing import with_retries
from assetflow.running.partitions.checks import checked
from assetflow.running.partitions.given import narrowed
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.staging import stage_parts
from assetflow.running.partitions.tasks import PartBuilt, PartTask
from assetflow.running.promised import keep_contract
from assetflow.running.seen import Seen, confirmed
from assetflow.running.task import built_of, finished, where_of
from assetflow.running.workshop import Workplace, Workshop, workshop


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
            given = task if is_batched(asset) else narrowed(task, wanted.keys, cursor)
            shop.session.attach(given.tables, cursor)
            result = evaluate(given, shop, cursor, where, seen)
            limit.also(result.cursor.interrupt)
            staged, rows = stage_parts(result, wanted, where)
        for one in staged.values():
            keep_contract(asset, one.columns, cursor)
            break
        found = checked(wanted, staged, shop)
    finally:
        cursor.close()
    read = confirmed(asset.name, seen, task.watching)
    return tuple(
        PartBuilt(
            keys,
            replace(
                built_of(one), checks=found.get(keys, ()), reads=read.reads, surprises=read.surprises,
                warnings=read.warnings, sums=one.sums if one.rows else (),
            ),
            tuple(rows.get(key, 0) for key in keys),
        )
        for keys, one in staged.items()
    )  # fmt: skip
