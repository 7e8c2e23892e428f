"""Why is an asset stale? A list of questions, asked when planning and again just before each step runs.

first   what it is made from, at a glance: code, config, and one digest for the whole of each upstream
then    only where that differs: the code by what it means, and each upstream by the columns that are read of it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.lineage.columns import Lineage, other_meaning, same_meaning
from assetflow.materialization import Column, Compared, Fingerprint, Input, Materialization, ReadSet
from assetflow.partitions.slices import Slice
from assetflow.reason import Reason, listed


class Made(Struct, frozen=True):
    """The current materialization of an asset: its id, what it was made from (as one hash), what came out."""

    id: str
    fingerprint: str
    digest: str
    snapshot: str
    files_present: bool = True
    is_view: bool = False


class Content(Struct, frozen=True):
    """What an upstream holds: the digest of its rows, and a name for these very rows in this very order.

    `snapshot` is where its columns can be compared: None for a source that was not read since it changed, empty for
    a view that was not made yet.
    """

    digest: str
    exact: str
    snapshot: str | None = None


Recall = Callable[[str], Materialization]
"""Gives a materialization with all its inputs, by id."""
Project = Callable[[str, ReadSet], str | None]
"""Gives the digest of some columns of a snapshot, by its id; None where there is none to be had."""
ColumnsOf = Callable[[str], tuple[Column, ...]]
"""Gives the columns of a snapshot, by its id."""
FindLineage = Callable[[Asset], Lineage | None]
"""Gives the column lineage of an asset as it is declared now, over its upstreams as they are; None: not known."""


InPlace = Callable[[Asset, str], str | None]
"""Gives what stands for a file that an asset reads in place, as if it were a snapshot; None: only all of it counts."""


IN_PLACE = "in place "


def is_in_place(snapshot: str) -> bool:
    """True for what stands for a file that is read in place; there is no snapshot of it."""
    return snapshot.startswith(IN_PLACE)


class Concerned(Struct, frozen=True):
    """The partitions that depend on what changed; `keys` None: all of them may, for the reason `why`."""

    keys: Slice | None
    why: str = ""


ChangedKeys = Callable[[Asset, Materialization, Collection[str], Mapping[str, Content | None]], Concerned]
"""Gives the partitions of an asset that depend on rows which changed in some upstreams since it was made, given what
everything holds now."""


IsLive = Callable[[Made, Mapping[str, Content | None]], bool]
"""Tells of a view whether it shows what lies behind it now (these contents), and not what it was made from."""


def _all_keys(
    asset: Asset, then: Materialization, changed: Collection[str], contents: Mapping[str, Content | None]
) -> Concerned:
    return Concerned(None)


def _always_live(view: Made, contents: Mapping[str, Content | None]) -> bool:
    return True


class Knowledge(Struct, frozen=True):
    """What can be asked about columns; asked only where a glance does not settle it."""

    recall: Recall
    project: Project
    columns_of: ColumnsOf
    lineage: FindLineage
    in_place: InPlace
    changed_keys: ChangedKeys = _all_keys
    is_live: IsLive = _always_live


class Comparison(Struct, frozen=True):
    """What came of comparing an asset with its current materialization, column by column.

    `reasons` make it stale; `compared` are the upstreams that hold the same; of `undecided` it is not known yet.
    """

    reasons: tuple[Reason, ...]
    compared: tuple[Compared, ...]
    undecided: tuple[str, ...]
    same_code: str
    reads: Mapping[str, ReadSet]


PARTITION, BOUNDS, IN_PART = "partition by", "partitions", "made in part"
"""What a fingerprint holds of how a table is cut: no parameter can be called so."""
LINKS = ", {"
"""Parts by what a table is cut from what is declared of its upstreams."""


def config_text(asset: Asset) -> str:
    """The config of an asset as it stands in its fingerprint."""
    said = dict(asset.config)
    if asset.partition:
        from assetflow.partitions.declared import UPSTREAMS, identity, told

        cut = identity(asset.partition)
        links = LINKS + json.dumps(cut[UPSTREAMS], sort_keys=True).removeprefix("{") if UPSTREAMS in cut else ""
        said.update({PARTITION: told(cut) + links, BOUNDS: told(asset.partition)})
    return config_as_text(said) if said else ""


def config_as_text(said: Mapping[str, object]) -> str:
    """By name; inside of a value the order of keys is part of it."""
    return json.dumps(dict(sorted(said.items())))


def is_cut_alike(asset: Asset, then: Fingerprint) -> bool:
    """True where a key stands for the same rows as then: the same windows and values of the same columns.

    Which keys there are, and what a partition reads of upstreams, may be others.
    """
    before, after = json.loads(then.config or "{}"), json.loads(config_text(asset) or "{}")
    return PARTITION in before and before[PARTITION].partition(LINKS)[0] == after[PARTITION].partition(LINKS)[0]


def in_part(of: Fingerprint) -> Fingerprint:
    """The fingerprint of a table of which only some partitions are made from this: it is never taken for fresh."""
    return replace(of, config=config_as_text({**json.loads(of.config or "{}"), IN_PART: True}))


def fingerprint(asset: Asset, inputs: Mapping[str, str]) -> Fingerprint:
    """What the asset would be made from now; `inputs` maps each upstream to the digest of what is read of it."""
    return Fingerprint(asset.code_version, config_text(asset), inputs)


def seen_by(asset: Asset, contents: Mapping[str, Content | None]) -> dict[str, str]:
    """The digest of each upstream as a whole, as far as it is known; of its rows in their order, where that counts."""
    return {
        name: content.exact if asset.reads_order else content.digest
        for name in (*asset.upstreams, *asset.files)
        if (content := contents.get(name)) is not None
    }


def why_at_a_glance(asset: Asset, made: Made | None) -> tuple[Reason, ...]:
    """The reasons to make the asset again whatever its upstreams hold."""
    if made is None:
        return (Reason("never_made", detail="never made"),)
    if not made.files_present:
        gone = (
            "files that it shows lie elsewhere"
            if made.is_view
            else "files of its current snapshot are gone from the warehouse"
        )
        return (Reason("files_missing", detail=gone),)
    if asset.rebuilds_always:
        return (why_volatile(asset),)
    return ()


def compare(
    asset: Asset, then: Materialization, contents: Mapping[str, Content | None], known: Knowledge
) -> Comparison:
    """Compare what the asset would be made from now with what it was made from."""
    lineage = known.lineage(asset)
    meaning = lineage.meaning if lineage is not None else ""
    reads = reads_of(asset, lineage, then)
    contents = with_files(asset, contents, known.in_place)
    for name in asset.files:
        content = contents.get(name)
        if content is not None and content.snapshot is None:
            reads[name] = ReadSet(None, asset.reads_order)
    edited, same_code = compare_code(asset, then, meaning)
    reasons = [*edited, *upstreams_changed(asset, then.fingerprint), *config_changed(asset, then.fingerprint)]
    may_drift = not reasons and not same_code
    # An edited asset is stale anyway: what counts of its inputs is whether that which it reads now has changed as well.
    any_columns = same_meaning(meaning, then.meaning) or bool(edited)
    compared, undecided = [], []
    for input_ in then.inputs:
        name = input_.upstream
        if name not in reads:
            continue
        read, content = reads[name], contents.get(name)
        if edited and read.columns is None and content is not None and content.snapshot:
            # What the new code reads is known when it has run. Until then, what the old one read tells what changed.
            read = ReadSet(input_.columns, input_.ordered)
        found = compare_input(input_, read, content, known, any_columns)
        if isinstance(found, Reason):
            reasons.append(found)
        elif found is None:
            undecided.append(name)
        else:
            compared.append(found)
    if may_drift and not reasons and other_meaning(meaning, then.meaning):
        same = {one.upstream for one in compared if one.snapshot_then == one.snapshot_now}
        changed = sorted(name for name in reads if name not in same)
        reasons.append(bound_otherwise(lineage, then, changed[0] if changed else None))
    return Comparison(tuple(reasons), tuple(compared), tuple(undecided), same_code, reads)


def compare_code(asset: Asset, then: Materialization, meaning: str) -> tuple[tuple[Reason, ...], str]:
    """Why its code makes it stale; or, where that is other code, why it counts as the same."""
    if asset.code_version == then.fingerprint.code:
        return (), ""
    if same_meaning(meaning, then.meaning) and asset.is_view == (then.rows is None):
        return (), "it is written otherwise, and means the same"
    return (code_changed(asset, then),), ""


def reads_of(asset: Asset, lineage: Lineage | None, then: Materialization | None = None) -> dict[str, ReadSet]:
    """What the asset reads of each upstream.

    Where the code does not tell, what it was seen to read when it ran last counts, as long as it is the same code.
    """
    ordered = asset.reads_order and (lineage is None or lineage.ordered)
    told = {} if lineage is None else lineage.reads
    reads = {name: ReadSet(told.get(name), ordered) for name in asset.upstreams}
    reads.update({name: ReadSet(told.get(name), ordered) for name in asset.files})
    if asset.kind == "python" and then is not None and then.fingerprint.code == asset.code_version:
        for input_ in then.inputs:
            if input_.upstream in reads and input_.columns is not None:
                told_of = reads[input_.upstream].columns or ()
                reads[input_.upstream] = ReadSet(tuple(sorted({*told_of, *input_.columns})), input_.ordered)
    return reads


def with_files(asset: Asset, contents: Mapping[str, Content | None], in_place: InPlace) -> dict[str, Content | None]:
    """The same contents, with what stands for the files that the asset reads in place."""
    found = dict(contents)
    for name in asset.files:
        content = contents.get(name)
        if content is not None:
            found[name] = replace(content, snapshot=in_place(asset, name))
    return found


def read_inputs(
    asset: Asset, contents: Mapping[str, Content | None], reads: Mapping[str, ReadSet], project: Project
) -> tuple[Input, ...] | None:
    """What the asset reads now, with the digests of it; None while the content of an upstream is not known."""
    found = []
    for name in (*asset.upstreams, *asset.files):
        content = contents.get(name)
        if content is None:
            return None
        found.append(read_input(name, reads[name], content, project))
    return tuple(found)


def read_input(name: str, read: ReadSet, content: Content, project: Project) -> Input:
    if read.columns is not None and content.snapshot:
        digest = project(content.snapshot, read)
        if digest is not None:
            return Input(name, digest, content.snapshot, read.columns, read.ordered)
    return Input(name, content.exact if read.ordered else content.digest, content.snapshot or "", None, read.ordered)


def compare_input(
    then: Input, read: ReadSet, content: Content | None, known: Knowledge, any_columns: bool
) -> Reason | Compared | None:
    """The same rows as then, other rows, or (None) not to be told before the upstream has been made or read.

    `any_columns`: only the columns that are read now count, whatever others were read then or are there now.
    """
    if content is None or (content.snapshot is None and read.columns is not None):
        return None
    name = then.upstream
    now = read_input(name, read, content, known.project)
    if (now.columns, now.ordered) == (then.columns, then.ordered):
        digest = then.digest
        if now.columns is not None and not alike(digest, now.digest):
            digest = known.project(then.snapshot, read) or ""
    elif any_columns and now.columns is not None and then.snapshot:
        digest = known.project(then.snapshot, ReadSet(now.columns, now.ordered)) or ""
    else:
        return input_changed(name, now)
    if digest != now.digest:
        return input_changed(name, now)
    if now.columns is not None and not any_columns and not have_same_columns(then, now, known):
        return Reason("input_changed", name, detail=f"{name} has other columns than it was made from")
    return Compared(name, now.columns, now.ordered, then.snapshot, now.digest, now.snapshot)


def alike(digest: str, other: str) -> bool:
    """True for two digests by the same algorithm, which can be compared."""
    return digest.partition(":")[0] == other.partition(":")[0]


def have_same_columns(then: Input, now: Input, known: Knowledge) -> bool:
    return then.snapshot == now.snapshot or known.columns_of(then.snapshot) == known.columns_of(now.snapshot)


NAMED = 4
"""Columns that a reason names, as a line has to hold it; it has all of them beside its words."""


def input_changed(name: str, now: Input) -> Reason:
    if now.columns is None:
        return Reason("input_changed", name, detail=f"{name} holds other rows than it was made from")
    if not now.columns:
        return Reason("input_changed", name, detail=f"{name} has another number of rows than it was made from")
    return Reason("input_changed", name, now.columns, f"what it reads of {name} changed ({listed(now.columns, NAMED)})")


def why_volatile(asset: Asset) -> Reason:
    if asset.notes:
        detail = "; ".join(str(note) for note in asset.notes[:3])
        more = f" and {len(asset.notes) - 3} more" if len(asset.notes) > 3 else ""
        return Reason("volatile", detail=f"its code reads what cannot be compared: {detail}{more}")
    return Reason("volatile", detail='it is declared volatile = "rebuild"')


def code_changed(asset: Asset, then: Materialization) -> Reason:
    before, after = dict(then.code_parts), dict(asset.code_parts)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if before and changed:
        return Reason("code_changed", detail=f"the code of {', '.join(changed)} changed")
    return Reason("code_changed", detail=f"{asset.path} changed")


def bound_otherwise(lineage: Lineage | None, then: Materialization, upstream: str | None) -> Reason:
    """The same text that means something else, since the tables that it reads have other columns now."""
    before = {name for name, _, _ in json.loads(then.meaning)[1]}
    after = {column.name for column in lineage.columns} if lineage is not None else set()
    parts = [f"it gets column {', '.join(sorted(after - before))}"] * bool(after - before)
    parts += [f"it loses column {', '.join(sorted(before - after))}"] * bool(before - after)
    said = " and ".join(parts) or "its names or types mean something else"
    return Reason("input_changed", upstream, detail=f"{said} by what {upstream or 'its upstream'} looks like now")


def config_changed(asset: Asset, then: Fingerprint) -> tuple[Reason, ...]:
    now = config_text(asset)
    if now == then.config:
        return ()
    before, after = json.loads(then.config or "{}"), json.loads(now or "{}")
    changes = [
        f"{key}: {shown(before, key)} -> {shown(after, key)}"
        for key in sorted(before.keys() | after.keys())
        if shown(before, key) != shown(after, key) and key != IN_PART and (key != BOUNDS or not before.get(PARTITION))
    ]
    return (Reason("config_changed", detail=", ".join(changes)),) if changes else ()


def bounds_changed(asset: Asset, then: Fingerprint) -> tuple[Reason, ...]:
    """Other partitions than then, of a table that is cut like then."""
    before, after = json.loads(then.config or "{}"), json.loads(config_text(asset) or "{}")
    if before.get(BOUNDS) == after.get(BOUNDS):
        return ()
    return (Reason("config_changed", detail=f"partitions: {shown(before, BOUNDS)} -> {shown(after, BOUNDS)}"),)


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
