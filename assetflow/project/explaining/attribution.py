"""Splits the change between two versions of an asset between its code and each of its inputs.

    before --code alone--> world       before --orders alone--> world       ...
    a changed row goes to the cause whose world holds it as `after` does

Worlds are made in a folder of their own, from the snapshots and the code that the ledger remembers; nothing of it is
recorded or published. Both ends are made again, too: what does not come out the same twice cannot be split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from assetflow.errors import AssetflowError
from assetflow.materialization import Snapshot
from assetflow.project.explaining.ends import CannotTellError, Ends, Kind, note_of, refuse_unknown, version_of
from assetflow.project.explaining.worlds import Worlds
from assetflow.warehouse.content.difference import Difference, difference
from assetflow.warehouse.content.split import Cause, Split, is_alike, split
from assetflow.warehouse.disk.scratch import scratch_folder
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    from assetflow.project.project import Project


class Part(Struct, frozen=True):
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


class Attribution(Struct, frozen=True):
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
        told = asdict(self)
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


def attributed(worlds: Worlds, found: Difference) -> Attribution:
    """The same; CannotTellError where it cannot be split."""
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
    """The change by the code, on the inputs of the first version.

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
