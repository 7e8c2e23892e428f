"""Every error that a user can meet, in one tree.

    AssetflowError               exit  what it is about
    ├── UsageError                  2  a flag, an argument, an unknown name
    │   └── SelectionError          2  a selection that does not parse or matches nothing
    ├── ProjectError                2  no project here, or its settings are wrong
    ├── DefinitionError             2  an asset, check or source is declared wrongly
    ├── SourceError                 2  a source's files are missing or cannot be read; in a run its readers fail (1)
    ├── WarehouseError              1  the warehouse cannot be read or written
    │   ├── NewerWarehouseError     1  a newer version wrote it
    │   └── BusyError               4  another run works on the same
    ├── AssetError                  1  making one asset failed
    └── Interrupted               130  the user stopped the run

Each says what happened, where (file and line), and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

from assetflow.scrub import scrub


class AssetflowError(Exception):
    """What happened (`message`), in which file (`path`, `line`), and the next step (`hint`)."""

    exit_code = 1

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, hint: str | None = None
    ) -> None:
        # Whatever is said of a failure may hold a secret, and errors are printed, recorded and reported.
        message = scrub(message)
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = None if hint is None else scrub(hint)

    @property
    def where(self) -> str | None:
        """`assets/sales.sql:3`, as editors and terminals understand it."""
        if self.path is None:
            return None
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f"\n{self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class UsageError(AssetflowError):
    """A flag, an argument or a name on the command line is wrong."""

    exit_code = 2


class SelectionError(UsageError):
    """A selection does not parse, or matches nothing."""


class ProjectError(AssetflowError):
    """There is no project here, or its settings are wrong."""

    exit_code = 2


class DefinitionError(AssetflowError):
    """An asset, a check or a source is declared wrongly."""

    exit_code = 2


class SourceError(AssetflowError):
    """The files of a source are missing or cannot be read."""

    exit_code = 2


class WarehouseError(AssetflowError):
    """The warehouse cannot be read or written."""


class NewerWarehouseError(WarehouseError):
    """The warehouse was written by a newer version, which may have told what this one does not know."""


class BusyError(WarehouseError):
    """Another run works on the same; `lock` is its file, for whoever wants to wait for it."""

    exit_code = 4
    lock: str | None = None


class AssetError(AssetflowError):
    """Making one asset failed; `details` are the frames of the user's own code, ready to print."""

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        hint: str | None = None,
        details: str | None = None,
    ) -> None:
        super().__init__(message, path=path, line=line, hint=hint)
        self.details = None if details is None else scrub(details)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return "\n".join(text for text in (where + self.message, self.details, self.hint) if text)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel from worker processes to the coordinator.
        return _asset_error, (self.message, self.path, self.line, self.hint, self.details)


def _asset_error(message: str, path: str | None, line: int | None, hint: str | None, details: str | None) -> AssetError:
    return AssetError(message, path=path, line=line, hint=hint, details=details)


class Interrupted(AssetflowError):
    """The user stopped the run."""

    exit_code = 130


def says_interrupted(error: BaseException | None) -> bool:
    """True for what DuckDB raises when Ctrl-C meets one of its queries in the main thread."""
    while error is not None:
        if isinstance(error, RuntimeError) and str(error) == "Query interrupted":
            return True
        error = error.__cause__ or error.__context__
    return False


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """`Did you mean sales or sales_by_week?`, or None when nothing is near."""
    import difflib  # only somebody who mistyped pays for it

    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    if not near:
        return None
    return f"Did you mean {' or '.join(near)}?"
