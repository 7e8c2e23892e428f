"""Has the partitions of one asset made, a batch after the other, and its table put together out of all of them.

    survey             which keys there are, where that is not known
    batches            as many keys as one query can make; one that fails is halved until it is one partition
    whole              the files of the partitions that stay, and those of the new ones: one snapshot, one publication

What is built is recorded as it comes, so that a run that is killed loses the batches under way and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.check import Check, CheckResult, looks_at_rows_alone
from assetflow.errors import AssetflowError
from assetflow.materialization import Snapshot
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.running.built import Built
from assetflow.running.computing.compute import check_again
from assetflow.running.events import AssetResult, Event, event_of
from assetflow.running.failures import failed_checks
from assetflow.running.keeping.made import made_into
from assetflow.running.partitions.batches import Batches
from assetflow.running.partitions.failures import cut_otherwise, failures_told, other_columns, other_rows
from assetflow.running.partitions.gathered import Gathered
from assetflow.running.partitions.making import compute_parts
from assetflow.running.partitions.order import PartOrder
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.partitions.survey import Survey, SurveyTask, survey
from assetflow.running.partitions.tasks import PartBuilt, PartTask
from assetflow.running.partitions.whole import Whole
from assetflow.running.workers import Work
from assetflow.warehouse.content.manifest import with_id
from assetflow.warehouse.ledger import records

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


@dataclass
class PartRun:
    """One asset of a run. `work` gives what workers are to do, `take` what came of it, until `is_done`."""

    order: PartOrder
    batches: Batches = field(default_factory=Batches)
    gathered: Gathered = field(default_factory=Gathered)
    gone: list[Key] = field(default_factory=list)
    counted: dict[Key, int] = field(default_factory=dict)
    under_way: int = 0
    number: int = 0
    is_surveyed: bool = False
    is_checked: bool = False
    is_stopped: bool = False
    error: AssetflowError | None = None
    checks: tuple[CheckResult, ...] = ()

    def __post_init__(self) -> None:
        self.asset, self.cut = self.order.asset, self.order.cut
        self.parts, self.task = self.order.parts, self.order.task
        self.keeping, self.warehouse = self.order.keeping, self.order.warehouse
        self.whole = Whole(self.order, self.gathered)

    @property
    def results(self) -> dict[Key, AssetResult]:
        return self.gathered.results

    # What is to be done

    @property
    def needs_survey(self) -> bool:
        """True where it is not known which keys there are."""
        whole = any(share.is_whole for share in self.parts.shares)
        return whole or (not is_batched(self.asset) and not self.cut.domain.is_finite and bool(self.parts.shares))

    def work(self, workers: int) -> Iterator[Work]:
        """What workers can do now: no more than there are of them, so that what is finished is kept soon."""
        if not self.is_surveyed:
            self.is_surveyed = True
            if self.needs_survey:
                self.under_way += 1
                yield Work(self.asset.name, survey, (SurveyTask(self.task, self.parts.keys),))
                return
            self.line_up([(key, 0) for key in self.parts.keys])
        while self.batches and self.under_way < workers and not self.is_stopped:
            yield self.next_batch()
        if self.is_ready and self.whole_checks and not self.is_checked and self.has_news:
            self.is_checked = True
            table = self.whole.table(self.done())
            if table is not None:
                self.under_way += 1
                task = replace(self.task, asset=self.asset._replace(checks=self.whole_checks))
                yield Work(self.asset.name, check_again, (task, table))

    def next_batch(self) -> Work:
        keys = self.batches.next()
        self.under_way += 1
        self.number += 1
        task = replace(self.task, staging=os.path.join(self.task.staging, str(self.number)))
        part_task = PartTask(task, keys, self.batches.packs and len(keys) > 1)
        return Work(self.asset.name, compute_parts, (part_task,), keys)

    def line_up(self, keys: Sequence[tuple[Key, int]]) -> None:
        """Put those keys into batches of which nothing is known yet."""
        self.batches.line_up(self.asset, [each for each in keys if each[0] not in self.results])

    @property
    def is_ready(self) -> bool:
        """True when all partitions have been made, or failed."""
        return self.is_surveyed and not self.batches and not self.under_way and self.error is None

    @property
    def is_done(self) -> bool:
        return self.is_surveyed and not self.under_way and (not self.batches or self.is_stopped)

    @property
    def whole_checks(self) -> tuple[Check, ...]:
        """The checks that have to see the table as a whole."""
        return tuple(check for check in self.asset.checks if not looks_at_rows_alone(check))

    @property
    def has_news(self) -> bool:
        return self.gathered.is_news or bool(self.gone or self.parts.reasons)

    def done(self) -> Slice:
        """The partitions that are as they are to be now, whether they have rows or not."""
        return self.parts.keys - self.gathered.failed - self.batches.keys

    # What came of it

    def take(self, made: Survey | tuple[PartBuilt, ...] | Built) -> Iterator[Event]:
        self.under_way -= 1
        if isinstance(made, Survey):
            yield from self.take_survey(made)
        elif isinstance(made, Built):
            self.take_checks(made)
        else:
            yield from self.take_parts(made)

    def take_survey(self, found: Survey) -> Iterator[Event]:
        if found.outside:
            first = ", ".join(text for text, _ in self.cut.ranges_shown(self.cut.domain))
            lie, are = ("1 row lies", "is") if found.outside == 1 else (f"{found.outside:,} rows lie", "are")
            self.gathered.warnings.append(
                f"{self.asset.name}: {lie} outside of its partitions ({first}), and {are} not in it"
            )
        there = {key for key, _ in found.keys}
        # What is stale and has no rows any more is not made: it goes.
        for share in self.parts.shares:
            if share.keys.is_finite and not share.is_whole:
                self.gone += [key for key in share.keys if key not in there]
        for key in self.gone:
            yield from self.conclude(key, AssetResult(self.asset.name, "materialized", mode="full", rows=0))
        if self.order.may_reuse:
            yield from self.reuse(there)
        self.counted = dict(found.keys) if is_batched(self.asset) else {}
        self.line_up(found.keys)

    def reuse(self, keys: Iterable[Key]) -> Iterator[Event]:
        """Take over what an earlier run built of exactly this, and did not publish."""
        built = self.warehouse.ledger.built_parts(self.asset.name, self.order.made_of.hash)
        wanted = set(keys) if built else set()
        snapshots = self.warehouse.ledger.snapshots(built.values()) if built else {}
        gathered = self.gathered
        for text, id in built.items():
            snapshot, there = snapshots.get(id), tuple(read_keys(self.cut, text))
            if snapshot is None or not wanted.issuperset(there) or not self.warehouse.holds(snapshot):
                continue
            if gathered.columns is None:
                gathered.columns = snapshot.columns
            if snapshot.columns == gathered.columns:
                wanted.difference_update(there)
                gathered.add(text, snapshot.files)
                rows = snapshot.rows if len(there) == 1 else None
                result = AssetResult(self.asset.name, "restored", rows=rows, snapshot=snapshot.id)
                for key in there:
                    yield from self.conclude(key, result)

    def take_parts(self, made: tuple[PartBuilt, ...]) -> Iterator[Event]:
        """Keep the files of a batch, and record each partition as built; a blocking check stops one here."""
        self.keeping.refuse_changed_sources(self.asset)
        self.refuse_other_counts(made)
        good = []
        for part in made:
            checks = self.keeping.keep_failing_rows(self.asset.name, part.built.checks)
            self.gathered.seconds += part.built.seconds
            if any(check.blocks for check in checks):
                yield from self.hold_back(part, checks)
            else:
                good.append((part, checks))
        if not good:
            return
        built = [part.built for part, _ in good]
        staged = [file for one in built for file in one.files if file.rows]
        kept = self.warehouse.keep(self.asset.name, built[0].columns, staged, 0, 0, "").files
        places = {file.sha256: file.path for file in kept}
        for one in built:
            self.gathered.note(one)
        for part, checks in good:
            yield from self.keep(part, checks, places)
        self.keeping.recording.flush()

    def refuse_other_counts(self, made: tuple[PartBuilt, ...]) -> None:
        """Refuse partitions with other numbers of rows than were counted when it was found out which there are."""
        for part in made:
            for key, rows in zip(part.keys, part.rows, strict=True):
                if self.counted.get(key, rows) != rows:
                    raise other_rows(self.asset, self.cut.shown(key), self.counted[key], rows)

    def hold_back(self, part: PartBuilt, checks: tuple[CheckResult, ...]) -> Iterator[Event]:
        """What a blocking check refused is looked for in halves, until it is one partition that fails."""
        if len(part.keys) > 1:
            self.batches.halve(part.keys)
            return
        text = self.cut.shown(part.keys[0])
        self.warehouse.ledger.record_checks(self.order.run_id, self.asset.name, checks, text)
        blocking = [check for check in checks if check.blocks]
        error = failed_checks(self.asset, blocking, self.keeping.order.environment, text)
        yield from self.fail(part.keys, error, part.built, checks)

    def keep(self, part: PartBuilt, checks: tuple[CheckResult, ...], places: dict[str, str]) -> Iterator[Event]:
        text, built = self.cut.text_of(slice_of(part.keys)), part.built
        if built.rows and built.columns != self.gathered.columns:
            error = other_columns(self.asset, text, built.columns, self.gathered.columns or ())
            yield from self.fail(part.keys, error, built)
            return
        files = tuple(replace(file, path=places[file.sha256], partition=text) for file in built.files if file.rows)
        size = sum(file.bytes for file in files)
        snapshot = with_id(Snapshot("", self.asset.name, built.digest or "", built.columns, files, built.rows, size))
        record = replace(
            made_into(snapshot, self.order.run_id, self.order.made_of, built.seconds, text),
            reasons=self.parts.reasons_of(part.keys[0]),
        )
        self.keeping.recording.add(records.Built(record, snapshot, checks, sums=built.sums, bounds=built.bounds))
        self.gathered.add(text, files)
        result = AssetResult(
            self.asset.name, "materialized", mode="full", rows=built.rows, seconds=built.seconds, snapshot=snapshot.id,
            checks=checks,
        )  # fmt: skip
        for key, rows in zip(part.keys, part.rows, strict=True):
            yield from self.conclude(key, replace(result, rows=rows, seconds=built.seconds / len(part.keys)))

    def take_error(self, keys: tuple[Key, ...], error: AssetflowError, *, is_of_rows: bool) -> Iterator[Event]:
        """What to do when a batch failed: halve it, until it is one partition that fails.

        `is_of_rows`: fewer rows may do better. A full disk or a fault of ours is met by all.
        """
        self.under_way -= 1
        if not keys or not is_of_rows:
            self.give_up(error)
        elif len(keys) > 1:
            self.batches.halve(keys)
        else:
            yield from self.fail(list(keys), error)

    def give_up(self, error: AssetflowError) -> None:
        """Make no more of it: the asset fails as a whole."""
        self.error = error
        self.batches.clear()

    def fail(
        self, keys: Sequence[Key], error: AssetflowError, built: Built | None = None,
        checks: tuple[CheckResult, ...] = (),
    ) -> Iterator[Event]:  # fmt: skip
        rows, took = (built.rows, built.seconds) if built is not None else (None, 0.0)
        for key in keys:
            result = AssetResult(
                self.asset.name, "failed", mode="full", rows=rows, seconds=took, error=error, checks=checks
            )
            yield from self.conclude(key, result)
        if self.keeping.order.fail_fast:
            self.is_stopped = True

    def conclude(self, key: Key, result: AssetResult) -> Iterator[Event]:
        """Note how a partition fared, and say so."""
        why, reasons = self.order.step.mode_reason, self.parts.reasons_of(key)
        result = replace(result, partition=self.cut.shown(key), mode_reason=why, reasons=reasons)
        self.results[key] = result
        yield event_of(result, self.order.run_id)

    def take_checks(self, built: Built) -> None:
        """What the checks said that see the whole table."""
        self.checks = self.keeping.keep_failing_rows(self.asset.name, built.checks)
        self.warehouse.ledger.record_checks(self.order.run_id, self.asset.name, self.checks)
        blocking = [check for check in self.checks if check.blocks]
        if blocking:
            self.error = failed_checks(self.asset, blocking, self.keeping.order.environment)

    # What it comes to

    def put_together(self, cursor: Cursor) -> AssetResult:
        """The result for the whole asset; what it holds now is noted, to be published at the end."""
        step = self.order.step
        result = AssetResult(
            self.asset.name, "materialized", mode="full", mode_reason=step.mode_reason, reasons=step.reasons,
            seconds=self.gathered.seconds, checks=self.checks, warnings=tuple(self.gathered.warnings),
        )  # fmt: skip
        if self.parts.is_cut_otherwise and self.gathered.failed:
            self.give_up(self.error or cut_otherwise(self.asset))
        if self.error is not None:
            return replace(result, outcome="failed", error=self.error)
        if self.gathered.failed:
            result = replace(result, outcome="failed", error=failures_told(self.asset, self.cut, self.results))
            if not self.has_news:
                return result
        snapshot, same = self.whole.record(self.done(), cursor)
        return replace(result, rows=snapshot.rows, snapshot=snapshot.id, same_content=same)
