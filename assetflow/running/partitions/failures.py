"""The errors of an asset some of whose partitions, or rows of them, could not be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assetflow.asset import Asset
from assetflow.errors import AssetError
from assetflow.materialization import Column, SnapshotFile
from assetflow.partitions.key_columns import key_of_row
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.slices import Key
from assetflow.planning.parts import cut_otherwise_told
from assetflow.running.events import AssetResult

SHOWN = 3
"""Wrong keys that an error names."""


def failures_told(asset: Asset, cut: Partitioning, results: Mapping[Key, AssetResult]) -> AssetError:
    """One error for the partitions that could not be made; the others are."""
    failed = [(key, result) for key, result in results.items() if result.outcome == "failed"]
    named = ", ".join(cut.shown(key) for key, _ in failed[:5])
    more = f" and {len(failed) - 5} more" if len(failed) > 5 else ""
    first = failed[0][1].error
    word = "partition" if len(failed) == 1 else f"{len(failed)} partitions"
    return AssetError(
        f"{word} {named}{more} could not be made: {first.message if first is not None else ''}",
        path=(first.path if first is not None else None) or asset.path,
        line=first.line if first is not None and first.path else asset.line,
        hint=first.hint if first is not None else None,
    )


def other_columns(asset: Asset, text: str, own: Sequence[Column], others: Sequence[Column]) -> AssetError:
    """The error for a partition whose columns are not those of the others."""
    if wide := wider(own, others):
        return larger_numbers(asset, f"partition {text}", wide)
    listed, expected = (", ".join(f"{one.name} {one.type}" for one in columns) for columns in (own, others))
    return asset.error(
        f"partition {text} has other columns ({listed}) than others ({expected})",
        hint="Cast them, so that all partitions have the same; `columns = {...}` can promise which.",
    )


def other_rows(asset: Asset, text: str, counted: int, made: int) -> AssetError:
    """The error for a query that gave other rows when partitions were made than when it was asked which there are."""
    return asset.error(
        f"its query gives other rows each time: {counted:,} of partition {text} when it was asked which partitions "
        f"there are, and {made:,} when that was made, so that rows could be lost",
        hint="Take random(), or a LIMIT without an order, out of what decides which rows belong where.",
    )


def wider(own: Sequence[Column], others: Sequence[Column]) -> list[str]:
    """The columns that are stored otherwise, where all have the same names and types; empty: some have not."""
    if [one[:2] for one in own] != [one[:2] for one in others]:
        return []
    return [one.name for one, other in zip(own, others, strict=True) if one != other]


def larger_numbers(asset: Asset, where: str, columns: Sequence[str]) -> AssetError:
    """The error for partitions of which only some have numbers that are stored by their size."""
    return asset.error(
        f"numbers of more than 38 digits in {', '.join(columns)} stand in {where} or in others, but not in all: "
        "they are stored otherwise, and a table of both cannot be read",
        hint="Cast them to VARCHAR or DOUBLE, or take `partition` out.",
    )


def mixed_columns(
    asset: Asset, staying: Sequence[SnapshotFile], now: Sequence[Column], before: Sequence[Column]
) -> AssetError:
    """The error for a table of which some partitions would have the old columns, and others the new ones."""
    texts = sorted({file.partition or "" for file in staying})
    if wide := wider(now, before):
        return larger_numbers(asset, "partitions that came anew", wide)
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return asset.error(
        f"its columns are others than before, and {', '.join(texts[:3])}{more} would still have the old ones: "
        "nothing of it was published",
        hint="Make all of its partitions, without --partition; what was built is kept for that.",
    )


def cut_otherwise(asset: Asset) -> AssetError:
    """The error for a table of which some partitions would be cut as it is declared now, and others as it was."""
    return asset.error(
        f"{cut_otherwise_told(asset)}: it is published once all of its partitions are made",
        hint="Make all of its partitions, without --partition; what was built is kept for that.",
    )


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
