"""Tells which partitions a plan is about. Sources that changed are read for it, into a folder that is gone after."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.errors import AssetflowError
from assetflow.materialization import Fingerprint, ReadSet, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.planning.parts import Share
from assetflow.planning.plan import Plan, make_plan
from assetflow.planning.staleness import Made
from assetflow.planning.step import Listed, Step
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.partitions.survey import SurveyTask, survey
from assetflow.running.sources.before import before
from assetflow.running.sources.ingest import SourceTask, ingest, source_fingerprint
from assetflow.running.tasks.task import Task
from assetflow.running.workshop import opened
from assetflow.source import Observed
from assetflow.warehouse.content.manifest import with_id
from assetflow.warehouse.disk.scratch import can_be_written, scratch_folder

if TYPE_CHECKING:
    from assetflow.project.project import Project

MOST = 1000
"""Partitions of one asset beyond which ranges stand for them, for scripts as well."""


def with_partitions(project: Project, plan: Plan, names: Collection[str] | None = None) -> Plan:
    """The plan with the partitions of each step (of these assets), as far as they are known before anything is made."""
    if not can_be_written(project.settings.warehouse):
        return plan
    moving = moved(plan)
    with scratch_folder(project.settings.warehouse) as folder, opened(project.workplace, project.open_imports):
        plan = with_sources_read(project, plan, folder)
        steps = (
            listed(project, step, folder, moving) if names is None or step.asset in names else step
            for step in plan.steps
        )
        return replace(plan, steps=tuple(steps))


def moved(plan: Plan) -> frozenset[str]:
    """What may hold other rows than those that are published, when the plan comes to who reads it."""
    found = {step.asset for step in plan.to_make}
    if plan.state is not None:
        for name, version in plan.state.sources.items():
            made = plan.state.made.get(name)
            if made is not None and isinstance(version, str) and made.fingerprint != Fingerprint(version, "").hash:
                found.add(name)
    return frozenset(found)


def with_sources_read(project: Project, plan: Plan, folder: str) -> Plan:
    """The plan as it is when the sources are known whose change leaves open which partitions are stale."""
    undecided = {name for step in plan.steps if step.parts for name in step.parts.undecided}
    waiting = sources_behind(project, undecided) & (undecided | moved(plan))
    read: dict[str, Made] = {}
    for name, observed in project.observe(sorted(waiting)).items():
        if isinstance(observed, Observed) and plan.state is not None:
            made = plan.state.made.get(name)
            try:
                read[name] = preview(project, observed, made, os.path.join(folder, f"source-{len(read)}"))
            except AssetflowError:  # the run will tell
                continue
    if not read or plan.state is None:
        return plan
    state = replace(plan.state, made={**plan.state.made, **read})
    assets, graph = project.definitions.assets, project.definitions.graph
    found = make_plan(plan.selected, assets, graph, state, forced=plan.forced, wanted=plan.wanted)
    return replace(plan, steps=found.steps, fresh=found.fresh)


def sources_behind(project: Project, names: Iterable[str]) -> set[str]:
    """The sources among these, and those that the views among these read."""
    found = set()
    for name in names:
        asset = project.definitions.assets.get(name)
        if asset is None:
            found.add(name)
        elif asset.is_view:
            found |= sources_behind(project, asset.upstreams)
    return found


def preview(project: Project, observed: Observed, made: Made | None, folder: str) -> Made:
    """What a source holds now, as a snapshot that nobody keeps."""
    last = None if made is None else project.ledger.snapshot(made.snapshot)
    reads = project.columns_of.read_sets(observed.source.name)
    snapshot, built = read_source(project, observed, last, folder, reads)
    project.previews[snapshot.id] = snapshot
    project.projections.add(snapshot.id, built.projections)
    return Made(snapshot.id, source_fingerprint(observed).hash, observed.version, snapshot.id)


def read_source(
    project: Project, observed: Observed, last: Snapshot | None, folder: str, reads: tuple[ReadSet, ...] = ()
) -> tuple[Snapshot, Built]:
    """Read a source into a folder, with what is kept of the `last` time; SourceError when it cannot be read."""
    name = observed.source.name
    built = ingest(SourceTask(observed, folder, reads, before(name, last, project.warehouse)), project.workplace)
    return with_id(Snapshot("", name, observed.version, built.columns, built.files, built.rows, built.bytes)), built


def listed(project: Project, step: Step, folder: str, moving: Collection[str]) -> Step:
    if step.parts is None or step.restores is not None or not step.parts.shares:
        return step
    asset = project.definitions.assets[step.asset]
    cut = partitioning(asset.partition)
    is_open = not cut.domain.is_finite and not set(asset.upstreams).isdisjoint(moving)
    found = tuple(
        one for share in step.parts.shares for one in share_listed(project, asset, cut, share, folder, is_open=is_open)
    )
    if step.parts.undecided:  # an upstream is made first, and others may be stale by what it gets
        found = tuple(replace(one, is_published=True) for one in found)
    return replace(step, listed=found)


def share_listed(
    project: Project, asset: Asset, cut: Partitioning, share: Share, folder: str, *, is_open: bool
) -> Iterator[Listed]:
    """The ranges of a share; `is_open`: its upstreams get other rows first, and so perhaps other partitions."""
    keys = share.keys
    is_looked_up = share.is_whole or not keys.is_finite
    if is_looked_up:
        there = keys_there(project, asset, cut, keys, folder)
        if there is None or (is_open and not there):
            for text, _ in cut.ranges_shown(keys):
                yield Listed(text, None, share.reasons)
            return
        keys = slice_of(there)
    names_each = len(keys) <= MOST
    for label, ranges in sorted(keys.labels.items()):
        for low, high in ranges:
            one = Slice((), {label: ((low, high),)})
            ((text, number),) = cut.ranges_shown(one)
            each = tuple(cut.shown(key) for key in one) if names_each else ()
            yield Listed(text, number, share.reasons, each, is_open and is_looked_up)


def keys_there(project: Project, asset: Asset, cut: Partitioning, keys: Slice, folder: str) -> list[Key] | None:
    """The keys of a slice for which there are rows, or which are declared one by one; None: not known yet."""
    if (keys & cut.domain).is_finite and cut.domain.is_finite:
        return list(keys & cut.domain)
    try:
        tables = project.reader().tables(asset.upstreams)
        task = Task(asset, "plan", now(), os.path.join(folder, asset.name), tables)
        return [key for key, _ in survey(SurveyTask(task, keys), project.workplace).keys]
    except AssetflowError:  # an upstream that was never made, or what the run will tell
        return None
