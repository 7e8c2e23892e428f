"""Whether SQL knows of its partitions: where it does not, one query makes many; where it does, one at a time."""

from __future__ import annotations

from assetflow.asset import Asset


def is_batched(asset: Asset) -> bool:
    """True for SQL that knows nothing of partitions: many of them are made by one query."""
    return asset.kind == "sql" and not is_parametrized(asset)


def is_parametrized(asset: Asset) -> bool:
    """True for SQL that speaks of its partition by itself: it is run once for each."""
    return asset.sql is not None and "$partition" in asset.sql.lower()
