"""Makes the rows of one asset for a draft: over what is published, sources as their files are now, a part where it is
cut.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.engines import Table
from assetflow.errors import SourceError, UsageError
from assetflow.partitions.declared import partitioning
from assetflow.partitions.slices import Slice
from assetflow.project.foreseeing.partitions import read_source
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.computing.compute import compute
from assetflow.running.failures import told
from assetflow.running.partitions.making import compute_parts
from assetflow.running.partitions.own_keys import keys_of
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.survey import SurveyTask, survey
from assetflow.running.partitions.tasks import PartTask
from assetflow.running.sources.ingest import source_fingerprint
from assetflow.running.tasks.tables import table_of
from assetflow.running.tasks.task import Task, where_of
from assetflow.running.workshop import workshop
from assetflow.source import Observed

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.project.versions.reading import Reader

NAME = "draft"
"""What stands in place of a run's name."""


def build(
    world: Project, reader: Reader, asset: Asset, folder: str, rows: int | None, keys: Slice | None
) -> tuple[Built, str | None]:
    """Make an asset, or its first rows; and the partitions that these are of, where not all were looked at."""
    tables = read_now(world, reader, asset, folder)
    plain = asset._replace(materialized="table", retries=0, checks=())
    task = Task(plain, NAME, now(), os.path.join(folder, "draft"), tables, rows=rows)
    try:
        if not asset.partition:
            return compute(task, world.workplace), None
        if is_batched(asset):
            return compute(at_once(world, task, keys), world.workplace), None
        return part_by_part(world, task, keys)
    except Exception as error:
        raise told(error, asset) from None


# What it reads


def read_now(world: Project, reader: Reader, asset: Asset, folder: str) -> tuple[Table, ...]:
    """The upstreams of an asset as a run would read them."""
    anew = {name for name in asset.upstreams if name in world.definitions.sources and has_moved(world, reader, name)}
    kept = reader.tables(name for name in asset.upstreams if name not in anew)
    return (*kept, *(source_now(world, reader, name, folder) for name in asset.upstreams if name in anew))


def has_moved(world: Project, reader: Reader, name: str) -> bool:
    """True for a source that holds something else than what was recorded of it; SourceError when it is not there."""
    observed, current = observed_now(world, name), reader.current.get(name)
    if current is None or current.fingerprint_hash != source_fingerprint(observed).hash:
        return True
    return not world.warehouse.has_files(reader.snapshot(name))


def observed_now(world: Project, name: str) -> Observed:
    observed = world.observed(name)
    if isinstance(observed, SourceError):
        raise observed
    return observed


def source_now(world: Project, reader: Reader, name: str, folder: str) -> Table:
    last = reader.snapshot(name) if name in reader.current else None
    snapshot, _ = read_source(world, observed_now(world, name), last, os.path.join(folder, f"source-{name}"))
    return table_of(name, snapshot, world.settings.warehouse)


# What is cut into partitions


def at_once(world: Project, task: Task, keys: Slice | None) -> Task:
    """SQL that knows nothing of partitions, as one query for those that are wanted."""
    from assetflow.engines.duckdb import evaluate_sql

    asset, where = task.asset, where_of(task.asset, world.settings.root)
    session = workshop(world.workplace).session
    cursor = session.cursor()
    try:
        session.attach(task.tables, cursor)
        own = keys_of(asset, evaluate_sql(cursor, asset.sql or "", where, task.tables), where)
    finally:
        cursor.close()
    within = own.within(wanted_of(asset, keys))
    return replace(task, asset=asset._replace(sql=f"SELECT * FROM ({asset.sql}\n) WHERE {within}", partition={}))


def wanted_of(asset: Asset, keys: Slice | None) -> Slice:
    domain = partitioning(asset.partition).domain
    return domain if keys is None else domain & keys


def part_by_part(world: Project, task: Task, keys: Slice | None) -> tuple[Built, str | None]:
    """The partitions of what is made one by one, until there are as many rows as are looked at; if none are named,
    the newest.
    """
    asset, place = task.asset, world.workplace
    cut = partitioning(asset.partition)
    there = survey(SurveyTask(task, wanted_of(asset, keys)), place).keys
    if not there:
        raise UsageError(f"{asset.name} has no such partition" if keys else f"{asset.name} has no partition yet")
    chosen = [key for key, _ in there]
    if keys is None:
        chosen = [next((key for key, count in reversed(there) if count), chosen[-1])]
    built: Built | None = None
    for number, key in enumerate(chosen):
        one = replace(task, staging=os.path.join(task.staging, str(number)), rows=None)
        for part in compute_parts(PartTask(one, (key,)), place):
            built = part.built if built is None else together(built, part.built)
        if task.rows is not None and built is not None and (built.rows or 0) >= task.rows:
            chosen = chosen[: number + 1]
            break
    assert built is not None, "a partition has a file, if an empty one"
    return built, None if len(chosen) == len(there) else ", ".join(map(cut.shown, chosen))


def together(one: Built, other: Built) -> Built:
    rows, size = (one.rows or 0) + (other.rows or 0), one.bytes + other.bytes
    return replace(one, files=(*one.files, *other.files), rows=rows, bytes=size)
