"""The assets of a run that are made partition by partition, between the run and its workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.errors import AssetError, AssetflowError
from assetflow.planning.decide import forced_reason
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.events import AssetResult, Event
from assetflow.running.failures import is_of_dead_worker, told
from assetflow.running.keeping.keep import Keeping
from assetflow.running.order import Order
from assetflow.running.tasks.task import Task
from assetflow.running.workers import Work, Workers
from assetflow.running.workshop import Workshop

if TYPE_CHECKING:  # two dozen files, which only a run that makes partitions pays for
    from concurrent.futures import Future

    from assetflow.running.at_once import Done
    from assetflow.running.partitions.run import PartRun


class PartRuns(Struct):
    """`runs` by the names of their assets."""

    order: Order
    contents: Contents
    keeping: Keeping
    shop: Workshop
    runs: dict[str, PartRun] = field(default_factory=dict)

    def begin(self, task: Task, step: Step) -> None:
        """Line up the partitions of an asset that are stale."""
        from assetflow.partitions.declared import partitioning
        from assetflow.planning.parts import Parts, Share
        from assetflow.running.partitions.order import PartOrder
        from assetflow.running.partitions.run import PartRun

        asset, parts, forced = task.asset, step.parts, self.order.plan.forced
        if parts is None:  # what it was made from before is gone: it is made again
            reasons = forced_reason() if forced else step.reasons
            parts = Parts((Share(partitioning(asset.partition).domain, reasons, is_whole=True),))
        may_reuse = not forced and not asset.rebuilds_always
        order = PartOrder(asset, step, parts, task, self.contents, self.keeping, may_reuse, self.shop.session.cursor)
        self.runs[asset.name] = PartRun(order)

    def start(self, name: str, workers: Workers) -> None:
        """Have workers do what can be done now for the partitions of an asset."""
        for work in self.runs[name].work(self.order.workers):
            workers.start(work)

    def take(self, work: Work, future: Future[Any] | Done) -> Iterator[Event]:
        """Keep what a worker made of some partitions, or note that one failed."""
        run = self.runs[work.name]
        try:
            made = future.result()
        except Exception as raised:
            is_of_rows = isinstance(raised, AssetError) or is_of_dead_worker(raised)
            yield from run.take_error(work.keys, told(raised, run.asset), is_of_rows=is_of_rows)
        else:
            try:
                yield from run.take(made)
            except AssetflowError as error:
                run.give_up(told(error, run.asset))

    def result(self, name: str) -> AssetResult | None:
        """The result of an asset whose partitions are done, with its table put together; None: they are under way."""
        run = self.runs[name]
        if not run.is_done:
            return None
        cursor = self.shop.session.cursor()
        try:
            result = run.put_together(cursor)
        except AssetflowError as error:
            failure = told(error, run.asset)
            result = AssetResult(name, "failed", mode="full", reasons=run.order.step.reasons, error=failure)
        finally:
            cursor.close()
        return replace(result, parts=len(run.results) if all_told(run, result) else None)

    def made(self, name: str) -> list[AssetResult] | None:
        """The partitions of an asset that this run made; None for one that is not cut."""
        run = self.runs.get(name)
        if run is None:
            return None
        return [result for result in run.results.values() if result.outcome in {"materialized", "restored"}]

    def in_parts(self, result: AssetResult) -> tuple[AssetResult, ...]:
        """The result of an asset, or those of its partitions, as far as these tell all."""
        run = self.runs.get(result.asset)
        if run is None:
            return (result,)
        parts = tuple(part for _, part in sorted(run.results.items()))
        return parts if parts and all_told(run, result) else (*parts, result)


def all_told(run: PartRun, result: AssetResult) -> bool:
    """True when the partitions of an asset tell how it fared; False where it failed as a whole."""
    parts = run.results.values()
    return run.error is None and (result.error is None or any(part.error is not None for part in parts))
