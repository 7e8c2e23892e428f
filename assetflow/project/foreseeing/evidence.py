"""What a plan compares with: what was made and of what, the digests of columns, which partitions changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import HISTORY_PART, Asset
from assetflow.errors import SourceError
from assetflow.materialization import Column, Materialization, ReadSet, Snapshot
from assetflow.planning.staleness import Concerned, Content, Knowledge, Made, is_in_place
from assetflow.planning.step import State
from assetflow.source import Observed

if TYPE_CHECKING:
    from assetflow.lineage.columns import Lineage
    from assetflow.project.project import Project


class Evidence:
    """Answers from the ledger and the files of one project; reads only what is asked for."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def state(self, assets: frozenset[str] | set[str], *, forgiving: bool = False) -> State:
        """What the planner needs to know of these assets.

        `forgiving`: a source that was never read, and cannot be now, is no error, but has changed.
        """
        self.project.look_again()
        around = self.project.definitions.graph.ancestors(assets)
        observed = self.project.observe([name for name in around if name in self.project.definitions.sources])
        sources: dict[str, str | SourceError] = {
            name: one.version if isinstance(one, Observed) else one for name, one in observed.items()
        }
        if forgiving:
            never_read = sources.keys() - self.project.current.keys()
            sources |= {name: "unreadable" for name in never_read if isinstance(sources[name], SourceError)}
        present = self.project.warehouse.present_files()
        elsewhere = {name for name, one in observed.items() if isinstance(one, Observed) and self.has_moved(name, one)}
        made = {
            name: Made(
                one.materialization,
                one.fingerprint_hash,
                one.digest,
                one.snapshot,
                holds(present, one.paths) and not (elsewhere and self.looks_at(name, elsewhere)),
                one.rows is None,
            )
            for name, one in self.project.current.items()
        }
        known = Knowledge(
            self.recall,
            self.project_columns,
            self.columns_in,
            self.lineage,
            self.project.name_in_place,
            self.changed_keys,
            self.is_live,
        )
        return State(made, sources, self.find, self.find_read, known, self.was_made)

    def has_moved(self, name: str, source: Observed) -> bool:
        """True for a source that is read in place and holds what it held, in files of other names."""
        current = self.project.current.get(name)
        paths = current.paths.split("\n") if current is not None else []
        if current is None or not any(map(os.path.isabs, paths)) or paths == [file.stat.path for file in source.files]:
            return False
        from assetflow.running.sources.ingest import source_fingerprint

        return current.fingerprint_hash == source_fingerprint(source).hash

    def looks_at(self, name: str, moved: Collection[str]) -> bool:
        """True for a view of one of these: nobody can read it before a run has found the files again."""
        asset = self.project.definitions.assets.get(name)
        return asset is not None and asset.is_view and any(each in moved for each in asset.upstreams)

    def recall(self, id: str) -> Materialization:
        """A materialization, with its code version as it would be written down today.

        The canonical text of SQL is DuckDB's, whose next release may write the same query differently.
        """
        then = self.project.ledger.materialization(id)
        asset = self.project.definitions.assets.get(then.asset)
        if asset is None or asset.kind != "sql" or not then.code_text or then.fingerprint.code == asset.code_version:
            return then
        from assetflow.project.loading.sqlfile import code_version_today

        history = dict(then.code_parts).get(HISTORY_PART, "")
        code = code_version_today(then.code_text, asset, is_view=then.rows is None, history=history)
        return replace(then, fingerprint=replace(then.fingerprint, code=code or then.fingerprint.code))

    def changed_keys(
        self, asset: Asset, then: Materialization, changed: Collection[str], contents: Mapping[str, Content | None]
    ) -> Concerned:
        """The partitions of an asset that depend on what changed in upstreams since."""
        from assetflow.running.partitions.changes import PartitionChanges

        project = self.project
        assets = project.definitions.assets
        find = PartitionChanges(project.warehouse, assets, self.snapshot, self.lineage, project.open_cursor)
        return find(asset, then, changed, contents)

    def snapshot(self, id: str) -> Snapshot:
        """A snapshot by its id: of the ledger, or of a source that was read for a plan alone."""
        return self.project.previews.get(id) or self.project.ledger.snapshot(id)

    def is_live(self, view: Made, contents: Mapping[str, Content | None]) -> bool:
        """True for a view that shows what lies behind it now, whatever it was made from."""
        from assetflow.warehouse.views import Published

        def now_at(name: str) -> Published | None:
            content = contents.get(name)
            return None if content is None else Published(content.snapshot or "", content.digest)

        ledger, views = self.project.ledger, self.project.warehouse.views
        return views.is_live(ledger.snapshot(view.snapshot), ledger.materialization(view.id), now_at)

    def made_last(self, name: str) -> Materialization | None:
        """The current materialization of an asset, if there is one."""
        current = self.project.current.get(name)
        return None if current is None else self.project.ledger.materialization(current.materialization)

    def find(self, asset: str, fingerprint: str) -> Made | None:
        """An older materialization with this fingerprint whose files are all there."""
        found = self.project.ledger.find(asset, None, fingerprint)
        return None if found is None else self.made_of(found)

    def find_read(self, asset: str, read_hash: str) -> Made | None:
        """An older materialization by this code of the same rows of the columns that it reads."""
        found = self.project.ledger.find_read(asset, None, read_hash)
        return None if found is None else self.made_of(found)

    def was_made(self, asset: str) -> bool:
        """True when there is something of an asset that could be restored, in whatever environment it was made."""
        return asset in self.project.current or self.project.ledger.was_made(asset)

    def project_columns(self, snapshot: str, read: ReadSet) -> str | None:
        """The digest of some columns of a snapshot, by its id; None where there is none to be had."""
        if is_in_place(snapshot):
            return self.project.in_place.project(snapshot, read)
        found = {**self.project.ledger.snapshots([snapshot]), **self.project.previews}
        return self.project.projections.of(found[snapshot], read) if snapshot in found else None

    def columns_in(self, snapshot: str) -> tuple[Column, ...]:
        """The columns of a snapshot, by its id."""
        if is_in_place(snapshot):
            return self.project.in_place.columns(snapshot)
        found = {**self.project.ledger.snapshots([snapshot]), **self.project.previews}
        return found[snapshot].columns if snapshot in found else ()

    def lineage(self, asset: Asset) -> Lineage:
        """The column lineage of an asset, over its upstreams as they will be."""
        return self.project.columns_of.lineage(asset.name)

    def made_of(self, materialization: Materialization) -> Made | None:
        if not self.project.warehouse.has_files(self.project.ledger.snapshot(materialization.snapshot)):
            return None
        return Made(
            materialization.id,
            materialization.fingerprint.hash,
            materialization.digest,
            materialization.snapshot,
            is_view=materialization.rows is None,
        )


def holds(present: frozenset[str], paths: str) -> bool:
    """True when the files at these paths (one a line) are in the warehouse; others are a source's own business."""
    return all(path in present or os.path.isabs(path) for path in paths.split("\n")) if paths else True
