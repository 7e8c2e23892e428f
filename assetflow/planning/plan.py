"""Decides what will be made, in order, and why; touches nothing.

make_plan(selected, assets, graph, state)  ->  Plan(steps=(Step(sales, build, ...), ...), fresh=(...))
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

from assetflow.asset import Asset
from assetflow.errors import SourceError, UsageError
from assetflow.lineage.graph import Graph
from assetflow.materialization import Proof
from assetflow.partitions.slices import Slice
from assetflow.planning.decide import content_of, content_of_source, decide, drifted, view_digest
from assetflow.planning.inputs import InputChange
from assetflow.planning.staleness import Content
from assetflow.planning.step import State, Step
from assetflow.reason import listed


class Plan(Struct, frozen=True):
    """The steps in order; what is fresh; which upstreams are stale but were not selected; what is to be withdrawn.

    `held` are assets that were rolled back, which no run moves. `proofs` tell why something is fresh though its
    upstreams changed. `withdrawn` are published tables that nothing declares any more; `state` is what the plan was
    made of. `inputs` tell what changed in sources, where that was asked. `discard_history`: tables with history
    begin anew. `wanted` are the only partitions to be made, of those assets that it names. `stale_held` are upstreams
    that are stale since they were rolled back. `unread` are sources that were read before and cannot be now: steps
    that read them will fail.
    """

    steps: tuple[Step, ...]
    fresh: tuple[str, ...]
    stale_upstreams: tuple[str, ...] = ()
    forced: bool = False
    selected: frozenset[str] = field(default_factory=frozenset)
    withdrawn: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    inputs: tuple[InputChange, ...] = ()
    discard_history: bool = False
    wanted: Mapping[str, Slice] = field(default_factory=dict)
    state: State | None = None
    stale_held: tuple[str, ...] = ()
    unread: Mapping[str, SourceError] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.steps or self.withdrawn)

    def __repr__(self) -> str:
        """`Plan(steps: sales build, by_city maybe; fresh: big)`, without the whole world that it was made of."""
        steps = listed([f"{step.asset} {step.action}" for step in self.steps])
        return f"Plan(steps: {steps or 'none'}; fresh: {listed(self.fresh) or 'none'})"

    @property
    def spared(self) -> tuple[Step, ...]:
        """What comes after a step and cannot be affected by it; the run proves it."""
        return tuple(step for step in self.steps if step.spared)

    @property
    def to_make(self) -> tuple[Step, ...]:
        """What will or may be made."""
        return tuple(step for step in self.steps if not step.spared)


def make_plan(
    selected: Collection[str],
    assets: Mapping[str, Asset],
    graph: Graph,
    state: State,
    *,
    forced: bool = False,
    wanted: Mapping[str, Slice] | None = None,
) -> Plan:
    """What to do so that every selected asset is fresh; of those in `wanted`, only these partitions.

    An upstream that is not selected is read as it was last published; UsageError when it never was.
    """
    chosen = frozenset(name for name in selected if name in assets and assets[name].enabled)
    decided, stale_upstreams = decide_in_order(chosen, assets, graph, state, forced, wanted or {})
    # Of what was never made, and is not to be now, nothing is wanted.
    fresh = [name for name, found in decided.items() if not isinstance(found, Step) and name in state.made]
    steps = tuple(found for found in decided.values() if isinstance(found, Step))
    return Plan(
        steps,
        tuple(sorted(fresh)),
        tuple(stale_upstreams),
        forced,
        chosen,
        proofs=tuple(found for found in decided.values() if isinstance(found, Proof)),
        wanted=wanted or {},
        state=state,
        unread=unread_by(steps, state),
    )


def unread_by(steps: Collection[Step], state: State) -> dict[str, SourceError]:
    """The sources that steps read and that cannot be read now, each with its error."""
    read = {name for step in steps for name in step.upstreams}
    return {name: one for name, one in state.sources.items() if name in read and isinstance(one, SourceError)}


def decide_in_order(
    chosen: frozenset[str], assets: Mapping[str, Asset], graph: Graph, state: State, forced: bool,
    wanted: Mapping[str, Slice],
) -> tuple[dict[str, Step | Proof | None], list[str]]:  # fmt: skip
    """What is to be done for each chosen asset, upstreams first, and which others that they read are stale."""
    around = graph.ancestors(chosen) | chosen
    contents: dict[str, Content | None] = {}
    unchanged: dict[str, frozenset[str]] = {}
    decided: dict[str, Step | Proof | None] = {}
    stale_upstreams: list[str] = []
    for name in graph.order:
        if name not in around:
            continue
        asset = assets.get(name)
        if asset is None:
            contents[name] = source_content(name, state, chosen, graph)
        elif name in chosen:
            needs_made(asset, chosen, assets, state)
            found = decide(asset, contents, state, forced=forced, unchanged=unchanged, wanted=wanted.get(name))
            decided[name] = found
            contents[name] = content_after(asset, found, contents, state)
            if isinstance(found, Step) and found.unchanged is not None:
                unchanged[name] = found.unchanged
        else:
            contents[name], is_stale = as_published(asset, contents, stale_upstreams, state)
            stale_upstreams += [name] * is_stale
    return decided, stale_upstreams


def as_published(
    asset: Asset, contents: Mapping[str, Content | None], stale: Collection[str], state: State
) -> tuple[Content | None, bool]:
    """What an asset holds that is not selected, and whether it is stale: a live view of what changed shows that."""
    made = state.made.get(asset.name)
    is_stale = is_stale_upstream(asset, contents, stale, state)
    if made is None:
        return None, is_stale
    if is_stale and made.is_view and state.known.is_live(made, contents):
        return drifted(made.digest, "now", made.snapshot), is_stale
    return content_of(made), is_stale


def content_after(
    asset: Asset, found: Step | Proof | None, contents: Mapping[str, Content | None], state: State
) -> Content | None:
    """What the asset will hold after its step, as far as that is known beforehand."""
    if not isinstance(found, Step):
        made = state.made.get(asset.name)
        return content_of(made) if made is not None else None
    if found.restores is not None:
        return content_of(found.restores)
    if asset.is_view and not asset.rebuilds_always and found.action == "build":
        digest = view_digest(asset, contents)
        return None if digest is None else Content(digest, digest, "")
    return None


def source_content(name: str, state: State, chosen: Collection[str], graph: Graph) -> Content | None:
    """What a source holds now; None for one that cannot be read, and was: its readers fail, and nothing else does.

    One that never was may be declared wrongly: SourceError.
    """
    version = state.sources[name]
    if isinstance(version, SourceError):
        if name not in state.made and set(chosen) & set(graph.downstreams(name)):
            raise version
        return None
    return content_of_source(version, state.made.get(name))


def needs_made(asset: Asset, chosen: Collection[str], assets: Mapping[str, Asset], state: State) -> None:
    """Refuse to start when an upstream that is not selected was never made."""
    for name in asset.upstreams:
        if name in assets and name not in chosen and name not in state.made:
            if not assets[name].enabled:
                raise asset.definition_error(
                    f"{asset.name} reads {name}, which is not enabled and was never made",
                    hint=f"Enable {name} in {assets[name].path}, or disable {asset.name} too.",
                )
            raise UsageError(
                f"{asset.name} needs {name}, which was never made and is not selected",
                hint=f"Select it too: --select '+{asset.name}'.",
            )


def is_stale_upstream(
    asset: Asset, contents: Mapping[str, Content | None], stale: Collection[str], state: State
) -> bool:
    """True for an asset that is not selected, was made, and would or might be made again if it were selected."""
    made = state.made.get(asset.name)
    if made is None or not asset.enabled or asset.rebuilds_always:
        return False
    return any(name in stale for name in asset.upstreams) or isinstance(decide(asset, contents, state), Step)
