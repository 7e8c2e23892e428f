"""Why is this asset stale or fresh? The answer as a value: what was compared, then and now, and since when."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from assetflow.asset import Asset
from assetflow.lineage.columns import Col, Lineage
from assetflow.materialization import Compared as ComparedInput
from assetflow.materialization import Input, Materialization
from assetflow.planning.decide import content_of
from assetflow.planning.inputs import InputChange
from assetflow.planning.plan import Plan, source_content
from assetflow.planning.staleness import Comparison, Content, config_text
from assetflow.planning.staleness import compare as compare_with
from assetflow.planning.step import Step
from assetflow.project.columns.words import descriptions, graph_above
from assetflow.project.foreseeing.arrivals import input_changes
from assetflow.project.foreseeing.modes import Refreshes, foreseen_step, refreshes
from assetflow.project.foreseeing.statuses import never_there, statuses, whole_plan
from assetflow.project.versions.versions import key_of
from assetflow.reason import Reason
from assetflow.warehouse.warehouse import cached_now

if TYPE_CHECKING:
    from assetflow.lineage.column_words import Words
    from assetflow.project.project import Project
    from assetflow.warehouse.content.difference import Difference
    from assetflow.warehouse.ledger.records import Since


class Compared(Struct, frozen=True):
    """One thing that counts: what it was when the asset was made, and what it is now.

    `now` is None where it is only known once an upstream was made. `since` is when the upstream got its content.
    `columns` are those that are read of an upstream (None: all), in these snapshots; `ordered`: in their order.
    """

    what: str
    name: str
    then: str | None
    now: str | None
    since: str | None = None
    columns: tuple[str, ...] | None = None
    ordered: bool = False
    snapshot_then: str = ""
    snapshot_now: str = ""

    @property
    def same(self) -> bool:
        return self.then is not None and self.then == self.now

    def to_dict(self) -> dict[str, Any]:
        found = asdict(self)
        return {**found, "columns": None if self.columns is None else list(self.columns), "same": self.same}


class Explanation(Struct, frozen=True):
    """All that `explain` tells. `made` is the current materialization, `step` what the next run would do,
    `failure` what went wrong when it was tried last. `older_inputs` are those that a view shows as they were when it
    was made. `never_there` is a disabled table above it that was never made, so that there is no plan for it.
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
    same_code: str = ""
    differences: tuple[tuple[str, Difference], ...] = ()
    reads_why: tuple[str, ...] = ()
    refreshes: tuple[Refreshes, ...] = ()
    words: tuple[tuple[str, Words], ...] = ()
    is_held: bool = False
    inputs: tuple[InputChange, ...] = ()
    older_inputs: tuple[str, ...] = ()
    never_there: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": "assetflow.explain/1",
            "asset": self.asset.name,
            "status": self.status,
            "held": self.is_held,
            "failure": self.failure,
            "environment": self.environment,
            "action": self.step.action if self.step else None,
            "mode": self.step.mode if self.step else None,
            "mode_reason": self.step.mode_reason if self.step else None,
            "reasons": [reason.to_dict() for reason in self.step.reasons] if self.step else [],
            "columns": self.step.columns.to_dict() if self.step and self.step.columns else None,
            "made": None if self.made is None else self.made_document(self.made),
            "compared": [each.to_dict() for each in self.compared],
            "inputs": [each.to_dict() for each in self.inputs],
            "older_inputs": list(self.older_inputs),
            "same_code": self.same_code,
            "differences": {name: found.to_dict() for name, found in self.differences},
            "reads_why": list(self.reads_why),
            "partitions": None
            if self.step is None or self.step.listed is None
            else [text for each in self.step.listed for text in each.keys or (each.range,)],
            "refreshes": [each._asdict() for each in self.refreshes],
            "descriptions": {
                column: {"description": words.text, "declared_on": str(words.origin)} for column, words in self.words
            },
            "volatile": {"declared": self.asset.volatile, "notes": [str(note) for note in self.asset.notes]},
            "upstreams": [*self.asset.upstreams, *self.asset.files],
            "downstream": list(self.downstream),
        }

    def made_document(self, made: Materialization) -> dict[str, Any]:
        return {
            "run_id": made.run_id,
            "built_at": made.built_at,
            "published_at": self.published_at,
            "content_since": self.content_since,
            "seconds": made.seconds,
            "rows": made.rows,
            "snapshot": made.snapshot,
            "reasons": [reason.to_dict() for reason in made.reasons],
        }


def explain(project: Project, name: str, samples: int = 0) -> Explanation:
    """Explain one asset; UsageError when there is none of that name.

    With `samples`, the rows that changed in its upstreams since it was made are looked up in both snapshots.
    """
    asset = project.asset(name)
    plan = whole_plan(project)
    if asset.partition:
        from assetflow.project.foreseeing.partitions import with_partitions

        plan = with_partitions(project, plan, [name])
    found = next((each for each in plan.to_make if each.asset == name), None)
    step = foreseen_step(project, found) if found is not None else None
    current = project.current.get(name)
    made = project.ledger.materialization(current.materialization) if current else None
    since = project.ledger.since(project.environment, name)
    status = statuses(project, plan)[name]
    comparison = compare_inputs(project, asset, made, plan) if made else None
    compared = compare(project, asset, made, comparison) if made and comparison else ()
    return Explanation(
        asset=asset,
        status=status,
        environment=project.environment,
        step=step,
        made=made,
        published_at=current.published_at if current else None,
        content_since=since.content if since else None,
        compared=compared,
        upstream_reasons=reasons_above(project, name, plan),
        downstream=tuple(sorted(project.definitions.graph.descendants([name]))),
        code_difference=difference_of_code(made, asset),
        failure=project.ledger.last_error(project.environment, name) if status == "failed" else None,
        same_code=comparison.same_code if comparison else "",
        differences=differences(project, compared, samples) if samples else (),
        reads_why=(*project.evidence.lineage(asset).notes, *asked_beyond(asset, project.evidence.lineage(asset), made)),
        refreshes=() if asset.partition else refreshes(project, asset),
        words=words_of(project, name),
        is_held=name in plan.held,
        inputs=changes_of_inputs(project, made, plan) if made and step is not None else (),
        older_inputs=shown_as_they_were(project, made) if made else (),
        never_there=never_there(project, name) if asset.enabled and name not in plan.selected else None,
    )


def shown_as_they_were(project: Project, made: Materialization) -> tuple[str, ...]:
    """What moved on behind a view that was not made since, so that it shows the rows of then."""
    snapshot = project.ledger.snapshot(made.snapshot)
    if snapshot.sql is None:
        return ()
    shown = project.warehouse.views.shown(snapshot, made, cached_now(project.ledger, project.environment))
    return tuple(read.upstream for read in made.inputs if read.upstream not in shown.reads)


def changes_of_inputs(project: Project, made: Materialization, plan: Plan) -> tuple[InputChange, ...]:
    """Files and rows that came and went in what the asset was made from."""
    moved = {step.asset for step in plan.to_make if step.restores is None}
    return tuple(input_changes(project, made, moved))


def asked_beyond(asset: Asset, lineage: Lineage, made: Materialization | None) -> tuple[str, ...]:
    """What a function was seen to read when it ran last, although calling it without rows did not show it."""
    if asset.kind != "python" or made is None or made.fingerprint.code != asset.code_version:
        return ()
    told = lineage.reads
    more = {
        one.upstream: sorted(set(one.columns or ()).difference(told[one.upstream] or ()))
        for one in made.inputs
        if told.get(one.upstream) is not None
    }
    return tuple(
        f"when it ran, it asked for {', '.join(columns)} of {name}, which its code does not show"
        for name, columns in more.items()
        if columns
    )


def words_of(project: Project, name: str) -> tuple[tuple[str, Words], ...]:
    """The columns of an asset that somebody described, in the order of the table."""
    graph = graph_above(project, name)
    said = descriptions(project, graph)
    return tuple((column, said[Col(name, column)]) for column in graph.columns[name] if Col(name, column) in said)


def compare_inputs(project: Project, asset: Asset, made: Materialization, plan: Plan) -> Comparison | None:
    """The comparison that the planner makes, with what the upstreams hold as long as nothing is made."""
    if plan.state is None:
        return None
    steps = {step.asset for step in plan.steps if step.restores is None}
    contents: dict[str, Content | None] = {}
    for upstream in (*asset.upstreams, *asset.files):
        if upstream in project.definitions.sources:
            contents[upstream] = source_content(upstream, plan.state, (), project.definitions.graph)
        else:
            known = plan.state.made.get(upstream)
            contents[upstream] = content_of(known) if known and upstream not in steps else None
    return compare_with(asset, plan.state.known.recall(made.id), contents, plan.state.known)


def compare(project: Project, asset: Asset, made: Materialization, found: Comparison) -> tuple[Compared, ...]:
    """What counted when the asset was made, beside what counts now."""
    lines = [Compared("code", asset.path, made.fingerprint.code, asset.code_version)]
    if made.fingerprint.config or asset.config:
        lines.append(Compared("config", asset.name, made.fingerprint.config, config_text(asset)))
    then = {one.upstream: one for one in made.inputs}
    same = {one.upstream: one for one in found.compared}
    names = [*asset.upstreams, *asset.files]
    for name in [*names, *sorted(then.keys() - set(names))]:
        since = project.ledger.since(project.environment, name)
        lines.append(compared_input(project, name, then.get(name), same.get(name), found, since))
    return tuple(lines)


def compared_input(
    project: Project, name: str, then: Input | None, same: ComparedInput | None, found: Comparison, since: Since | None
) -> Compared:
    """One upstream, then and now."""
    read = found.reads.get(name)
    columns, ordered = (read.columns, read.ordered) if read else (None, False)
    changed_at = since.content if since else None
    if same is not None:
        return Compared(
            "input", name, same.digest, same.digest, changed_at, same.columns, same.ordered, same.snapshot_then,
            same.snapshot_now,
        )  # fmt: skip
    digest, snapshot = (then.digest, then.snapshot) if then else (None, "")
    if read is None or name in found.undecided:
        return Compared("input", name, digest, None, changed_at, columns, ordered, snapshot)
    current = project.current.get(name)
    now = None if current is None else current.snapshot
    digest_now = None
    if now is not None and columns is not None:
        digest_now = project.evidence.project_columns(now, read)
    observed = project.observed(name) if name in project.definitions.sources else None
    seen = digest_now or getattr(observed, "version", None) or (current.digest if current else None)
    return Compared("input", name, digest, seen, changed_at, columns, ordered, snapshot, now or "")


def differences(project: Project, compared: tuple[Compared, ...], samples: int) -> tuple[tuple[str, Difference], ...]:
    """The rows that changed in each upstream since the asset was made, where both snapshots are still there."""
    from assetflow.warehouse.content.difference import difference

    found = []
    for each in compared:
        if each.what != "input" or not each.snapshot_then or not each.snapshot_now:
            continue
        snapshots = project.ledger.snapshots([each.snapshot_then, each.snapshot_now])
        if each.snapshot_then == each.snapshot_now or len(snapshots) < 2:
            continue
        then, now = snapshots[each.snapshot_then], snapshots[each.snapshot_now]
        one, other = (project.found(snapshot) if snapshot.sql is None else None for snapshot in (then, now))
        if one is not None and other is not None:
            key = key_of(project, each.name)
            cursor = project.open_cursor()
            found.append((each.name, difference(cursor, project.settings.warehouse, one, other, key, samples)))
            cursor.close()
    return tuple(found)


def reasons_above(project: Project, name: str, plan: Plan) -> tuple[tuple[str, Reason], ...]:
    """Where staleness comes from: the reasons of upstreams that are stale in their own right."""
    ancestors = project.definitions.graph.ancestors([name])
    return tuple(
        (step.asset, step.reasons[0]) for step in plan.steps if step.asset in ancestors and step.action != "maybe"
    )


def difference_of_code(made: Materialization | None, asset: Asset) -> tuple[str, ...]:
    """The lines of SQL that changed since the asset was made."""
    if made is None or asset.sql is None or made.fingerprint.code == asset.code_version or not made.code_text:
        return ()
    lines = difflib.unified_diff(made.code_text.splitlines(), asset.sql.splitlines(), lineterm="", n=1)
    return tuple(line for line in lines if not line.startswith(("---", "+++")))
