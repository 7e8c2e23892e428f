"""What a worker is told to make one asset: what it reads, what changed in that, what others will read of it."""

from __future__ import annotations

import os

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.order import Order
from assetflow.running.tasks.refresh import refresh_of
from assetflow.running.tasks.tables import Tables
from assetflow.running.tasks.task import Task, Watching
from assetflow.warehouse.cache.costs import UNKNOWN

MANY_ROWS = 1_000_000
"""Rows of its upstreams beyond which a table is taken to be large."""
FEW_ROWS = 10_000
"""Those up to which it is taken to be small: setting up a query takes longer than reading them."""
LONG = 1.0
"""Seconds of processor time from which on a query is worth more than one thread, and others need not wait for it."""


class Telling:
    """Makes the tasks of one run, out of what its tables hold at the moment."""

    def __init__(self, order: Order, contents: Contents) -> None:
        self.order = order
        self.contents = contents
        self.tables = Tables(contents.snapshot_of, contents.shown, order.warehouse.root, order.sources)

    def task_of(self, asset: Asset) -> Task:
        return Task(
            asset,
            self.order.run_id,
            self.order.started_at,
            os.path.join(self.order.staging, asset.name),
            self.tables.upstream_of(asset),
            self.tables.named(name for name in asset.check_upstreams if self.contents.is_made(name)),
            self.order.read_sets(asset.name),
            watching=self.watching(asset),
            spread=self.may_spread(asset),
            columns=self.columns_of(asset),
        )

    def columns_of(self, asset: Asset) -> tuple[tuple[str, str], ...] | None:
        """What the query of an asset gives, where its lineage knows that beyond doubt."""
        if asset.kind != "sql" or asset.is_view or asset.partition or asset.history is not None or asset.files:
            return None
        lineage = self.contents.lineage(asset)
        if lineage is None or not lineage.exact or lineage.open_columns:
            return None
        return tuple((column.name, column.type) for column in lineage.columns)

    def may_spread(self, asset: Asset) -> bool:
        """True for a large table in which nobody cares for the order of rows."""
        rows = sum(self.contents.snapshot_of(name).rows or 0 for name in asset.upstreams if self.contents.is_made(name))
        if rows <= MANY_ROWS or asset.sets_order:
            return False
        below = self.order.graph.downstreams(asset.name)
        return not any(self.order.assets[name].reads_order for name in below if name in self.order.assets)

    def is_small(self, task: Task) -> bool:
        """True for a query over few rows of which it is known what it gives, and nothing is asked but its rows.

        Few rows can be long work, too: what that took the last time is not small again.
        """
        from assetflow.warehouse.content.columns import survives

        asset = task.asset
        if task.columns is None or task.refresh is not None or asset.checks or asset.retries or asset.timeout:
            return False
        before = self.contents.costs.get(asset.name, UNKNOWN).full
        if before is not None and before.seconds > LONG:
            return False
        rows = [self.contents.snapshot_of(name).rows for name in asset.upstreams]
        few = None not in rows and sum(filter(None, rows)) <= FEW_ROWS
        return few and all(survives(kind) for _, kind in task.columns)

    def told_in(self, asset: Asset) -> str:
        """A folder for the rows that come to an asset and go, for those who are refreshed by them in this run."""
        return os.path.join(self.order.staging, f"delta-{asset.name}")

    def with_changes(self, task: Task, step: Step) -> Task:
        """The task with what changed in its upstreams, where the asset can be refreshed by that."""
        if task.asset.per is not None:
            from assetflow.running.tasks.pieces import pieces_of

            return replace(task, pieces=pieces_of(task.asset, step, self.contents), hands=self.order.workers)
        tell = self.told_in(task.asset)
        try:
            return replace(task, refresh=refresh_of(task.asset, step, self.contents, self.order.run_id, tell))
        except Refused as refused:
            return replace(task, tables=self.tables.read_whole(task.tables), why_full=refused.what)

    def watching(self, asset: Asset) -> Watching | None:
        """How to watch a Python function that takes LazyFrames; None for everything else."""
        if (
            asset.kind != "python"
            or asset.merge
            or asset.per
            or all(parameter.arrives != "polars_lazy" for parameter in asset.parameters)
        ):
            return None
        lineage = self.contents.lineage(asset)
        # Only of a plan that is understood in every part is it known that no function of Python is in a condition.
        return Watching({}) if lineage is None else Watching(lineage.reads, takes_filters=lineage.exact)
