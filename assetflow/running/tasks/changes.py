"""What changed in the tables that an asset reads since it was made: a difference of manifests, for a worker."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.incremental.files import Files
from assetflow.incremental.refused import Refused
from assetflow.materialization import Bounds, Column, Materialization, ReadSet, Snapshot, SnapshotFile, Sums
from assetflow.planning.staleness import Content
from assetflow.running.built import Delta
from assetflow.running.contents import Contents
from assetflow.warehouse.content.digest import sums_key
from assetflow.warehouse.content.links import found_again
from assetflow.warehouse.content.reading import readable
from assetflow.warehouse.warehouse import Warehouse

MOST_REPLACED = 0.25
"""The share of a table's rows beyond which it counts as replaced as a whole."""
MANY_FILES = 8
"""Files from which on it is asked what is known of them."""
FEW_ROWS = 200_000
"""Tables of up to so many rows are compared row by row however much of them was replaced."""


class Grown(Struct, frozen=True):
    """A file that came in the place of one that went, and has more rows: the path, and how many rows that one had.

    `tail` is what the sums over the columns `read` of its other rows are, where it begins with the rows of that one.
    """

    path: str
    rows: int
    read: ReadSet
    tail: Sums


class TableChange(Struct, frozen=True):
    """One table that changed: the files that it had, has, those that came and those that went, by absolute paths.

    `rows` are those in files that came or went. `is_net`: no row is both in one that came and in one that went.
    `is_replaced`: hardly one is, and nobody looked which. `is_narrow`: its files have other columns than these, too.
    `box` is a condition on columns of `old` that the rows fulfil which went of the files that went; the others stayed.
    `grown` are those of the files that came in the place of all that went, where each may have got rows at its end.
    `bounds` are between which values the columns of files lie, by path, where that is known. `shown` are the columns
    that are read of it, where rows that differ in them make rows that differ.
    """

    name: str
    columns: tuple[Column, ...]
    before: tuple[str, ...]
    now: tuple[str, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    rows: int
    is_net: bool = False
    is_narrow: bool = False
    box: str = ""
    is_replaced: bool = False
    grown: tuple[Grown, ...] = ()
    bounds: Mapping[str, Mapping[str, Bounds]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    @property
    def files(self) -> Files | None:
        """What a rule may know of its files; None where these hold other columns."""
        return None if self.is_narrow else Files(self.columns, self.before, self.now, self.bounds)


def change_of(
    name: str, then: Materialization, read: ReadSet, content: Content | None, contents: Contents, *, by_columns: bool
) -> TableChange | None:
    """How an upstream differs from what the asset was made from; None where what is read of it does not.

    `by_columns`: columns that are not read may have come or gone.
    """
    input_ = next((one for one in then.inputs if one.upstream == name), None)
    now = contents.snapshot_of(name)
    if input_ is None or not input_.snapshot:
        raise Refused(f"what {name} held is not known")
    if now.sql is not None:
        # A view is its text: what it shows is in the digest alone.
        if content is not None and input_.digest in (content.digest, content.exact):
            return None
        raise Refused(f"{name} is a view")
    if input_.snapshot == now.id:
        return None
    before = contents.snapshot(input_.snapshot)
    if before.sql is not None:
        raise Refused(f"{name} was a view")
    is_narrow = before.columns != now.columns
    if is_narrow:
        before, now = of_columns_read(name, before, now, read if by_columns else ReadSet())
    is_known = content is not None and read.columns is not None and not read.ordered
    if is_known and is_alike(before, now, read, contents):
        return None
    told = contents.deltas.get((before.id, now.id))
    if told is None or told.in_files:
        found = found_change(name, before, now, told, contents, read if is_known else ReadSet())
    else:
        found = told_change(name, before, now, told, contents)
    return found and replace(found, is_narrow=is_narrow)


def with_bounds(change: TableChange, contents: Contents) -> TableChange:
    """With what is known of the files that a table had and has. Those of the warehouse are called by their SHA-256."""
    paths = {os.path.basename(path).removesuffix(".parquet"): path for path in (*change.before, *change.now)}
    known = contents.bounds_of(paths) if len(paths) >= MANY_FILES else {}
    return replace(change, bounds={paths[sha256]: bounds for sha256, bounds in known.items()})


def known_bounds(files: Sequence[SnapshotFile], contents: Contents) -> Mapping[str, Mapping[str, Bounds]]:
    """What is known of files, by their SHA-256; of a few nothing is asked, as looking into them takes no longer."""
    if len(files) < MANY_FILES or os.path.isabs(files[0].path):
        return {}
    return contents.bounds_of(file.sha256 for file in files)


def of_columns_read(name: str, before: Snapshot, now: Snapshot, read: ReadSet) -> tuple[Snapshot, Snapshot]:
    """A table then and now, as if it had those columns alone that are read of it; Refused where these are others."""
    if read.columns is None:
        raise Refused(f"{name} has other columns than before")
    columns, others = (
        tuple(column for column in table.columns if column.name in read.columns) for table in (before, now)
    )
    if columns != others or not columns:
        raise Refused(f"{name} has other columns than before")
    return replace(before, columns=columns), replace(now, columns=columns)


def found_change(
    name: str, before: Snapshot, now: Snapshot, told: Delta | None, contents: Contents, read: ReadSet
) -> TableChange | None:
    """How a table changed, as its manifests tell, and perhaps the step that made it; None for the same files.

    `read` are the columns that count.
    """
    came, went = difference(before.files, now.files)
    if not came and not went:
        return None
    if told is not None:
        came = [file for file in came if file.sha256 not in told.stayed]
    rows = sum(file.rows for file in (*came, *went)) if told is None else told.rows
    if went:
        refuse_replaced(name, rows, now)
    warehouse = contents.order.warehouse
    old = old_paths(name, before, now, warehouse)
    gone = tuple(old[file.sha256] for file in went)
    was = tuple(old[file.sha256] for file in before.files)
    here = absolute(warehouse, now.files)
    found = TableChange(name, before.columns, was, here, absolute(warehouse, came), gone, rows)
    if told is None:
        return replace(found, grown=grown(before.columns, came, went, contents, read))
    return replace(found, is_net=not told.is_replaced, is_replaced=told.is_replaced, box=told.box)


def grown(
    columns: Sequence[Column], came: Sequence[SnapshotFile], went: Sequence[SnapshotFile], contents: Contents,
    read: ReadSet,
) -> tuple[Grown, ...]:  # fmt: skip
    """What came in the place of the files that went, with more rows; none unless that is so of each of these.

    Of a table in its own files the sums of all columns are known, of one that is read in place those of what is read.
    """
    pairs = in_place_of(came, went)
    if not pairs:
        return ()
    known = contents.sums_of(file.sha256 for pair in pairs for file in pair)
    for seen in (*readable(columns, [read]), ReadSet()):
        key = sums_key(columns, seen)
        if all((file.sha256, key) in known for pair in pairs for file in pair):
            root = contents.order.warehouse.root
            return tuple(
                Grown(os.path.join(root, now.path), then.rows, seen, known[now.sha256, key] - known[then.sha256, key])
                for then, now in pairs
            )
    return ()


def in_place_of(came: Sequence[SnapshotFile], went: Sequence[SnapshotFile]) -> list[tuple[SnapshotFile, SnapshotFile]]:
    """Each file that went, and the one of its name that came; nothing unless each has one, with more rows."""
    if len(came) == len(went) == 1:
        pairs = [(went[0], came[0])]
    else:
        there = {file.path: file for file in came}
        pairs = [(then, there[then.path]) for then in went if then.path in there]
    return pairs if len(pairs) == len(went) and all(now.rows > then.rows for then, now in pairs) else []


def told_change(name: str, before: Snapshot, now: Snapshot, told: Delta, contents: Contents) -> TableChange | None:
    """How a table changed, as the step told that made it in this run; None where no row did."""
    if not told.rows:
        return None
    if told.went:
        refuse_replaced(name, told.rows, now)
    warehouse = contents.order.warehouse
    old = old_paths(name, before, now, warehouse)
    was = tuple(old[file.sha256] for file in before.files)
    came, went = (() if path is None else (path,) for path in (told.came, told.went))
    return TableChange(name, before.columns, was, absolute(warehouse, now.files), came, went, told.rows, is_net=True)


def old_paths(name: str, before: Snapshot, now: Snapshot, warehouse: Warehouse) -> dict[str, str]:
    """Where the files that a table had can be read, by their SHA-256."""
    there = {file.sha256: file.path for file in now.files}
    return {file.sha256: readable_path(name, file, there, warehouse) for file in before.files}


def unchanged(name: str, contents: Contents) -> TableChange:
    """A table that did not change, for a function that is given its rows of the keys concerned."""
    now = contents.snapshot_of(name)
    if now.sql is not None:
        raise Refused(f"{name} is a view")
    paths = absolute(contents.order.warehouse, now.files)
    return TableChange(name, now.columns, paths, paths, (), (), 0)


def readable_path(name: str, file: SnapshotFile, there: Mapping[str, str], warehouse: Warehouse) -> str:
    """Where the rows of a file can be read: under its own name, that of an equal one, or a link. Refused: nowhere."""
    if file.sha256 in there:
        return os.path.join(warehouse.root, there[file.sha256])
    if not os.path.isabs(file.path):
        path = os.path.join(warehouse.root, file.path)
        if os.path.exists(path):
            return path
        raise Refused(f"what {name} held is gone")
    link = found_again(warehouse.root, file)
    if link is None:
        raise Refused(f"{name} is read in place, and the rows that went are gone with their files")
    return link


def is_alike(before: Snapshot, now: Snapshot, read: ReadSet, contents: Contents) -> bool:
    """True when the columns that are read hold the same rows in both."""
    then = contents.project(before.id, read)
    return then is not None and then == contents.project(now.id, read)


def difference(
    before: Sequence[SnapshotFile], now: Sequence[SnapshotFile]
) -> tuple[list[SnapshotFile], list[SnapshotFile]]:
    """The files that came and those that went, by what is in them: a file can be there twice."""
    return missing(now, before), missing(before, now)


def missing(files: Sequence[SnapshotFile], others: Sequence[SnapshotFile]) -> list[SnapshotFile]:
    """Those of the files that are not among the others, each as often as it is there more."""
    left = Counter(file.sha256 for file in others)
    found = []
    for file in files:
        if left[file.sha256] > 0:
            left[file.sha256] -= 1
        else:
            found.append(file)
    return found


def refuse_replaced(name: str, rows: int, now: Snapshot) -> None:
    """Refuse a table that was replaced as a whole, or mostly: looking for the difference costs more than it saves."""
    if rows > FEW_ROWS and rows > MOST_REPLACED * max(now.rows or 0, 1):
        raise Refused(f"{name} was replaced, as a whole or mostly ({rows:,} rows in files that came or went)")


def absolute(warehouse: Warehouse, files: Sequence[SnapshotFile]) -> tuple[str, ...]:
    return tuple(os.path.join(warehouse.root, file.path) for file in files)
