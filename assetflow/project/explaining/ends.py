"""The two versions of an asset whose difference is split: what each was made from, by which code, and what came out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from assetflow.asset import Asset
from assetflow.errors import AssetflowError
from assetflow.materialization import Input, Materialization, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns
from assetflow.planning.staleness import is_in_place
from assetflow.running.partitions.sql_forms import is_batched
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    from assetflow.project.project import Project

Kind = Literal["code", "config", "input"]


class CannotTellError(AssetflowError):
    """Why a change cannot be split."""


class Ends(Struct, frozen=True):
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


def version_of(ends: Ends, side: int) -> str:
    return f"{ends.name}@{ends.snapshots[side].id[:12]}"


def note_of(ends: Ends) -> str | None:
    """What has to be said of how it was split."""
    if ends.changed_code and None in ends.assets:
        which = "later" if ends.assets[0] is None else "earlier"
        return f"inputs were changed under the {which} code: a function is there only as it is today"
    return None
