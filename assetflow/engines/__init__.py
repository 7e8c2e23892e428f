"""How a body is evaluated: one file an engine.

An engine for SQL is a file `NAME.py` that `Query(sql, engine="NAME")` names, with

    evaluate_sql(cursor, sql, where, tables=()) -> object

`tables` are the upstreams, `cursor` is the DuckDB cursor that sees them as views and on which staging continues, and
the object is anything that `frames.from_result` takes (a `Result`, an Arrow table, a stream of record batches). An
error in the user's SQL is an `AssetError` with the file and line of `where`. `duckdb.py` evaluates SQL, `python.py`
calls functions, `frames.py` hands tables over between them. The values here are frozen and travel to workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from assetflow.errors import AssetError

if TYPE_CHECKING:
    from pathlib import Path


class Table(Struct, frozen=True):
    """An upstream as a worker sees it: `sql` is the SELECT that gives its rows.

    `files` are absolute Parquet paths when reading them one after the other gives the same rows and columns (so not
    when `sql` has options such as `hive_partitioning`).
    """

    name: str
    sql: str
    files: tuple[str, ...] = ()


class Where(Struct, frozen=True):
    """Where the code of an asset stands: `line` is the file's line on which its SQL or its function begins.

    `path` is relative to `root`, the folder of the project.
    """

    asset: str
    path: str
    line: int
    root: str

    def error(self, message: str, *, hint: str | None = None) -> AssetError:
        """What is wrong with this code, with its place."""
        return AssetError(message, path=self.path, line=self.line, hint=hint)


class PartitionKey(NamedTuple):
    """The partition that a function is called for: its key as text, and from when until just before when it lasts.

    Times have the zone of the partition, if it has one; they are None where time plays no part.
    """

    key: str
    start: datetime | None = None
    end: datetime | None = None

    def __str__(self) -> str:
        return self.key


class File(Struct, frozen=True):
    """One file of a source: where it lies, its name as seen from the project, the SHA-256 of its bytes, how many."""

    path: Path
    name: str
    sha256: str
    size: int


class Context(Struct, frozen=True):
    """What a function learns of the run that calls it, when it has a parameter `context`.

    `file` is the file that it is called with, under `per="file"`.
    """

    asset: str
    run_id: str
    partition: PartitionKey | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    file: File | None = None
