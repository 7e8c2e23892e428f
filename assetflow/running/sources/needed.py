"""Which sources a run reads, and which of them hold what was recorded before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from assetflow.asset import Asset
from assetflow.planning.staleness import Made
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.order import Order
from assetflow.running.sources.before import before
from assetflow.running.sources.checking import Passed, SourceChecks, asked_in_runs, has_passed
from assetflow.running.sources.ingest import SourceTask, source_fingerprint


def sources_of(steps: Iterable[Step], order: Order) -> tuple[str, ...]:
    """The sources that steps or their checks read, without the files that a query reads where they lie."""
    return read_by(steps, order.assets, order.sources)


def read_by(steps: Iterable[Step], assets: Mapping[str, Asset], among: Collection[str]) -> tuple[str, ...]:
    """Those of the sources that steps or their checks read, without files that a query reads where they lie."""
    found = dict.fromkeys(
        name
        for step in steps
        for name in (*step.upstreams, *assets[step.asset].check_upstreams)
        if name in among and name not in assets[step.asset].files
    )
    return tuple(found)


def recorded(name: str, contents: Contents) -> Made | None:
    """The record of what a source holds now, if there is one whose files are there and which passed its checks."""
    order, made = contents.order, contents.made.get(name)
    version = source_fingerprint(order.sources[name]).hash
    older = made if made is not None and made.fingerprint == version else order.state.find(name, version)
    if older is None or not older.files_present or not contents.lies_there(name, older):
        return None
    if not has_passed(order.sources[name].source, order.assets, order.warehouse.ledger, older):
        return None
    return older if order.warehouse.holds(order.warehouse.ledger.snapshot(older.snapshot)) else None


def source_task(name: str, contents: Contents, staging: str) -> SourceTask:
    """What a worker is told to record a source."""
    order, made = contents.order, contents.made.get(name)
    last = None if made is None else contents.snapshot(made.snapshot)
    then = before(name, last, order.warehouse)
    return SourceTask(order.sources[name], staging, order.read_sets(name), then, checks_to_ask(name, made, contents))


def checks_to_ask(name: str, made: Made | None, contents: Contents) -> SourceChecks | None:
    """What a worker is told to ask a source, when it has checks; `made` is what was recorded of it last."""
    order = contents.order
    checks = asked_in_runs(order.sources[name].source, order.assets)
    if not checks:
        return None
    passed = None
    if made is not None and has_passed(order.sources[name].source, order.assets, order.warehouse.ledger, made):
        snapshot = contents.snapshot(made.snapshot)
        passed = Passed(snapshot.files, snapshot.columns)
    known = {**order.compared, **order.sources}
    others = dict.fromkeys(other for check in checks for other in check.upstreams if other != name)
    compared = {other: known[other] for other in others if other in known}
    return SourceChecks(checks, compared, passed, order.run_id, order.started_at)
