"""A project: the one door to definitions, plans, runs and published tables.

project = Project.open()                     # the nearest folder above with [tool.assetflow]
plan = project.plan(["sales+"])
for event in project.run(plan): ...
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assetflow.asset import HISTORY_PART, Asset
from assetflow.errors import DefinitionError, SourceError, UsageError, WarehouseError, did_you_mean
from assetflow.materialization import Column, Materialization, ReadSet, Snapshot
from assetflow.partitions.slices import Slice
from assetflow.planning.plan import Plan, make_plan
from assetflow.planning.staleness import Knowledge, Made, is_in_place
from assetflow.planning.step import State
from assetflow.project.definitions import Definitions
from assetflow.project.loader import load
from assetflow.project.observe import Observer
from assetflow.project.run import Running
from assetflow.project.settings import Settings, line_of, read_settings
from assetflow.source import Observed
from assetflow.version import VERSION
from assetflow.warehouse.ledger import Ledger
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from duckdb import DuckDBPyConnection

    from assetflow.engines.duckdb import Session
    from assetflow.lineage.columns import Lineage
    from assetflow.project.columns import ProjectColumns
    from assetflow.project.columns_cache import ColumnsCache
    from assetflow.project.reading import Reader
    from assetflow.running.imports import Imports
    from assetflow.running.in_place import InPlace
    from assetflow.running.projections import Projections
    from assetflow.running.workshop import Workplace
    from assetflow.warehouse.records import Current, RunRecord, Version

CHANGED = frozenset({"code_changed", "config_changed", "upstreams_changed"})


class Project:
    """Opened once and used for a while; `reload()` looks at the files again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.warehouse = Warehouse(settings.warehouse)
        self.observer = Observer(settings.root, os.path.join(settings.warehouse, "cache", "sources.json"))
        self._observed: dict[str, Observed | SourceError] = {}
        self.previews: dict[str, Snapshot] = {}

    @classmethod
    def open(cls, path: str | None = None, **overrides: Any) -> Project:
        """Open the project at `path`, or the one around the working directory; `overrides` are settings by key."""
        overrides = {key.replace("_", "-"): value for key, value in overrides.items()}
        return cls(read_settings(path, overrides=overrides, variables=os.environ))

    @property
    def environment(self) -> str:
        return self.settings.environment

    @property
    def ledger(self) -> Ledger:
        return self.warehouse.ledger

    @cached_property
    def definitions(self) -> Definitions:
        """All assets and sources. Reading them creates the warehouse's cache where the folder can be written."""
        self.warehouse.prepare()
        # What a user's module prints while it is imported must not get among the data of a command.
        with redirect_stdout(sys.stderr):
            definitions = load(self.settings, lambda: self.imports, VERSION)
        self._check_configured(definitions)
        return definitions

    @cached_property
    def imports(self) -> Imports:
        """The Python side of the project; nothing needs it while no Python file is read or run."""
        from assetflow.running.imports import Imports

        return Imports(self.settings.root, [self.settings.assets_folder, self.settings.root], [self.settings.warehouse])

    @cached_property
    def current(self) -> Mapping[str, Current]:
        """What is published, as it was when first asked since `reload()`."""
        return self.ledger.current(self.environment)

    @cached_property
    def columns_of(self) -> ProjectColumns:
        """The columns of every table and where they come from, once everything declared is made."""
        return self.columns_when(())

    def columns_when(self, published: Collection[str]) -> ProjectColumns:
        """The same, if these assets stay as they are published."""
        from assetflow.project.columns import ProjectColumns

        return ProjectColumns(self, self.columns_cache, published)

    @cached_property
    def columns_cache(self) -> ColumnsCache:
        """Where column lineage is remembered between commands."""
        import duckdb

        from assetflow.project.columns_cache import FORMAT, ColumnsCache

        programs = f"{FORMAT} assetflow-{VERSION} duckdb-{duckdb.__version__}"
        return ColumnsCache(os.path.join(self.settings.warehouse, "cache", "columns.db"), programs)

    @cached_property
    def projections(self) -> Projections:
        """The digests of columns of snapshots."""
        from assetflow.running.projections import Projections

        return Projections(self.warehouse, self.open_cursor)

    @cached_property
    def in_place(self) -> InPlace:
        """What SQL reads of files that it opens by itself."""
        from assetflow.running.in_place import InPlace

        def look(name: str) -> Observed | SourceError:
            return self.observe([name])[name]

        return InPlace(look, lambda: self.ledger, self.open_cursor, self.settings.root)

    def name_in_place(self, asset: Asset, file: str) -> str | None:
        return self.in_place.name(asset, file)

    @cached_property
    def session(self) -> Session:
        """A DuckDB to look into files with."""
        return self.open_session()

    def open_cursor(self) -> DuckDBPyConnection:
        return self.session.cursor()

    @contextmanager
    def lent_session(self) -> Iterator[Callable[[], Session]]:
        """Gives the session to a run, which closes it: opening another one takes longer than many a table."""
        try:
            yield lambda: self.session
        finally:
            self.__dict__.pop("session", None)

    def reload(self) -> None:
        """Forget what was read: the next question looks at the files again."""
        self.__dict__.pop("definitions", None)
        self._look_again()
        self._observed.clear()

    def _look_again(self) -> None:
        """Forget what was published: others publish, too."""
        for name in ("current", "columns_of"):
            self.__dict__.pop(name, None)

    # Asking

    def asset(self, name: str) -> Asset:
        """The asset of that name; UsageError names the nearest ones."""
        found = self.definitions.assets.get(name)
        if found is None:
            if name in self.definitions.sources:
                raise UsageError(f"{name} is a source: somebody else makes it", hint="Name an asset that reads it.")
            hint = did_you_mean(name, self.definitions.assets) or "`assetflow ls` lists them."
            raise UsageError(f"there is no asset named {name}", hint=hint)
        return found

    def observe(self, names: Sequence[str] | frozenset[str]) -> Mapping[str, Observed | SourceError]:
        """What these sources hold now; looked at once until `reload()`."""
        missing = [self.definitions.sources[name] for name in names if name not in self._observed]
        if missing:
            self._observed.update(self.observer.observe(missing))
        return {name: self._observed[name] for name in names}

    def state(self, assets: frozenset[str] | set[str], *, forgiving: bool = False) -> State:
        """What the planner needs to know of these assets; `forgiving`: a source that cannot be read has changed."""
        self._look_again()
        around = self.definitions.graph.ancestors(assets)
        observed = self.observe([name for name in around if name in self.definitions.sources])
        sources: dict[str, str | SourceError] = {
            name: one.version if isinstance(one, Observed) else ("unreadable" if forgiving else one)
            for name, one in observed.items()
        }
        present = self.warehouse.present_files()
        made = {
            name: Made(
                one.materialization,
                one.fingerprint_hash,
                one.digest,
                one.snapshot,
                holds(present, one.paths),
                one.rows is None,
            )
            for name, one in self.current.items()
        }
        known = Knowledge(
            self.recall, self.project_columns, self.columns_in, self.lineage, self.name_in_place, self.changed_keys
        )
        return State(made, sources, self.find, self.find_read, known)

    def recall(self, id: str) -> Materialization:
        """A materialization, with its code version as it would be written down today.

        The canonical text of SQL is DuckDB's, whose next release may write the same query differently.
        """
        then = self.ledger.materialization(id)
        asset = self.definitions.assets.get(then.asset)
        if asset is None or asset.kind != "sql" or not then.code_text or then.fingerprint.code == asset.code_version:
            return then
        from assetflow.project.sqlfile import code_version_today

        history = dict(then.code_parts).get(HISTORY_PART, "")
        code = code_version_today(then.code_text, asset, is_view=then.rows is None, history=history)
        return replace(then, fingerprint=replace(then.fingerprint, code=code or then.fingerprint.code))

    def changed_keys(self, asset: Asset, then: Materialization, now: Mapping[str, str]) -> Slice | None:
        """The partitions of an asset that depend on what changed in upstreams since; None: all may."""
        from assetflow.running.partition_changes import PartitionChanges

        find = PartitionChanges(self.warehouse, self.snapshot, self.lineage, self.open_cursor)
        return find(asset, then, now)

    def snapshot(self, id: str) -> Snapshot:
        """A snapshot by its id: of the ledger, or of a source that was read for a plan alone."""
        return self.previews.get(id) or self.ledger.snapshot(id)

    def made_last(self, name: str) -> Materialization | None:
        """The current materialization of an asset, if there is one."""
        current = self.current.get(name)
        return None if current is None else self.ledger.materialization(current.materialization)

    def find(self, asset: str, fingerprint: str) -> Made | None:
        """An older materialization with this fingerprint whose files are all there."""
        found = self.ledger.find(asset, None, fingerprint)
        return None if found is None else self.made_of(found)

    def find_read(self, asset: str, read_hash: str) -> Made | None:
        """An older materialization by this code of the same rows of the columns that it reads."""
        found = self.ledger.find_read(asset, None, read_hash)
        return None if found is None else self.made_of(found)

    def project_columns(self, snapshot: str, read: ReadSet) -> str | None:
        """The digest of some columns of a snapshot, by its id; None where there is none to be had."""
        if is_in_place(snapshot):
            return self.in_place.project(snapshot, read)
        found = {**self.ledger.snapshots([snapshot]), **self.previews}
        return self.projections.of(found[snapshot], read) if snapshot in found else None

    def columns_in(self, snapshot: str) -> tuple[Column, ...]:
        """The columns of a snapshot, by its id."""
        if is_in_place(snapshot):
            return self.in_place.columns(snapshot)
        found = {**self.ledger.snapshots([snapshot]), **self.previews}
        return found[snapshot].columns if snapshot in found else ()

    def lineage(self, asset: Asset) -> Lineage:
        """The column lineage of an asset, over its upstreams as they will be."""
        return self.columns_of.lineage(asset.name)

    def made_of(self, materialization: Materialization) -> Made | None:
        if not self.warehouse.has_files(self.ledger.snapshot(materialization.snapshot)):
            return None
        return Made(
            materialization.id,
            materialization.fingerprint.hash,
            materialization.digest,
            materialization.snapshot,
            is_view=materialization.rows is None,
        )

    def select(self, selections: Sequence[str] = (), excludes: Sequence[str] = ()) -> frozenset[str]:
        """The names of the assets and sources that are meant; SelectionError when that makes no sense."""
        if not selections and not excludes:
            return frozenset(self.definitions.assets) | frozenset(self.definitions.sources)
        from assetflow.planning.selection import Candidate, needs_states, select

        texts = (*selections, *excludes)
        states = self.states() if needs_states(texts) else {}
        columns = self.columns() if any("column:" in text for text in texts) else {}
        candidates = [
            Candidate(
                asset.name, asset.kind, asset.group, asset.tags, asset.owner, asset.path, columns.get(asset.name),
                states.get(asset.name, frozenset()),
            )
            for asset in self.definitions.assets.values()
        ]  # fmt: skip
        candidates += [
            Candidate(
                source.name, "source", source.group, source.tags, source.owner, source.path, columns.get(source.name),
                states.get(source.name, frozenset()),
            )
            for source in self.definitions.sources.values()
        ]  # fmt: skip
        return select(selections, excludes, candidates, self.definitions.graph)

    def plan(
        self,
        selections: Sequence[str] = (),
        excludes: Sequence[str] = (),
        *,
        full_refresh: bool = False,
        partition: str | None = None,
    ) -> Plan:
        """What would be made, in order, and why; of assets that are cut into partitions, only those of `partition`."""
        chosen = self.select(selections, excludes) & self.definitions.assets.keys()
        held = self.held & chosen
        state = self.state(chosen)
        assets, graph = self.definitions.assets, self.definitions.graph
        wanted = self.partitions_named(partition, chosen - held) if partition is not None else None
        plan = make_plan(chosen - held, assets, graph, state, forced=full_refresh, wanted=wanted)
        others = tuple(name for name in plan.stale_upstreams if name not in self.held)
        plan = replace(plan, held=tuple(sorted(held)), stale_upstreams=others)
        if "columns_cache" in self.__dict__:
            self.columns_cache.save()
        return plan if selections or excludes else replace(plan, withdrawn=self._undeclared(state))

    def partitions_named(self, text: str, names: Collection[str]) -> dict[str, Slice]:
        """The partitions that `--partition` names, by asset; UsageError where it names none."""
        from assetflow.project.partitions import partitions_named

        return partitions_named(text, [self.definitions.assets[name] for name in sorted(names)])

    @cached_property
    def held(self) -> frozenset[str]:
        """Assets that were rolled back and not let go since."""
        return self.ledger.held(self.environment)

    def refuse_broken(self, plan: Plan) -> None:
        """DefinitionError, which tells everything at once, when steps cannot work by the columns of their upstreams.

        A run does not ask: there, what is broken fails by itself, and everything else is made.
        """
        if not plan.to_make:
            return
        from assetflow.project.contracts import refuse_broken

        others = self.definitions.assets.keys() - plan.selected
        columns = self.columns_when(others) if others else self.columns_of
        refuse_broken(self, [step.asset for step in plan.steps], columns)
        self.columns_cache.save()

    def foresee(self, plan: Plan) -> Plan:
        """The plan with the mode of each step; DefinitionError when steps cannot work as they are declared."""
        self.refuse_broken(plan)
        if not plan.to_make:
            return plan
        from assetflow.project.definitions import together
        from assetflow.project.modes import broken_promises, with_modes

        if any(self.definitions.assets[step.asset].partition for step in plan.to_make):
            from assetflow.project.preview import with_partitions

            plan = with_partitions(self, plan)
        foreseen = with_modes(self, plan)
        problems = list(broken_promises(self, foreseen))
        if problems:
            raise together(problems)
        return foreseen

    def whole_plan(self) -> Plan:
        """The plan for everything, which also stands when a source cannot be read."""
        chosen = frozenset(name for name, asset in self.definitions.assets.items() if self._can_be_planned(asset))
        state = self.state(chosen, forgiving=True)
        plan = make_plan(chosen - self.held, self.definitions.assets, self.definitions.graph, state)
        return replace(plan, held=tuple(sorted(self.held & chosen)))

    def statuses(self, plan: Plan | None = None) -> dict[str, str]:
        """`fresh`, `stale`, `new` or `failed` for each asset and source."""
        plan = plan or self.whole_plan()
        current = self.ledger.current(self.environment)
        failed = self.ledger.last_failed(self.environment)
        found = {name: "fresh" for name in self.definitions.assets if name in current}
        found.update({name: "new" for name in self.definitions.assets if name not in current})
        for step in plan.steps:
            found[step.asset] = "stale" if step.asset in current else "new"
        found.update(dict.fromkeys(failed & found.keys(), "failed"))
        for name, observed in self.observe(frozenset(self.definitions.sources)).items():
            if isinstance(observed, SourceError):
                found[name] = "failed"
            elif name in current:
                found[name] = "fresh" if current[name].digest == observed.version else "stale"
            else:
                found[name] = self._status_in_place(name, plan)
        return found

    def _status_in_place(self, name: str, plan: Plan) -> str:
        """A file that SQL reads in place has no version of its own published: what was made from it tells."""
        current = self.ledger.current(self.environment)
        readers = [one.name for one in self.definitions.assets.values() if name in one.files and one.name in current]
        changed = {reason.upstream for step in plan.steps for reason in step.reasons if step.asset in readers}
        if not readers:
            return "new"
        return "stale" if name in changed else "fresh"

    def states(self) -> dict[str, frozenset[str]]:
        """What `state:` in a selection asks about."""
        plan = self.whole_plan()
        found = {name: {status} for name, status in self.statuses(plan).items()}
        for step in plan.steps:
            if step.asset in found and "failed" in found[step.asset]:
                found[step.asset].add("stale")
            if any(reason.kind in CHANGED for reason in step.reasons):
                found[step.asset].add("changed")
        return {name: frozenset(states) for name, states in found.items()}

    def columns(self) -> dict[str, tuple[str, ...]]:
        """The column names of what is published."""
        current = self.ledger.current(self.environment)
        snapshots = self.ledger.snapshots([one.snapshot for one in current.values()])
        return {name: tuple(column.name for column in snapshots[one.snapshot].columns) for name, one in current.items()}

    def reader(self) -> Reader:
        """The published tables as they are now, pinned."""
        from assetflow.project.reading import Reader

        def look(name: str) -> Observed | SourceError:
            return self.observe([name])[name]

        def find(name: str, when: str) -> Version:
            from assetflow.project.versions import find_version

            return find_version(self, name, when)

        warehouse = self.settings.warehouse
        return Reader(self.definitions, self.ledger, self.environment, warehouse, look, self.open_session, find)

    def open_session(self) -> Session:
        return self.workplace.open_session()

    # Doing

    def repair_catalog(self) -> list[str]:
        """Bring the catalog to what is published, where it is missing or out of date; what hindered it, as warnings."""
        try:
            self.warehouse.patch_catalog(self.environment)
        except WarehouseError as error:
            return [str(error)]
        return []

    def keep_proofs(self, plan: Plan) -> None:
        """Keep why assets are fresh though their upstreams changed, where no run does; the next plan need not ask."""
        if not plan.proofs:
            return
        from assetflow.running.keeping import now

        self.columns_cache.save()
        with suppress(WarehouseError):  # a warehouse that may only be read: it is found out again next time
            self.ledger.record_proofs(self.environment, "", plan.proofs, now())

    def catalog_shown(self) -> str:
        """The catalog's path as a person at the working directory would write it."""
        path = self.warehouse.catalog_path(self.environment)
        relative = os.path.relpath(path)
        return path if relative.startswith("..") else relative

    def is_running(self, record: RunRecord) -> bool:
        """True for a run that is at work right now."""
        return any(holder.run_id == record.id for holder in self.warehouse.at_work(record.env))

    def run(
        self,
        plan: Plan,
        *,
        jobs: int | None = None,
        fail_fast: bool = False,
        selection: str = "",
        publish_each: bool = False,
    ) -> Running:
        """Carry out a plan: iterate over the events, then look at `.result`.

        `publish_each`: each table can be seen as soon as it is made and checked, not all at the end.
        """
        return Running(self, plan, jobs or self.settings.workers, fail_fast, selection, publish_each)

    @property
    def workplace(self) -> Workplace:
        """Where work is done, for whoever does it."""
        from assetflow.running.workshop import Workplace

        settings = self.settings
        return Workplace(
            settings.root, settings.assets_folder, settings.warehouse, settings.threads, settings.memory_limit
        )

    def executor(self, workers: int) -> Executor:
        """Where steps run: the executor of the settings, or none at all for one step at a time."""
        name = "inline" if workers == 1 and self.settings.executor == "threads" else self.settings.executor
        executor: Executor = import_module(f"assetflow.executors.{name}").open_executor(workers)
        return executor

    def _undeclared(self, state: State) -> tuple[str, ...]:
        """What is published and no longer declared. A project without any asset is taken for a mistake."""
        assets, sources = self.definitions.assets, self.definitions.sources
        return tuple(sorted(state.made.keys() - assets.keys() - sources.keys())) if assets else ()

    def _can_be_planned(self, asset: Asset) -> bool:
        assets = self.definitions.assets
        return asset.enabled and all(assets[up].enabled for up in asset.upstreams if up in assets)

    def _check_configured(self, definitions: Definitions) -> None:
        for name in self.settings.assets:
            if name not in definitions.assets:
                raise DefinitionError(
                    f"[tool.assetflow.assets.{name}] is about no asset",
                    path=self.settings.file,
                    line=line_of(self.settings.root, self.settings.file, name),
                    hint=did_you_mean(name, definitions.assets),
                )
            if definitions.assets[name].kind == "sql":
                raise DefinitionError(
                    f"[tool.assetflow.assets.{name}] sets parameters, and {name} is SQL, which has none",
                    path=self.settings.file,
                    line=line_of(self.settings.root, self.settings.file, name),
                    hint=f"Options of a SQL asset stand in its first comment, in {definitions.assets[name].path}.",
                )


def holds(present: frozenset[str], paths: str) -> bool:
    """True when the files at these paths (one a line) are in the warehouse; others are a source's own business."""
    return all(path in present or os.path.isabs(path) for path in paths.split("\n")) if paths else True
