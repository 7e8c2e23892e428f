"""What a Python function was seen to read when it ran, beside what its code tells.

A function of LazyFrames is watched: calling it without rows told which columns it reads, and running it confirms that.
Where it asks for more, this counts, and the author is told. Where the code tells nothing, all there is was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from assetflow.asset import Asset, Query
from assetflow.duck import described
from assetflow.running.tasks.task import Columns, Watching

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.engines.polars_watch import Watched


class ReadByQuery(Struct, frozen=True):
    """The columns that a query reads of one table; None: all."""

    columns: frozenset[str] | None


class ReadByFrames(Struct, frozen=True):
    """The columns that Polars asked for of one upstream, by however many parameters it arrives."""

    watched: tuple[Watched, ...]

    @property
    def columns(self) -> frozenset[str]:
        return frozenset().union(*(each.columns for each in self.watched))

    @property
    def needed(self) -> frozenset[str]:
        return frozenset().union(*(each.needed for each in self.watched))


Seen = ReadByQuery | ReadByFrames


class Confirmed(Struct, frozen=True):
    """What of the things seen is to be kept: these are fields of what a task built."""

    reads: tuple[tuple[str, Columns], ...]
    surprises: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def watch(asset: Asset, given: dict[str, object], watching: Watching) -> dict[str, Seen]:
    """Put watched frames in the place of LazyFrames among the arguments; by upstream, where it arrives only so."""
    from assetflow.engines.polars_watch import Watched

    whole = {parameter.upstream for parameter in asset.parameters if parameter.arrives != "polars_lazy"}
    found: dict[str, list[Watched]] = {}
    for parameter in asset.parameters:
        if parameter.upstream not in whole:
            frame = cast("pl.LazyFrame", given[parameter.name])
            watched = Watched(frame, takes_filters=watching.takes_filters)
            found.setdefault(parameter.upstream, []).append(watched)
            given[parameter.name] = watched.lazy()
    return {name: ReadByFrames(tuple(each)) for name, each in found.items()}


def read_by_query(query: Query, asset: Asset, cursor: Cursor) -> dict[str, Seen]:
    """What SQL that a function built reads of each of its upstreams."""
    from assetflow.lineage.plans.binder import BindError
    from assetflow.lineage.sql_columns import sql_lineage
    from assetflow.quoting import quote_identifier

    schemas = {name: described(cursor, f"FROM {quote_identifier(name)}") for name in asset.upstreams}
    try:
        reads = sql_lineage(query.sql, schemas).reads
    except BindError:  # it is told when the query runs
        return {}
    return {name: ReadByQuery(None if read is None else frozenset(read)) for name, read in reads.items()}


def confirmed(asset: str, seen: Mapping[str, Seen], watching: Watching | None) -> Confirmed:
    """What was seen, where the code tells nothing; and all that was seen, if it is more than the code tells."""
    told = watching.told if watching is not None else {}
    more = {name: beyond(each, told[name]) for name, each in seen.items() if told.get(name) is not None}
    surprises = tuple(sorted(name for name, columns in more.items() if columns))
    kept = {name: each for name, each in seen.items() if surprises or told.get(name) is None}
    reads = tuple((name, None if each.columns is None else tuple(sorted(each.columns))) for name, each in kept.items())
    warnings = tuple(
        f"{asset} asked for {', '.join(more[name])} of {name} when it ran, which calling it without rows did not show: "
        "that counts as read, too"
        for name in surprises
    )
    return Confirmed(reads, surprises, warnings)


def beyond(seen: Seen, told: Columns) -> tuple[str, ...]:
    """The columns that were needed and not told of."""
    if told is None or not isinstance(seen, ReadByFrames):
        return ()
    return tuple(sorted(seen.needed.difference(told)))
