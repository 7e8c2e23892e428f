"""All that a run is given, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.asset import Asset
from assetflow.errors import SourceError
from assetflow.lineage.columns import Lineage
from assetflow.lineage.graph import Graph
from assetflow.materialization import Column, ReadSet
from assetflow.names import run
from assetflow.planning.plan import Plan
from assetflow.planning.step import State
from assetflow.running.at_once import AtOnce
from assetflow.running.projections import Projections
from assetflow.running.workshop import Workplace
from assetflow.source import Observed
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from concurrent.futures import Executor

OpenExecutor = Callable[[int], "Executor | AtOnce"]
FindLineage = Callable[[Asset, Mapping[str, tuple[Column, ...]]], Lineage | None]
"""Gives the lineage of an asset over upstreams with these columns; None: not known."""
ReadSets = Callable[[str], tuple[ReadSet, ...]]
"""Gives what is known to be read of a table by others."""


class Order(Struct, frozen=True):
    """What to do and with what. `state` is what the plan was made of: the run publishes only on top of that.

    `compared` are sources that are not read, but with which checks compare those that are. `unread` are those that
    cannot be read.
    """

    plan: Plan
    assets: Mapping[str, Asset]
    graph: Graph
    sources: dict[str, Observed]
    state: State
    warehouse: Warehouse
    environment: str
    place: Workplace
    run_id: str
    started_at: str
    open_executor: OpenExecutor
    workers: int
    lineage: FindLineage
    read_sets: ReadSets
    projections: Projections
    selection: str = ""
    compared: Mapping[str, Observed | SourceError] = {}
    unread: Mapping[str, SourceError] = {}
    fail_fast: bool = False
    publish_each: bool = False

    @property
    def staging(self) -> str:
        """The folder in which workers lay what they make; gone when the run has ended."""
        return os.path.join(self.warehouse.root, "staging", run(self.run_id))
