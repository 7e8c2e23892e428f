"""Splits the change between two versions of an asset between its code and each of its inputs.

    before --code alone--> world       before --orders alone--> world       ...
    a changed row goes to the cause whose world holds it as `after` does

Worlds are made in a folder of their own, from the snapshots and the code that the ledger remembers; nothing of it is
recorded or published. Both ends are made again, too: what does not come out the same twice cannot be split.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from assetflow.asset import Asset
from assetflow.engines import Table
from assetflow.errors import AssetflowError
from assetflow.materialization import Input, Materialization, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns
from assetflow.planning.staleness import is_in_place
from assetflow.quoting import quote_identifier
from assetflow.running.clock import now
from assetflow.running.computing.compute import compute
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.running.tasks.tables import table_of
from assetflow.running.tasks.task import Task
from assetflow.warehouse.content.difference import Difference, difference
from assetflow.warehouse.content.scans import scan
from assetflow.warehouse.content.split import Cause, Split, is_alike, split
from assetflow.warehouse.disk.scratch import scratch_folder
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    from assetflow.project.project import Project

Kind = Literal["code", "config", "input"]


class CannotTellError(AssetflowError):
    """Why a change cannot be split."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause did: `rows` that it accounts for, and `alone`, all that it changes by itself.

    `error` says why the asset cannot be made with this cause alone.
    """

    kind: Kind
    name: str
    rows: int = 0
    alone: Difference | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        alone = None if self.alone is None else self.alone.to_dict()
        return {"kind": self.kind, "name": self.name, "rows": self.rows, "alone": alone, "error": self.error}


@dataclass(frozen=True, slots=True)
class Attribution:
    """The parts of a change, which add up to all of its rows.

    `several`: rows that more than one cause accounts for alone; `together`: rows that none does; `last_digits`: rows
    that differ in the last digits of floating-point numbers. `builds`: how often the asset was made to tell. `note`:
    what has to be said of how it was told, `refused`: why there is no telling.
    """

    parts: tuple[Part, ...] = ()
    several: int = 0
    together: int = 0
    last_digits: int = 0
    builds: int = 0
    note: str | None = None
    refused: str | None = None

    def to_dict(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**told, "parts": [part.to_dict() for part in self.parts]}


def attribute(project: Project, before: Version, after: Version, found: Difference) -> Attribution:
    """Split the difference of two versions of an asset; `refused` says why where it cannot be."""
    from assetflow.running.workshop import opened

    if found.same:
        return Attribution()
    try:
        ends = Ends.of(project, before, after)
        with scratch_folder(project.settings.warehouse) as folder, opened(project.workplace, project.open_imports):
            return attributed(Worlds(project, ends, folder), found)
    except CannotTellError as error:
        return Attribution(refused=error.message)


@dataclass(frozen=True, slots=True)
class Ends:
    """Both versions: what each was made from, what came out, and the asset as it was then (None: not kept)."""

    name: str
    made: tuple[Materialization, Materialization]
    snapshots: tuple[Snapshot, Snapshot]
    assets: tuple[Asset | None, Asset | None]

    @classmethod
    def of(cls, project: Project, before: Version, after: Version) -> Ends:
        declared = project.definitions.assets.get(before.asset)
        if declared is None:
            made_by = "somebody else makes it" if before.asset in project.definitions.sources else "nothing declares it"
            raise CannotTellError(f"{before.asset} is no asset: {made_by}")
        if declared.partition and not is_batched(declared):
            raise CannotTellError("it is made partition by partition, each of which has reasons of its own")
        if declared.rebuilds_always:
            why = f": {declared.notes[0]}" if declared.notes else ""
            raise CannotTellError(f"it is not made of its inputs alone{why}")
        if declared.history is not None:
            raise CannotTellError("it keeps its history, which is not made of its inputs alone")
        one, other = project.evidence.recall(before.materialization), project.evidence.recall(after.materialization)
        snapshots = project.ledger.snapshot(before.snapshot), project.ledger.snapshot(after.snapshot)
        if declared.partition and any(is_mixed(made) for made in (one, other)):
            raise CannotTellError("some of its partitions were made from other versions of its inputs than others")
        then = (as_then(declared, one), as_then(declared, other))
        if declared.partition:
            then = (at_once(then[0], snapshots[0]), at_once(then[1], snapshots[1]))
        return cls(before.asset, (one, other), snapshots, then)

    def input(self, name: str, side: int) -> Input:
        """What was read of an upstream in one version; where that did not read it, in the other one."""
        inputs = [{one.upstream: one for one in made.inputs} for made in self.made]
        return inputs[side].get(name) or inputs[1 - side][name]

    @property
    def changed_code(self) -> Kind | None:
        one, other = (made.fingerprint for made in self.made)
        if one.code != other.code:
            return "code"
        return "config" if one.config != other.config else None

    @property
    def changed_inputs(self) -> tuple[str, ...]:
        """Upstreams that both versions read, and that held other rows."""
        one, other = ({each.upstream: each for each in made.inputs} for made in self.made)
        return tuple(sorted(name for name in one.keys() & other.keys() if is_other(one[name], other[name])))


def is_other(one: Input, other: Input) -> bool:
    """False for what holds the same in the columns that are read; a view of one snapshot may show other rows."""
    if (one.columns, one.ordered) == (other.columns, other.ordered):
        return one.digest != other.digest
    return one.snapshot != other.snapshot or not one.snapshot


def has_snapshot(read: Input) -> bool:
    """False for a file that was read where it lies: nobody kept it."""
    return bool(read.snapshot) and not is_in_place(read.snapshot)


def is_mixed(made: Materialization) -> bool:
    """True for a table whose partitions were not all held against the same inputs, or of which some are missing."""
    return any(base not in ("", made.id) for _, base in made.layers) or len(made.layers) > 1


def at_once(asset: Asset | None, snapshot: Snapshot) -> Asset | None:
    """A partitioned table as one query for all of its partitions."""
    if asset is None:
        return None
    cut = partitioning(asset.partition)
    there = {column.name.lower(): (column.name, column.type) for column in snapshot.columns}
    keys = KeyColumns(cut, tuple(there.get(each.column.lower()) for each in cut.dimensions))
    return asset._replace(sql=f"SELECT * FROM ({asset.sql}\n) WHERE {keys.within(cut.domain)}", partition={})


def as_then(declared: Asset, made: Materialization) -> Asset | None:
    """The asset as it was when this was made: its SQL is kept, of a function only that of today is there."""
    read = tuple(one.upstream for one in made.inputs)
    plain = declared._replace(checks=(), columns={}, retries=0, materialized="table", upstreams=read)
    if made.code_text:
        return plain._replace(kind="sql", sql=made.code_text, function=None, parameters=(), takes_context=False)
    if declared.kind != "python" or made.fingerprint.code != declared.code_version:
        return None
    config = json.loads(made.fingerprint.config or "{}")
    changed = {name: value for name, value in config.items() if declared.config.get(name) != value}
    return plain._replace(config=config, overrides={**declared.overrides, **changed})


@dataclass(slots=True)
class Worlds:
    """Makes the asset by the code of one side from inputs of either side, each world once."""

    project: Project
    ends: Ends
    folder: str
    made: dict[tuple[int, frozenset[str]], Snapshot | AssetflowError] = field(default_factory=dict)

    def world(self, code: int, changed: frozenset[str]) -> Snapshot:
        """The rows by this code with these inputs as in the second version, the others as in the first."""
        key = (code, changed)
        if key not in self.made:
            try:
                self.made[key] = self.build(code, changed)
            except CannotTellError:
                raise
            except AssetflowError as error:
                self.made[key] = error
        found = self.made[key]
        if isinstance(found, AssetflowError):
            raise found
        return found

    def build(self, code: int, changed: frozenset[str]) -> Snapshot:
        asset = self.ends.assets[code]
        assert asset is not None, "worlds are made by code that is there"
        tables = tuple(self.table(name, int(name in changed)) for name in asset.upstreams if self.is_kept(name))
        of_tables = asset._replace(upstreams=tuple(table.name for table in tables))
        staging = os.path.join(self.folder, str(len(self.made)))
        built = compute(Task(of_tables, "diff", now(), staging, tables), self.project.workplace)
        for kept in self.ends.snapshots:
            if kept.digest == built.digest and kept.columns == built.columns:
                return kept  # so that nobody compares what is known to be the same
        return Snapshot("scratch", asset.name, built.digest or "", built.columns, built.files, built.rows, built.bytes)

    def is_kept(self, name: str) -> bool:
        """False for a file that SQL reads where it lies: the text of the query finds it."""
        return has_snapshot(self.ends.input(name, 0))

    def table(self, name: str, side: int) -> Table:
        read = self.ends.input(name, side)
        snapshot = self.project.ledger.snapshot(read.snapshot)
        if snapshot.sql is not None:
            return Table(name, self.rows_of(read))
        self.refuse_gone(snapshot)
        return table_of(name, snapshot, self.project.settings.warehouse)

    def rows_of(self, read: Input) -> str:
        """The rows that were read as one SELECT: that of a view brings what it read then."""
        snapshot = self.project.ledger.snapshot(read.snapshot)
        if snapshot.sql is None:
            self.refuse_gone(snapshot)
            return self.sql(snapshot)
        made = self.project.ledger.made_into(snapshot.id, read.digest)
        if made is None:
            raise CannotTellError(f"what the view {read.upstream} showed then is not kept")
        named = ", ".join(f"{quote_identifier(one.upstream)} AS ({self.rows_of(one)})" for one in made.inputs)
        return f"WITH {named} SELECT * FROM ({snapshot.sql})" if named else snapshot.sql

    def refuse_gone(self, snapshot: Snapshot) -> None:
        if not self.project.warehouse.has_files(snapshot):
            raise CannotTellError(f"the files of {snapshot.asset}@{snapshot.id[:12]}, which it was made from, are gone")

    def sql(self, snapshot: Snapshot) -> str:
        return scan(snapshot, self.project.settings.warehouse)


def attributed(worlds: Worlds, found: Difference) -> Attribution:
    ends = worlds.ends
    refuse_unknown(ends)
    refuse_other_ends(worlds)
    causes: list[tuple[Kind, str]] = [("input", name) for name in ends.changed_inputs]
    if ends.changed_code:
        causes.insert(0, (ends.changed_code, worlds.project.asset(ends.name).path))
    told = [part_of(worlds, found, kind, name) for kind, name in causes]
    parts, pairs = [part for part, _ in told], [pair for _, pair in told]
    counted = counted_rows(worlds, found, pairs)
    if counted is None:
        return Attribution(tuple(parts), builds=len(worlds.made), note=note_of(ends))
    rows = [replace(part, rows=number) for part, number in zip(parts, counted.rows, strict=True)]
    last_digits = max(0, found.added + found.removed + found.changed - counted.total)
    return Attribution(tuple(rows), counted.several, counted.together, last_digits, len(worlds.made), note_of(ends))


def counted_rows(worlds: Worlds, found: Difference, pairs: Sequence[Cause]) -> Split | None:
    """How many rows each cause accounts for; None where both versions have no column in common."""
    one, other = map(worlds.sql, worlds.ends.snapshots)
    if list(pairs) == [Cause(one, other)]:
        return Split((found.added + found.removed + found.changed,), 0, 0)
    compared = [column for column in worlds.ends.snapshots[1].columns if column.name in found.columns]
    if not compared:
        return None
    cursor = worlds.project.open_cursor()
    try:
        return split(cursor, one, other, pairs, compared, found.key)
    finally:
        cursor.close()


def refuse_unknown(ends: Ends) -> None:
    """Refuse where the code of neither side is there, or a changed file was read where it lay, or nothing changed."""
    if ends.assets == (None, None):
        raise CannotTellError("its function has changed since, and functions of then are not kept")
    if any(asset is not None and asset.per == "file" for asset in ends.assets):
        raise CannotTellError("it is called file by file, and files as they were then are not kept")
    for name in ends.changed_inputs:
        if not has_snapshot(ends.input(name, 0)) or not has_snapshot(ends.input(name, 1)):
            raise CannotTellError(f"it reads {name} where it lies, and what was in it then is not kept")
    if ends.changed_code is None and not ends.changed_inputs:
        raise CannotTellError("its code and its inputs are the same in both: it does not come out the same twice")


def refuse_other_ends(worlds: Worlds) -> None:
    """Refuse what does not come out as it did: then a world would differ by more than its cause."""
    ends = worlds.ends
    everything = frozenset(ends.changed_inputs)
    for side, changed in ((0, frozenset[str]()), (1, everything)):
        if ends.assets[side] is None:
            continue
        try:
            again = worlds.world(side, changed)
        except CannotTellError:
            raise
        except AssetflowError as error:
            raise CannotTellError(f"{version_of(ends, side)} cannot be made again: {error.message}") from error
        if not is_same(worlds, ends.snapshots[side], again):
            raise CannotTellError(
                f"{version_of(ends, side)}, made again from what it was made from, holds other rows: what differs is "
                "neither its code nor its inputs"
            )


def version_of(ends: Ends, side: int) -> str:
    return f"{ends.name}@{ends.snapshots[side].id[:12]}"


def is_same(worlds: Worlds, kept: Snapshot, again: Snapshot) -> bool:
    if kept.digest == again.digest:
        return True
    if kept.columns != again.columns or kept.rows != again.rows:
        return False
    cursor = worlds.project.open_cursor()
    try:
        return is_alike(cursor, worlds.sql(kept), worlds.sql(again), kept.columns)
    finally:
        cursor.close()


def part_of(worlds: Worlds, found: Difference, kind: Kind, name: str) -> tuple[Part, Cause]:
    """What one cause does by itself, and the tables without it and with it."""
    try:
        base, world = input_alone(worlds, name) if kind == "input" else code_alone(worlds)
    except CannotTellError:
        raise
    except AssetflowError as error:
        return Part(kind, name, error=error.message), Cause(None, None)
    alone = difference_between(worlds, found, base, world)
    fits = all(has_columns(each, found, worlds.ends) for each in (base, world))
    pair = Cause(worlds.sql(base), worlds.sql(world)) if fits else Cause(None, None)
    return Part(kind, name, alone=alone), pair


def difference_between(worlds: Worlds, found: Difference, base: Snapshot, world: Snapshot) -> Difference:
    """How two worlds differ, without samples; that of both ends is known."""
    if (base, world) == worlds.ends.snapshots:
        return replace(found, samples=(), added_rows=(), removed_rows=())
    cursor = worlds.project.open_cursor()
    try:
        return difference(cursor, worlds.project.settings.warehouse, base, world, found.key, 0)
    finally:
        cursor.close()


def code_alone(worlds: Worlds) -> tuple[Snapshot, Snapshot]:
    """The change by the code: on the inputs of the first version; where its code of then is gone, see below.

    When only the first version's code is there, the code did what remains after all inputs have changed.
    """
    ends = worlds.ends
    if ends.assets[1] is not None:
        return ends.snapshots[0], worlds.world(1, frozenset())
    return worlds.world(0, frozenset(ends.changed_inputs)), ends.snapshots[1]


def input_alone(worlds: Worlds, name: str) -> tuple[Snapshot, Snapshot]:
    """The change by one input: under the code of the first version, or where that is gone, of the second."""
    code = 0 if worlds.ends.assets[0] is not None else 1
    return worlds.world(code, frozenset()), worlds.world(code, frozenset([name]))


def has_columns(snapshot: Snapshot, found: Difference, ends: Ends) -> bool:
    """True for a table that has all columns which are compared, with the same types."""
    types = {column.name: column.type for column in snapshot.columns}
    wanted = {column.name: column.type for column in ends.snapshots[1].columns if column.name in found.columns}
    return all(types.get(name) == kind for name, kind in wanted.items())


def note_of(ends: Ends) -> str | None:
    """What has to be said of how it was split."""
    if ends.changed_code and None in ends.assets:
        which = "later" if ends.assets[0] is None else "earlier"
        return f"inputs were changed under the {which} code: a function is there only as it is today"
    return None
