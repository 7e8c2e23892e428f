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
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assetflow.asset import Asset
from assetflow.check import CheckResult
from assetflow.errors import AssetflowError, Interrupted, WarehouseError, says_interrupted
from assetflow.lineage.graph import Graph
from assetflow.materialization import Fingerprint, Input, Materialization, Snapshot
from assetflow.planning.plan import Plan, State, Step, content_of, decide, drifted, view_digest
from assetflow.planning.staleness import Content, Made, fingerprint, seen_by
from assetflow.running.events import AssetResult, Event, RunResult, Status
from assetflow.running.failures import failed_checks, told
from assetflow.running.ingest import SourceTask, ingest, source_fingerprint
from assetflow.running.steady import refuse_changed, refuse_other_files
from assetflow.running.tables import Tables, table_of
from assetflow.running.task import Built, Task, check_again, compute, kept
from assetflow.running.workshop import Workplace, Workshop
from assetflow.source import Observed
from assetflow.warehouse import records
from assetflow.warehouse.warehouse import Warehouse

SECONDS_UNRECORDED = 0.5
SECONDS_TO_STOP = 3.0
MOST_UNRECORDED = 64
SECONDS_DEAF = 0.5
OpenExecutor = Callable[[int], Executor]


@dataclass(frozen=True, slots=True)
class Order:
    """All that a run is given. `state` is what the plan was made of: the run publishes only on top of that."""

    plan: Plan
    assets: Mapping[str, Asset]
    graph: Graph
    sources: Mapping[str, Observed]
    state: State
    warehouse: Warehouse
    environment: str
    place: Workplace
    run_id: str
    open_executor: OpenExecutor
    workers: int
    selection: str = ""
    fail_fast: bool = False


class Run:
    """One carrying-out of a plan. `result` is there when `events()` has ended."""

    def __init__(self, order: Order, shop: Workshop) -> None:
        self.order = order
        self.shop = shop
        self.began = time.perf_counter()
        self.started_at = now()
        self.staging = os.path.join(order.warehouse.root, "staging", order.run_id)
        self.steps = {step.asset: step for step in order.plan.steps}
        self.contents: dict[str, Content | None] = {name: content_of(made) for name, made in order.state.made.items()}
        self.contents.update({name: Content(one.version, one.version) for name, one in order.sources.items()})
        self.made = dict(order.state.made)
        for name in order.plan.stale_upstreams:
            if self.made[name].is_view:
                self.contents[name] = drifted(self.made[name].digest, order.run_id)
        self.snapshots: dict[str, Snapshot] = {}
        self.results: dict[str, AssetResult] = {}
        self.moves: dict[str, str] = {}
        self.withdrawn: tuple[str, ...] = ()
        self.futures: dict[Future[Built], str] = {}
        self.waits_for: dict[str, set[str]] = {}
        self.waited_for_by: dict[str, list[str]] = {}
        self.ready: deque[str] = deque()
        self.unrecorded: list[records.Built] = []
        self.recorded_at = self.began
        self.source_errors: dict[str, AssetflowError] = {}
        self.tables = Tables(self.snapshot_of, self.upstreams_of, order.warehouse.root)
        self.warnings: list[str] = []
        self.status: Status = "interrupted"
        self.result: RunResult | None = None

    def events(self) -> Iterator[Event]:
        """Do everything, and say what happens as it happens."""
        order = self.order
        ledger = order.warehouse.ledger
        ledger.start_run(records.RunRecord(order.run_id, order.environment, self.started_at, selection=order.selection))
        try:
            executor = order.open_executor(order.workers)
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
        self.line_up()
        while self.waits_for or self.futures:
            while self.ready and len(self.futures) < self.order.workers:
                name = self.ready.popleft()
                del self.waits_for[name]
                yield from self.begin(self.steps[name], executor)
            if self.futures:
                # A signal that comes just before the wait begins does not end it: look up now and then.
                done, _ = wait(self.futures, timeout=SECONDS_DEAF, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from self.take(future)

    def line_up(self) -> None:
        """Note for each step which steps and sources it waits for."""
        under_way = {*self.steps, *self.futures.values()}
        self.waits_for = {name: under_way.intersection(step.upstreams) for name, step in self.steps.items()}
        for name in self.steps:
            for other in self.order.assets[name].check_upstreams:
                # A check may compare with what waits for its own asset: that is read as it was published.
                if other in under_way and not self.is_waiting(other, name):
                    self.waits_for[name].add(other)
        for name, others in self.waits_for.items():
            for upstream in others:
                self.waited_for_by.setdefault(upstream, []).append(name)
        self.ready.extend(name for name, others in self.waits_for.items() if not others)

    def is_waiting(self, name: str, other: str) -> bool:
        """True when a step cannot start before another one is done, however many stand between."""
        seen: set[str] = set()
        ahead = [name]
        while ahead:
            one = ahead.pop()
            if one == other:
                return True
            if one not in seen:
                seen.add(one)
                ahead.extend(self.waits_for.get(one, ()))
        return False

    def begin(self, step: Step, executor: Executor) -> Iterator[Event]:
        """Skip, restore or start one step: the question why it is stale is asked again, now with the real inputs."""
        asset = self.order.assets[step.asset]
        hindrance = self.hindrance(step)
        if hindrance is not None:
            yield from self.conclude(hindrance)
            return
        again = decide(asset, self.contents, replace_made(self.order.state, self.made), forced=self.order.plan.forced)
        if again is None:
            yield from self.conclude(AssetResult(step.asset, "skipped", reasons=step.reasons))
        elif again.restores is None:
            self.steps[step.asset] = replace(again, action="build", mode="full")
            yield Event("started", self.order.run_id, step.asset, reasons=again.reasons)
            self.futures[executor.submit(compute, self.task_of(asset), self.order.place)] = step.asset
        elif asset.checks:
            # They may be others than it passed, or compare it with tables and times that are others now.
            self.steps[step.asset] = again
            snapshot = self.order.warehouse.ledger.snapshot(again.restores.snapshot)
            table = table_of(asset.name, snapshot, self.order.warehouse.root)
            self.futures[executor.submit(check_again, self.task_of(asset), table, self.order.place)] = step.asset
        else:
            yield from self.conclude(self.restore(asset, again, again.restores))

    def task_of(self, asset: Asset) -> Task:
        return Task(
            asset,
            self.order.run_id,
            self.started_at,
            os.path.join(self.staging, asset.name),
            self.tables.upstream_of(asset),
            self.tables.named(name for name in asset.check_upstreams if self.is_made(name)),
        )

    def hindrance(self, step: Step) -> AssetResult | None:
        """Why a step cannot run: an upstream failed, a source cannot be read, or the run is to stop at a failure."""
        for upstream in step.upstreams:
            if upstream in self.source_errors:
                error = self.source_errors[upstream]
                return AssetResult(step.asset, "failed", mode="full", reasons=step.reasons, error=error)
            result = self.results.get(upstream)
            if result is not None and result.outcome in {"failed", "blocked"}:
                blame = AssetflowError(
                    f"its upstream {upstream} {'failed' if result.outcome == 'failed' else 'was blocked'}"
                )
                return AssetResult(step.asset, "blocked", reasons=step.reasons, error=blame)
        if self.order.fail_fast and any(result.outcome == "failed" for result in self.results.values()):
            blame = AssetflowError("not started: another asset failed, and --fail-fast was given")
            return AssetResult(step.asset, "blocked", reasons=step.reasons, error=blame)
        return None

    def restore(self, asset: Asset, step: Step, made: Made, checks: tuple[CheckResult, ...] = ()) -> AssetResult:
        """Point to an older materialization again."""
        made_of = fingerprint(asset, seen_by(asset, self.contents))
        if made.fingerprint != made_of.hash:
            made = self.renew(asset, made, made_of)
        self.contents[asset.name] = content_of(made)
        self.made[asset.name] = made
        self.moves[asset.name] = made.id
        snapshot = self.order.warehouse.ledger.snapshot(made.snapshot)
        self.snapshots[asset.name] = snapshot
        if checks:
            self.order.warehouse.ledger.record_checks(self.order.run_id, asset.name, checks)
        return AssetResult(
            asset.name, "restored", reasons=step.reasons, rows=snapshot.rows, snapshot=snapshot.id, checks=checks
        )

    def renew(self, asset: Asset, made: Made, made_of: Fingerprint) -> Made:
        """Record that the same rows are also what the code gives as it is written down now."""
        then = self.order.warehouse.ledger.materialization(made.id)
        record = replace(
            then,
            id=f"{self.order.run_id}.{asset.name}",
            run_id=self.order.run_id,
            fingerprint=made_of,
            code_text=asset.sql or "",
            built_at=now(),
        )
        self.record(records.Built(record, self.order.warehouse.ledger.snapshot(made.snapshot), ()))
        return made._replace(id=record.id, fingerprint=made_of.hash)

    def take(self, future: Future[Built]) -> Iterator[Event]:
        """Keep what a worker made, or tell why it failed."""
        name = self.futures.pop(future)
        is_source = name in self.order.sources
        try:
            built = future.result()
            if is_source:
                self.keep_source(name, built)
            else:
                result = self.keep(self.order.assets[name], built)
        except Interrupted:
            raise
        except Exception as raised:
            if says_interrupted(raised):
                raise Interrupted("the run was interrupted") from raised
            error = told(raised, self.order.sources[name].source if is_source else self.order.assets[name])
            if is_source:
                self.source_errors[name] = error
            else:
                result = AssetResult(name, "failed", mode="full", reasons=self.steps[name].reasons, error=error)
        if is_source:
            self.release(name)
        else:
            yield from self.conclude(result)

    def keep(self, asset: Asset, built: Built) -> AssetResult:
        """Move staged files to their place and record the materialization; a blocking check stops it here."""
        step = self.steps[asset.name]
        self.refuse_changed_sources(asset)
        checks = self.keep_failing_rows(asset.name, built.checks)
        blocking = [check for check in checks if check.blocks]
        if blocking:
            error = failed_checks(asset, blocking)
            self.order.warehouse.ledger.record_checks(self.order.run_id, asset.name, checks)
            return AssetResult(
                asset.name, "failed", mode=step.mode, reasons=step.reasons, rows=built.rows, seconds=built.seconds,
                error=error, checks=checks,
            )  # fmt: skip
        if step.restores is not None:
            return self.restore(asset, step, step.restores, checks)
        snapshot, same = self.keep_content(asset, built)
        made_of = fingerprint(asset, seen_by(asset, self.contents))
        materialization = Materialization(
            id=f"{self.order.run_id}.{asset.name}",
            asset=asset.name,
            partition=None,
            run_id=self.order.run_id,
            fingerprint=made_of,
            inputs=self.inputs_of(asset),
            snapshot=snapshot.id,
            digest=snapshot.digest,
            rows=snapshot.rows,
            bytes=snapshot.bytes,
            built_at=now(),
            seconds=built.seconds,
            checks=asset.checks_version,
            code_text=asset.sql or "",
            code_parts=asset.code_parts,
            reasons=step.reasons,
        )
        self.record(records.Built(materialization, snapshot, checks))
        self.contents[asset.name] = Content(snapshot.digest, snapshot.digest if asset.is_view else snapshot.id)
        self.snapshots[asset.name] = snapshot
        self.moves[asset.name] = materialization.id
        return AssetResult(
            asset.name, "materialized", mode="full", reasons=step.reasons, rows=snapshot.rows, seconds=built.seconds,
            snapshot=snapshot.id, checks=checks, same_content=same,
        )  # fmt: skip

    def keep_content(self, asset: Asset, built: Built) -> tuple[Snapshot, bool]:
        """The snapshot of what was built: the one that is current when the content is the same, else a new one."""
        warehouse = self.order.warehouse
        if asset.is_view:
            digest = view_digest(asset, self.contents)
            if asset.rebuilds_always:
                digest = f"{digest} {self.order.run_id}"  # what it shows is not the same twice
            return warehouse.make_view(asset.name, asset.sql or "", built.columns, digest or ""), False
        made, same = self.made.get(asset.name), False
        if made is not None and made.files_present:
            current = warehouse.ledger.snapshot(made.snapshot)
            same = current.sql is None and self.content_digest(current) == built.digest
            if same and not (asset.sets_order and are_others(current, built)):
                return replace(current, digest=built.digest or ""), True
        snapshot = warehouse.keep(
            asset.name, built.columns, built.files, built.rows or 0, built.bytes, built.digest or ""
        )
        return snapshot, same

    def refuse_changed_sources(self, asset: Asset) -> None:
        """SourceError when files that were read where they lie are no longer those of the fingerprint."""
        for name in asset.files:
            refuse_other_files(self.order.sources[name], self.order.place.root)
        for table in self.tables.upstream_of(asset):
            if table.name in self.order.sources and any(
                os.path.isabs(file.path) for file in self.snapshot_of(table.name).files
            ):
                refuse_changed(self.order.sources[table.name])

    def content_digest(self, snapshot: Snapshot) -> str:
        """The digest of a snapshot, computed anew where another engine version made it."""
        from assetflow.warehouse.digest import content_digest, is_comparable
        from assetflow.warehouse.snapshots import scan_of

        if is_comparable(snapshot.digest):
            return snapshot.digest
        cursor = self.shop.session.cursor()
        files = [os.path.join(self.order.warehouse.root, file.path) for file in snapshot.files]
        return content_digest(cursor, scan_of(files), snapshot.columns)[1]

    def inputs_of(self, asset: Asset) -> tuple[Input, ...]:
        inputs, seen = [], seen_by(asset, self.contents)
        for name in (*asset.upstreams, *asset.files):
            snapshot = "" if name in asset.files else self.snapshot_of(name).id
            inputs.append(Input(name, seen[name], snapshot))
        return tuple(inputs)

    def keep_failing_rows(self, name: str, checks: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
        """Move the samples of failing rows out of the staging folder."""
        return tuple(
            check
            if check.sample is None
            else kept(check, self.order.warehouse.keep_sample(self.order.run_id, name, check.sample))
            for check in checks
        )

    def conclude(self, result: AssetResult) -> Iterator[Event]:
        """Note how an asset fared, and let what waits for it go on."""
        self.results[result.asset] = result
        self.release(result.asset)
        remove_folder(os.path.join(self.staging, result.asset))
        kind = "finished" if result.outcome == "materialized" else result.outcome
        yield Event(
            kind,
            self.order.run_id,
            result.asset,
            snapshot=result.snapshot,
            seconds=result.seconds if result.outcome in {"materialized", "failed"} else None,
            rows=result.rows,
            error=None if result.error is None else str(result.error),
            reasons=result.reasons,
            same_content=result.same_content,
        )

    def release(self, name: str) -> None:
        for waiting in self.waited_for_by.get(name, ()):
            self.waits_for[waiting].discard(name)
            if not self.waits_for[waiting]:
                self.ready.append(waiting)

    def record(self, built: records.Built | None = None) -> None:
        """Record what was built, many at a time: a run that is killed loses half a second of small assets at most."""
        if built is not None:
            self.unrecorded.append(built)
        due = time.perf_counter() - self.recorded_at > SECONDS_UNRECORDED
        if self.unrecorded and (built is None or due or len(self.unrecorded) >= MOST_UNRECORDED):
            self.order.warehouse.ledger.record_built(self.unrecorded)
            self.unrecorded.clear()
            self.recorded_at = time.perf_counter()

    def snapshot_of(self, name: str) -> Snapshot:
        """The content of an upstream as this run sees it: what it made itself, else what was current when it began."""
        if name not in self.snapshots:
            self.snapshots[name] = self.order.warehouse.ledger.snapshot(self.made[name].snapshot)
        return self.snapshots[name]

    def upstreams_of(self, name: str) -> tuple[str, ...]:
        """What a view reads: as it is declared where this run made it, else as it was published."""
        if name in self.moves and name in self.order.assets:
            return self.order.assets[name].upstreams
        return tuple(one.upstream for one in self.order.warehouse.ledger.materialization(self.made[name].id).inputs)

    def is_made(self, name: str) -> bool:
        return name in self.snapshots or name in self.made

    # Sources

    def start_sources(self, executor: Executor) -> None:
        """Record what sources hold now, for those that a step reads: parsed files are turned into Parquet once."""
        needed = dict.fromkeys(
            name
            for step in self.steps.values()
            for name in (*step.upstreams, *self.order.assets[step.asset].check_upstreams)
            if name in self.order.sources and name not in self.order.assets[step.asset].files
        )
        for name in needed:
            observed = self.order.sources[name]
            made = self.made.get(name)
            version = source_fingerprint(observed).hash
            older = made if made is not None and made.fingerprint == version else self.order.state.find(name, version)
            if older is not None and older.files_present and self.lies_there(older, observed):
                self.made[name] = older
                self.moves[name] = older.id
            else:
                task = SourceTask(observed, os.path.join(self.staging, f"source-{name}"))
                self.futures[executor.submit(ingest, task, self.order.place)] = name

    def lies_there(self, made: Made, observed: Observed) -> bool:
        """True unless a source that is read in place has moved."""
        paths = [file.path for file in self.order.warehouse.ledger.snapshot(made.snapshot).files]
        return not any(map(os.path.isabs, paths)) or paths == [file.stat.path for file in observed.files]

    def keep_source(self, name: str, built: Built) -> None:
        observed = self.order.sources[name]
        warehouse = self.order.warehouse
        if built.digest is None:
            snapshot = warehouse.make_source(
                name, built.columns, built.files, built.rows, built.bytes, observed.version
            )
        else:
            snapshot = warehouse.keep(name, built.columns, built.files, built.rows or 0, built.bytes, observed.version)
        materialization = Materialization(
            id=f"{self.order.run_id}.{name}",
            asset=name,
            partition=None,
            run_id=self.order.run_id,
            fingerprint=source_fingerprint(observed),
            inputs=(),
            snapshot=snapshot.id,
            digest=observed.version,
            rows=snapshot.rows,
            bytes=snapshot.bytes,
            built_at=now(),
            seconds=built.seconds,
        )
        self.record(records.Built(materialization, snapshot, ()))
        self.snapshots[name] = snapshot
        self.moves[name] = materialization.id

    # The end

    def publish(self) -> Iterator[Event]:
        """Move all pointers in one transaction, then patch the catalog and say so."""
        order = self.order
        self.record()
        published = {
            name: made
            for name, made in self.moves.items()
            if name not in order.state.made or order.state.made[name].id != made
        }
        self.withdrawn = self.to_withdraw()
        moves = {**published, **dict.fromkeys(self.withdrawn)}
        if moves:
            expected = {name: order.state.made[name].id if name in order.state.made else None for name in moves}
            order.warehouse.ledger.publish(order.environment, order.run_id, moves, expected, now())
        self.status = "failed" if self.has_failures() else "succeeded"
        if moves:
            try:
                order.warehouse.patch_catalog(order.environment)
            except WarehouseError as error:
                self.warnings.append(f"the catalog could not be written: {error}; the next run repairs it")
        for name in published:
            if name in self.results:
                yield Event(
                    "published", order.run_id, name, snapshot=self.snapshot_of(name).id, rows=self.results[name].rows
                )
        for name in self.withdrawn:
            yield Event("withdrawn", order.run_id, name)

    def to_withdraw(self) -> tuple[str, ...]:
        """What nothing declares any more; all of it stays while a step failed, whose older view may still read it."""
        return () if self.has_failures() else self.order.plan.withdrawn

    def has_failures(self) -> bool:
        return any(result.outcome in {"failed", "blocked"} for result in self.results.values())

    def stop(self, executor: Executor) -> None:
        """Interrupt what is under way and keep what has finished meanwhile; a body that goes on is left behind."""
        self.shop.interrupt()
        executor.shutdown(wait=False, cancel_futures=True)
        wait(self.futures, timeout=SECONDS_TO_STOP)
        for future in list(self.futures):
            if future.done() and not future.cancelled() and future.exception() is None:
                for _ in self.take(future):
                    pass
        self.record()

    def finish(self) -> None:
        status = self.status
        shutil.rmtree(self.staging, ignore_errors=True)
        ordered = tuple(self.results[name] for name in self.steps if name in self.results)
        self.result = RunResult(
            self.order.run_id,
            status,
            round(time.perf_counter() - self.began, 6),
            ordered,
            tuple(self.warnings),
            self.withdrawn,
        )
        self.order.warehouse.ledger.finish_run(
            self.order.run_id, status, [step_record(each) for each in ordered], now()
        )


def remove_folder(path: str) -> None:
    """Remove a staging folder. What was kept has left it, so mostly it is empty, and gone in less time."""
    try:
        os.rmdir(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


def are_others(snapshot: Snapshot, built: Built) -> bool:
    """True when what was built lies in other bytes than a snapshot: the same rows, perhaps in another order."""
    return [file.sha256 for file in snapshot.files] != [file.sha256 for file in built.files]


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
    )


def replace_made(state: State, made: Mapping[str, Made]) -> State:
    return State(made, state.sources, state.recall, state.find)


def now() -> str:
    """The time as the ledger keeps it: UTC, `2026-11-20T02:00:00.123456Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
