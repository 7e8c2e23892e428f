"""Why is an asset stale? A list of questions, asked when planning and again just before each step runs.

why_stale(asset, made, now)  ->  ()                                     fresh: made from exactly this
                                 (Reason("code_changed", ...), ...)     stale, and why
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from assetflow.asset import Asset
from assetflow.materialization import Fingerprint, Materialization
from assetflow.reason import Reason


class Made(NamedTuple):
    """The current materialization of an asset: its id, what it was made from (as one hash), what came out."""

    id: str
    fingerprint: str
    digest: str
    snapshot: str
    files_present: bool = True
    is_view: bool = False


class Content(NamedTuple):
    """What an upstream holds: the digest of its rows, and a name for these very rows in this very order."""

    digest: str
    exact: str


Recall = Callable[[str], Materialization]
"""Gives a materialization with all its inputs, by id."""


def config_text(asset: Asset) -> str:
    """The config of an asset as it stands in its fingerprint."""
    return json.dumps(asset.config, sort_keys=True) if asset.config else ""


def fingerprint(asset: Asset, inputs: Mapping[str, str]) -> Fingerprint:
    """What the asset would be made from now; `inputs` maps each upstream to the digest of what is read of it."""
    return Fingerprint(asset.code_version, config_text(asset), inputs)


def seen_by(asset: Asset, contents: Mapping[str, Content | None]) -> dict[str, str]:
    """The digest of what the asset reads of each upstream, as far as it is known."""
    return {
        name: content.exact if asset.reads_order else content.digest
        for name in (*asset.upstreams, *asset.files)
        if (content := contents.get(name)) is not None
    }


def why_stale(asset: Asset, made: Made | None, now: Fingerprint, recall: Recall) -> tuple[Reason, ...]:
    """The reasons to make the asset again; none when it is fresh.

    An input whose digest is not known yet is left out of `now.inputs`; the answer is then about the rest.
    """
    if made is None:
        return (Reason("never_made", detail="never made"),)
    if not made.files_present:
        return (Reason("files_missing", detail="files of its current snapshot are gone from the warehouse"),)
    if asset.rebuilds_always:
        return (why_volatile(asset),)
    if now.hash == made.fingerprint:
        return ()
    then = recall(made.id)
    return (
        *code_changed(asset, then),
        *config_changed(now, then.fingerprint),
        *upstreams_changed(asset, then.fingerprint),
        *inputs_changed(now, then.fingerprint),
    )


def why_volatile(asset: Asset) -> Reason:
    if asset.notes:
        detail = "; ".join(str(note) for note in asset.notes[:3])
        more = f" and {len(asset.notes) - 3} more" if len(asset.notes) > 3 else ""
        return Reason("volatile", detail=f"its code reads what cannot be compared: {detail}{more}")
    return Reason("volatile", detail='it is declared volatile = "rebuild"')


def code_changed(asset: Asset, then: Materialization) -> tuple[Reason, ...]:
    if asset.code_version == then.fingerprint.code:
        return ()
    before, after = dict(then.code_parts), dict(asset.code_parts)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if before and changed:
        return (Reason("code_changed", detail=f"the code of {', '.join(changed)} changed"),)
    return (Reason("code_changed", detail=f"{asset.path} changed"),)


def config_changed(now: Fingerprint, then: Fingerprint) -> tuple[Reason, ...]:
    if now.config == then.config:
        return ()
    before, after = json.loads(then.config or "{}"), json.loads(now.config or "{}")
    changes = [
        f"{key}: {shown(before, key)} -> {shown(after, key)}"
        for key in sorted(before.keys() | after.keys())
        if shown(before, key) != shown(after, key)
    ]
    return (Reason("config_changed", detail=", ".join(changes)),)


def shown(config: Mapping[str, object], key: str) -> str:
    return json.dumps(config[key]) if key in config else "not set"


def upstreams_changed(asset: Asset, then: Fingerprint) -> tuple[Reason, ...]:
    names = {*asset.upstreams, *asset.files}
    added, removed = sorted(names - then.inputs.keys()), sorted(then.inputs.keys() - names)
    if not added and not removed:
        return ()
    parts = [f"now also reads {', '.join(added)}"] * bool(added)
    parts += [f"no longer reads {', '.join(removed)}"] * bool(removed)
    return (Reason("upstreams_changed", detail="; ".join(parts)),)


def inputs_changed(now: Fingerprint, then: Fingerprint) -> tuple[Reason, ...]:
    return tuple(
        Reason("input_changed", upstream=name, detail=f"{name} holds other rows than it was made from")
        for name in sorted(now.inputs)
        if name in then.inputs and now.inputs[name] != then.inputs[name]
    )
