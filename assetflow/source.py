"""A source: data that somebody else makes, with a data version and a location."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from assetflow.asset import SourceDeclaration, caller, declare
from assetflow.check import NOTHING, Check
from assetflow.errors import SourceError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class FileStat(NamedTuple):
    """A file of a source as the file system shows it, without a look inside. Times are nanoseconds."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class SourceFile(NamedTuple):
    """A file of a source with the SHA-256 of its bytes."""

    stat: FileStat
    sha256: str


@runtime_checkable
class Location(Protocol):
    """What a source type must offer: its files now, and the SQL that scans some of them.

    One file in `assetflow/sources/` a type; see that folder's `__init__`.
    """

    def stat_files(self, root: str) -> tuple[FileStat, ...]:
        """The files that make up the source now, in a stable order; SourceError when there are none."""
        ...

    def scan(self, files: tuple[str, ...]) -> str:
        """DuckDB SQL (`SELECT ... FROM read_csv(...)`) that reads these files as they are."""
        ...

    def read(self, cursor: "DuckDBPyConnection", files: tuple[str, ...], types: Mapping[str, str]) -> str:
        """DuckDB SQL that reads these files with exactly the columns of `types`; what they lack is NULL."""
        ...

    def sniff(self, cursor: "DuckDBPyConnection", files: tuple[str, ...]) -> dict[str, str]:
        """The DuckDB type of each column over all these files; SourceError when they cannot be read."""
        ...

    def columns_in_place(
        self, cursor: "DuckDBPyConnection", files: tuple[str, ...], recorded: dict[str, str] | None = None
    ) -> dict[str, str] | None:
        """The columns of files that readers open as they are (Parquet that agrees); None: they are ingested once.

        `recorded` are those of the first file, where it was looked at before.
        """
        ...

    def to_dict(self) -> dict[str, Any]:
        """The declaration as JSON values: part of the data version, since other options read other rows."""
        ...


class Source(NamedTuple):
    """A declared source: its name, where it lies, and what people say of it.

    `by_name`: somebody is told the names of its files, so that these count like their bytes.
    """

    name: str
    location: Location
    path: str
    line: int
    group: str = "sources"
    description: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    checks: tuple[Check, ...] = ()
    meta: Mapping[str, Any] = NOTHING
    column_tags: Mapping[str, tuple[str, ...]] = NOTHING
    column_descriptions: Mapping[str, str] = NOTHING
    by_name: bool = False

    def error(self, message: str, *, hint: str | None = None) -> SourceError:
        """What keeps it from being read, with the place of its declaration."""
        return SourceError(message, path=self.path, line=self.line, hint=hint)


class Observed(NamedTuple):
    """A source as it is now: `version` is a hash of what its files hold and of how they are read."""

    source: Source
    version: str
    files: tuple[SourceFile, ...]


def source(name: str, location: Location, **options: Any) -> str:
    """Declare a source from Python: `source("orders", files("data/*.csv"), tags=["raw"])`; returns its name."""
    declare(SourceDeclaration(name, location, options, *caller()))
    return name
