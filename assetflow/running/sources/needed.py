"""Which sources a run reads, and which of them hold what was recorded before."""

from __future__ import annotations

from collections.abc import Iterable

from assetflow.planning.staleness import Made
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.order import Order
from assetflow.running.sources.before import before
from assetflow.running.sources.ingest import SourceTask, source_fingerprint


def sources_of(steps: Iterable[Step], order: Order) -> tuple[str, ...]:
    """The sources that steps or their checks read, without the files that a query reads where they lie."""
    found = dict.fromkeys(
        name
        for step in steps
        for name in (*step.upstreams, *order.assets[step.asset].check_upstreams)
        if name in order.sources and name not in order.assets[step.asset].files
    )
    return tuple(found)


def recorded(name: str, contents: Contents) -> Made | None:
    """The record of what a source holds now, if there is one whose files are there."""
    order, made = contents.order, contents.made.get(name)
    version = source_fingerprint(order.sources[name]).hash
    older = made if made is not None and made.fingerprint == version else order.state.find(name, version)
    if older is None or not older.files_present or not contents.lies_there(name, older):
        return None
    return older if order.warehouse.holds(order.warehouse.ledger.snapshot(older.snapshot)) else None


def source_task(name: str, contents: Contents, staging: str) -> SourceTask:
    """What a worker is told to record a source."""
    order, made = contents.order, contents.made.get(name)
    last = None if made is None else contents.snapshot(made.snapshot)
    return SourceTask(order.sources[name], staging, order.read_sets(name), before(name, last, order.warehouse))
