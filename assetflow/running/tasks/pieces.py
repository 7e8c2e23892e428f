"""Of what a function that is called file by file is made: which files there are, and which results are there already.

a source's files, or the files of a snapshot    known by what their results depend on: tags
kept parts                                      Parquet files of the asset, and how many rows of which tag they hold

A result depends on nothing but its tag and on what is the same for all: the code, the config, the other upstreams.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from assetflow.asset import Asset, Parameter
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column, SnapshotFile, Sums
from assetflow.planning.staleness import config_text
from assetflow.planning.step import Step
from assetflow.running.contents import Contents
from assetflow.running.sources.parts import tag_of
from assetflow.running.tasks.refresh import refuse_by_declaration
from assetflow.source import Observed, Source
from assetflow.warehouse.ledger.records import Parsed


class Piece(Struct, frozen=True):
    """One file that the function is called with: `name` as a person says it, `path` where it lies."""

    tag: str
    name: str
    path: str
    sha256: str
    bytes: int


class KeptPart(Struct, frozen=True):
    """A Parquet file of the asset: the rows of these tags one after the other, and how many each has."""

    tags: tuple[str, ...]
    counts: tuple[int, ...]
    file: SnapshotFile


class Pieces(Struct, frozen=True):
    """All that one asset is to be made of. `key` is where its parts are kept, `reading` what all of them depend on.

    `columns` are those of the upstream; `location` reads files of a source. `kept_columns` are those of the kept
    parts. `why_full`: why every file is made, whatever is kept.
    """

    key: str
    reading: str
    parameter: Parameter
    pieces: tuple[Piece, ...]
    columns: tuple[Column, ...]
    root: str
    location: Observed | None = None
    kept: tuple[KeptPart, ...] = ()
    kept_columns: tuple[Column, ...] = ()
    sums: Mapping[tuple[str, str], Sums] | None = None
    why_full: str | None = None


def pieces_of(asset: Asset, step: Step, contents: Contents) -> Pieces:
    """The files that an asset is to be made of, and what there is of it."""
    parameter = asset.parameters[0]
    snapshot = contents.snapshot_of(parameter.upstream)
    if asset.per == "file":
        location = contents.order.sources[parameter.upstream]
        found = files_of(location, contents.order.place.root, by_name=asset.knows_names)
    else:
        location = None
        found = files_of_table(parameter.upstream, contents)
    reading = reading_of(asset, contents)
    key = f"{asset.name} {reading}"
    ledger = contents.order.warehouse.ledger
    known = ledger.parsed(key)
    why = why_full(asset, step, known)
    kept: tuple[KeptPart, ...] = ()
    if why is None and known is not None:
        kept = tuple(part for part in map(kept_part, known.parts) if is_there(part, contents))
    return Pieces(
        key, reading, parameter, found, snapshot.columns, contents.order.warehouse.root, location, kept,
        columns_from(known) if known is not None and kept else (),
        ledger.file_sums(part.file.sha256 for part in kept), why,
    )  # fmt: skip


def of_source(asset: Asset, observed: Observed, columns: tuple[Column, ...], root: str, warehouse: str) -> Pieces:
    """All files of a source, with nothing kept: for who makes an asset again to compare."""
    found = files_of(observed, root, by_name=asset.knows_names)
    return Pieces("", "", asset.parameters[0], found, columns, warehouse, observed, why_full="to compare")


def files_of(observed: Observed, root: str, *, by_name: bool) -> tuple[Piece, ...]:
    """The files of a source. `by_name`: the function is told their names, so that these count."""
    found = []
    for file in observed.files:
        name = os.path.relpath(file.stat.path, root).replace(os.sep, "/")
        tag = tag_of(file, observed)
        tag = hashlib.sha256(f"{tag} {name}".encode()).hexdigest() if by_name else tag
        found.append(Piece(tag, name, file.stat.path, file.sha256, file.stat.size))
    return tuple(found)


def files_of_table(name: str, contents: Contents) -> tuple[Piece, ...]:
    """The files that hold the rows of a table; a view is a single piece without a file."""
    snapshot = contents.snapshot_of(name)
    if snapshot.sql is not None:
        content = contents.held[name]
        return (Piece(content.exact if content else snapshot.id, name, "", "", 0),)
    root = contents.order.warehouse.root
    return tuple(
        Piece(file.sha256, f"part {number} of {name}", os.path.join(root, file.path), file.sha256, file.bytes)
        for number, file in enumerate(snapshot.files, 1)
    )


def reading_of(asset: Asset, contents: Contents) -> str:
    """A hash of all that every result depends on, as this run sees it."""
    first = asset.parameters[0].upstream
    held = {name: content.exact for name, content in contents.held.items() if content is not None}
    source = contents.order.sources.get(first)
    return reading(asset, contents.snapshot_of(first).columns, held, source.source if source else None)


def reading(asset: Asset, columns: Iterable[Column], held: Mapping[str, str], source: Source | None) -> str:
    """The hash: of code, config, what the function is given of a file, and what its other upstreams hold."""
    others = sorted({parameter.upstream for parameter in asset.parameters[1:]})
    given = [column[:2] for column in columns]
    said: list[object] = [
        "1", asset.code_version, config_text(asset), asset.per, given, [(name, held.get(name, "")) for name in others],
    ]  # fmt: skip
    if asset.per == "file" and source is not None and not asset.parameters[0].is_path:
        said.append(how_read(source))
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def how_read(source: Source) -> dict[str, Any]:
    """What of a source's declaration shows in the rows of a file: all but which files there are."""
    declared = source.location.to_dict()
    # Where the names of files tell columns, the pattern says what of a name is which.
    return declared if declared.get("keys") else {key: said for key, said in declared.items() if key != "files"}


def why_full(asset: Asset, step: Step, known: Parsed | None) -> str | None:
    """Why nothing that is kept can be used."""
    try:
        refuse_by_declaration(asset)
    except Refused as refused:
        return refused.what
    causes = [reason for reason in step.reasons if reason.kind != "input_changed"]
    if any(reason.kind == "forced" for reason in causes):
        return causes[0].detail
    if known is not None:
        return None
    if causes:
        return causes[0].detail
    first = asset.parameters[0].upstream
    whole = [reason.upstream for reason in step.reasons if reason.upstream != first]
    if whole:
        return f"{whole[0]} changed, which it is given whole"
    return read_otherwise(first)


def read_otherwise(upstream: str) -> str:
    return f"{upstream} has other columns than before, or is read otherwise"


def kept_part(part: tuple[tuple[str, ...], SnapshotFile]) -> KeptPart:
    tags, file = part
    found = [tag.rpartition(" ") for tag in tags]
    return KeptPart(tuple(tag for tag, _, _ in found), tuple(int(count) for _, _, count in found), file)


def is_there(part: KeptPart, contents: Contents) -> bool:
    return os.path.exists(os.path.join(contents.order.warehouse.root, part.file.path))


def tags_to_keep(part: KeptPart) -> tuple[str, ...]:
    return tuple(f"{tag} {count}" for tag, count in zip(part.tags, part.counts, strict=True))


def columns_to_keep(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: json.dumps([column.type, column.stored_as]) for column in columns}


def columns_from(known: Parsed) -> tuple[Column, ...]:
    return tuple(Column(name, *json.loads(said)) for name, said in known.types.items())
