"""Decides which partitions of an asset are to be made: those whose code or rows differ from what each was made from.

A table that is cut into partitions bears layers: slices of keys that were last held against the same materialization's
inputs. Mostly there is one, with all keys; where some were left out (--partition) or failed, there are more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.materialization import Compared, Materialization
from assetflow.partitions.declared import partitioning, told
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.slices import ALL, EMPTY, Slice
from assetflow.planning.staleness import (
    Concerned,
    Content,
    Knowledge,
    Made,
    bounds_changed,
    compare,
    is_cut_alike,
    why_at_a_glance,
)
from assetflow.reason import Reason


class Share(Struct, frozen=True):
    """Partitions that are made for the same reasons. `is_whole`: which of them there are is to be found out.

    `why_all` says why it is not known which of them rows that changed belong to.
    """

    keys: Slice
    reasons: tuple[Reason, ...]
    is_whole: bool = False
    why_all: str = ""


class Parts(Struct, frozen=True):
    """What is to be done with the partitions of one asset.

    `shares` are to be made; `known` (by ranges in words, with the number of their keys) is for whoever looks at a plan.
    `fresh` were found to be what they would be now. `layers` are those that are not: slices, each with the
    materialization that they were last held against. `reasons` make the table be put together anew, whatever is made.
    `is_all`: nothing that is stale is left out. `is_cut_otherwise`: the table as it is has other partitions, under the
    same keys, too.
    """

    shares: tuple[Share, ...]
    fresh: Slice = EMPTY
    layers: tuple[tuple[Slice, str], ...] = ()
    reasons: tuple[Reason, ...] = ()
    undecided: tuple[str, ...] = ()
    compared: tuple[Compared, ...] = ()
    is_all: bool = True
    is_cut_otherwise: bool = False

    @property
    def keys(self) -> Slice:
        found = EMPTY
        for share in self.shares:
            found = found | share.keys
        return found

    @property
    def why_all(self) -> str:
        return next((share.why_all for share in self.shares if share.why_all), "")

    def reasons_of(self, key: tuple[int, tuple[str, ...]]) -> tuple[Reason, ...]:
        return next((share.reasons for share in self.shares if key in share.keys), self.reasons)

    def layers_after(self, made: Slice) -> tuple[tuple[str, str], ...]:
        """The layers of the table when these have been made."""
        own = self.fresh | made
        found = [(own.to_text(), "")] if own else []
        return (*found, *((rest.to_text(), base) for keys, base in self.layers if (rest := keys - made)))


def parts_of(
    asset: Asset,
    made: Made | None,
    contents: Mapping[str, Content | None],
    known: Knowledge,
    *,
    forced: tuple[Reason, ...] = (),
    wanted: Slice | None = None,
) -> Parts:
    """Which partitions have to be made, and why; `wanted` are the only ones that may be."""
    cut = partitioning(asset.partition)
    reasons = forced or why_at_a_glance(asset, made)
    if made is None or not made.files_present:
        return only(Parts((Share(cut.domain, reasons, is_whole=True),)), wanted)
    otherwise = reasons_to_cut(asset, made, contents, known)
    if otherwise:
        shares = (Share(cut.domain, forced or otherwise, is_whole=True),)
        return only(Parts(shares, is_cut_otherwise=True), wanted)
    found = Parts(())
    for keys, base in layers_of(made.id, known):
        found = with_layer(found, keys & cut.domain, base, asset, contents, known)
    found = with_bounds(found, asset, cut, made, known)
    if reasons:
        found = replace(found, shares=(Share(cut.domain, reasons, is_whole=True),), undecided=())
    return only(found, wanted)


def reasons_to_cut(
    asset: Asset, made: Made, contents: Mapping[str, Content | None], known: Knowledge
) -> tuple[Reason, ...]:
    """Why all partitions are made of a table that was cut otherwise; none for one that was cut as it is to be.

    Nothing of such a table stays, whatever is made: the same key stands for other rows.
    """
    bases = [known.recall(base) for _, base in layers_of(made.id, known)]
    then = next((base for base in bases if not is_cut_alike(asset, base.fingerprint)), None)
    return compare(asset, then, contents, known).reasons if then is not None else ()


def cut_otherwise_told(asset: Asset) -> str:
    """Why a table that was cut otherwise is made as a whole, in words."""
    return (
        f"{asset.name} is cut by {told(asset.partition)} now, other than what is published, of which nothing can stay"
    )


def layers_of(made: str, known: Knowledge) -> tuple[tuple[Slice, str], ...]:
    """The layers of a materialization; one with all keys for a table that was not cut then."""
    layers = known.recall(made).layers
    return tuple((Slice.from_text(keys), base or made) for keys, base in layers) or ((ALL, made),)


def with_layer(
    parts: Parts, keys: Slice, base: str, asset: Asset, contents: Mapping[str, Content | None], known: Knowledge
) -> Parts:
    """The partitions of one layer that are stale, and those that are not."""
    if not keys:
        return parts
    then = known.recall(base)
    found = compare(asset, then, contents, known)
    by_data = [reason for reason in found.reasons if reason.kind == "input_changed" and reason.upstream is not None]
    share = Share(keys, found.reasons, is_whole=True) if found.reasons else Share(EMPTY, ())
    if by_data and len(by_data) == len(found.reasons):
        changed = changed_keys(asset, then, by_data, contents, known)
        if changed.keys is None:
            share = replace(share, why_all=changed.why)
        else:
            share = Share(changed.keys & keys, found.reasons)
    shares = (*parts.shares, share) if share.keys else parts.shares
    if found.undecided:
        # Whatever is stale already, others may be, once it is known what is still to be read.
        undecided = tuple(dict.fromkeys((*parts.undecided, *found.undecided)))
        return Parts(shares, parts.fresh, (*parts.layers, (keys, base)), parts.reasons, undecided, parts.compared)
    layers = ((share.keys, base),) if share.keys else ()
    return Parts(
        shares, parts.fresh | (keys - share.keys), (*parts.layers, *layers), parts.reasons,
        parts.undecided, (*parts.compared, *found.compared),
    )  # fmt: skip


def changed_keys(
    asset: Asset, then: Materialization, reasons: Iterable[Reason], contents: Mapping[str, Content | None],
    known: Knowledge,
) -> Concerned:  # fmt: skip
    """The partitions that depend on the rows that changed in these upstreams."""
    changed = tuple(dict.fromkeys(reason.upstream or "" for reason in reasons))
    for name in changed:
        content = contents.get(name)
        if content is None or content.snapshot is None:
            return Concerned(None)
    return known.changed_keys(asset, then, changed, contents)


def with_bounds(parts: Parts, asset: Asset, cut: Partitioning, made: Made, known: Knowledge) -> Parts:
    """The partitions that there are since the declaration says so, and those that it does not speak of any more."""
    covered = EMPTY
    for keys, _ in layers_of(made.id, known):
        covered = covered | keys
    changed = bounds_changed(asset, known.recall(made.id).fingerprint)
    missing = cut.domain - covered
    gone = changed if cut.lists_in_part or covered - cut.domain else ()
    if not missing and not gone:
        return parts
    detail = "some of its partitions were never made"
    reasons = changed or (Reason("partition_missing", detail=detail),)
    # Where keys are no longer declared, it is looked whether there are rows that would belong to no partition now.
    shares = (Share(missing, reasons, is_whole=True),) if missing or changed else ()
    return Parts(
        (*parts.shares, *shares), parts.fresh, parts.layers, gone, parts.undecided, parts.compared,
    )  # fmt: skip


def only(parts: Parts, wanted: Slice | None) -> Parts:
    """The same with nothing made that is not wanted."""
    if wanted is None:
        return parts
    # Where keys are no longer declared, it is looked for rows that would belong to no partition, whatever is made.
    shares = tuple(
        replace(share, keys=share.keys & wanted)
        for share in parts.shares
        if share.keys & wanted or (share.is_whole and parts.reasons)
    )
    left = any(share.keys - wanted for share in parts.shares)
    return replace(parts, shares=shares, is_all=not left)
