"""Makes small tables: each is written by itself, and many are read back at once.

write_small -> Small --read_small, with others--> Built, or None: it has to be computed as any other
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from msgspec import Struct
from msgspec.structs import replace

from assetflow.running.bodies.body import evaluate
from assetflow.running.built import Built, How, built_of, finished
from assetflow.running.computing.promised import keep_contract
from assetflow.running.tasks.task import Task, where_of
from assetflow.running.workshop import Workplace, workshop
from assetflow.warehouse.content.columns import columns_of
from assetflow.warehouse.content.together import Written

MANY = 16
"""How many are read back at once: more spare hardly anything, and nobody wants to wait for the first."""


class Small(Struct, frozen=True):
    """A small table that waits to be read back, and what writing it took."""

    task: Task
    written: Written
    seconds: float
    used: float


def write_small(task: Task, place: Workplace) -> Small:
    """Write the rows of a task for which `Telling.is_small`; AssetError when its query fails."""
    from assetflow.engines.duckdb import sql_errors
    from assetflow.engines.limit import time_limit
    from assetflow.warehouse.content.staging import write_small as write

    began = time.perf_counter()
    shop = workshop(place)
    asset, columns = task.asset, task.columns or ()
    where = where_of(asset, place.root)
    # Several files can be read by several threads, which counts where their rows are joined to many.
    in_single_files = all(len(table.files) == 1 for table in task.tables)
    opened = shop.session.small_cursor() if in_single_files else closing(shop.session.cursor())
    with shop.meter.running(), opened as cursor:
        with (
            shop.session.attached(task.tables, cursor),
            time_limit(None, where, cursor.interrupt) as limit,
            shop.stoppable(limit),
        ):
            sql = evaluate(task, shop, cursor, where).sql or ""
            with sql_errors(cursor, sql, where):
                # A folder of its own takes longer to make than the file: ext4 passes by those that are just gone.
                written = write(cursor, sql, f"{task.staging}.parquet", columns, task.read_sets)
        keep_contract(asset, columns_of(columns), cursor)
        return Small(task, written, time.perf_counter() - began, shop.meter.used())


def read_small(many: Sequence[Small], place: Workplace) -> tuple[Built | None, ...]:
    """Read back what was written; each has an equal share in what that takes."""
    from assetflow.warehouse.content.together import read_together

    began = time.perf_counter()
    shop = workshop(place)
    with shop.meter.running():
        with shop.session.small_cursor() as cursor:
            staged = read_together(cursor, [one.written for one in many])
        seconds, used = (time.perf_counter() - began) / len(many), shop.meter.used() / len(many)
    return tuple(
        None
        if found is None
        else replace(
            finished(built_of(found), one.seconds + seconds), how=How(reason=one.task.why_full), used=one.used + used
        )
        for one, found in zip(many, staged, strict=True)
    )
