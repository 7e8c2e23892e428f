"""How each asset and source fares: fresh, stale, new or failed; what `ls` and `state:` in a selection tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.errors import SourceError
from assetflow.planning.plan import Plan, make_plan

if TYPE_CHECKING:
    from assetflow.project.project import Project

CHANGED = frozenset({"code_changed", "config_changed", "upstreams_changed"})


def whole_plan(project: Project) -> Plan:
    """The plan for everything, which also stands when a source cannot be read."""
    chosen = _can_be_planned(project)
    state = project.evidence.state(chosen, forgiving=True)
    plan = make_plan(chosen - project.held, project.definitions.assets, project.definitions.graph, state)
    return replace(plan, held=tuple(sorted(project.held & chosen)))


def statuses(project: Project, plan: Plan) -> dict[str, str]:
    """`fresh`, `stale`, `new` or `failed` for each asset and source, by the plan for everything."""
    current = project.ledger.current(project.environment)
    failed = project.ledger.last_failed(project.environment)
    found = {name: "fresh" for name in project.definitions.assets if name in current}
    found.update({name: "new" for name in project.definitions.assets if name not in current})
    for step in plan.steps:
        found[step.asset] = "stale" if step.asset in current else "new"
    # What reads a table that nobody will make cannot be shown to be fresh.
    unplanned = project.definitions.assets.keys() - plan.selected - project.held
    found.update({name: "stale" for name in unplanned & current.keys() if project.definitions.assets[name].enabled})
    # What failed, and is again what it was made from, has nothing left to fail at.
    found.update({name: "failed" for name in failed & found.keys() if found[name] != "fresh"})
    for name, observed in project.observe(frozenset(project.definitions.sources)).items():
        if isinstance(observed, SourceError):
            found[name] = "failed"
        elif name in current:
            found[name] = "fresh" if current[name].digest == observed.version else "stale"
        else:
            found[name] = _status_in_place(project, name, plan)
    return found


def states(project: Project) -> dict[str, frozenset[str]]:
    """What `state:` in a selection asks about."""
    plan = whole_plan(project)
    found = {name: {status} for name, status in statuses(project, plan).items()}
    for step in plan.steps:
        if step.asset in found and "failed" in found[step.asset]:
            found[step.asset].add("stale")
        if any(reason.kind in CHANGED for reason in step.reasons):
            found[step.asset].add("changed")
    return {name: frozenset(states) for name, states in found.items()}


def never_there(project: Project, name: str) -> str | None:
    """A table above it that is disabled and was never made, so that no plan can be made for it; None without one."""
    assets, graph = project.definitions.assets, project.definitions.graph
    above = graph.ancestors([name]) & assets.keys() - project.ledger.current(project.environment).keys()
    return next((each for each in graph.order if each in above and not assets[each].enabled), None)


def published_columns(project: Project) -> dict[str, tuple[str, ...]]:
    """The column names of what is published."""
    current = project.ledger.current(project.environment)
    snapshots = project.ledger.snapshots([one.snapshot for one in current.values()])
    return {name: tuple(column.name for column in snapshots[one.snapshot].columns) for name, one in current.items()}


def _can_be_planned(project: Project) -> frozenset[str]:
    """The assets that a plan is made for: all but the disabled, and what reads one of these that was never made."""
    assets = project.definitions.assets
    there = set(project.ledger.current(project.environment))
    chosen: set[str] = set()
    for name in project.definitions.graph.order:
        asset = assets.get(name)
        if asset is not None and asset.enabled and all(up in there for up in asset.upstreams if up in assets):
            chosen.add(name)
            there.add(name)
    return frozenset(chosen)


def _status_in_place(project: Project, name: str, plan: Plan) -> str:
    """A file that SQL reads in place has no version of its own published: what was made from it tells."""
    current = project.ledger.current(project.environment)
    readers = [one.name for one in project.definitions.assets.values() if name in one.files and one.name in current]
    changed = {reason.upstream for step in plan.steps for reason in step.reasons if step.asset in readers}
    if not readers:
        return "new"
    return "stale" if name in changed else "fresh"
