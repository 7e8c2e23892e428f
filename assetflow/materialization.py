"""What one materialization was made from, and what came out.

Fingerprint (code, config, inputs)  ->  Materialization  ->  Snapshot (columns, files, digest)
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from msgspec import Struct, field
from msgspec.structs import asdict

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


class SnapshotFile(Struct, frozen=True):
    """One immutable Parquet file. `path` is relative to the warehouse, or absolute for a source read in place.

    `partition` is the key to which all of its rows belong, in a table that is cut into partitions.
    """

    path: str
    sha256: str
    rows: int
    bytes: int
    partition: Partition = None

    @property
    def listed(self) -> tuple[str | int, ...]:
        """As it stands in manifests, without a partition where there is none."""
        own = (self.path, self.sha256, self.rows, self.bytes)
        return own if self.partition is None else (*own, self.partition)


class Snapshot(Struct, frozen=True):
    """The immutable content of one materialization.

    `digest` names the content regardless of row order and of how it is cut into files.
    A view has no files: `sql` is its query, and its digest is the fingerprint it was declared under. What it
    was made from is what it shows (`warehouse/views.py`).
    """

    id: str
    asset: str
    digest: str
    columns: tuple[Column, ...]
    files: tuple[SnapshotFile, ...]
    rows: int | None
    bytes: int
    sql: str | None = None


class ReadSet(Struct, frozen=True):
    """What an asset reads of one upstream: the columns (None: all), and whether the order of rows counts."""

    columns: tuple[str, ...] | None = READ_ALL
    ordered: bool = False


class Sums(Struct, frozen=True):
    """How many hashes, their sum, and their exclusive or. Those of several files are those of each put together."""

    rows: int
    total: int
    mixed: int

    def __add__(self, other: Self) -> "Sums":
        return Sums(self.rows + other.rows, self.total + other.total, self.mixed ^ other.mixed)

    def __sub__(self, other: Self) -> "Sums":
        """Those of the other rows, where these rows are among them."""
        return Sums(self.rows - other.rows, self.total - other.total, self.mixed ^ other.mixed)


class FileSums(Struct, frozen=True):
    """The sums over some columns (`key`, of `sums_key`) of one file, which its SHA-256 names."""

    file: str
    key: str
    sums: Sums


class Bounds(NamedTuple):
    """Between which values a column of one file lies, as text (None: it has none), its type, and how many are NULL."""

    type: str
    least: str | None
    greatest: str | None
    nulls: int


class FileBounds(Struct, frozen=True):
    """Between which values the columns of one file lie, which its SHA-256 names; those that are known."""

    file: str
    columns: Mapping[str, Bounds]


class Input(Struct, frozen=True):
    """What an asset was made from: one upstream, the columns read of it (None: all), and their digest.

    `ordered`: the digest is of the rows in their order, since in another order they could make another table.
    """

    upstream: str
    digest: str
    snapshot: str
    columns: tuple[str, ...] | None = READ_ALL
    ordered: bool = False


class Compared(Struct, frozen=True):
    """What is read of one upstream, and that it is the same in two of its snapshots."""

    upstream: str
    columns: tuple[str, ...] | None
    ordered: bool
    snapshot_then: str
    digest: str
    snapshot_now: str

    def to_dict(self) -> dict[str, Any]:
        columns = None if self.columns is None else list(self.columns)
        return {**asdict(self), "columns": columns}


class Proof(Struct, frozen=True):
    """Why an asset need not be made again although something around it changed.

    `fingerprint` is the hash of what it would be made from now. `same_code` tells why another code version does the
    same, where it is another one.
    """

    asset: str
    materialization: str
    fingerprint: str
    compared: tuple[Compared, ...] = ()
    same_code: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "compared": [each.to_dict() for each in self.compared]}


def is_whole(meaning: str) -> bool:
    """True for what code means when that is known of every column: JSON `[rows, [[name, type, meaning], ...]]`."""
    return bool(meaning) and all(known for _, _, known in json.loads(meaning)[1])


class Fingerprint(Struct, frozen=True):
    """What an asset is made *from*: code version, config (as JSON text) and the digests of its inputs.

    `inputs` maps each upstream to the digest of what is read of it.
    """

    code: str
    config: str
    inputs: Mapping[str, str] = field(default_factory=dict)

    def of_reads(self, meaning: str, inputs: Iterable[Input]) -> str:
        """The hash of the same code and config over what is read alone: another key to find a materialization by.

        `meaning` is what the code did with the columns that its upstreams had: with others it could do something else.
        """
        by_name = sorted(inputs, key=lambda one: one.upstream)
        read = [[one.upstream, one.columns, one.ordered, one.digest] for one in by_name]
        return hashlib.sha256(json.dumps([self.code, self.config, meaning, read]).encode()).hexdigest()

    @property
    def hash(self) -> str:
        """A SHA-256 over the parts: the key under which the ledger finds an older materialization again."""
        lines = [self.code, self.config, *(f"{name}={self.inputs[name]}" for name in sorted(self.inputs))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Materialization(Struct, frozen=True):
    """The record of having made an asset once.

    `code_text` and `code_parts` are what the code version was taken of, so that a change can be shown. `meaning` is
    what the code did, column by column, as far as that could be told (see `Lineage.meaning`).
    `checks` is a hash of the checks that passed: others are run before the snapshot is published again.
    `layers` tell of a table that is cut into partitions which of them were last held against what is recorded here,
    and which against what an older materialization was made from: slices as text, with its id ('' for this one).
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
    meaning: str = ""
    reasons: tuple[Reason, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
