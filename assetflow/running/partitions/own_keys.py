"""The columns of the key in what an asset itself makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.duck import described
from assetflow.engines import Where
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import AT, LABEL, KeyColumns, WrongColumnError, refuse_kind
from assetflow.partitions.partitioning import Dimension, Partitioning
from assetflow.quoting import folded

if TYPE_CHECKING:
    from assetflow.engines.duckdb import Result


def key_columns(asset: Asset, cut: Partitioning, columns: Sequence[Column]) -> KeyColumns:
    """The columns of the asset's own key; Refused where it has not got them."""
    there = {folded(column.name): (column.name, column.type) for column in columns}
    found = tuple(there.get(folded(each.column)) for each in cut.dimensions)
    if None in found:
        raise Refused(f"{asset.name} has no column {cut.dimensions[found.index(None)].column}")
    return KeyColumns(cut, found)


def keys_of(asset: Asset, result: Result, where: Where) -> KeyColumns:
    """The key columns of what an asset made; AssetError where it has not got them."""
    made = [Column(name, kind) for name, kind in described(result.cursor, result.sql or "")]
    cut = partitioning(asset.partition)
    ours = next((column.name for column in made if folded(column.name).startswith((AT, LABEL))), None)
    if ours is not None:
        raise where.error(f"the column {ours} has a name that assetflow uses itself: rename it")
    try:
        found = key_columns(asset, cut, made)
    except Refused as refused:
        listed = ", ".join(column.name for column in made)
        raise where.error(f"{refused.what}, by which it is cut into partitions", hint=f"It has {listed}.") from None
    for dimension, column in found.pairs:
        if column is not None:
            refuse_wrong(asset, dimension, column, column[0])
    return found


def refuse_wrong(asset: Asset, dimension: Dimension, column: tuple[str, str], name: str) -> None:
    """AssetError for a column whose type cannot be part of a key."""
    try:
        refuse_kind(dimension, column[1])
    except WrongColumnError as error:
        raise asset.error(f"the column {name} {error}") from None
