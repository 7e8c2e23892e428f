"""Carries out a plan: starts steps when their upstreams are done, keeps what comes out, publishes it all at once.

    Run(order).events()
      for each step whose upstreams are done:  why stale, now?  ->  skipped | restored | compute on a worker
      for each one computed:                   keep its files, record it as built
      at the end:                              one ledger transaction moves all pointers; then the catalog is patched

A failing asset blocks what is downstream of it and nothing else. Whatever was built stays in the ledger, so that the
next run restores it, also after Ctrl-C or a crash.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace
from typing import Any

from assetflow.asset import Asset
from assetflow.errors import AssetflowError, WarehouseError
from assetflow.executors import Killable
from assetflow.materialization import Proof
from assetflow.names import run
from assetflow.planning.decide import decide
from assetflow.planning.step import Step
from assetflow.running.clock import now
from assetflow.running.computing.compute import check_again, compute
from assetflow.running.contents import Contents
from assetflow.running.events import AssetResult, Event, RunResult, Status, event_of
from assetflow.running.failures import told
from assetflow.running.keeping.keep import Keeping
from assetflow.running.keeping.publish import Publishing
from assetflow.running.order import Order
from assetflow.running.partitions.runs import PartRuns
from assetflow.running.sources.ingest import ingest
from assetflow.running.sources.needed import recorded, source_task, sources_of
from assetflow.running.tasks.kept_history import kept_of
from assetflow.running.tasks.tables import Tables, table_of
from assetflow.running.tasks.telling import Telling
from assetflow.running.waiting import Waiting
from assetflow.running.workshop import Workshop
from assetflow.warehouse.cache.costs import add_costs
from assetflow.warehouse.disk.removal import remove_folder
from assetflow.warehouse.ledger import records

SECONDS_TO_STOP = 3.0
SECONDS_DEAF = 0.5


class Run:
    """One carrying-out of a plan. `result` is there when `events()` has ended."""

    def __init__(self, order: Order, shop: Workshop) -> None:
        self.order = order
        self.shop = shop
        self.began = time.perf_counter()
        self.started_at = now()
        self.staging = os.path.join(order.warehouse.root, "staging", run(order.run_id))
        self.steps = {step.asset: step for step in order.plan.steps}
        self.contents = Contents(order)
        self.keeping = Keeping(order, self.contents, shop)
        self.proofs: list[Proof] = list(order.plan.proofs)
        self.results: dict[str, AssetResult] = {}
        self.since: dict[str, float] = {}
        """When making an asset began, for those that fail and cannot tell how long they took."""
        self.withdrawn: tuple[str, ...] = ()
        self.futures: dict[Future[Any], str] = {}
        self.waiting = Waiting({}, (), order.assets)
        self.source_errors: dict[str, AssetflowError] = {}
        self.publishing = Publishing(order, self.contents, shop)
        self.tables = Tables(self.contents.snapshot_of, self.contents.upstreams_of, order.warehouse.root, order.sources)
        self.telling = Telling(order, self.contents, self.tables, self.staging, self.started_at)
        self.warnings: list[str] = []
        self.executor: Executor | None = None
        self.parts = PartRuns(order, self.contents, self.keeping, shop)
        self.status: Status = "interrupted"
        if any(order.assets[name].partition for name in self.steps):
            from assetflow.running.partitions.changes import PartitionChanges

            self.contents.changed_keys = PartitionChanges(
                order.warehouse, self.contents.snapshot, self.contents.lineage, shop.session.cursor
            )
        self.result: RunResult | None = None

    def events(self) -> Iterator[Event]:
        """Do everything, and say what happens as it happens."""
        order = self.order
        ledger = order.warehouse.ledger
        ledger.start_run(records.RunRecord(order.run_id, order.environment, self.started_at, selection=order.selection))
        try:
            executor = self.executor = order.open_executor(order.workers)
            try:
                yield from self.carry_out(executor)
            except BaseException:
                self.stop(executor)
                raise
            executor.shutdown()
            yield from self.publish()
        finally:
            self.finish()

    def carry_out(self, executor: Executor) -> Iterator[Event]:
        """Start what can start, until everything is done or cannot be."""
        self.start_sources(executor)
        waiting = self.waiting = Waiting(self.steps, self.futures.values(), self.order.assets)
        while waiting or self.futures:
            while waiting.ready and len(self.futures) < self.order.workers:
                yield from self.begin(self.steps[waiting.start()], executor)
            if self.futures:
                # A signal that comes just before the wait begins does not end it: look up now and then.
                done, _ = wait(self.futures, timeout=SECONDS_DEAF, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from self.take(future)

    def begin(self, step: Step, executor: Executor) -> Iterator[Event]:
        """Skip, restore or start one step: the question why it is stale is asked again, now with the real inputs."""
        asset = self.order.assets[step.asset]
        hindrance = self.hindrance(step)
        if hindrance is not None:
            yield from self.conclude(hindrance)
            return
        wanted = self.order.plan.wanted.get(asset.name)
        forced = self.order.plan.forced
        again = decide(asset, self.contents.held, self.contents.state(), forced=forced, wanted=wanted)
        if not isinstance(again, Step):
            if again is not None:
                self.proofs.append(again)
            yield from self.conclude(AssetResult(step.asset, "skipped", reasons=step.reasons))
        elif again.restores is None or not self.is_held(again.restores.snapshot):
            yield from self.begin_making(asset, again, executor)
        elif asset.checks:
            # They may be others than it passed, or compare it with tables and times that are others now.
            self.steps[step.asset] = again
            snapshot = self.order.warehouse.ledger.snapshot(again.restores.snapshot)
            table = table_of(asset.name, snapshot, self.order.warehouse.root)
            future = executor.submit(check_again, self.telling.task_of(asset), table, self.order.place)
            self.futures[future] = step.asset
        else:
            yield from self.conclude(self.keeping.restore(asset, again, again.restores))

    def begin_making(self, asset: Asset, step: Step, executor: Executor) -> Iterator[Event]:
        """Have a worker make an asset, or its partitions."""
        try:
            kept = None if asset.history is None else kept_of(asset, self.contents, self.telling.told_in(asset))
        except AssetflowError as error:
            result = AssetResult(asset.name, "failed", mode="incremental", reasons=step.reasons, error=error)
            yield from self.conclude(result)
            return
        self.steps[asset.name] = replace(step, action="build", mode="full", restores=None)
        self.since[asset.name] = time.perf_counter()
        yield Event("started", self.order.run_id, asset.name, reasons=step.reasons)
        if asset.partition:
            self.parts.begin(self.telling.task_of(asset), self.steps[asset.name])
            yield from self.go_on_with_parts(asset.name, executor)
            return
        task = replace(self.telling.with_changes(self.telling.task_of(asset), step), kept=kept)
        self.futures[executor.submit(compute, task, self.order.place)] = asset.name

    def go_on_with_parts(self, name: str, executor: Executor) -> Iterator[Event]:
        """Have workers make partitions of an asset that wait, or conclude it when all are done."""
        for future in self.parts.start(name, executor):
            self.futures[future] = name
        result = self.parts.result(name)
        if result is not None:
            yield from self.conclude(result)

    def is_held(self, snapshot: str) -> bool:
        """True when the files of an older snapshot are there, and are not swept away from now on."""
        return self.order.warehouse.holds(self.order.warehouse.ledger.snapshot(snapshot))

    def hindrance(self, step: Step) -> AssetResult | None:
        """Why a step cannot run: an upstream failed, a source cannot be read, or the run is to stop at a failure."""
        for upstream in step.upstreams:
            if upstream in self.source_errors:
                error = self.source_errors[upstream]
                return AssetResult(step.asset, "failed", mode="full", reasons=step.reasons, error=error)
            result = self.results.get(upstream)
            if result is not None and result.outcome in {"failed", "blocked"}:
                became = "failed" if result.outcome == "failed" else "was blocked"
                return blocked(step, f"its upstream {upstream} {became}")
        if self.order.fail_fast and any(result.outcome == "failed" for result in self.results.values()):
            return blocked(step, "not started: another asset failed, and --fail-fast was given")
        return None

    def take(self, future: Future[Any]) -> Iterator[Event]:
        """Keep what a worker made, or tell why it failed."""
        name = self.futures.pop(future)
        if name in self.parts.runs:
            yield from self.parts.take(name, future)
            if self.executor is not None:
                yield from self.go_on_with_parts(name, self.executor)
        elif name in self.order.sources:
            self.take_source(name, future)
        else:
            try:
                result = self.keeping.keep(self.order.assets[name], self.steps[name], future.result())
            except Exception as raised:
                error = told(raised, self.order.assets[name])
                result = AssetResult(name, "failed", mode="full", reasons=self.steps[name].reasons, error=error)
            yield from self.conclude(result)

    def take_source(self, name: str, future: Future[Any]) -> None:
        """Record what a source holds, and let go on what waits for it; who reads one that failed fails, too."""
        try:
            self.keeping.keep_source(name, future.result())
        except Exception as raised:
            self.source_errors[name] = told(raised, self.order.sources[name].source)
        self.waiting.release(name)

    def conclude(self, result: AssetResult) -> Iterator[Event]:
        """Note how an asset fared, and let what waits for it go on."""
        if result.outcome == "failed" and not result.seconds and result.asset in self.since:
            result = replace(result, seconds=round(time.perf_counter() - self.since[result.asset], 6))
        self.results[result.asset] = result
        self.warnings += result.warnings
        self.waiting.release(result.asset)
        remove_folder(self.order.warehouse.root, os.path.join(self.staging, result.asset))
        yield event_of(result, self.order.run_id)
        if self.order.publish_each and (result.outcome in {"materialized", "restored"} or result.parts):
            self.keeping.recording.flush()
            yield from self.move(self.publishing.unpublished())

    # Sources

    def start_sources(self, executor: Executor) -> None:
        """Record what sources hold now, for those that a step reads: parsed files are turned into Parquet once."""
        for name in sources_of(self.steps.values(), self.order):
            older = recorded(name, self.contents)
            if older is not None:
                self.contents.source_restored(name, older)
            else:
                task = source_task(name, self.contents, os.path.join(self.staging, f"source-{name}"))
                self.futures[executor.submit(ingest, task, self.order.place)] = name

    # The end

    def publish(self) -> Iterator[Event]:
        """Move what has not moved yet, in one transaction, then patch the catalog and say so."""
        order = self.order
        self.keeping.recording.flush()
        self.withdrawn = self.to_withdraw()
        # All of it is done before anybody is told, and may stop listening.
        published = list(self.move({**self.publishing.unpublished(), **dict.fromkeys(self.withdrawn)}))
        if self.proofs:
            order.warehouse.ledger.record_proofs(order.environment, order.run_id, self.proofs, now())
        self.status = "failed" if self.has_failures() else "succeeded"
        if self.publishing.current:
            try:
                order.warehouse.ledger.back_up_daily(now()[:10])
            except WarehouseError as error:
                self.warnings.append(f"today's copy of the ledger could not be made: {error}")
        yield from published
        for name in self.withdrawn:
            yield Event("withdrawn", order.run_id, name)

    def move(self, moves: Mapping[str, str | None]) -> Iterator[Event]:
        """Publish these together, and say so."""
        hindrance = self.publishing.move(moves, self.steps) if moves else self.publishing.show()
        self.warnings += [] if hindrance is None else [hindrance]
        for name, now_current in moves.items():
            if now_current is not None and name in self.results:
                snapshot = self.contents.snapshot_of(name).id
                parts = self.parts.made(name)
                for part in parts or ():
                    yield Event("published", self.order.run_id, name, part.partition, part.snapshot, rows=part.rows)
                count = None if parts is None else len(parts)
                rows = self.results[name].rows
                yield Event("published", self.order.run_id, name, snapshot=snapshot, rows=rows, parts=count)

    def to_withdraw(self) -> tuple[str, ...]:
        """What nothing declares any more; all of it stays while a step failed, whose older view may still read it."""
        return () if self.has_failures() else self.order.plan.withdrawn

    def has_failures(self) -> bool:
        return any(result.outcome in {"failed", "blocked"} for result in self.results.values())

    def stop(self, executor: Executor) -> None:
        """Interrupt what is under way, and keep what has finished meanwhile. A thread that goes on is left behind."""
        self.executor = None
        self.shop.interrupt()
        for future in self.futures:
            future.cancel()
        try:
            wait(self.futures, timeout=SECONDS_TO_STOP)
            for future in list(self.futures):
                if future.done() and not future.cancelled() and future.exception() is None:
                    for _ in self.take(future):
                        pass
            self.keeping.recording.flush()
        finally:
            if isinstance(executor, Killable):
                executor.kill_workers()
            else:
                executor.shutdown(wait=False, cancel_futures=True)

    def finish(self) -> None:
        status = self.status
        remove_folder(self.order.warehouse.root, self.staging)
        add_costs(self.order.warehouse.root, self.keeping.costs)
        results = (self.results[name] for name in self.steps if name in self.results)
        ordered = tuple(each for result in results for each in self.parts.in_parts(result))
        self.result = RunResult(
            self.order.run_id,
            status,
            round(time.perf_counter() - self.began, 6),
            ordered,
            tuple(self.warnings),
            self.withdrawn,
            tuple(name for name in self.publishing.current if name in self.results),
        )
        self.order.warehouse.ledger.finish_run(
            self.order.run_id, status, [step_record(each) for each in ordered], now()
        )


def blocked(step: Step, why: str) -> AssetResult:
    return AssetResult(step.asset, "blocked", reasons=step.reasons, error=AssetflowError(why))


def step_record(result: AssetResult) -> records.StepRecord:
    return records.StepRecord(
        result.asset,
        result.outcome,
        result.partition,
        result.mode,
        result.reasons,
        result.rows,
        result.seconds,
        result.snapshot,
        None if result.error is None else str(result.error),
        result.mode_reason,
    )
