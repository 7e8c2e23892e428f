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
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.errors import AssetflowError, Interrupted, WarehouseError
from assetflow.planning.decide import decide
from assetflow.planning.staleness import Made
from assetflow.planning.step import Step
from assetflow.running.account import Account, step_record
from assetflow.running.at_once import Done
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.computing.compute import check_again, compute
from assetflow.running.computing.promised import keep_contract
from assetflow.running.computing.small import MANY, Small, read_small, write_small
from assetflow.running.contents import Contents
from assetflow.running.events import AssetResult, Event, RunResult, event_of
from assetflow.running.failures import is_of_dead_worker, told, warning_of_source
from assetflow.running.keeping.keep import Keeping
from assetflow.running.keeping.publish import Publishing
from assetflow.running.order import Order
from assetflow.running.partitions.runs import PartRuns
from assetflow.running.signals import woken_by_signals
from assetflow.running.sources.ingest import ingest
from assetflow.running.sources.needed import read_by, recorded, source_task, sources_of
from assetflow.running.tasks.kept_history import kept_of
from assetflow.running.tasks.tables import table_of
from assetflow.running.tasks.telling import Telling
from assetflow.running.waiting import Waiting
from assetflow.running.workers import Work, Workers
from assetflow.running.workshop import Workshop
from assetflow.warehouse.cache.costs import add_costs
from assetflow.warehouse.disk.removal import remove_folder
from assetflow.warehouse.ledger import records

if TYPE_CHECKING:
    from concurrent.futures import Future

SOME = ""
"""In place of a name, for work on several tables."""


class Run:
    """One carrying-out of a plan. `result` is there when `events()` has ended."""

    def __init__(self, order: Order, shop: Workshop) -> None:
        self.order = order
        self.shop = shop
        self.steps = {step.asset: step for step in order.plan.steps}
        self.contents = Contents(order)
        self.telling = Telling(order, self.contents)
        self.keeping = Keeping(order, self.contents, shop)
        self.parts = PartRuns(order, self.contents, self.keeping, shop)
        self.publishing = Publishing(order, self.contents, shop)
        self.workers = Workers(order)
        self.waiting = Waiting({}, (), order.assets)
        self.account = Account(order)
        self.unread: list[Small] = []
        """Small tables that were written, and wait for others to be read back with."""
        self.told_to_stop = threading.Event()
        self.result: RunResult | None = None
        if any(order.assets[name].partition for name in self.steps):
            from assetflow.running.partitions.changes import PartitionChanges

            self.contents.changed_keys = PartitionChanges(
                order.warehouse, order.assets, self.contents.snapshot, self.contents.lineage, shop.session.cursor
            )

    def events(self) -> Iterator[Event]:
        """Do everything, and say what happens as it happens."""
        order = self.order
        record = records.RunRecord(order.run_id, order.environment, order.started_at, selection=order.selection)
        order.warehouse.ledger.start_run(record)
        try:
            try:
                with woken_by_signals(self.shop.interrupt_queries) as self.told_to_stop:
                    yield from self.carry_out()
            except BaseException:
                self.stop()
                raise
            self.workers.executor.shutdown()
            yield from self.publish()
        finally:
            self.finish()

    def carry_out(self) -> Iterator[Event]:
        """Start what can start, until everything is done or cannot be."""
        self.start_sources()
        workers = self.workers
        sources = [work.name for work in workers.under_way.values()]
        waiting = self.waiting = Waiting(self.steps, sources, self.order.assets)
        while waiting or workers.under_way or self.unread:
            while waiting.ready and not workers.are_busy:
                yield from self.begin(self.steps[waiting.start()])
            if not waiting.ready or len(self.unread) >= MANY:
                self.read_together()
            if workers.under_way:
                yield from self.take_finished()

    def begin(self, step: Step) -> Iterator[Event]:
        """Skip, restore or start one step: the question why it is stale is asked again, now with the real inputs."""
        asset = self.order.assets[step.asset]
        hindrance = self.account.hindrance(step)
        if hindrance is not None:
            yield from self.conclude(hindrance)
            return
        wanted = self.order.plan.wanted.get(asset.name)
        forced = self.order.plan.forced
        again = decide(asset, self.contents.held, self.contents.state(), forced=forced, wanted=wanted)
        if not isinstance(again, Step):
            if again is not None:
                self.account.proofs.append(again)
            yield from self.conclude(AssetResult(step.asset, "skipped", reasons=step.reasons))
        elif again.restores is None or not self.is_held(again.restores.snapshot):
            yield from self.begin_making(asset, again)
        else:
            yield from self.begin_restoring(asset, again, again.restores)

    def begin_restoring(self, asset: Asset, step: Step, made: Made) -> Iterator[Event]:
        """Point to an older materialization, or have it checked before: other things may be asked of it by now."""
        snapshot = self.order.warehouse.ledger.snapshot(made.snapshot)
        try:
            if asset.columns:
                with closing(self.shop.session.cursor()) as cursor:
                    keep_contract(asset, snapshot.columns, cursor)
        except AssetflowError as error:
            yield from self.conclude(AssetResult(asset.name, "failed", reasons=step.reasons, error=error))
            return
        if asset.checks:
            # They may be others than it passed, or compare it with tables and times that are others now.
            self.steps[asset.name] = step
            table = table_of(asset.name, snapshot, self.order.warehouse.root)
            self.workers.start(Work(asset.name, check_again, (self.telling.task_of(asset), table)))
        else:
            yield from self.conclude(self.keeping.restore(asset, step, made))

    def begin_making(self, asset: Asset, step: Step) -> Iterator[Event]:
        """Have a worker make an asset, or its partitions."""
        try:
            kept = None if asset.history is None else kept_of(asset, self.contents, self.telling.told_in(asset))
        except AssetflowError as error:
            result = AssetResult(asset.name, "failed", mode="incremental", reasons=step.reasons, error=error)
            yield from self.conclude(result)
            return
        self.steps[asset.name] = replace(step, action="build", mode="full", restores=None)
        self.account.begin(asset.name)
        yield Event("started", self.order.run_id, asset.name, reasons=step.reasons)
        if asset.partition:
            yield from self.tell_written()
            self.parts.begin(self.telling.task_of(asset), self.steps[asset.name])
            yield from self.go_on_with_parts(asset.name)
            return
        task = replace(self.telling.with_changes(self.telling.task_of(asset), step), kept=kept)
        if self.telling.is_small(task):
            self.workers.start(Work(asset.name, write_small, (task,)))
        else:
            yield from self.tell_written()
            self.workers.start(Work(asset.name, compute, (task,)))

    def read_together(self) -> None:
        """Have a worker read back the small tables that are written."""
        if self.unread:
            self.workers.start(Work(SOME, read_small, (tuple(self.unread),)))
            self.unread.clear()

    def tell_written(self) -> Iterator[Event]:
        """Before something that may take long: read back the small tables that are written, and keep them."""
        self.read_together()
        while self.workers.are_busy:
            yield from self.take_finished()

    def go_on_with_parts(self, name: str) -> Iterator[Event]:
        """Have workers make partitions of an asset that wait, or conclude it when all are done."""
        self.parts.start(name, self.workers)
        result = self.parts.result(name)
        if result is not None:
            yield from self.conclude(result)

    def is_held(self, snapshot: str) -> bool:
        """True when the files of an older snapshot are there, and are not swept away from now on."""
        return self.order.warehouse.holds(self.order.warehouse.ledger.snapshot(snapshot))

    def take_finished(self) -> Iterator[Event]:
        """Wait until a worker is done, and take what it made."""
        for future in self.workers.next_finished():
            yield from self.take(future)

    def take(self, future: Future[Any] | Done) -> Iterator[Event]:
        """Keep what a worker made, or tell why it failed."""
        work = self.workers.take(future)
        name = work.name
        if work.function is read_small:
            yield from self.take_together(work.arguments[0], future)
        elif name in self.parts.runs:
            yield from self.parts.take(work, future)
            if not self.workers.are_stopped:
                yield from self.go_on_with_parts(name)
        elif name in self.order.sources:
            self.take_source(name, future)
        else:
            yield from self.take_made(name, future)

    def take_made(self, name: str, future: Future[Any] | Done) -> Iterator[Event]:
        """Keep an asset that is made, or note that it waits to be read back."""
        try:
            made = future.result()
        except Exception as raised:
            yield from self.conclude(self.failed(name, raised))
        else:
            if isinstance(made, Small):
                self.unread.append(made)
            else:
                yield from self.conclude(self.keep(name, made))

    def take_together(self, many: tuple[Small, ...], future: Future[Any] | Done) -> Iterator[Event]:
        """Keep the small tables that were read back; one that is other than it was foreseen is made by itself."""
        try:
            found = future.result()
        except Exception as raised:
            if not is_of_dead_worker(raised):
                for small in many:
                    yield from self.conclude(self.failed(small.task.asset.name, raised))
                return
            # Their worker died, or another one and took it along: none of them is to blame yet.
            found = (None,) * len(many)
        for small, built in zip(many, found, strict=True):
            name = small.task.asset.name
            if built is not None:
                yield from self.conclude(self.keep(name, built))
            elif not self.workers.are_stopped:
                self.workers.start(Work(name, compute, (small.task,)))

    def keep(self, name: str, built: Built) -> AssetResult:
        """Keep what a worker made."""
        try:
            return self.keeping.keep(self.order.assets[name], self.steps[name], built)
        except Exception as raised:
            return self.failed(name, raised)

    def failed(self, name: str, raised: Exception) -> AssetResult:
        """Tell why an asset could not be made."""
        error = told(raised, self.order.assets[name])
        return AssetResult(name, "failed", mode="full", reasons=self.steps[name].reasons, error=error)

    def take_source(self, name: str, future: Future[Any] | Done) -> None:
        """Record what a source holds, and let go on what waits for it; who reads one that failed fails, too."""
        try:
            checks = self.keeping.keep_source(name, future.result())
        except Exception as raised:
            self.account.source_failed(name, told(raised, self.order.sources[name].source))
        else:
            self.account.warnings += [warning_of_source(name, check) for check in checks if not check.ok]
        self.waiting.release(name)

    def conclude(self, result: AssetResult) -> Iterator[Event]:
        """Note how an asset fared, and let what waits for it go on; Interrupted where it failed of being stopped."""
        if result.outcome == "failed" and self.told_to_stop.is_set():
            raise Interrupted("the run was interrupted") from result.error
        result = self.account.add(result)
        self.waiting.release(result.asset)
        remove_folder(self.order.warehouse.root, os.path.join(self.order.staging, result.asset))
        yield event_of(result, self.order.run_id)
        if self.order.publish_each and (result.outcome in {"materialized", "restored"} or result.parts):
            self.keeping.recording.flush()
            yield from self.move(self.publishing.unpublished())

    # Sources

    def start_sources(self) -> None:
        """Record what sources hold now, for those that a step reads: parsed files are turned into Parquet once."""
        for name in read_by(self.steps.values(), self.order.assets, self.order.unread):
            self.account.source_failed(name, self.order.unread[name])
        for name in sources_of(self.steps.values(), self.order):
            older = recorded(name, self.contents)
            if older is not None:
                self.keeping.restore_source(name, older)
            else:
                task = source_task(name, self.contents, os.path.join(self.order.staging, f"source-{name}"))
                self.workers.start(Work(name, ingest, (task,)))

    # The end

    def publish(self) -> Iterator[Event]:
        """Move what has not moved yet, in one transaction, then patch the catalog and say so."""
        order, account = self.order, self.account
        self.keeping.recording.flush()
        # What nothing declares any more stays while a step failed, whose older view may still read it.
        account.withdrawn = () if account.has_failures else order.plan.withdrawn
        # All of it is done before anybody is told, and may stop listening.
        published = list(self.move({**self.publishing.unpublished(), **dict.fromkeys(account.withdrawn)}))
        if account.proofs:
            order.warehouse.ledger.record_proofs(order.environment, order.run_id, account.proofs, now())
        account.status = "failed" if account.has_failures else "succeeded"
        if self.publishing.current:
            try:
                order.warehouse.ledger.back_up_daily(now()[:10])
            except WarehouseError as error:
                account.warnings.append(f"today's copy of the ledger could not be made: {error}")
        yield from published
        for name in account.withdrawn:
            yield Event("withdrawn", order.run_id, name)

    def move(self, moves: Mapping[str, str | None]) -> Iterator[Event]:
        """Publish these together, and say so."""
        hindrance = self.publishing.move(moves, self.steps) if moves else self.publishing.show()
        self.account.warnings += [] if hindrance is None else [hindrance]
        for name, now_current in moves.items():
            if now_current is not None and name in self.account.results:
                snapshot = self.contents.snapshot_of(name).id
                parts = self.parts.made(name)
                for part in parts or ():
                    yield Event("published", self.order.run_id, name, part.partition, part.snapshot, rows=part.rows)
                count = None if parts is None else len(parts)
                rows = self.account.results[name].rows
                yield Event("published", self.order.run_id, name, snapshot=snapshot, rows=rows, parts=count)

    def stop(self) -> None:
        """Interrupt what is under way, and keep what has finished meanwhile."""
        self.shop.interrupt()
        try:
            for future in self.workers.last_finished():
                for _ in self.take(future):
                    pass
            self.keeping.recording.flush()
        finally:
            self.workers.kill()

    def finish(self) -> None:
        """Clear up behind the run, and tell the ledger and `result` what came of it."""
        order, account = self.order, self.account
        remove_folder(order.warehouse.root, order.staging)
        add_costs(order.warehouse.root, self.keeping.costs)
        results = (account.results[name] for name in self.steps if name in account.results)
        in_parts = [each for result in results for each in self.parts.in_parts(result)]
        self.result = account.closed(in_parts, self.publishing.current)
        steps = [step_record(each) for each in in_parts]
        order.warehouse.ledger.finish_run(order.run_id, account.status, steps, now())
