"""Decides about one asset, given what its upstreams hold: make it, point to an older one, perhaps, or leave it.

decide(asset, contents, state)  ->  Step(build | restore | maybe)     there is something to do
                                    Proof(...)                        its upstreams changed, nothing that it reads did
                                    None                              nothing changed at all
"""

from __future__ import annotations

from collections.abc import Mapping

from assetflow.asset import Asset
from assetflow.errors import SourceError
from assetflow.lineage.columns import columns_alike
from assetflow.materialization import Fingerprint, Materialization, Proof, ReadSet, is_whole
from assetflow.partitions.slices import Slice
from assetflow.planning.staleness import (
    Comparison,
    Content,
    Made,
    compare,
    fingerprint,
    read_inputs,
    reads_of,
    seen_by,
    why_at_a_glance,
    with_files,
)
from assetflow.planning.step import State, Step
from assetflow.reason import Reason, listed

Unchanged = Mapping[str, frozenset[str]]
"""For assets that are made first: the columns whose tuples will be the same as before."""


def decide(
    asset: Asset,
    contents: Mapping[str, Content | None],
    state: State,
    *,
    forced: bool = False,
    unchanged: Unchanged | None = None,
    wanted: Slice | None = None,
) -> Step | Proof | None:
    """What an asset needs, given what its upstreams hold (None: not known before they are made).

    `wanted` are the only partitions that may be made, of an asset that has some.
    """
    if asset.partition:
        return decide_parts(asset, contents, state, forced=forced, wanted=wanted)
    upstreams = (*asset.upstreams, *asset.files)
    now = fingerprint(asset, seen_by(asset, contents))
    made = state.made.get(asset.name)
    if forced:
        return Step(asset.name, "build", forced_reason(), upstreams=upstreams)
    reasons = why_at_a_glance(asset, made)
    if reasons or made is None:
        return restored(asset, reasons, contents, state, now) or Step(asset.name, "build", reasons, upstreams=upstreams)
    if now.hash == made.fingerprint and len(now.inputs) == len(upstreams):
        return None
    then = state.known.recall(made.id)
    found = compare(asset, then, contents, state.known)
    if found.reasons:
        older = restored(asset, found.reasons, contents, state, now)
        alike = unchanged_columns(asset, then, found, state, unchanged or {})
        return older or Step(asset.name, "build", found.reasons, upstreams=upstreams, unchanged=alike)
    if found.undecided:
        return perhaps(asset, made, found, state, upstreams, unchanged or {})
    return Proof(asset.name, made.id, now.hash, found.compared, found.same_code)


def decide_parts(
    asset: Asset, contents: Mapping[str, Content | None], state: State, *, forced: bool, wanted: Slice | None
) -> Step | Proof | None:
    """The same for an asset that is cut into partitions."""
    from assetflow.planning.parts import parts_of

    upstreams = (*asset.upstreams, *asset.files)
    now = fingerprint(asset, seen_by(asset, contents))
    made = state.made.get(asset.name)
    is_known = len(now.inputs) == len(upstreams)
    is_same = made is not None and is_known and now.hash == made.fingerprint
    if is_same and not forced and not why_at_a_glance(asset, made):
        return None
    if not forced and wanted is None:
        older = state.find(asset.name, now.hash) if is_known and not asset.rebuilds_always else None
        if older is not None and made is not None and older.id == made.id and not why_at_a_glance(asset, made):
            # It was found to be the same for other inputs meanwhile, and these are as they were when it was made.
            same = compare(asset, state.known.recall(made.id), contents, state.known)
            return Proof(asset.name, made.id, now.hash, same.compared)
        if older is not None:
            why = "it was made from exactly this before"
            reasons = why_at_a_glance(asset, made) or why_changed(asset, made, contents, state)
            return Step(asset.name, "restore", reasons, mode=None, mode_reason=why, restores=older, upstreams=upstreams)
    parts = parts_of(asset, made, contents, state.known, forced=forced_reason() if forced else (), wanted=wanted)
    if parts.undecided and not parts.shares:
        waits = tuple(
            Reason("input_changed", name, detail=told_waiting(name, ReadSet(), state)) for name in parts.undecided
        )
        return Step(asset.name, "maybe", waits, upstreams=upstreams, parts=parts)
    if parts.shares or parts.reasons:
        reasons = tuple(dict.fromkeys(reason for each in parts.shares for reason in each.reasons)) or parts.reasons
        all_of_them = f"all partitions ({parts.why_all})" if parts.why_all else None
        return Step(asset.name, "build", reasons, mode_reason=all_of_them, upstreams=upstreams, parts=parts)
    if made is None or not parts.is_all:
        return None
    return Proof(asset.name, made.id, now.hash, parts.compared)


def why_changed(
    asset: Asset, made: Made | None, contents: Mapping[str, Content | None], state: State
) -> tuple[Reason, ...]:
    """Why what is published of an asset is not what it was made into before."""
    if made is None:
        return ()
    return compare(asset, state.known.recall(made.id), contents, state.known).reasons


def restored(
    asset: Asset, reasons: tuple[Reason, ...], contents: Mapping[str, Content | None], state: State, now: Fingerprint
) -> Step | None:
    """The step that points to an older materialization, if one was made from just what is read now.

    Never of a table with history: what it holds follows from all that was there, not from what is there now.
    """
    if asset.history is not None:
        return None
    if asset.rebuilds_always or any(contents.get(name) is None for name in (*asset.upstreams, *asset.files)):
        return None
    if not state.was_made(asset.name):  # what it reads need not be looked at
        return None
    older = state.find(asset.name, now.hash)
    if older is None and (asset.upstreams or asset.files):
        lineage = state.known.lineage(asset)
        if lineage is not None and is_whole(lineage.meaning):
            held = with_files(asset, contents, state.known.in_place)
            inputs = read_inputs(asset, held, reads_of(asset, lineage), state.known.project)
            if inputs is not None and any(input_.columns is not None for input_ in inputs):
                older = state.find_read(asset.name, now.of_reads(lineage.meaning, inputs))
    if older is None:
        return None
    why = "it was made from exactly this before"
    return Step(
        asset.name, "restore", reasons, mode=None, mode_reason=why, restores=older,
        upstreams=(*asset.upstreams, *asset.files),
    )  # fmt: skip


def perhaps(
    asset: Asset, made: Made, found: Comparison, state: State, upstreams: tuple[str, ...], unchanged: Unchanged
) -> Step:
    """An asset of which nothing is known to have changed, behind others that are made or read first."""
    if all(is_spared(name, found.reads[name], unchanged) for name in found.undecided):
        columns = frozenset(column.name for column in state.known.columns_of(made.snapshot))
        why = "; ".join(told_spared(name, found.reads[name]) for name in found.undecided)
        return Step(asset.name, "maybe", (), upstreams=upstreams, unchanged=columns, spared=why)
    waits = tuple(
        Reason("input_changed", name, detail=told_waiting(name, found.reads[name], state))
        for name in found.undecided
        if not is_spared(name, found.reads[name], unchanged)
    )
    return Step(asset.name, "maybe", waits, upstreams=upstreams)


def is_spared(name: str, read: ReadSet, unchanged: Unchanged) -> bool:
    """True when the code of what is made first says that the columns that are read of it come out the same."""
    return (
        name in unchanged and read.columns is not None and not read.ordered and unchanged[name].issuperset(read.columns)
    )


def told_spared(name: str, read: ReadSet) -> str:
    return f"it reads {told(read)} of {name}, which the edit leaves as it is"


def told_waiting(name: str, read: ReadSet, state: State) -> str:
    if name not in state.sources:
        return f"{name} is made first: its rows may come out the same"
    if isinstance(state.sources[name], SourceError):
        return f"{name} cannot be read now"
    if read.columns is None:
        return f"{name} changed"
    return f"{name} changed: whether {told(read)} did is known when it has been read"


def told(read: ReadSet) -> str:
    if read.columns is None:
        return "everything"
    return listed(read.columns) or "the number of rows"


def unchanged_columns(
    asset: Asset, then: Materialization, found: Comparison, state: State, unchanged: Unchanged
) -> frozenset[str] | None:
    """The columns that an edit of the code leaves alone; None where more than that changed, or too little is known."""
    lineage = state.known.lineage(asset)
    only_code = all(reason.kind == "code_changed" for reason in found.reasons)
    if lineage is None or not only_code:
        return None
    if not all(is_spared(name, found.reads[name], unchanged) for name in found.undecided):
        return None
    return columns_alike(then.meaning, lineage.meaning) or None


def content_of(made: Made) -> Content:
    """What a materialization holds. A view has no rows of its own: its digest says all."""
    return Content(made.digest, made.digest if made.is_view else made.snapshot, made.snapshot)


def content_of_source(version: str, made: Made | None) -> Content:
    """What a source holds; its snapshot is known where it was read since it changed."""
    is_read = made is not None and made.files_present and made.fingerprint == Fingerprint(version, "").hash
    # The version of a source is of its bytes, and so of the order of its rows.
    return Content(version, version, made.snapshot if made and is_read else None)


def drifted(digest: str, when: str, snapshot: str) -> Content:
    """What a live view holds that was not made anew after what it reads: nobody knows, so it is like nothing else."""
    unknown = f"{digest} as it was {when}"
    return Content(unknown, unknown, snapshot)


def view_digest(asset: Asset, contents: Mapping[str, Content | None]) -> str | None:
    """A view holds what its query and its inputs say: its digest is its fingerprint."""
    known = seen_by(asset, contents)
    return fingerprint(asset, known).hash if len(known) == len(asset.upstreams) + len(asset.files) else None


def forced_reason() -> tuple[Reason, ...]:
    return (Reason("forced", detail="--full-refresh was given"),)
