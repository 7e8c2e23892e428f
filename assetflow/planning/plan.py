"""Decides what will be made, in order, and why; touches nothing.

make_plan(selected, assets, graph, state)  ->  Plan(steps=(Step(sales, build, ...), ...), fresh=(...))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assetflow.asset import Asset
from assetflow.errors import DefinitionError, SourceError, UsageError
from assetflow.lineage.graph import Graph
from assetflow.materialization import Fingerprint, Partition
from assetflow.planning.staleness import Content, Made, Recall, fingerprint, seen_by, why_stale
from assetflow.reason import Reason

Action = Literal["build", "restore", "maybe"]

Find = Callable[[str, str], Made | None]
"""An older materialization of an asset (by name) with a fingerprint (by hash) whose files are all there."""


class State(NamedTuple):
    """What the planner needs to know of the world: what is current, what sources hold, what could be restored.

    `sources` gives the data version of each source, or the error of one that cannot be read.
    """

    made: Mapping[str, Made]
    sources: Mapping[str, str | SourceError]
    recall: Recall
    find: Find


@dataclass(frozen=True, slots=True)
class Step:
    """One asset that will (or may) be made, with the reasons. `restores` is the materialization to point to again."""

    asset: str
    action: Action
    reasons: tuple[Reason, ...]
    partition: Partition = None
    mode: Literal["full", "incremental"] | None = "full"
    mode_reason: str | None = None
    restores: Made | None = None
    upstreams: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "asset": self.asset,
            "partition": self.partition,
            "action": self.action,
            "mode": self.mode,
            "mode_reason": self.mode_reason,
            "reasons": [reason.to_dict() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order; what is fresh; which upstreams are stale but were not selected; what is to be withdrawn.

    `withdrawn` are published tables that nothing declares any more; `state` is what the plan was made of.
    """

    steps: tuple[Step, ...]
    fresh: tuple[str, ...]
    stale_upstreams: tuple[str, ...] = ()
    forced: bool = False
    selected: frozenset[str] = field(default_factory=frozenset)
    withdrawn: tuple[str, ...] = ()
    state: State | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.steps or self.withdrawn)


def make_plan(
    selected: Collection[str], assets: Mapping[str, Asset], graph: Graph, state: State, *, forced: bool = False
) -> Plan:
    """What to do so that every selected asset is fresh.

    An upstream that is not selected is read as it was last published; UsageError when it never was.
    """
    chosen = {name for name in selected if name in assets and assets[name].enabled}
    around = graph.ancestors(chosen) | chosen
    contents: dict[str, Content | None] = {}
    steps: list[Step] = []
    fresh: list[str] = []
    stale_upstreams: list[str] = []
    for name in graph.order:
        if name not in around:
            continue
        asset = assets.get(name)
        if asset is None:
            contents[name] = source_content(name, state, chosen, graph)
        elif name in chosen:
            needs_made(asset, chosen, assets, state)
            step = decide(asset, contents, state, forced=forced)
            contents[name] = content_after(asset, step, contents, state)
            if step is None:
                fresh.append(name)
            else:
                steps.append(step)
        else:
            made = state.made.get(name)
            contents[name] = content_of(made) if made else None
            if is_stale_upstream(asset, contents, stale_upstreams, state):
                stale_upstreams.append(name)
                if made and made.is_view:
                    contents[name] = drifted(made.digest, "now")
    return Plan(tuple(steps), tuple(sorted(fresh)), tuple(stale_upstreams), forced, frozenset(chosen), state=state)


def decide(asset: Asset, contents: Mapping[str, Content | None], state: State, *, forced: bool = False) -> Step | None:
    """The step that an asset needs, given what its upstreams hold (None: not known before it is made)."""
    upstreams = (*asset.upstreams, *asset.files)
    known = seen_by(asset, contents)
    now = fingerprint(asset, known)
    made = state.made.get(asset.name)
    if len(known) < len(upstreams):
        return with_unknown_inputs(asset, made, now, upstreams, state, forced=forced)
    reasons = forced_reason(forced) or why_stale(asset, made, now, state.recall)
    if not reasons:
        return None if made is None or made.fingerprint == now.hash else renewed(asset, made, upstreams)
    older = None if forced or asset.rebuilds_always else state.find(asset.name, now.hash)
    if older is not None:
        why = "it was made from exactly this before"
        return Step(asset.name, "restore", reasons, mode=None, mode_reason=why, restores=older, upstreams=upstreams)
    return Step(asset.name, "build", reasons, upstreams=upstreams)


def renewed(asset: Asset, made: Made, upstreams: tuple[str, ...]) -> Step:
    """An asset whose code is what it was, though this version of DuckDB writes it down differently."""
    why = Reason("code_changed", detail="the same query, written down differently by this version of DuckDB")
    return Step(
        asset.name, "restore", (why,), mode=None, mode_reason="its rows stay", restores=made, upstreams=upstreams
    )


def with_unknown_inputs(
    asset: Asset, made: Made | None, now: Fingerprint, upstreams: tuple[str, ...], state: State, *, forced: bool
) -> Step:
    """An asset behind one that is made first: sure to be made for reasons of its own, or perhaps."""
    reasons = forced_reason(forced) or why_stale(asset, made, now, state.recall)
    if reasons:
        return Step(asset.name, "build", reasons, upstreams=upstreams)
    waits = tuple(
        Reason("input_changed", upstream=name, detail=f"{name} is made first: its rows may come out the same")
        for name in upstreams
        if name not in now.inputs
    )
    return Step(asset.name, "maybe", waits, upstreams=upstreams)


def content_of(made: Made) -> Content:
    """What a materialization holds. A view has no rows of its own: its digest says all."""
    return Content(made.digest, made.digest if made.is_view else made.snapshot)


def drifted(digest: str, when: str) -> Content:
    """What a view holds that was not made anew after what it reads: nobody knows, so it is like nothing else."""
    unknown = f"{digest} as it was {when}"
    return Content(unknown, unknown)


def forced_reason(forced: bool) -> tuple[Reason, ...]:
    return (Reason("forced", detail="--full-refresh was given"),) if forced else ()


def content_after(
    asset: Asset, step: Step | None, contents: Mapping[str, Content | None], state: State
) -> Content | None:
    """What the asset will hold after its step, as far as that is known beforehand."""
    if step is None:
        return content_of(state.made[asset.name])
    if step.restores is not None:
        return content_of(step.restores)
    if asset.is_view and not asset.rebuilds_always:
        digest = view_digest(asset, contents)
        return None if digest is None else Content(digest, digest)
    return None


def view_digest(asset: Asset, contents: Mapping[str, Content | None]) -> str | None:
    """A view holds what its query and its inputs say: its digest is its fingerprint."""
    known = seen_by(asset, contents)
    return fingerprint(asset, known).hash if len(known) == len(asset.upstreams) + len(asset.files) else None


def source_content(name: str, state: State, chosen: Collection[str], graph: Graph) -> Content | None:
    version = state.sources[name]
    if isinstance(version, SourceError):
        if set(chosen) & set(graph.downstreams(name)):
            raise version
        return None
    # The version of a source is of its bytes, and so of the order of its rows.
    return Content(version, version)


def needs_made(asset: Asset, chosen: Collection[str], assets: Mapping[str, Asset], state: State) -> None:
    """Refuse to start when an upstream that is not selected was never made."""
    for name in asset.upstreams:
        if name in assets and name not in chosen and name not in state.made:
            if not assets[name].enabled:
                raise DefinitionError(
                    f"{asset.name} reads {name}, which is not enabled and was never made",
                    path=asset.path,
                    line=asset.line,
                    hint=f"Enable {name} in {assets[name].path}, or disable {asset.name} too.",
                )
            raise UsageError(
                f"{asset.name} needs {name}, which was never made and is not selected",
                hint=f"Select it too: --select '+{asset.name}'.",
            )


def is_stale_upstream(
    asset: Asset, contents: Mapping[str, Content | None], stale: Collection[str], state: State
) -> bool:
    """True for an asset that is not selected, was made, and would be made again if it were selected."""
    made = state.made.get(asset.name)
    if made is None or not asset.enabled or asset.rebuilds_always:
        return False
    upstreams = (*asset.upstreams, *asset.files)
    if any(name in stale for name in upstreams):
        return True
    known = seen_by(asset, contents)
    if len(known) < len(upstreams):
        return True
    return bool(why_stale(asset, made, fingerprint(asset, known), state.recall))
