"""Makes the rows that an asset would have as its files say now, aside: nothing of it is recorded or published.

    outline(project, "sales")               what is made for that, over which tables as they are published
    drafted(project, found, rows=21)        a Draft, which is gone with the block

What is stale above the asset is made by a run in a warehouse of its own, that begins as the real one is now. So is the
asset where all of it is wanted, or where it is more than what its code makes of its upstreams (a history, `Changes`,
file by file); else only so many of its rows are made as are looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.check import CheckResult
from assetflow.errors import AssetError, AssetflowError
from assetflow.materialization import Snapshot
from assetflow.partitions.slices import Slice
from assetflow.planning.plan import Plan, make_plan
from assetflow.planning.step import State, Step
from assetflow.project.drafting.build import build, has_moved
from assetflow.running.workshop import opened
from assetflow.warehouse.aside import aside
from assetflow.warehouse.disk.scratch import scratch_anywhere

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.project.versions.reading import Reader
    from assetflow.running.events import AssetResult, RunResult


class Outline(Struct, frozen=True):
    """What a draft is about to be: `step` says why the asset is stale (None: it is fresh), `anew` are the steps that
    are made before it.
    """

    asset: Asset
    step: Step | None
    anew: tuple[Step, ...]

    @property
    def is_fresh(self) -> bool:
        """True where the draft would be what is published."""
        return self.step is None or bool(self.step.spared)


class Read(Struct, frozen=True):
    """One table that a draft was made over, as it was published; else (None) it was made anew, or is a source as its
    files are now.
    """

    name: str
    published_at: str | None
    is_source: bool


class Draft(Struct, frozen=True):
    """The rows of an asset as its files say now. The paths of the files of `snapshot` are absolute.

    `partition` is the one that was made, where there are more; `checks` are what its checks say, which are asked where
    all of it is made, and `warnings` what its author should know.
    """

    asset: Asset
    snapshot: Snapshot
    reads: tuple[Read, ...]
    partition: str | None = None
    checks: tuple[CheckResult, ...] = ()
    warnings: tuple[str, ...] = ()


def outline(project: Project, name: str) -> Outline:
    """What is to be made for the draft of an asset; UsageError where nothing of that name is made here."""
    asset = project.asset(name)
    if not asset.enabled:
        raise project.reader().unknown(name)
    assets, graph = project.definitions.assets, project.definitions.graph
    around = (graph.ancestors({name}) & assets.keys()) - project.held
    chosen = {each for each in around if assets[each].enabled} | {name}
    state = project.evidence.state(chosen)
    plan = make_plan(chosen, assets, graph, state)
    alone = left_alone(project, plan, state, name)
    if alone:
        plan = make_plan(chosen - alone, assets, graph, state)
    steps = {step.asset: step for step in plan.steps}
    step = steps.pop(name, None)
    return Outline(asset, step, tuple(steps.values()))


def left_alone(project: Project, plan: Plan, state: State, name: str) -> set[str]:
    """Upstreams that every run makes again, though nothing changed: a draft reads what is published of them."""
    graph = project.definitions.graph
    known = {source: state.made[source].digest for source in state.sources if source in state.made}
    moved = {source for source, version in state.sources.items() if known.get(source) != version}
    alone = set()
    for step in plan.steps:
        is_volatile = bool(step.reasons) and all(reason.kind == "volatile" for reason in step.reasons)
        if step.asset != name and is_volatile and not graph.ancestors({step.asset}) & moved:
            alone.add(step.asset)
        else:
            moved.add(step.asset)
    return alone


@contextmanager
def drafted(project: Project, found: Outline, rows: int | None = None, keys: Slice | None = None) -> Iterator[Draft]:
    """Make the draft (its first `rows`, of these partitions); AssetError when its code fails, or an upstream's."""
    asset = found.asset
    # A view is made without its rows.
    is_run = (rows is None or is_more(asset)) and not asset.is_view
    to_run = {step.asset for step in found.anew} | ({asset.name} if is_run else set())
    with scratch_anywhere(project.settings.warehouse) as folder:
        world = project
        if to_run:
            there = os.path.join(folder, "warehouse")
            steps = (*found.anew, *filter(None, [found.step]))
            older = [step.restores.snapshot for step in steps if step.restores is not None]
            world = project.beside(aside(project.warehouse, there, project.environment, older))
        try:
            result = run_aside(world, to_run, asset) if to_run else None
            reader = world.reader()
            try:
                if is_run:
                    yield as_run(project, world, reader, asset, result)
                else:
                    yield as_built(project, world, reader, asset, folder, rows, keys)
            finally:
                reader.close()
        finally:
            if world is not project:
                world.warehouse.close()


def is_more(asset: Asset) -> bool:
    """True for an asset that is more than what its code makes of its upstreams in one go."""
    return asset.history is not None or asset.merge is not None or asset.per is not None


def run_aside(world: Project, names: set[str], asset: Asset) -> RunResult:
    """Make what is stale of these where nobody sees it; what went wrong is raised, except a check of the asset's."""
    state = world.evidence.state(names)
    running = world.run(make_plan(names, world.definitions.assets, world.definitions.graph, state))
    for _ in running:
        pass
    assert running.result is not None, "a run that ends has a result"
    for each in running.result.assets:
        is_shown = each.asset == asset.name and each.partition is None and refused(each)
        if each.outcome == "failed" and each.error is not None and not is_shown:
            raise told_aside(each, each.error)
    return running.result


def refused(result: AssetResult) -> bool:
    """True for rows that a check kept from being published."""
    return any(check.blocks for check in result.checks)


def told_aside(result: AssetResult, error: AssetflowError) -> AssetflowError:
    """The error of an upstream; where its own rows are to blame, they can be looked at."""
    if not refused(result):
        return error
    hint = f"`assetflow show {result.asset} --draft` shows its rows."
    return AssetError(error.message, path=error.path, line=error.line, hint=hint)


def as_run(project: Project, world: Project, reader: Reader, asset: Asset, result: RunResult | None) -> Draft:
    """What the run has made of the asset, or would not have published."""
    mine = [each for each in result.assets if each.asset == asset.name] if result is not None else []
    checks = tuple(check for each in mine for check in each.checks)
    rejected = world.ledger.rejected(world.environment, asset.name) if any(map(refused, mine)) else None
    snapshot = reader.snapshot(asset.name) if rejected is None else rejected[0]
    files = (replace(file, path=os.path.join(world.settings.warehouse, file.path)) for file in snapshot.files)
    return Draft(
        asset, replace(snapshot, files=tuple(files)), reads_of(project, reader, asset), checks=checks,
        warnings=() if result is None else result.warnings,
    )  # fmt: skip


def as_built(
    project: Project, world: Project, reader: Reader, asset: Asset, folder: str, rows: int | None, keys: Slice | None
) -> Draft:
    """What the code of the asset makes of its upstreams."""
    with opened(world.workplace, world.open_imports):
        built, partition = build(world, reader, asset, folder, rows, keys)
    snapshot = Snapshot("draft", asset.name, built.digest or "", built.columns, built.files, built.rows, built.bytes)
    return Draft(asset, snapshot, reads_of(project, reader, asset), partition, warnings=built.warnings)


def reads_of(project: Project, reader: Reader, asset: Asset) -> tuple[Read, ...]:
    """What a draft was made over, and what of it is as it was published."""
    sources = project.definitions.sources
    names = (*asset.upstreams, *asset.files)
    return tuple(Read(name, published_at(project, reader, name), name in sources) for name in names)


def published_at(project: Project, reader: Reader, name: str) -> str | None:
    """When it was published, for a table that is read as it is; None for one that is read anew."""
    then, now = project.current.get(name), reader.current.get(name)
    if then is None or now is None or then.materialization != now.materialization:
        return None
    if name in project.definitions.sources and has_moved(project, reader, name):
        return None
    return then.published_at
