"""Proves that what is skipped may be skipped: makes some of it again, aside, and compares."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.engines import Table
from assetflow.errors import AssetflowError, SourceError
from assetflow.materialization import Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.reading import read_keys
from assetflow.project.foreseeing.statuses import whole_plan
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.computing.compute import compute
from assetflow.running.partitions.making import compute_parts
from assetflow.running.partitions.tasks import PartTask
from assetflow.running.tasks.pieces import Pieces, of_source
from assetflow.running.tasks.task import Task
from assetflow.warehouse.disk.scratch import scratch_folder
from assetflow.warehouse.verify import Problem

if TYPE_CHECKING:
    from assetflow.project.project import Project

MOST_PARTS = 3
"""Partitions of one asset that are made again."""


def check_skips(project: Project, count: int) -> tuple[int, list[Problem]]:
    """Make up to `count` fresh assets again in a folder of their own; how many, and those that came out otherwise."""
    from assetflow.running.workshop import opened

    plan = whole_plan(project)
    assets = [project.definitions.assets[name] for name in plan.fresh]
    # A history cannot be made again from what is there now.
    known = [
        asset
        for asset in assets
        if not asset.is_view and not asset.rebuilds_always and not asset.notes and asset.history is None
    ]
    chosen = random.sample(known, min(count, len(known)))
    with scratch_folder(project.settings.warehouse) as folder, opened(project.workplace, project.open_imports):
        problems = [problem for asset in chosen if (problem := checked(project, asset, folder)) is not None]
    return len(chosen), problems


def checked(project: Project, asset: Asset, folder: str) -> Problem | None:
    """What is wrong with leaving one asset as it is, if anything."""
    snapshot = project.ledger.snapshot(project.current[asset.name].snapshot)
    tables = project.reader().tables(asset.upstreams)
    if asset.partition:
        return checked_parts(project, asset, snapshot, tables, folder)
    task = Task(asset._replace(checks=()), "verify", now(), os.path.join(folder, asset.name), tables)
    try:
        if asset.per == "file":
            task = replace(task, pieces=all_files(project, asset))
        built = compute(task, project.workplace)
    except AssetflowError as error:
        return Problem("skip_wrong", asset.name, snapshot.id, detail=f"it cannot be made again: {error.message}")
    if built.digest == snapshot.digest or is_near(project, snapshot, built):
        return None
    return Problem("skip_wrong", asset.name, snapshot.id, detail="made again, it holds other rows")


def all_files(project: Project, asset: Asset) -> Pieces:
    """The files of its source that a function is called with, as if none of them was known; SourceError."""
    name = asset.parameters[0].upstream
    observed = project.observed(name)
    if isinstance(observed, SourceError):
        raise observed
    columns = project.ledger.snapshot(project.current[name].snapshot).columns
    return of_source(asset, observed, columns, project.settings.root, project.settings.warehouse)


def checked_parts(
    project: Project, asset: Asset, snapshot: Snapshot, tables: tuple[Table, ...], folder: str
) -> Problem | None:
    """The same for some of the partitions of an asset."""
    cut = partitioning(asset.partition)
    files = [file for file in snapshot.files if file.partition is not None]
    for number, file in enumerate(random.sample(files, min(MOST_PARTS, len(files)))):
        staging = os.path.join(folder, asset.name, str(number))
        task = Task(asset._replace(checks=()), "verify", now(), staging, tables)
        part = replace(snapshot, files=(file,), rows=file.rows)
        try:
            keys = tuple(read_keys(cut, file.partition or ""))
            built = compute_parts(PartTask(task, keys, len(keys) > 1), project.workplace)[0].built
        except AssetflowError as error:
            said = f"{file.partition} cannot be made again: {error.message}"
            return Problem("skip_wrong", asset.name, snapshot.id, detail=said)
        if built.digest != digest_of_files(project, part) and not is_near(project, part, built):
            said = f"{file.partition}, made again, holds other rows"
            return Problem("skip_wrong", asset.name, snapshot.id, detail=said)
    return None


def digest_of_files(project: Project, snapshot: Snapshot) -> str:
    from assetflow.warehouse.content.anew import digest_anew

    cursor = project.open_cursor()
    try:
        return digest_anew(cursor, snapshot, project.settings.warehouse)
    finally:
        cursor.close()


def is_near(project: Project, snapshot: Snapshot, built: Built) -> bool:
    """True for tables that differ in the last digits of floating-point numbers alone."""
    from assetflow.running.refreshes.refreshing import is_alike

    if tuple(built.columns) != snapshot.columns or built.rows != snapshot.rows:
        return False
    cursor = project.open_cursor()
    try:
        ours = [os.path.join(project.settings.warehouse, file.path) for file in snapshot.files]
        return is_alike(cursor, snapshot.columns, ours, [file.path for file in built.files])
    finally:
        cursor.close()
