"""Why is one partition stale or fresh, and from what was it made? What `explain --partition` tells, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.asset import Asset
from assetflow.errors import UsageError
from assetflow.materialization import Input, Materialization
from assetflow.partitions.declared import partitioning, told
from assetflow.partitions.reading import read_keys, read_written
from assetflow.partitions.slices import Key, Slice
from assetflow.planning.parts import Parts
from assetflow.planning.step import Step
from assetflow.project.foreseeing.partitions import with_partitions
from assetflow.project.foreseeing.selecting import partitions_named
from assetflow.project.foreseeing.statuses import whole_plan
from assetflow.reason import Reason

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.warehouse.ledger.records import LastStep


class InputOfPartition(Struct, frozen=True):
    """An upstream as it was when the partition was last held against it; `is_current`: it is still that version."""

    upstream: str
    snapshot: str
    columns: tuple[str, ...] | None
    is_current: bool

    def to_dict(self) -> dict[str, Any]:
        columns = None if self.columns is None else list(self.columns)
        return {"upstream": self.upstream, "snapshot": self.snapshot, "columns": columns, "current": self.is_current}


class PartitionExplained(Struct, frozen=True):
    """`status`: fresh, stale, new (never made), absent (there are no rows for it), or waiting (its upstreams are made
    first). `last`: what became of it in the run that dealt with it last, `inputs`: what it was last held against.
    """

    asset: str
    partition: str
    status: str
    environment: str
    reasons: tuple[Reason, ...] = ()
    last: LastStep | None = None
    code: str | None = None
    code_now: str = ""
    inputs: tuple[InputOfPartition, ...] = ()
    is_held: bool = False

    def to_dict(self) -> dict[str, Any]:
        last = self.last
        return {
            "schema": "assetflow.explain_partition/1",
            "asset": self.asset,
            "partition": self.partition,
            "status": self.status,
            "held": self.is_held,
            "environment": self.environment,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "made": None
            if last is None
            else {
                "run_id": last.run_id,
                "started_at": last.started_at,
                "outcome": last.outcome,
                "rows": last.rows,
                "reasons": [reason.to_dict() for reason in last.reasons],
                "error": last.error,
            },
            "code_then": self.code,
            "code_now": self.code_now,
            "inputs": [each.to_dict() for each in self.inputs],
        }


def explain_partition(project: Project, name: str, text: str) -> PartitionExplained:
    """Explain the one partition that a text names; UsageError where it names several, or none."""
    asset = project.asset(name)
    key = key_named(asset, text)
    plan = with_partitions(project, whole_plan(project), [asset.name])
    step = next((each for each in plan.to_make if each.asset == asset.name), None)
    current = project.ledger.current(project.environment).get(asset.name)
    made = None if current is None else project.ledger.materialization(current.materialization)
    base = None if made is None else held_against(project, made, key)
    status, reasons = status_of(project, asset, step, made, key)
    shown = partitioning(asset.partition).shown(key)
    return PartitionExplained(
        asset.name, shown, status, project.environment, reasons,
        last=project.ledger.last_step(project.environment, asset.name, shown),
        code=base.fingerprint.code if base is not None else None,
        code_now=asset.code_version,
        inputs=tuple(input_of(project, one) for one in base.inputs) if base is not None and status != "absent" else (),
        is_held=asset.name in plan.held,
    )  # fmt: skip


def key_named(asset: Asset, text: str) -> Key:
    keys = partitions_named(text, [asset])[asset.name]
    several = not keys.is_finite or len(keys) != 1
    if several:
        number = f"{len(keys):,}" if keys.is_finite else "any number of"
        raise UsageError(
            f"--partition {text}: these are {number} partitions, and one is explained",
            hint=f"{asset.name} is cut by {told(asset.partition)}: write one key; `assetflow plan` lists the stale.",
        )
    (key,) = keys
    return key


def held_against(project: Project, made: Materialization, key: Key) -> Materialization | None:
    """The materialization with whose inputs the partition was compared last; None: it was never made."""
    if not made.layers:
        return made
    base = next((base for keys, base in made.layers if key in Slice.from_text(keys)), None)
    if base is None:
        return None
    return made if base in ("", made.id) else project.ledger.materialization(base)


def status_of(
    project: Project, asset: Asset, step: Step | None, made: Materialization | None, key: Key
) -> tuple[str, tuple[Reason, ...]]:
    there = made is not None and has_rows(project, asset, made, key)
    if step is None or step.restores is not None:
        return ("fresh" if there or is_declared(asset) else "absent"), ()
    parts: Parts | None = step.parts
    if parts is None:
        return ("stale" if there else "new"), step.reasons
    share = next((share for share in parts.shares if key in share.keys), None)
    if share is not None:
        listed = [each for each in step.listed or () if key in read_keys(partitioning(asset.partition), each.range)]
        if there or listed or is_declared(asset):
            never = made is None or held_against(project, made, key) is None
            return ("new" if never else "stale"), share.reasons
        return "absent", ()
    if parts.undecided:
        return "waiting", tuple(
            Reason("input_changed", upstream=name, detail=f"{name} is made first") for name in parts.undecided
        )
    return ("fresh" if there or is_declared(asset) else "absent"), ()


def is_declared(asset: Asset) -> bool:
    """True where each partition is declared, so that one without rows is one, too."""
    return partitioning(asset.partition).domain.is_finite


def has_rows(project: Project, asset: Asset, made: Materialization, key: Key) -> bool:
    """True when a file of the table may hold rows of the partition."""
    cut = partitioning(asset.partition)
    texts = {file.partition for file in project.ledger.snapshot(made.snapshot).files if file.partition is not None}
    return cut.shown(key) in texts or any(
        key in read_written(cut, text) for text in texts if ".." in text or "," in text
    )


def input_of(project: Project, read: Input) -> InputOfPartition:
    current = project.ledger.current(project.environment).get(read.upstream)
    same = current is not None and current.snapshot == read.snapshot
    return InputOfPartition(read.upstream, read.snapshot, read.columns, same)
