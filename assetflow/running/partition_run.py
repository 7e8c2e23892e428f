"""Has the partitions of one asset made, a batch after the other, and puts its table together out of all of them.

    survey             which keys there are, where that is not known
    batches            as many keys as one query can make; one that fails is halved until it is one partition
    put together       the files of the partitions that stay, and those of the new ones: one snapshot, one publication

What is built is recorded as it comes, so that a run that is killed loses the batches under way and nothing else.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from assetflow.asset import Asset
from assetflow.check import CheckResult, looks_at_rows_alone
from assetflow.errors import AssetError, AssetflowError
from assetflow.lineage.sql_tokens import with_values
from assetflow.materialization import Column, Fingerprint, Materialization, ReadSet, Snapshot, SnapshotFile, Sums
from assetflow.partitions.declared import partitioning
from assetflow.partitions.parameters import example_key, variables
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.planning.parts import Parts
from assetflow.planning.staleness import Content, fingerprint, in_part, seen_by
from assetflow.planning.step import Step
from assetflow.running.computing import check_again
from assetflow.running.contents import Contents
from assetflow.running.events import AssetResult, Event, EventKind
from assetflow.running.failures import failed_checks
from assetflow.running.keeping import Keeping, now
from assetflow.running.partition_changes import is_parametrized
from assetflow.running.partition_task import (
    PartBuilt,
    PartTask,
    Survey,
    SurveyTask,
    compute_parts,
    is_batched,
    survey,
    table_of_files,
)
from assetflow.running.task import Built, Task
from assetflow.warehouse import records
from assetflow.warehouse.manifest import with_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

MOST_KEYS = 256
"""Keys of one batch."""
MOST_PACKED = 1024
"""Keys of one batch, and of one file, of partitions that have few rows."""
MANY, FEW_ROWS = 512, 2000
"""So many partitions, of no more than so many rows each in the mean, share files: thousands of tiny ones would take
longer to open than to read."""
MOST_RANGES = 8
"""Ranges of keys that one file holds; where more holes were made into it, it is cut."""
MOST_ROWS = 4_000_000
"""Rows of one batch, where it is known how many there are."""
EVENTS: dict[str, EventKind] = {"materialized": "finished", "restored": "restored", "failed": "failed"}


class Work(NamedTuple):
    """What a worker is to do: a function, and what it is called with."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keys: tuple[Key, ...] = ()


@dataclass
class PartRun:
    """One asset of a run. `work` gives what workers are to do, `take` what came of it, until `is_done`."""

    asset: Asset
    step: Step
    parts: Parts
    task: Task
    contents: Contents
    keeping: Keeping
    may_reuse: bool
    open_cursor: Callable[[], Cursor]
    results: dict[Key, AssetResult] = field(default_factory=dict)
    files: dict[str, SnapshotFile] = field(default_factory=dict)
    gone: list[Key] = field(default_factory=list)
    waiting: deque[tuple[Key, ...]] = field(default_factory=deque)
    under_way: int = 0
    number: int = 0
    is_surveyed: bool = False
    is_checked: bool = False
    is_stopped: bool = False
    packs: bool = False
    whole: tuple[list[SnapshotFile], tuple[Column, ...]] | None = None
    error: AssetflowError | None = None
    columns: tuple[Column, ...] | None = None
    empty: SnapshotFile | None = None
    reads: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    surprises: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    sums: dict[tuple[str, str], Sums] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.cut: Partitioning = partitioning(self.asset.partition)
        self.warehouse = self.keeping.order.warehouse
        self.run_id = self.keeping.order.run_id
        self.made_of: Fingerprint = fingerprint(self.asset, seen_by(self.asset, self.contents.held))

    # What is to be done

    @property
    def part_made_of(self) -> Fingerprint:
        """What each partition is made from: one that passed other checks is not taken over."""
        inputs = {**self.made_of.inputs, "its checks": self.asset.checks_version}
        return Fingerprint(self.made_of.code, self.made_of.config, inputs)

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
                yield Work(survey, (SurveyTask(self.task, self.parts.keys),))
                return
            self.line_up([(key, 0) for key in self.parts.keys])
        while self.waiting and self.under_way < workers and not self.is_stopped:
            keys = self.waiting.popleft()
            self.under_way += 1
            self.number += 1
            staging = os.path.join(self.task.staging, str(self.number))
            yield Work(
                compute_parts,
                (PartTask(replace(self.task, staging=staging), keys, self.packs and len(keys) > 1),),
                keys,
            )
        if self.is_ready and self.whole_checks and not self.is_checked and self.has_news:
            self.is_checked = True
            table = self.table_to_be()
            if table is not None:
                self.under_way += 1
                checks = self.whole_checks
                yield Work(check_again, (replace(self.task, asset=self.asset._replace(checks=checks)), table))

    @property
    def is_ready(self) -> bool:
        """True when all partitions have been made, or failed."""
        return self.is_surveyed and not self.waiting and not self.under_way and self.error is None

    @property
    def is_done(self) -> bool:
        return self.is_surveyed and not self.under_way and (not self.waiting or self.is_stopped)

    @property
    def whole_checks(self) -> tuple[Any, ...]:
        """The checks that have to see the table as a whole."""
        return tuple(check for check in self.asset.checks if not looks_at_rows_alone(check))

    @property
    def has_news(self) -> bool:
        done = any(result.outcome in {"materialized", "restored"} for result in self.results.values())
        return done or bool(self.gone or self.parts.reasons)

    def line_up(self, keys: Sequence[tuple[Key, int]]) -> None:
        """Put keys together into batches; those that share a file have one label, and follow each other."""
        many = len(keys) > MANY and self.cut.time is not None and not self.cut.others
        self.packs = many and is_batched(self.asset) and sum(count for _, count in keys) < FEW_ROWS * len(keys)
        most = (MOST_PACKED if self.packs else MOST_KEYS) if is_batched(self.asset) else 1
        batch: list[Key] = []
        rows = 0
        for key, count in keys:
            if key in self.results:
                continue
            if batch and (len(batch) >= most or rows + count > MOST_ROWS):
                self.waiting.append(tuple(batch))
                batch, rows = [], 0
            batch.append(key)
            rows += count
        if batch:
            self.waiting.append(tuple(batch))

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
            self.warnings.append(
                f"{self.asset.name}: {found.outside:,} row{'s' * (found.outside != 1)} lie outside of its partitions "
                f"({first}), and are not in it"
            )
        there = {key for key, _ in found.keys}
        # What is stale and has no rows any more is not made: it goes.
        for share in self.parts.shares:
            if share.keys.is_finite and not share.is_whole:
                self.gone += [key for key in share.keys if key not in there]
        for key in self.gone:
            yield from self.conclude(key, AssetResult(self.asset.name, "materialized", mode="full", rows=0))
        if self.may_reuse:
            yield from self.reuse(there)
        self.line_up(found.keys)

    def reuse(self, keys: Iterable[Key]) -> Iterator[Event]:
        """Take over what an earlier run built of exactly this, and did not publish."""
        built = self.warehouse.ledger.built_parts(self.asset.name, self.part_made_of.hash)
        wanted = set(keys) if built else set()
        snapshots = self.warehouse.ledger.snapshots(built.values()) if built else {}
        for text, id in built.items():
            snapshot, there = snapshots.get(id), tuple(read_keys(self.cut, text))
            if snapshot is None or not wanted.issuperset(there) or not self.warehouse.holds(snapshot):
                continue
            if self.columns is None:
                self.columns = snapshot.columns
            if snapshot.columns == self.columns:
                wanted.difference_update(there)
                self.add(text, snapshot.files)
                rows = snapshot.rows if len(there) == 1 else None
                result = AssetResult(self.asset.name, "restored", rows=rows, snapshot=snapshot.id)
                for key in there:
                    yield from self.conclude(key, result)

    def take_parts(self, made: tuple[PartBuilt, ...]) -> Iterator[Event]:
        """Keep the files of a batch, and record each partition as built; a blocking check stops one here."""
        self.keeping.refuse_changed_sources(self.asset)
        good = []
        for part in made:
            checks = self.keeping.keep_failing_rows(self.asset.name, part.built.checks)
            blocking = [check for check in checks if check.blocks]
            self.seconds += part.built.seconds
            if blocking and len(part.keys) > 1:
                self.halve(part.keys)
            elif blocking:
                text = self.cut.shown(part.keys[0])
                self.warehouse.ledger.record_checks(self.run_id, self.asset.name, checks, text)
                error = failed_checks(self.asset, blocking, text)
                yield from self.fail(part.keys, error, part.built, checks)
            else:
                good.append((part, checks))
        if not good:
            return
        built = [part.built for part, _ in good]
        staged = [file for one in built for file in one.files if file.rows]
        kept = self.warehouse.keep(self.asset.name, built[0].columns, staged, 0, 0, "").files
        places = {file.sha256: file.path for file in kept}
        for one in built:
            self.note(one)
        for part, checks in good:
            yield from self.keep(part, checks, places)
        self.keeping.record()

    def note(self, built: Built) -> None:
        """Remember what a batch tells of all of them."""
        if self.columns is None or (built.rows and not self.files):
            self.columns = built.columns
        self.empty = self.empty or next((file for file in built.files if not file.rows), None)
        self.sums.update({(one.file, one.key): one.sums for one in built.sums})
        self.surprises.update(built.surprises)
        self.warnings += [text for text in built.warnings if text not in self.warnings]
        for name, columns in built.reads:
            before = self.reads.get(name, ())
            self.reads[name] = None if columns is None or before is None else tuple(sorted({*before, *columns}))

    def keep(self, part: PartBuilt, checks: tuple[CheckResult, ...], places: dict[str, str]) -> Iterator[Event]:
        text, built = self.cut.text_of(slice_of(part.keys)), part.built
        if built.rows and built.columns != self.columns:
            listed = ", ".join(f"{one.name} {one.type}" for one in built.columns)
            others = ", ".join(f"{one.name} {one.type}" for one in self.columns or ())
            error = AssetError(
                f"partition {text} has other columns ({listed}) than others ({others})",
                path=self.asset.path, line=self.asset.line,
                hint="Cast them, so that all partitions have the same; `columns = {...}` can promise which.",
            )  # fmt: skip
            yield from self.fail(part.keys, error, built)
            return
        files = tuple(file._replace(path=places[file.sha256], partition=text) for file in built.files if file.rows)
        size = sum(file.bytes for file in files)
        snapshot = with_id(Snapshot("", self.asset.name, built.digest or "", built.columns, files, built.rows, size))
        self.keeping.record(
            records.Built(self.record_of(text, snapshot, part, checks), snapshot, checks, sums=built.sums)
        )
        self.add(text, files)
        result = AssetResult(
            self.asset.name, "materialized", mode="full", rows=built.rows, seconds=built.seconds, snapshot=snapshot.id,
            checks=checks,
        )  # fmt: skip
        for key, rows in zip(part.keys, part.rows, strict=True):
            yield from self.conclude(key, replace(result, rows=rows, seconds=built.seconds / len(part.keys)))

    def add(self, text: str, files: tuple[SnapshotFile, ...]) -> None:
        """Note the file of a partition, which has none where it has no rows."""
        if files:
            (self.files[text],) = files

    def record_of(
        self, text: str, snapshot: Snapshot, part: PartBuilt, checks: tuple[CheckResult, ...]
    ) -> Materialization:
        return Materialization(
            id=f"{self.run_id}.{self.asset.name}.{text}",
            asset=self.asset.name,
            partition=text,
            run_id=self.run_id,
            fingerprint=self.part_made_of,
            inputs=(),
            snapshot=snapshot.id,
            digest=snapshot.digest,
            rows=snapshot.rows,
            bytes=snapshot.bytes,
            built_at=now(),
            seconds=part.built.seconds,
            reasons=self.parts.reasons_of(part.keys[0]),
        )

    def take_error(self, keys: tuple[Key, ...], error: AssetflowError) -> Iterator[Event]:
        """What to do when a batch failed: halve it, until it is one partition that fails."""
        self.under_way -= 1
        if not keys:
            self.error = error
            self.waiting.clear()
        elif len(keys) > 1:
            self.halve(keys)
        else:
            yield from self.fail(list(keys), error)

    def halve(self, keys: tuple[Key, ...]) -> None:
        half = len(keys) // 2
        self.waiting.extendleft([keys[half:], keys[:half]])

    def fail(
        self, keys: Sequence[Key], error: AssetflowError, built: Built | None = None,
        checks: tuple[CheckResult, ...] = (),
    ) -> Iterator[Event]:  # fmt: skip
        for key in keys:
            rows, took = (built.rows, built.seconds) if built is not None else (None, 0.0)
            result = AssetResult(
                self.asset.name, "failed", mode="full", rows=rows, seconds=took, error=error, checks=checks
            )
            yield from self.conclude(key, result)
        if self.keeping.order.fail_fast:
            self.is_stopped = True

    def conclude(self, key: Key, result: AssetResult) -> Iterator[Event]:
        """Note how a partition fared, and say so."""
        result = replace(result, partition=self.cut.shown(key), reasons=self.parts.reasons_of(key))
        self.results[key] = result
        yield Event(
            EVENTS[result.outcome],
            self.run_id, self.asset.name, result.partition, result.snapshot,
            seconds=None if result.outcome == "restored" else result.seconds, rows=result.rows,
            error=None if result.error is None else str(result.error), reasons=result.reasons,
        )  # fmt: skip

    def take_checks(self, built: Built) -> None:
        """What the checks said that see the whole table."""
        self.checks = self.keeping.keep_failing_rows(self.asset.name, built.checks)
        self.warehouse.ledger.record_checks(self.run_id, self.asset.name, self.checks)
        blocking = [check for check in self.checks if check.blocks]
        if blocking:
            self.error = failed_checks(self.asset, blocking)

    # Putting it together

    def done(self) -> Slice:
        """The partitions that are as they are to be now, whether they have rows or not."""
        failed = slice_of(key for key, result in self.results.items() if result.outcome == "failed")
        left = slice_of(key for batch in self.waiting for key in batch)
        return self.parts.keys - failed - left

    def staying(self) -> tuple[list[SnapshotFile], list[tuple[SnapshotFile, Slice]]]:
        """The files that stay as they were, and those of which only some partitions do."""
        made = self.contents.made.get(self.asset.name)
        if made is None or not made.files_present:
            return [], []
        new = {self.cut.shown(key) for key in self.results if self.results[key].outcome != "failed"}
        done, stays = self.done(), self.parts.fresh
        for keys, _ in self.parts.layers:
            stays = stays | keys
        stays = (stays - done) & self.cut.domain
        looks = not done.is_finite or bool(self.parts.reasons) or any(share.is_whole for share in self.parts.shares)
        whole, partly = [], []
        for file in self.contents.snapshot(made.snapshot).files:
            if file.partition is None or file.partition in new:
                continue
            if not looks and ".." not in file.partition and "," not in file.partition:
                whole.append(file)
                continue
            keys = self.keys_of(file.partition)
            if keys and not keys - stays:
                whole.append(file)
            elif keys & stays:
                partly.append((file, keys & stays))
        return whole, partly

    def keys_of(self, text: str) -> Slice:
        """The keys of a file's partitions; none where the table was cut otherwise."""
        from assetflow.partitions.partitioning import WrongPartitionError

        try:
            keys = read_keys(self.cut, text)
        except WrongPartitionError:
            return Slice()
        return keys if self.cut.text_of(keys) == text else Slice()

    def rest_of(self, file: SnapshotFile, keys: Slice, columns: tuple[Column, ...]) -> list[SnapshotFile]:
        """The rows of some partitions of a file, written into others."""
        from assetflow.partitions.key_columns import KeyColumns
        from assetflow.warehouse.snapshots import scan_files, stage_query

        there = {column.name.lower(): (column.name, column.type) for column in columns}
        by = KeyColumns(self.cut, tuple(there.get(each.column.lower()) for each in self.cut.dimensions))
        rows = scan_files(columns, [os.path.join(self.warehouse.root, file.path)])
        found = []
        cursor = self.open_cursor()
        try:
            ((label, ranges),) = keys.labels.items()
            for at in range(0, len(ranges), MOST_RANGES):
                some = Slice((), {label: ranges[at : at + MOST_RANGES]})
                self.number += 1
                folder = os.path.join(self.task.staging, f"rest-{self.number}")
                staged = stage_query(cursor, f"SELECT * FROM ({rows}) WHERE {by.within(some)}", folder)
                if staged.columns != columns:
                    raise AssetError(
                        f"the rows of {file.partition} are stored otherwise than before: run --full-refresh"
                    )
                text = self.cut.text_of(some)
                found += [one._replace(partition=text) for one in staged.files if one.rows]
        finally:
            cursor.close()
        return found

    def manifest(self) -> tuple[list[SnapshotFile], tuple[Column, ...]] | None:
        """All files of the table as it is to be, in the order of their keys; None where it would have no columns."""
        if self.whole is not None:
            return self.whole
        staying, partly = self.staying()
        made = self.contents.made.get(self.asset.name)
        columns = self.columns
        if made is not None and made.files_present:
            before = self.contents.snapshot(made.snapshot).columns
            if columns is None:
                columns = before
            elif columns != before and (staying or partly):
                self.refuse_mixed([*staying, *(file for file, _ in partly)])
        if columns is None:
            return None
        rests = [rest for file, keys in partly for rest in self.rest_of(file, keys, columns)]
        files = sorted((*staying, *rests, *self.files.values()), key=lambda file: file.partition or "")
        self.whole = files, columns
        return self.whole

    def refuse_mixed(self, staying: Sequence[SnapshotFile]) -> None:
        texts = sorted({file.partition or "" for file in staying})
        more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
        raise AssetError(
            f"its columns are others than before, and {', '.join(texts[:3])}{more} would still have the old ones: "
            "nothing of it was published",
            path=self.asset.path,
            line=self.asset.line,
            hint="Make all of its partitions, without --partition; what was built is kept for that.",
        )

    def table_to_be(self) -> Any:
        """The table as it is to be, for checks that look at all of it; None where there is none."""
        found = self.manifest()
        if found is None or not found[0]:
            return None
        return table_of_files(self.asset.name, found[1], found[0], self.warehouse.root)

    def put_together(self, cursor: Cursor) -> AssetResult:
        """The result for the whole asset; what it holds now is noted, to be published at the end."""
        failed = [result for result in self.results.values() if result.outcome == "failed"]
        if self.error is not None:
            return AssetResult(
                self.asset.name, "failed", mode="full", reasons=self.step.reasons, seconds=self.seconds,
                error=self.error, checks=self.checks, warnings=tuple(self.warnings),
            )  # fmt: skip
        error = failures_told(self.asset, self.cut, self.results) if failed else None
        snapshot, same = (None, False)
        if self.has_news or not failed:
            snapshot, same = self.note_whole(cursor)
        rows = snapshot.rows if snapshot is not None else None
        return AssetResult(
            self.asset.name, "failed" if failed else "materialized", mode="full", reasons=self.step.reasons, rows=rows,
            seconds=self.seconds, snapshot=snapshot.id if snapshot is not None else None, error=error,
            same_content=same, checks=self.checks, warnings=tuple(self.warnings),
        )  # fmt: skip

    def note_whole(self, cursor: Cursor) -> tuple[Snapshot, bool]:
        found = self.manifest()
        files, columns = found if found is not None else ([], self.columns_declared(cursor))
        if not files:
            files = [self.empty_file(columns, cursor)]
        built = self.combined(files, columns, cursor)
        snapshot, same = self.keeping.keep_content(self.asset, built)
        record = self.keeping.materialization(self.asset, self.step, built, snapshot)
        layers = self.parts.layers_after(self.done())
        if len(layers) != 1 or layers[0][1] or self.cut.domain - Slice.from_text(layers[0][0]):
            record = replace(record, fingerprint=in_part(record.fingerprint))
        record = replace(record, layers=layers)
        self.keeping.order.projections.add(snapshot.id, built.projections)
        self.keeping.record(records.Built(record, snapshot, (), built.projections, built.sums))
        self.contents.note(self.asset.name, snapshot, record.id, Content(snapshot.digest, snapshot.id, snapshot.id))
        return snapshot, same

    def combined(self, files: Sequence[SnapshotFile], columns: tuple[Column, ...], cursor: Cursor) -> Built:
        """The table as it is to be, with the digests that follow from those of its files."""
        from assetflow.materialization import FileSums
        from assetflow.warehouse.digest import digest_of, sums_key
        from assetflow.warehouse.snapshots import readable, sums_of_files

        wanted = [ReadSet(), *(read for read in readable(columns, self.task.read_sets) if not read.ordered)]
        keys = [sums_key(columns, read) for read in wanted]
        new = {sha256 for sha256, _ in self.sums}
        known = {**self.warehouse.ledger.file_sums(f.sha256 for f in files if f.sha256 not in new), **self.sums}
        missing = [file for file in files if any((file.sha256, key) not in known for key in keys)]
        more = []
        if missing:
            paths = [os.path.join(self.warehouse.root, file.path) for file in missing]
            found = sums_of_files(cursor, paths, columns, wanted)
            more = [
                FileSums(file.sha256, key, one)
                for file, each in zip(missing, found, strict=True)
                for key, one in zip(keys, each, strict=True)
            ]
            known.update({(one.file, one.key): one.sums for one in more})
        totals = [sum((known[file.sha256, key] for file in files), Sums(0, 0, 0)) for key in keys]
        digest, *others = (digest_of(columns, read, one) for read, one in zip(wanted, totals, strict=True))
        return Built(
            columns, tuple(files), sum(file.rows for file in files), sum(file.bytes for file in files), digest,
            self.seconds, projections=tuple(zip(wanted[1:], others, strict=True)), sums=tuple(more),
            reads=tuple(self.reads.items()), surprises=tuple(sorted(self.surprises)),
        )  # fmt: skip

    def columns_of_query(self, cursor: Cursor) -> tuple[Column, ...]:
        from assetflow.engines.duckdb import sql_errors
        from assetflow.running.task import where_of
        from assetflow.warehouse.snapshots import stage_query

        for table in self.task.tables:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(table.name)} AS {table.sql}")
        values = variables(self.cut, example_key(self.cut))
        sql = with_values(self.asset.sql or "", values) if is_parametrized(self.asset) else self.asset.sql or ""
        with sql_errors(cursor, sql, where_of(self.asset, self.keeping.order.place.root)):
            folder = os.path.join(self.task.staging, "columns")
            return stage_query(cursor, f"SELECT * FROM ({sql}\n) WHERE false", folder).columns

    def empty_file(self, columns: tuple[Column, ...], cursor: Cursor) -> SnapshotFile:
        """A file without rows: a table has columns though none of its partitions has rows."""
        from assetflow.warehouse.snapshots import stage_query

        listed = ", ".join(f"NULL::{one.type} AS {quoted(one.name)}" for one in columns)
        folder = os.path.join(self.task.staging, "empty")
        (file,) = stage_query(cursor, f"SELECT {listed} WHERE false", folder).files
        return file

    def columns_declared(self, cursor: Cursor) -> tuple[Column, ...]:
        """The columns of a table that has no partition yet: as its query tells, or as a function promises."""
        if self.asset.kind == "sql":
            return self.columns_of_query(cursor)
        if not self.asset.columns:
            raise AssetError(
                "there is no partition to make: no upstream of it has rows",
                path=self.asset.path,
                line=self.asset.line,
                hint="Promise its columns, columns = {...}, and it is an empty table until there is one.",
            )
        return tuple(
            Column(name, str(cursor.sql(f"SELECT CAST(NULL AS {kind}) AS x").types[0]))
            for name, kind in self.asset.columns.items()
        )


def quoted(name: str) -> str:
    from assetflow.quoting import quote_identifier

    return quote_identifier(name)


def failures_told(asset: Asset, cut: Partitioning, results: dict[Key, AssetResult]) -> AssetError:
    """One error for the partitions that could not be made; the others are."""
    failed = [(key, result) for key, result in results.items() if result.outcome == "failed"]
    named = ", ".join(cut.shown(key) for key, _ in failed[:5])
    more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
    first = failed[0][1].error
    word = "partition" if len(failed) == 1 else f"{len(failed)} partitions"
    return AssetError(
        f"{word} {named}{more} could not be made: {first.message if first is not None else ''}",
        path=(first.path if first is not None else None) or asset.path,
        line=first.line if first is not None and first.path else asset.line,
        hint=first.hint if first is not None else None,
    )
