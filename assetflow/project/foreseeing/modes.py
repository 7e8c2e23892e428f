"""Foresees how each step of a plan will be made: in full, or by the rows that changed, and by which rules.

The run decides for itself, when it knows what changed. An asset that is declared incremental = "require" is an error
of the plan where it would have to be made in full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.errors import DefinitionError
from assetflow.incremental.refused import Refused
from assetflow.planning.inputs import InputChange
from assetflow.planning.parts import cut_otherwise_told
from assetflow.planning.plan import Plan
from assetflow.planning.step import Estimate, Step
from assetflow.project.columns.schemas import change_by
from assetflow.project.foreseeing.arrivals import changed_inputs
from assetflow.source import Observed
from assetflow.warehouse.cache.costs import UNKNOWN, Costs, read_costs

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.running.tasks.reading import View

MODES: tuple[Literal["full"], Literal["incremental"]] = ("full", "incremental")
MOST = 200
"""Steps that are looked at: a plan of thousands is not read for the mode of each."""


def with_modes(project: Project, plan: Plan) -> Plan:
    """The plan with the mode of each step, and why, and how long that took the last time."""
    costs = read_costs(project.settings.warehouse)
    steps = tuple(foreseen_step(project, step, costs) if at < MOST else step for at, step in enumerate(plan.steps))
    inputs = tuple(changed_inputs(project, steps))
    about = tuple(replace(step, estimate=estimate(project, step, steps, inputs)) for step in steps)
    return replace(plan, steps=about, inputs=inputs)


def estimate(project: Project, step: Step, steps: Sequence[Step], inputs: Sequence[InputChange]) -> Estimate:
    """How many rows a step is about, by the manifests of what it reads; what is made before it is not known yet."""
    current = [project.current.get(name) for name in step.upstreams]
    there = [one.rows for one in current if one is not None and one.rows is not None]
    own = project.current.get(step.asset)
    changed: list[int | None] = [rows_of(change) for change in inputs if change.source in step.upstreams]
    made_before = {each.asset for each in steps if each.restores is None}
    is_known = changed and None not in changed and made_before.isdisjoint(step.upstreams)
    return Estimate(
        sum(rows or 0 for rows in changed) if is_known else None,
        sum(there) if there and len(there) == len(step.upstreams) else None,
        None if own is None else own.rows,
    )


def rows_of(change: InputChange) -> int | None:
    """Rows in the files of a table that came or went."""
    if change.rows_added is None or change.rows_removed is None:
        return None
    return change.rows_added + change.rows_removed


def foreseen_step(project: Project, step: Step, costs: Mapping[str, Costs] | None = None) -> Step:
    """The step with its mode, and with how it changes the columns of its table."""
    costs = read_costs(project.settings.warehouse) if costs is None else costs
    columns = change_by(project, step)
    with_columns = replace(with_mode(project, step, costs), columns=columns)
    if columns and with_columns.mode == "incremental" and project.definitions.assets[step.asset].history is None:
        with_columns = replace(with_columns, mode="full", mode_reason="its columns are others than before")
    return timed(project, with_columns)


def with_mode(project: Project, step: Step, costs: Mapping[str, Costs]) -> Step:
    from assetflow.running.tasks.worth import refuse_dearer

    if step.restores is not None or step.spared:
        return step
    asset = project.definitions.assets[step.asset]
    if asset.history is not None:
        return with_history(project, step, asset)
    if any(reason.kind != "input_changed" for reason in step.reasons):
        return step
    if asset.partition:
        return step
    try:
        changed = {reason.upstream for reason in step.reasons if reason.upstream is not None}
        if asset.per is None:
            refuse_dearer(asset, costs.get(asset.name, UNKNOWN))
        rule = foreseen(project, asset, changed)
        if asset.per is not None:
            refuse_read_otherwise(project, asset)
        refuse_in_vain(project, asset, changed, costs)
        if asset.kind == "sql" and "kept" in rule and asset.incremental != "require":
            refuse_unkept(project, asset)
        return replace(step, mode="incremental", mode_reason=rule)
    except Refused as refused:
        return replace(step, mode_reason=refused.what)


def refuse_in_vain(project: Project, asset: Asset, changed: Collection[str], costs: Mapping[str, Costs]) -> None:
    """Refuse to foresee what a run has tried in vain."""
    from assetflow.running.tasks.worth import refuse_likely_in_vain

    definitions = project.definitions
    below = [definitions.assets[name] for name in definitions.graph.downstreams(asset.name)]
    in_order = any(reader.kind == "python" and reader.reads_order for reader in below)
    moved = [name for name in asset.upstreams if name in changed]
    refuse_likely_in_vain(asset, costs.get(asset.name, UNKNOWN), moved, in_order=in_order)


def refuse_unkept(project: Project, asset: Asset) -> None:
    """Refuse to foresee a refresh out of groups that are not kept yet, or not any more."""
    from assetflow.warehouse.cache.kept_groups import find_groups, made_from

    current = project.ledger.current(project.environment).get(asset.name)
    if current is None:
        return
    inputs = project.ledger.materialization(current.materialization).inputs
    groups = find_groups(project.warehouse.root, asset.name, made_from(asset.code_version, inputs))
    if groups.path is None:
        raise Refused(groups.why)


def refuse_read_otherwise(project: Project, asset: Asset) -> None:
    """Refuse to foresee that what a function made of single files stays, where it is given all of them otherwise."""
    from assetflow.running.tasks.pieces import read_otherwise, reading

    first, *others = [parameter.upstream for parameter in asset.parameters]
    there = project.current.get(first)
    columns = () if there is None else project.ledger.snapshot(there.snapshot).columns
    held = {name: held_exactly(project, name) for name in others}
    made_by = reading(asset, columns, held, project.definitions.sources.get(first))
    schema = project.columns_of.schema(first)
    has_others = schema is not None and [name for name, _ in schema] != [column.name for column in columns]
    if has_others or project.ledger.parsed(f"{asset.name} {made_by}") is None:
        raise Refused(read_otherwise(first))


def held_exactly(project: Project, name: str) -> str:
    """A name for the rows that an upstream holds, in their order."""
    if name in project.definitions.sources:
        observed = project.observed(name)
        return observed.version if isinstance(observed, Observed) else ""
    current = project.current.get(name)
    if current is None:
        return ""
    return current.digest if current.rows is None else current.snapshot


def with_history(project: Project, step: Step, asset: Asset) -> Step:
    """The step of a table with history, which nothing makes in full once it has begun."""
    if not project.ledger.history(project.environment, asset.name, 1):
        return replace(step, mode="full", mode_reason=f"{kept_by(asset)}: it begins, or goes on from where it was kept")
    return replace(step, mode="incremental", mode_reason=f"{kept_by(asset)}: {ADDED}")


ADDED = "what changed gets a new version, and what was is kept"


def kept_by(asset: Asset) -> str:
    """`history by id and changed_at`"""
    from assetflow.running.history.keep import told

    return told(asset)


def timed(project: Project, step: Step) -> Step:
    """The step with the seconds that it took the last time, by the asset's own history."""
    if step.restores is not None or step.spared:
        return step
    in_full, incrementally = (project.ledger.seconds_of(step.asset, mode) for mode in MODES)
    return replace(step, seconds=incrementally if step.mode == "incremental" else in_full, seconds_in_full=in_full)


def foreseen(project: Project, asset: Asset, changed: Collection[str]) -> str:
    """The rules by which an asset is refreshed when rows come to these upstreams; Refused where it is made in full."""
    from assetflow.incremental.foresee import foresee, told
    from assetflow.running.tasks.reading import said, tables_behind
    from assetflow.running.tasks.refresh import refuse_by_declaration

    refuse_by_declaration(asset)
    if project.ledger.shadow(asset.name, asset.code_version) is False:
        raise Refused("an incremental refresh by this code once gave other rows than a full one")
    if asset.merge is not None:
        return foreseen_merge(project, asset, changed)
    if asset.per is not None:
        return foreseen_pieces(asset, changed)
    views = views_among(project, asset, set(changed))
    behind = {name for view in views for name in view.upstreams}
    schemas = {}
    for name in tables_behind(asset.upstreams, views):
        schema = project.columns_of.schema(name)
        if schema is None:
            raise Refused(f"the columns of {name} are not known before it is made")
        schemas[name] = schema
    changed = schemas.keys() & {*changed, *behind}
    try:
        return told(foresee(asset.sql or "", schemas, changed, {view.name: view.sql for view in views}))
    except Refused as refused:
        raise Refused(said(refused, asset, views)) from refused


def views_among(
    project: Project, asset: Asset, changed: Collection[str], found: dict[str, View] | None = None
) -> list[View]:
    """The views among what an asset reads that show other rows, with those behind them, which come first."""
    from assetflow.running.tasks.reading import View, refuse_view

    found = {} if found is None else found
    for name in asset.upstreams:
        view = project.definitions.assets.get(name)
        if view is not None and view.is_view and name in changed and name not in found:
            refuse_view(view)
            views_among(project, view, view.upstreams, found)
            found[name] = View(name, view.sql or "", view.upstreams, view.line)
    return list(found.values())


def foreseen_merge(project: Project, asset: Asset, changed: Collection[str]) -> str:
    """How the rows that a function makes of these changes are merged; rows that go from an upstream are seen later."""
    from assetflow.running.tasks.refresh import refuse_whole

    refuse_whole(asset, sorted(changed))
    if asset.merge == "append":
        return "append"
    for name in sorted(asset.taken_as_changes):
        columns = {column.lower() for column, _ in project.columns_of.schema(name) or ()}
        missing = [key for key in asset.unique_key if columns and key.lower() not in columns]
        if missing:
            raise Refused(f"{name} has no column {missing[0]}, so that the keys concerned are not known")
    return f"keyed by {', '.join(asset.unique_key)}"


def foreseen_pieces(asset: Asset, changed: Collection[str]) -> str:
    """What a function that is called file by file makes anew."""
    whole = sorted(set(changed) - {asset.parameters[0].upstream})
    if whole:
        raise Refused(f"{whole[0]} changed, which it is given whole")
    return "new files" if asset.per == "file" else "new parts"


class Refreshes(NamedTuple):
    """What becomes of an asset when rows come to one of its upstreams: the mode, and the rule or why there is none."""

    upstream: str
    mode: Literal["full", "incremental"]
    rule: str


def refreshes(project: Project, asset: Asset) -> tuple[Refreshes, ...]:
    """How an asset answers to a change of each of its upstreams; what was in vain the last time is not tried."""
    found, costs = [], read_costs(project.settings.warehouse)
    if asset.history is not None:
        return tuple(Refreshes(name, "incremental", f"{kept_by(asset)}: {ADDED}") for name in asset.upstreams)
    for name in asset.upstreams:
        try:
            rule = foreseen(project, asset, {name})
            refuse_in_vain(project, asset, {name}, costs)
            found.append(Refreshes(name, "incremental", rule))
        except Refused as refused:
            found.append(Refreshes(name, "full", refused.what))
    return tuple(found)


def broken_promises(project: Project, plan: Plan) -> Iterator[DefinitionError]:
    """Assets that must be refreshed incrementally, and cannot be; those of which a part is to be made, and all must."""
    for step in plan.to_make:
        asset = project.definitions.assets[step.asset]
        is_full = step.mode == "full" and step.mode_reason and step.restores is None
        if asset.incremental == "require" and is_full and not asset.partition:
            yield asset.definition_error(
                f'{asset.name} is declared incremental = "require", and would be made in full: {step.mode_reason}',
                hint='Change the query, make it once with --full-refresh, or declare incremental = "auto".',
            )
        if step.parts is not None and step.parts.is_cut_otherwise and not step.parts.is_all:
            yield asset.definition_error(cut_otherwise_told(asset), hint="Make all of its partitions: no --partition.")
