"""What changed in the tables that an asset reads since it was made: a difference of manifests, for a worker."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column, Materialization, ReadSet, Snapshot, SnapshotFile, Sums
from assetflow.planning.staleness import Content, reads_of
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.version import VERSION
from assetflow.warehouse.cache.costs import UNKNOWN, Costs
from assetflow.warehouse.cache.kept_groups import NONE_KEPT, KeptGroups, find_groups, made_from
from assetflow.warehouse.content.links import found_again
from assetflow.warehouse.warehouse import Warehouse

MOST_REPLACED = 0.25
"""The share of a table's rows beyond which it counts as replaced as a whole."""
FEW_ROWS = 200_000
"""Tables of up to so many rows are compared row by row however much of them was replaced."""
COMPARED_WITHIN = 2.0
"""Seconds that a full refresh may have taken, for an incremental one to be compared with it."""
ONE_IN = 20
DEARER = 1.2
MUCH_LESS = 2
WORTH_IT = 0.3
"""Seconds of processor time that are worth a decision: the first refresh of a process pays for loading the rules."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """One table that changed: the files that it had, has, those that came and those that went, by absolute paths.

    `rows` are those in files that came or went. `is_net`: no row is both in one that came and in one that went.
    """

    name: str
    columns: tuple[Column, ...]
    before: tuple[str, ...]
    now: tuple[str, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]
    rows: int
    is_net: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """What an incremental refresh starts from: what changed, and the rows that are there.

    `sums` are what the digests of `files` are made of. `compare`: make the rows in full as well, and compare.
    `is_quick`: a full refresh takes no time, so that it is better than having others made again for the order of rows.
    `read_in_order`: a function reads them so. `checks` is a hash of the checks that the rows of `files` passed. `tell`
    is a folder for the rows that came and went, where another asset is to be refreshed by these in the same run. `what`
    names what is tried, where it is in vain. `groups` are those kept beside its rows.
    """

    changes: tuple[TableChange, ...]
    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    root: str
    sums: Mapping[tuple[str, str], Sums]
    compare: bool
    is_quick: bool
    read_in_order: bool
    checks: str
    tell: str | None = None
    what: str = ""
    groups: KeptGroups = NONE_KEPT


def refresh_of(asset: Asset, step: Step, contents: Contents, run_id: str, tell: str) -> Refresh:
    """What there is to refresh an asset from; Refused, with the reason, where it has to be made in full."""
    refuse_by_declaration(asset)
    made = contents.made.get(asset.name)
    causes = [reason for reason in step.reasons if reason.kind != "input_changed"]
    if made is None or causes:
        raise Refused(causes[0].detail if causes else "it was never made")
    warehouse = contents.order.warehouse
    then = warehouse.ledger.materialization(made.id)
    snapshot = warehouse.ledger.snapshot(then.snapshot)
    if snapshot.sql is not None or not warehouse.has_files(snapshot):
        raise Refused("its files are gone")
    verdict = warehouse.ledger.shadow(asset.name, asset.code_version)
    if verdict is False:
        raise Refused("an incremental refresh by this code once gave other rows than a full one")
    reads = reads_of(asset, contents.lineage(asset), then)
    changes = tuple(
        change
        for name in asset.upstreams
        if (change := change_of(name, then, reads[name], contents.held.get(name), contents)) is not None
    )
    refuse_whole(asset, [change.name for change in changes])
    below = [contents.order.assets[name] for name in contents.order.graph.downstreams(asset.name)]
    in_order = any(reader.kind == "python" and reader.reads_order for reader in below)
    in_full = warehouse.ledger.seconds_of(asset.name, "full")
    what = tried(asset, changes, in_order=in_order)
    costs = contents.costs.get(asset.name, UNKNOWN)
    if hash_of(asset.name + run_id) % ONE_IN:  # One time in so many it is tried again: tables grow.
        refuse_dearer(asset, costs, sum(change.rows for change in changes))
        refuse_in_vain(asset, costs, what)
    if costs.full is not None:
        in_full = costs.full.seconds
    is_quick = (then.seconds if in_full is None else in_full) < COMPARED_WITHIN
    compare = is_quick and (verdict is None or hash_of(run_id + asset.name) % ONE_IN == 0)
    sums = warehouse.ledger.file_sums(file.sha256 for file in snapshot.files)
    if asset.merge == "upsert":
        changed = {change.name for change in changes}
        others = sorted(asset.taken_as_changes - changed)
        changes += tuple(unchanged(name, contents) for name in others)
    waiting = {step.asset for step in contents.order.plan.steps}
    is_read = any(reader.name in waiting and (reader.kind == "sql" or reader.merge) for reader in below)
    return Refresh(
        changes, snapshot.columns, snapshot.files, warehouse.root, sums, compare, is_quick, in_order, then.checks,
        tell if is_read else None, what,
        find_groups(warehouse.root, asset.name, made_from(asset.code_version, then.inputs)),
    )  # fmt: skip


def refuse_dearer(asset: Asset, costs: Costs, rows: int | None = None) -> None:
    """Refuse what cost more than a full refresh the last time; as long as both cost next to nothing, it is tried.

    Also where so many `rows` changed now that it will cost much less; None: it is not known how many.
    """
    in_full, incrementally, _ = costs
    if in_full is None or incrementally is None or asset.incremental == "require":
        return
    if rows is not None and rows * MUCH_LESS < incrementally.rows:
        return
    if incrementally.seconds > max(in_full.seconds * DEARER, in_full.seconds + WORTH_IT):
        raise Refused(
            f"that took {incrementally.seconds:.2g} s of processor time the last time, "
            f"and a full refresh {in_full.seconds:.2g} s"
        )


def refuse_in_vain(asset: Asset, costs: Costs, what: str) -> None:
    """Refuse what was tried in vain before: finding that out every night would cost more than it can ever save."""
    if costs.in_vain is not None and costs.in_vain.what == what and asset.incremental != "require":
        raise Refused(costs.in_vain.why)


def tried(asset: Asset, changes: Sequence[TableChange], *, in_order: bool) -> str:
    """Names what is tried: this code, by the rules of this version, and where rows came and went."""
    where = [(change.name, bool(change.came), bool(change.went)) for change in changes]
    return f"{hash_of(f'{VERSION} {asset.code_version} {in_order} {where}'):08x}"


def refuse_by_declaration(asset: Asset) -> None:
    """Refuse what is never refreshed by its changed rows, whatever changed."""
    if asset.incremental == "off":
        raise Refused('it is declared incremental = "off"')
    if asset.kind != "sql" and asset.merge is None and asset.per is None:
        raise Refused("it is a Python function, which is given whole tables")
    if asset.is_view:
        raise Refused("it is a view, which holds no rows")
    if asset.history is not None:
        raise Refused("it keeps its history by itself")
    if asset.rebuilds_always or (asset.notes and asset.kind == "sql"):
        raise Refused("its answer is not the same twice")
    if asset.files:
        raise Refused(f"it reads {asset.files[0]} in place")


def refuse_whole(asset: Asset, changed: Iterable[str]) -> None:
    """Refuse changes of what a function is given whole: every row of it could have to do with them."""
    if asset.merge is None:
        return
    whole = [name for name in changed if name not in asset.taken_as_changes]
    if whole:
        raise Refused(f"{whole[0]} changed, which it is given whole")


def change_of(
    name: str, then: Materialization, read: ReadSet, content: Content | None, contents: Contents
) -> TableChange | None:
    """How an upstream differs from what the asset was made from; None where what is read of it does not."""
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
    warehouse = contents.order.warehouse
    if before.sql is not None:
        raise Refused(f"{name} was a view")
    if before.columns != now.columns:
        raise Refused(f"{name} has other columns than before")
    if content is not None and is_alike(before, now, read, contents):
        return None
    told = contents.deltas.get((before.id, now.id))
    came, went = difference(before.files, now.files)
    if not (came or went if told is None else told.rows):
        return None
    rows = sum(file.rows for file in (*came, *went)) if told is None else told.rows
    if went if told is None else told.went:
        refuse_replaced(name, rows, now)
    there = {file.sha256: file.path for file in now.files}
    old = {file.sha256: readable_path(name, file, there, warehouse) for file in before.files}
    was = tuple(old[file.sha256] for file in before.files)
    here = absolute(warehouse, now.files)
    if told is not None:
        new, old_rows = (() if path is None else (path,) for path in told[:2])
        return TableChange(name, before.columns, was, here, new, old_rows, told.rows, is_net=True)
    gone = tuple(old[file.sha256] for file in went)
    return TableChange(name, before.columns, was, here, absolute(warehouse, came), gone, rows)


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
    if read.columns is None or read.ordered:
        return False
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


def hash_of(text: str) -> int:
    import hashlib

    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
