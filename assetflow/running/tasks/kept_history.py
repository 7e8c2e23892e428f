"""Finds the history that is kept so far of an asset: what a run adds to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from assetflow.asset import HISTORY_PART, Asset
from assetflow.materialization import Snapshot, Sums
from assetflow.running.contents import Contents

NO_WAY_BACK = "what was there before cannot be made again from what is there now"


class KeptHistory(Struct, frozen=True):
    """The history so far (None: it begins), what the digests of its files are made of, and where they are.

    `tell` is a folder for the rows that come and go, for those who are refreshed by them in the same run.
    """

    snapshot: Snapshot | None
    sums: Mapping[tuple[str, str], Sums]
    root: str
    tell: str | None = None


def kept_of(asset: Asset, contents: Contents, tell: str) -> KeptHistory:
    """The history that a run adds to. AssetError when its files are gone: it is not begun anew without a word."""
    warehouse = contents.order.warehouse
    snapshot = None if contents.order.plan.discard_history else newest(asset, contents)
    if snapshot is None:
        return KeptHistory(None, {}, warehouse.root)
    if not warehouse.holds(snapshot):
        raise asset.error(
            f"files of its history are gone, and {NO_WAY_BACK}",
            hint=f"Bring the folder back from a backup, or go back with `assetflow rollback {asset.name} -1`. "
            f"To give it up: assetflow materialize --select {asset.name} --full-refresh --discard-history",
        )
    sums = warehouse.ledger.file_sums(file.sha256 for file in snapshot.files)
    # Readers compare with what is current, which may be another table than the one that is added to.
    current = contents.made.get(asset.name)
    is_current = current is not None and current.snapshot == snapshot.id
    return KeptHistory(snapshot, sums, warehouse.root, tell if is_current else None)


def newest(asset: Asset, contents: Contents) -> Snapshot | None:
    """What is current, if it is a history; else the last one that was published here, in prod, or anywhere.

    A table may have been withdrawn, or made without history, by another branch of the code; an environment may be new.
    """
    ledger = contents.order.warehouse.ledger
    current = contents.made.get(asset.name)
    if current is not None and is_history(ledger.materialization(current.id).code_parts):
        return ledger.snapshot(current.snapshot)
    here = contents.order.environment
    others = sorted(set(ledger.environments()) - {here}, key=lambda name: (name != "prod", name))
    for env in (here, *others):
        versions = ledger.history(env, asset.name)
        made = ledger.materializations(version.materialization for version in versions)
        for version in versions:
            if is_history(made[version.materialization].code_parts):
                return ledger.snapshot(version.snapshot)
    return None


def is_history(code_parts: tuple[tuple[str, str], ...]) -> bool:
    """True for what was made as a history."""
    return HISTORY_PART in dict(code_parts)
