"""The error for rows that belong to no partition, or to another than was made: they are never dropped."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.asset import Asset
from assetflow.errors import AssetError
from assetflow.partitions.key_columns import key_of_row
from assetflow.partitions.partitioning import Partitioning

SHOWN = 3
"""Wrong keys that an error names."""


def wrong_rows(asset: Asset, cut: Partitioning, wrong: Sequence[tuple[tuple[object, ...], int]]) -> AssetError:
    """The error for rows whose keys belong to no partition, or to others than were made."""
    count = sum(rows for _, rows in wrong)
    columns = [each.column for each in cut.dimensions]
    said = ", ".join(key_told(cut, row) for row, _ in wrong[:SHOWN])
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    nulls = any(key_of_row(row) is None for row, _ in wrong)
    if nulls:
        hint = f"Filter such rows out, or give them a value with coalesce({columns[0]}, ...)."
    elif any(each.values is not None for each in cut.dimensions):
        hint = "List these values in its partition, too, or leave `values` out."
    else:
        hint = "What is made for one partition must lie in it; rows are never dropped."
    return asset.error(
        f"{count:,} row{'s' * (count != 1)} belong{'s' * (count == 1)} to no partition of it: "
        f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} {said}{more}",
        hint=hint,
    )


def key_told(cut: Partitioning, row: Sequence[object]) -> str:
    key = key_of_row(row)
    return ("NULL or infinite" if cut.time else "NULL") if key is None else cut.shown(key)
