"""What the partitions of one asset are made for, and with: the same for all who have a part in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.materialization import Fingerprint, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.partitioning import Partitioning
from assetflow.planning.parts import Parts
from assetflow.planning.staleness import fingerprint, seen_by
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.keeping.keep import Keeping
from assetflow.running.tasks.task import Task
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


@dataclass(frozen=True)
class PartOrder:
    """`parts` are to be made by `task`; `may_reuse`: what an earlier run built and did not publish is taken over."""

    asset: Asset
    step: Step
    parts: Parts
    task: Task
    contents: Contents
    keeping: Keeping
    may_reuse: bool
    open_cursor: Callable[[], Cursor]

    @property
    def cut(self) -> Partitioning:
        return partitioning(self.asset.partition)

    @property
    def warehouse(self) -> Warehouse:
        return self.keeping.order.warehouse

    @property
    def run_id(self) -> str:
        return self.keeping.order.run_id

    @cached_property
    def made_of(self) -> Fingerprint:
        """What each partition is made from: one that passed other checks is not taken over."""
        made_of = fingerprint(self.asset, seen_by(self.asset, self.contents.held))
        return Fingerprint(made_of.code, made_of.config, {**made_of.inputs, "its checks": self.asset.checks_version})

    @property
    def before(self) -> Snapshot | None:
        """What the table holds until now; None where its files are not there."""
        made = self.contents.made.get(self.asset.name)
        return self.contents.snapshot(made.snapshot) if made is not None and made.files_present else None
