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
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.errors import DefinitionError, SourceError, UsageError, WarehouseError, did_you_mean
from assetflow.lineage.graph import Graph
from assetflow.materialization import Snapshot
from assetflow.partitions.slices import Slice
from assetflow.planning.plan import Plan, make_plan
from assetflow.planning.step import State
from assetflow.project.foreseeing.evidence import Evidence
from assetflow.project.loading.configured import refuse_unknown
from assetflow.project.loading.definitions import Definitions, Readable, together
from assetflow.project.loading.loader import load
from assetflow.project.observing.sources import Observer
from assetflow.project.run import Running
from assetflow.project.settings import Settings, read_settings
from assetflow.source import Observed
from assetflow.version import VERSION
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from duckdb import DuckDBPyConnection

    from assetflow.engines.duckdb import Session
    from assetflow.project.columns.cache import ColumnsCache
    from assetflow.project.columns.columns import ProjectColumns
    from assetflow.project.versions.reading import Reader
    from assetflow.running.at_once import AtOnce
    from assetflow.running.projections import Projections
    from assetflow.running.python.imports import Imports
    from assetflow.running.sources.in_place import InPlace
    from assetflow.running.workshop import Workplace
    from assetflow.warehouse.ledger.records import Current, RunRecord, Version


class Project:
    """Opened once and used for a while: files are read once, what is published is looked at again before each plan."""

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
            definitions = load(self.settings, self.open_imports, VERSION)
        refuse_unknown(self.settings, definitions)
        return definitions

    @cached_property
    def readable(self) -> Readable:
        """What is declared, for who reads what is published: that stays readable while the project is broken."""
        try:
            return Readable(self.definitions)
        except DefinitionError as error:
            return Readable(Definitions({}, {}, Graph.of({})), error)

    @cached_property
    def imports(self) -> Imports:
        """The Python side of the project; nothing needs it while no Python file is read or run."""
        return self.workplace.open_imports()

    def open_imports(self) -> Imports:
        return self.imports

    @cached_property
    def current(self) -> Mapping[str, Current]:
        """What is published, as it was when a plan was made, or somebody first asked."""
        return self.ledger.current(self.environment)

    @cached_property
    def evidence(self) -> Evidence:
        """What there is to compare with when it is asked what is stale."""
        return Evidence(self)

    @cached_property
    def columns_of(self) -> ProjectColumns:
        """The columns of every table and where they come from, once everything declared is made."""
        return self.columns_when(())

    def columns_when(self, published: Collection[str]) -> ProjectColumns:
        """The same, if these assets stay as they are published."""
        from assetflow.project.columns.columns import ProjectColumns

        return ProjectColumns(self, self.columns_cache, published)

    @cached_property
    def columns_cache(self) -> ColumnsCache:
        """Where column lineage is remembered between commands."""
        from assetflow.duck import duckdb
        from assetflow.project.columns.cache import FORMAT, ColumnsCache

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
        from assetflow.running.sources.in_place import InPlace

        return InPlace(self.observed, lambda: self.ledger, self.open_cursor, self.settings.root)

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

    def beside(self, warehouse: Warehouse) -> Project:
        """The same definitions, and what is known of sources, over another warehouse: to try something there."""
        other = Project(replace(self.settings, warehouse=warehouse.root))
        other.warehouse, other.observer, other._observed = warehouse, self.observer, self._observed
        for name in ("definitions", "imports", "columns_cache"):
            other.__dict__[name] = getattr(self, name)
        return other

    def look_again(self) -> None:
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
        """What these sources hold now; looked at once."""
        missing = [self.definitions.sources[name] for name in names if name not in self._observed]
        if missing:
            self._observed.update(self.observer.observe(missing))
        return {name: self._observed[name] for name in names}

    def observed(self, name: str) -> Observed | SourceError:
        """What one source holds now."""
        return self.observe([name])[name]

    def select(self, selections: Sequence[str] = (), excludes: Sequence[str] = ()) -> frozenset[str]:
        """The names of the assets and sources that are meant; SelectionError when that makes no sense."""
        if not selections and not excludes:
            return frozenset(self.definitions.assets) | frozenset(self.definitions.sources)
        from assetflow.project.foreseeing.selecting import selected

        return selected(self, selections, excludes)

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
        state = self.evidence.state(chosen)
        assets, graph = self.definitions.assets, self.definitions.graph
        wanted = self.partitions_named(partition, chosen - held) if partition is not None else None
        plan = make_plan(chosen - held, assets, graph, state, forced=full_refresh, wanted=wanted)
        others = tuple(name for name in plan.stale_upstreams if name not in self.held)
        stale_held = tuple(name for name in plan.stale_upstreams if name in self.held)
        plan = replace(plan, held=tuple(sorted(held)), stale_upstreams=others, stale_held=stale_held)
        if "columns_cache" in self.__dict__:
            self.columns_cache.save()
        return plan if selections or excludes else replace(plan, withdrawn=self._undeclared(state))

    def partitions_named(self, text: str, names: Collection[str]) -> dict[str, Slice]:
        """The partitions that `--partition` names, by asset; UsageError where it names none."""
        from assetflow.project.foreseeing.selecting import partitions_named

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
        from assetflow.project.columns.contracts import refuse_broken

        others = self.definitions.assets.keys() - plan.selected
        columns = self.columns_when(others) if others else self.columns_of
        refuse_broken(self, [step.asset for step in plan.steps], columns)
        self.columns_cache.save()

    def foresee(self, plan: Plan) -> Plan:
        """The plan with the mode of each step; DefinitionError when steps cannot work as they are declared."""
        self.refuse_broken(plan)
        if not plan.to_make:
            return plan
        from assetflow.project.foreseeing.modes import broken_promises, with_modes

        if any(self.definitions.assets[step.asset].partition for step in plan.to_make):
            from assetflow.project.foreseeing.partitions import with_partitions

            plan = with_partitions(self, plan)
        foreseen = with_modes(self, plan)
        problems = list(broken_promises(self, foreseen))
        if problems:
            raise together(problems)
        return foreseen

    def reader(self) -> Reader:
        """The published tables as they are now, pinned."""
        from assetflow.project.versions.reading import Reader

        def find(name: str, when: str) -> Version:
            from assetflow.project.versions.versions import find_version

            return find_version(self, name, when)

        warehouse = self.settings.warehouse
        return Reader(
            self.readable, self.ledger, self.environment, warehouse, self.observed, self.open_session, find, self.found
        )  # fmt: skip

    def found(self, snapshot: Snapshot) -> Snapshot | None:
        """A snapshot in files that hold what was recorded, wherever they lie by now; None where they are gone."""
        found = self.warehouse.found(snapshot, self.hashes.sha256_of)
        self.hashes.save()
        return found

    @cached_property
    def hashes(self) -> Observer:
        """What files of sources that are read in place were seen to hold by those who read what is published.

        It is none of the observer's business: a notebook may keep it for days.
        """
        return Observer(self.settings.root, os.path.join(self.settings.warehouse, "cache", "in_place.json"))

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

    def settle(self, plan: Plan) -> list[str]:
        """What there is to do where nothing is stale: keep the proofs of it, repair the catalog; warnings."""
        self.keep_proofs(plan)
        return self.repair_catalog()

    def keep_proofs(self, plan: Plan) -> None:
        """Keep why assets are fresh though their upstreams changed, where no run does; the next plan need not ask."""
        if not plan.proofs:
            return
        from assetflow.running.clock import now

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

    def executor(self, workers: int) -> Executor | AtOnce:
        """Where steps run: the executor of the settings, or none at all for one step at a time."""
        if workers == 1 and self.settings.executor == "threads":
            from assetflow.running.at_once import AtOnce

            return AtOnce()
        executor: Executor = import_module(f"assetflow.executors.{self.settings.executor}").open_executor(workers)
        return executor

    def _undeclared(self, state: State) -> tuple[str, ...]:
        """What is published and no longer declared. A project without any asset is taken for a mistake."""
        assets, sources = self.definitions.assets, self.definitions.sources
        return tuple(sorted(state.made.keys() - assets.keys() - sources.keys())) if assets else ()
