"""The records of what a worker built, as the ledger is told: what it is made of, and which of its files hold what."""

from __future__ import annotations

from msgspec.structs import replace

from assetflow.materialization import Fingerprint, Materialization, ReadSet, Snapshot
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.sources.known import reading_of
from assetflow.source import Observed
from assetflow.warehouse.ledger import records


def made_into(
    snapshot: Snapshot, run_id: str, made_of: Fingerprint, seconds: float, part: str | None = None
) -> Materialization:
    """The record of having made a snapshot, or that of some partitions, before anything is said of the inputs."""
    return Materialization(
        id=".".join(filter(None, (run_id, snapshot.asset, part))),
        asset=snapshot.asset,
        partition=part,
        run_id=run_id,
        fingerprint=made_of,
        inputs=(),
        snapshot=snapshot.id,
        digest=snapshot.digest,
        rows=snapshot.rows,
        bytes=snapshot.bytes,
        built_at=now(),
        seconds=seconds,
    )


def parsed_of(built: Built, snapshot: Snapshot, observed: Observed) -> records.Parsed | None:
    """Which files of a source stand in which file of its snapshot, for the ledger."""
    if built.parsed is None:
        return None
    kept = {file.sha256: file for file in snapshot.files}
    parts = tuple((tags, kept[sha256]) for tags, sha256 in built.parsed.made)
    return records.Parsed(observed.source.name, reading_of(observed), built.parsed.tags, built.parsed.types, parts)


def parts_of(built: Built, snapshot: Snapshot) -> records.Parsed | None:
    """Which files of the snapshot hold the results of which files that a function was called with."""
    if built.how.kept is None:
        return None
    there = {file.sha256: file for file in snapshot.files}
    parts = tuple((tags, there[sha256]) for tags, sha256 in built.how.kept.parts if sha256 in there)
    return records.Parsed(built.how.kept.key, built.how.kept.reading, (), built.how.kept.columns, parts)


def are_others(snapshot: Snapshot, built: Built) -> bool:
    """True when what was built lies in other bytes than a snapshot, or in other partitions."""
    return [(file.sha256, file.partition) for file in snapshot.files] != [
        (file.sha256, file.partition) for file in built.files
    ]


def projections_of(built: Built, snapshot: Snapshot) -> tuple[tuple[ReadSet, str], ...]:
    """The digests of what others read of the snapshot; of files that are not kept, only what no order of rows tells."""
    if not are_others(snapshot, built):
        return built.projections
    return tuple((read, digest) for read, digest in built.projections if not read.ordered)


def with_seen(reads: dict[str, ReadSet], built: Built) -> dict[str, ReadSet]:
    """What the code says is read, together with what was seen to be read when it ran."""
    seen = dict(built.reads)
    return {name: merged(read, seen[name]) if name in seen else read for name, read in reads.items()}


def merged(told: ReadSet, seen: tuple[str, ...] | None) -> ReadSet:
    if seen is None:
        return replace(told, columns=None)
    return replace(told, columns=tuple(sorted({*(told.columns or ()), *seen})))
