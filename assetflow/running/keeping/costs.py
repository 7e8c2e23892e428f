"""What it cost to make an asset, and what refreshing it incrementally spared."""

from __future__ import annotations

from assetflow.asset import Asset
from assetflow.running.built import Built
from assetflow.running.contents import Contents
from assetflow.running.events import Saved
from assetflow.warehouse.cache.costs import UNKNOWN, Cost, Costs


def cost_of(asset: Asset, built: Built, contents: Contents) -> Costs | None:
    """What it cost to make an asset that can be made in either way; None: it cannot, or that is not known."""
    if built.used is None or asset.is_view or asset.history is not None or asset.per is not None:
        return None
    if asset.kind != "sql" and asset.merge is None:
        return None
    seconds = round(built.used, 6)
    if built.how.mode == "incremental":
        return Costs(incremental=Cost(seconds, built.rows_read))
    before = contents.costs.get(asset.name, UNKNOWN).in_vain
    # Where it is in full for another reason now, what was in vain may not be any more.
    stays = before if before is not None and before.why == built.how.reason else None
    return Costs(Cost(seconds, rows_of_upstreams(asset, contents)), in_vain=built.in_vain or stays)


def saved(asset: Asset, built: Built, contents: Contents) -> Saved | None:
    """What was spared by refreshing incrementally."""
    if built.how.mode == "full" or asset.history is not None:
        return None
    in_full = contents.order.warehouse.ledger.seconds_of(asset.name, "full")
    if asset.per is not None:  # the rows of the files that it is called with are not counted
        return Saved(0, 0, in_full)
    return Saved(built.rows_read, rows_of_upstreams(asset, contents), in_full)


def rows_of_upstreams(asset: Asset, contents: Contents) -> int:
    return sum(contents.snapshot_of(name).rows or 0 for name in asset.upstreams)
