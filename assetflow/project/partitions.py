"""Which partitions a text of the command line means, and which ones a plan is about."""

from __future__ import annotations

from collections.abc import Iterable

from assetflow.asset import Asset
from assetflow.errors import UsageError
from assetflow.partitions.declared import partitioning, told
from assetflow.partitions.partitioning import WrongPartitionError
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Slice


def partitions_named(text: str, assets: Iterable[Asset]) -> dict[str, Slice]:
    """The partitions that a text names, of each asset that has some; UsageError where it names none."""
    cut = [asset for asset in assets if asset.partition]
    if not cut:
        raise UsageError(
            f"--partition {text}: no selected asset is partitioned",
            hint='Leave --partition away, or declare partition = "day(ts)" for one of them.',
        )
    return {asset.name: named_of(text, asset) for asset in cut}


def named_of(text: str, asset: Asset) -> Slice:
    by = partitioning(asset.partition)
    try:
        found = read_keys(by, text)
    except WrongPartitionError as error:
        hint = f"{asset.name} is cut by {told(asset.partition)}; its partitions are listed by `assetflow plan`."
        raise UsageError(f"--partition {text}: {asset.name} {error}", hint=hint) from None
    if not found & by.domain:
        domain = told(asset.partition)
        raise UsageError(f"--partition {text}: {asset.name} has no such partition; it is cut by {domain}")
    return found
