"""What the query of a history gives now, as a temporary table: refused as a whole where a row has no place in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.asset import VALID_FROM, VALID_TO, Asset
from assetflow.errors import AssetError, did_you_mean
from assetflow.incremental.exact import is_inexact
from assetflow.lineage.sql.names import fold
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.columns import columns_made

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

DELIVERED = "assetflow_delivered"
TIMES = ("DATE", "TIMESTAMP")
"""What the types begin with that say when something was."""
Columns = list[tuple[str, str]]


def deliver(cursor: Cursor, sql: str, asset: Asset) -> Columns:
    """Run the query into a temporary table; its columns. DuckDB's own error where the query fails."""
    columns = columns_made(cursor, sql)
    refuse_names(columns, asset)
    cast = ", ".join(f"CAST({quote_identifier(name)} AS {kind}) AS {quote_identifier(name)}" for name, kind in columns)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {DELIVERED} AS SELECT {cast} FROM ({sql}\n)")
    return columns


def widen(cursor: Cursor, select: str) -> None:
    """Give what was delivered the types of its history; without that, DuckDB compares text with numbers as numbers."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {DELIVERED} AS SELECT {select} FROM {DELIVERED}")


def refuse_names(columns: Columns, asset: Asset) -> None:
    """Refuse columns that are missing, twice, of no use as a key or a time, or that the history adds itself."""
    found: dict[str, str] = {}
    for name, kind in columns:
        if fold(name) in found:
            raise wrong(asset, f"two columns are named {name!r}", "Names must differ by more than case: use AS.")
        found[fold(name)] = kind
    for name in (VALID_FROM, VALID_TO):
        if name in found:
            raise wrong(
                asset,
                f"its query has a column {name}, which its history adds by itself",
                f"Give the column another name: {name} AS ...",
            )
    for name in asset.unique_key:
        if fold(name) not in found:
            raise missing(asset, name, "unique_key", columns)
        if is_inexact(found[fold(name)]):
            raise wrong(
                asset,
                f"its key {name} is a {found[fold(name)]}, which is not compared exactly",
                "Cast it to DECIMAL.",
            )
    updated_at = asset.history.updated_at if asset.history is not None else None
    if updated_at is not None:
        if fold(updated_at) not in found:
            raise missing(asset, updated_at, "updated_at", columns)
        if not found[fold(updated_at)].startswith(TIMES):
            raise wrong(
                asset,
                f"{updated_at} is {found[fold(updated_at)]}, and updated_at needs a time",
                "Cast it to TIMESTAMP.",
            )


def refuse_rows(cursor: Cursor, asset: Asset, keys: Sequence[str], at: str | None) -> None:
    """Refuse a key that is there twice, and a row without its time. `at` is the SQL of that time."""
    if at is None:
        refuse_twice(cursor, asset, keys, keys)
        return
    no_time = f"SELECT {', '.join(keys)} FROM {DELIVERED} WHERE {at} IS NULL OR NOT isfinite({at})"
    refuse_some(cursor, asset, no_time, keys, f"have no {updated_at_of(asset)}", "Leave them out, or coalesce it.")
    twice = f"SELECT {', '.join(keys)}, {at} FROM {DELIVERED} GROUP BY ALL HAVING count(*) > 1"
    if cursor.execute(f"SELECT EXISTS({twice})").fetchall()[0][0]:
        # The same row delivered twice is one row.
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {DELIVERED} AS SELECT DISTINCT * FROM {DELIVERED}")
        refuse_twice(cursor, asset, keys, [*keys, at])


def refuse_twice(cursor: Cursor, asset: Asset, keys: Sequence[str], by: Sequence[str]) -> None:
    twice = f"SELECT {', '.join(keys)} FROM {DELIVERED} GROUP BY {', '.join(by)} HAVING count(*) > 1"
    if len(by) > len(keys):
        said = f"are there more than once with one {updated_at_of(asset)} and different rows"
        hint = f"Choose one row of each, for example with arg_max, or count them apart in {updated_at_of(asset)}."
    else:
        said = "are there more than once"
        hint = "Choose one row of each key in the query; or declare updated_at, where they are versions of one row."
    refuse_some(cursor, asset, twice, keys, said, hint)


def refuse_some(cursor: Cursor, asset: Asset, sql: str, keys: Sequence[str], said: str, hint: str) -> None:
    """AssetError, which names the first of these keys, when there are any."""
    (count,) = cursor.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0]
    if count == 0:
        return
    listed = ", ".join(f"{key}::VARCHAR" for key in keys)
    sample = cursor.execute(f"SELECT {listed} FROM ({sql}) ORDER BY ALL NULLS LAST LIMIT 1").fetchall()[0]
    named = ", ".join(f"{name} = {value if value is not None else 'NULL'}" for name, value in zip(
        asset.unique_key, sample, strict=True))  # fmt: skip
    if count == 1:
        told = f"1 key {said.replace('are ', 'is ', 1) if said.startswith('are') else said.replace('have', 'has', 1)}"
    else:
        told = f"{count:,} keys {said}"
    raise wrong(asset, f"{told}, for example {named}; nothing was added to its history", hint)


def updated_at_of(asset: Asset) -> str:
    return (asset.history.updated_at if asset.history is not None else None) or ""


def missing(asset: Asset, name: str, option: str, columns: Columns) -> AssetError:
    known = [column for column, _ in columns]
    hint = did_you_mean(name, known) or f"It has {', '.join(known)}."
    return wrong(asset, f"its query has no column {name}, which {option} names", hint)


def wrong(asset: Asset, message: str, hint: str) -> AssetError:
    return asset.error(message, hint=hint)
