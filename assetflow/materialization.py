"""What one materialization was made from, and what came out.

Fingerprint (code, config, inputs)  ->  Materialization  ->  Snapshot (columns, files, digest)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from assetflow.reason import Reason

Partition = str | None
"""The key of one partition; None is the one partition of an unpartitioned asset."""

READ_ALL: tuple[str, ...] | None = None
"""The read-set of an asset whose columns are not known: everything."""


class Column(NamedTuple):
    """A column of a snapshot: its DuckDB type, and the type it is stored as where Parquet has no equal."""

    name: str
    type: str
    stored_as: str | None = None


class SnapshotFile(NamedTuple):
    """One immutable Parquet file. `path` is relative to the warehouse, or absolute for a source read in place."""

    path: str
    sha256: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The immutable content of one materialization.

    `digest` names the content regardless of row order and of how it is cut into files.
    A view has no files: `sql` is its query, and its digest is the fingerprint it was declared under.
    """

    id: str
    asset: str
    digest: str
    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int | None
    bytes: int
    sql: str | None = None


class Input(NamedTuple):
    """What an asset was made from: one upstream, the columns read of it (None: all), and their digest."""

    upstream: str
    digest: str
    snapshot: str
    columns: tuple[str, ...] | None = READ_ALL


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an asset is made *from*: code version, config (as JSON text) and the digests of its inputs.

    `inputs` maps each upstream to the digest of what is read of it.
    """

    code: str
    config: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """A SHA-256 over the parts: the key under which the ledger finds an older materialization again."""
        lines = [self.code, self.config, *(f"{name}={self.inputs[name]}" for name in sorted(self.inputs))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Materialization:
    """The record of having made an asset once.

    `code_text` and `code_parts` are what the code version was taken of, so that a change can be shown.
    `checks` is a hash of the checks that passed: others are run before the snapshot is published again.
    """

    id: str
    asset: str
    partition: Partition
    run_id: str
    fingerprint: Fingerprint
    inputs: tuple[Input, ...]
    snapshot: str
    digest: str
    rows: int | None
    bytes: int
    built_at: str
    seconds: float
    checks: str = ""
    code_text: str = ""
    code_parts: tuple[tuple[str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()
