"""The work of one step, as a value that any worker can do: it reads snapshots by path and writes staged files.

Task (definition, tables, checks)  --compute-->  Built (staged files, digest, check results)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.asset import Asset
from assetflow.engines import PartitionKey, Table, Where
from assetflow.materialization import ReadSet

if TYPE_CHECKING:
    from assetflow.running.tasks.kept_history import KeptHistory
    from assetflow.running.tasks.pieces import Pieces
    from assetflow.running.tasks.refresh import Refresh

Columns = tuple[str, ...] | None
"""Of one upstream, by name; None: all."""


class Watching(Struct, frozen=True):
    """What the code tells of each upstream, if anything; and whether all of its conditions can be handed down."""

    told: Mapping[str, Columns]
    takes_filters: bool = False


class Task(Struct, frozen=True):
    """One asset to compute. `tables` are its upstreams in the order in which they can be attached.

    `staging` is a folder for this task alone; `now` the time of the run, which checks of freshness compare with.
    `read_sets` are what others are known to read of it. `watching`: how to note which columns of its LazyFrames are
    read, if at all. `refresh` is what it can be made from without reading everything; None: it is made in full, and
    `why_full`. `pieces`: the files that its function is called with, one by one. `spread`: its rows may be written
    into several files, in any order. `columns` are names and types of what its query gives, where they are known.
    `kept` is what a table with history holds so far. `partition`: the one that a function is called for.
    `hands`: with so many files at once it may be called. `rows`: nobody looks at more of it than so many, the first.
    """

    asset: Asset
    run_id: str
    now: str
    staging: str
    tables: tuple[Table, ...]
    check_tables: tuple[Table, ...] = ()
    read_sets: tuple[ReadSet, ...] = ()
    watching: Watching | None = None
    refresh: Refresh | None = None
    why_full: str | None = None
    pieces: Pieces | None = None
    spread: bool = False
    columns: tuple[tuple[str, str], ...] | None = None
    kept: KeptHistory | None = None
    partition: PartitionKey | None = None
    hands: int = 1
    rows: int | None = None


def where_of(asset: Asset, root: str) -> Where:
    return Where(asset.name, asset.path, asset.line, root)
