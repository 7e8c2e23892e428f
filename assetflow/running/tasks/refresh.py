"""What an incremental refresh starts from, or why there is none: the asset has to be made in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.materialization import Bounds, Column, Materialization, Snapshot, SnapshotFile, Sums
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.tasks.changes import TableChange, change_of, known_bounds, unchanged, with_bounds
from assetflow.running.tasks.reading import Readings, View
from assetflow.running.tasks.worth import has_its_turn, refuse_dearer, refuse_in_vain, takes_little, tried, was_quick
from assetflow.warehouse.cache.costs import UNKNOWN
from assetflow.warehouse.cache.kept_groups import NONE_KEPT, KeptGroups, find_groups, made_from

Views = tuple[View, ...]


class Refresh(Struct, frozen=True):
    """What an incremental refresh starts from: what changed, and the rows that are there.

    `sums` are what the digests of `files` are made of, `bounds` between which values their columns lie. `compare`:
    make the rows in full as well, and compare. `is_quick`: a full refresh takes no time, so that it is better than
    having others made again for the order of rows. `is_small`: little work is expected of it. `read_in_order`: the name
    of a function that reads them so. `checks` is a hash of the checks that the rows of `files` passed. `tell` is a
    folder for the rows that came and went, where another asset is to be refreshed by these in the same run. `what`
    names what is tried, where it is in vain. `groups` are those kept beside its rows. `views` are those among what it
    reads that show other rows than then: the changes are of the tables behind them.
    """

    changes: tuple[TableChange, ...]
    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    root: str
    sums: Mapping[tuple[str, str], Sums]
    compare: bool
    is_quick: bool
    is_small: bool
    read_in_order: str | None
    checks: str
    tell: str | None = None
    what: str = ""
    groups: KeptGroups = NONE_KEPT
    views: Views = ()
    bounds: Mapping[str, Mapping[str, Bounds]] = field(default_factory=dict)


def refresh_of(asset: Asset, step: Step, contents: Contents, run_id: str, tell: str) -> Refresh:
    """What there is to refresh an asset from; Refused, with the reason, where it has to be made in full."""
    refuse_by_declaration(asset)
    then, snapshot = made_before(asset, step, contents)
    ledger, root = contents.order.warehouse.ledger, contents.order.warehouse.root
    was_right = ledger.shadow(asset.name, asset.code_version)
    if was_right is False:
        raise Refused("an incremental refresh by this code once gave other rows than a full one")
    changes, views = changes_of(asset, then, contents)
    below = [contents.order.assets[name] for name in contents.order.graph.downstreams(asset.name)]
    in_order = next((reader.name for reader in below if reader.kind == "python" and reader.reads_order), None)
    what = tried(asset, changes, views, in_order=in_order is not None)
    costs, rows = contents.costs.get(asset.name, UNKNOWN), sum(change.rows for change in changes)
    if not has_its_turn(asset.name + run_id):  # In its turn it is tried again: tables grow.
        refuse_dearer(asset, costs, rows)
        refuse_in_vain(asset, costs, what)
    is_quick = was_quick(asset, then, contents)
    compare = is_quick and (was_right is None or has_its_turn(run_id + asset.name))
    return Refresh(
        (*changes, *looked_up(asset, changes, contents)),
        snapshot.columns,
        snapshot.files,
        root,
        ledger.file_sums(file.sha256 for file in snapshot.files),
        compare=compare,
        is_quick=is_quick,
        is_small=takes_little(costs, rows) and not compare,
        read_in_order=in_order,
        checks=then.checks,
        tell=tell if is_followed(below, contents) else None,
        what=what,
        groups=find_groups(root, asset.name, made_from(asset.code_version, then.inputs)),
        views=views,
        bounds=known_bounds(snapshot.files, contents),
    )


def is_followed(readers: Iterable[Asset], contents: Contents) -> bool:
    """True when one of these is to be made in this run, perhaps from the rows that come and go."""
    waiting = {step.asset for step in contents.order.plan.steps}
    return any(reader.name in waiting and (reader.kind == "sql" or reader.merge) for reader in readers)


def made_before(asset: Asset, step: Step, contents: Contents) -> tuple[Materialization, Snapshot]:
    """What the asset holds; Refused where it is gone, or where more than its inputs changed."""
    made = contents.made.get(asset.name)
    causes = [reason for reason in step.reasons if reason.kind != "input_changed"]
    if made is None or causes:
        raise Refused(causes[0].detail if causes else "it was never made")
    warehouse = contents.order.warehouse
    then = warehouse.ledger.materialization(made.id)
    snapshot = warehouse.ledger.snapshot(then.snapshot)
    if snapshot.sql is not None or not warehouse.has_files(snapshot):
        raise Refused("its files are gone")
    return then, snapshot


def changes_of(asset: Asset, then: Materialization, contents: Contents) -> tuple[tuple[TableChange, ...], Views]:
    """What changed in the tables that it reads since it was made, and the views through which it reads them."""
    readings = Readings(contents)
    readings.look(asset, then)
    found = [
        change_of(name, one.then, one.read, contents.held.get(name), contents, by_columns=one.by_columns)
        for name, one in readings.tables.items()
    ]
    changes = tuple(change for change in found if change is not None)
    lineage = contents.lineage(asset) if asset.kind == "sql" else None
    if lineage is not None:
        changes = tuple(replace(change, shown=lineage.shown(change.name)) for change in changes)
        if lineage.gathers_rows:
            changes = tuple(with_bounds(change, contents) for change in changes)
    refuse_whole(asset, [change.name for change in changes])
    return changes, tuple(readings.views.values())


def looked_up(asset: Asset, changes: Iterable[TableChange], contents: Contents) -> list[TableChange]:
    """The other tables of which a function that puts rows in place of others is given those of the same keys."""
    if asset.merge != "upsert":
        return []
    others = asset.taken_as_changes - {change.name for change in changes}
    return [unchanged(name, contents) for name in sorted(others)]


def refuse_by_declaration(asset: Asset) -> None:
    """Refuse what is never refreshed by its changed rows, whatever changed."""
    if asset.incremental == "off":
        raise Refused('it is declared incremental = "off"')
    if asset.kind != "sql" and asset.merge is None and asset.per is None:
        raise Refused("a function of whole tables")
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
