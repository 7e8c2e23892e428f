"""Why is this asset stale or fresh? The answer as a value: what was compared, then and now, and since when."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetflow.asset import Asset
from assetflow.materialization import Materialization
from assetflow.planning.plan import Plan
from assetflow.planning.step import Step
from assetflow.reason import Reason

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.warehouse.records import Current


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that the fingerprint holds: what it was when the asset was made, and what it is now.

    `now` is None where it is only known once an upstream was made. `since` is when the upstream got its content.
    """

    what: str
    name: str
    then: str | None
    now: str | None
    since: str | None = None

    @property
    def same(self) -> bool:
        return self.then is not None and self.then == self.now

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "name": self.name, "then": self.then, "now": self.now, "since": self.since}


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that `explain` tells. `made` is the current materialization, `step` what the next run would do,
    `failure` what went wrong when it was tried last.
    """

    asset: Asset
    status: str
    environment: str
    step: Step | None
    made: Materialization | None
    published_at: str | None
    content_since: str | None
    compared: tuple[Compared, ...]
    upstream_reasons: tuple[tuple[str, Reason], ...]
    downstream: tuple[str, ...]
    code_difference: tuple[str, ...]
    failure: str | None

    def to_dict(self) -> dict[str, Any]:
        made = self.made
        return {
            "schema": "assetflow.explain/1",
            "asset": self.asset.name,
            "status": self.status,
            "failure": self.failure,
            "environment": self.environment,
            "action": self.step.action if self.step else None,
            "mode": self.step.mode if self.step else None,
            "mode_reason": self.step.mode_reason if self.step else None,
            "reasons": [reason.to_dict() for reason in self.step.reasons] if self.step else [],
            "made": None
            if made is None
            else {
                "run_id": made.run_id,
                "built_at": made.built_at,
                "published_at": self.published_at,
                "content_since": self.content_since,
                "seconds": made.seconds,
                "rows": made.rows,
                "snapshot": made.snapshot,
                "reasons": [reason.to_dict() for reason in made.reasons],
            },
            "compared": [each.to_dict() for each in self.compared],
            "volatile": {"declared": self.asset.volatile, "notes": [str(note) for note in self.asset.notes]},
            "upstreams": [*self.asset.upstreams, *self.asset.files],
            "downstream": list(self.downstream),
        }


def explain(project: Project, name: str) -> Explanation:
    """Explain one asset; UsageError when there is none of that name."""
    asset = project.asset(name)
    plan = project.whole_plan()
    step = next((each for each in plan.steps if each.asset == name), None)
    current = project.ledger.current(project.environment).get(name)
    made = project.ledger.materialization(current.materialization) if current else None
    since = project.ledger.since(project.environment, name)
    status = project.statuses(plan)[name]
    return Explanation(
        asset=asset,
        status=status,
        environment=project.environment,
        step=step,
        made=made,
        published_at=current.published_at if current else None,
        content_since=since.content if since else None,
        compared=compare(project, asset, made, plan) if made else (),
        upstream_reasons=reasons_above(project, name, plan),
        downstream=tuple(sorted(project.definitions.graph.descendants([name]))),
        code_difference=difference(made, asset),
        failure=project.ledger.last_error(project.environment, name) if status == "failed" else None,
    )


def compare(project: Project, asset: Asset, made: Materialization, plan: Plan) -> tuple[Compared, ...]:
    """What the fingerprint held when the asset was made, beside what it would hold now."""
    from assetflow.planning.staleness import config_text

    found = [Compared("code", asset.path, made.fingerprint.code, asset.code_version)]
    if made.fingerprint.config or asset.config:
        found.append(Compared("config", asset.name, made.fingerprint.config, config_text(asset)))
    steps = {step.asset for step in plan.steps}
    current = project.ledger.current(project.environment)
    names = [*asset.upstreams, *asset.files]
    for upstream in [*names, *sorted(made.fingerprint.inputs.keys() - set(names))]:
        then = made.fingerprint.inputs.get(upstream)
        if upstream in project.definitions.sources:
            observed = project.observe([upstream])[upstream]
            now = getattr(observed, "version", None)
        else:
            now = None if upstream in steps or upstream not in current else seen_now(asset, current[upstream])
        if upstream not in names:
            now = None
        since = project.ledger.since(project.environment, upstream)
        found.append(Compared("input", upstream, then, now, since.content if since else None))
    return tuple(found)


def seen_now(asset: Asset, current: Current) -> str:
    """What the asset would see of an upstream now: its rows, or its rows in their order."""
    is_view = not current.paths
    return current.snapshot if asset.reads_order and not is_view else current.digest


def reasons_above(project: Project, name: str, plan: Plan) -> tuple[tuple[str, Reason], ...]:
    """Where staleness comes from: the reasons of upstreams that are stale in their own right."""
    ancestors = project.definitions.graph.ancestors([name])
    return tuple(
        (step.asset, step.reasons[0]) for step in plan.steps if step.asset in ancestors and step.action != "maybe"
    )


def difference(made: Materialization | None, asset: Asset) -> tuple[str, ...]:
    """The lines of SQL that changed since the asset was made."""
    if made is None or asset.sql is None or made.fingerprint.code == asset.code_version or not made.code_text:
        return ()
    lines = difflib.unified_diff(made.code_text.splitlines(), asset.sql.splitlines(), lineterm="", n=1)
    return tuple(line for line in lines if not line.startswith(("---", "+++")))
