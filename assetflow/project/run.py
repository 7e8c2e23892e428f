"""A plan on its way: the assets that it holds, the order it hands to the coordinator, the events that come back."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from time import localtime, strftime
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.errors import BusyError, SourceError
from assetflow.planning.plan import Plan
from assetflow.planning.step import State
from assetflow.source import Observed

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.running.events import Event, RunResult
    from assetflow.running.order import Order
    from assetflow.running.workshop import Workshop
    from assetflow.warehouse.disk.locks import Work


class Running(Struct):
    """A run under way: iterating carries it out."""

    project: Project
    plan: Plan
    workers: int
    fail_fast: bool
    selection: str
    publish_each: bool = False
    result: RunResult | None = None
    _events: Generator[Event, None, None] | None = None

    def __iter__(self) -> Iterator[Event]:
        self._events = self._carry_out()
        return self._events

    def close(self) -> None:
        """Stop where it is, unless it has ended: what is finished is kept, `result` tells how far it came."""
        if self._events is not None:
            self._events.close()

    def _carry_out(self) -> Generator[Event, None, None]:
        from assetflow.running.events import RunResult

        if not self.plan:
            self.result = RunResult(None, "nothing_to_do", 0.0, warnings=tuple(self.project.settle(self.plan)))
            return
        from assetflow.running.clock import now
        from assetflow.running.run import Run
        from assetflow.running.workshop import opened

        project, settings = self.project, self.project.settings
        state = self.plan.state or project.evidence.state(self.plan.selected)
        run_id = new_run_id()
        found = self.as_found(self.sources_needed())
        observed = {name: one for name, one in found.items() if isinstance(one, Observed)}
        unread = {name: one for name, one in found.items() if isinstance(one, SourceError)}
        work = self.work(state, observed)
        with (
            project.warehouse.running(settings.environment, run_id, now(), work),
            project.lent_session() as session,
            opened(project.workplace, project.open_imports, session) as shop,
        ):
            self.refuse_outrun(state, work)
            self.look_ahead()
            run = Run(self.order(state, observed, unread, run_id, shop), shop)
            try:
                yield from run.events()
            finally:
                self.result = run.result
                project.columns_cache.save()

    def look_ahead(self) -> None:
        """Find the columns of what is made, and of those who read it, all together: each step will ask for them."""
        graph = self.project.definitions.graph
        made = [step.asset for step in self.plan.steps if step.action == "build"]
        self.project.columns_of.look_ahead({*made, *(reader for name in made for reader in graph.downstreams(name))})

    def order(
        self, state: State, observed: dict[str, Observed], unread: dict[str, SourceError], run_id: str, shop: Workshop
    ) -> Order:
        """All that the coordinator is given."""
        from assetflow.running.clock import now
        from assetflow.running.order import Order
        from assetflow.running.projections import Projections
        from assetflow.running.sources.checking import sources_compared

        project = self.project
        return Order(
            plan=self.plan,
            assets=project.definitions.assets,
            graph=project.definitions.graph,
            sources=observed,
            unread=unread,
            compared=self.as_found(sources_compared(observed.values())),
            state=state,
            warehouse=project.warehouse,
            environment=project.environment,
            place=project.workplace,
            run_id=run_id,
            started_at=now(),
            open_executor=project.executor,
            workers=self.workers,
            lineage=project.columns_of.over,
            read_sets=project.columns_of.read_sets,
            projections=Projections(project.warehouse, shop.session.cursor),
            selection=self.selection,
            fail_fast=self.fail_fast,
            publish_each=self.publish_each,
        )

    def as_found(self, names: Iterable[str]) -> Mapping[str, Observed | SourceError]:
        """Those of the tables that are sources, as their files are now."""
        return self.project.observe([name for name in names if name in self.project.definitions.sources])

    def sources_needed(self) -> list[str]:
        """The sources that a step or one of its checks reads."""
        definitions = self.project.definitions
        read = {
            name
            for step in self.plan.steps
            for name in (*step.upstreams, *definitions.assets[step.asset].check_upstreams)
        }
        behind = definitions.graph.ancestors({step.asset for step in self.plan.steps})
        return sorted((read | behind) & definitions.sources.keys())

    def work(self, state: State, observed: Mapping[str, Observed]) -> Work:
        """What this run may publish, and what it reads for that, however far up: no other run may change it."""
        from assetflow.running.sources.checking import has_passed
        from assetflow.running.sources.ingest import source_fingerprint
        from assetflow.warehouse.disk.locks import Work

        definitions = self.project.definitions
        steps = {step.asset for step in self.plan.steps}
        compared = {name for asset in steps for name in definitions.assets[asset].check_upstreams}
        read = definitions.graph.ancestors(steps) | compared | definitions.graph.ancestors(compared)
        moved = set()
        for name, one in observed.items():
            made = state.made.get(name)
            if (
                made is None
                or not made.files_present
                or made.fingerprint != source_fingerprint(one).hash
                or not has_passed(one.source, definitions.assets, self.project.ledger, made)
            ):
                moved.add(name)
        writes = frozenset({*steps, *self.plan.withdrawn, *moved})
        return Work(writes, frozenset(read) - writes)

    def refuse_outrun(self, state: State, work: Work) -> None:
        """Another run may have published between planning and taking the lock: the plan is then about the past."""
        current = self.project.ledger.current(self.project.environment)
        for name in sorted({*(work.writes or ()), *work.reads}):
            then, today = state.made.get(name), current.get(name)
            if (then.id if then else None) != (today.materialization if today else None):
                raise BusyError(f"{name} was published by another run meanwhile", hint="Run the same command again.")


def new_run_id() -> str:
    """Sortable by the time of day it began, and never the same twice: `20261120-020000-3f9a1c`."""
    return f"{strftime('%Y%m%d-%H%M%S', localtime())}-{os.urandom(3).hex()}"
