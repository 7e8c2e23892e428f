"""What is said of an asset that could not be made."""

from __future__ import annotations

import sys

from assetflow.asset import Asset
from assetflow.check import CheckResult
from assetflow.errors import AssetError, AssetflowError, Interrupted, SourceError, says_interrupted
from assetflow.names import flag_of
from assetflow.scrub import scrub
from assetflow.source import Source
from assetflow.version import VERSION
from assetflow.warehouse.disk import durable


def told(error: Exception, thing: Asset | Source) -> AssetflowError:
    """What a worker raised, as an error of ours about this one table, with file and line.

    Interrupted is raised again: who stops a run stops all of it, and no table is to blame.
    """
    if isinstance(error, Interrupted):
        raise error
    if says_interrupted(error):
        raise Interrupted("the run was interrupted") from error
    found = error if isinstance(error, AssetflowError) else unexpected(error, thing.name)
    if found.path is None:
        found.path, found.line = thing.path, thing.line
    return found


def unexpected(error: Exception, name: str) -> AssetflowError:
    """A worker that died, a disk that refuses, a fault of our own."""
    if is_of_dead_worker(error):
        return AssetError(
            f"the worker that made {name} died",
            hint="The system may have ended it for want of memory: try -j 1, or set memory-limit.",
        )
    if isinstance(error, OSError):
        return durable.explained(error, error.filename or "the disk")
    return AssetError(
        f"assetflow itself failed: {type(error).__name__}: {error}",
        hint=f"What is published is not touched. Please report this with the file {keep_fault(error)}",
    )


def is_of_dead_worker(error: Exception) -> bool:
    """True for what an executor raises whose worker died."""
    from concurrent.futures import BrokenExecutor

    return isinstance(error, BrokenExecutor)


def keep_fault(error: Exception) -> str:
    """Write the traceback of a fault of our own to a file, for whoever reports it; the file's path."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="assetflow-", suffix=".txt", delete=False) as file:
        frames = "".join(traceback.format_exception(error))
        file.write(scrub(f"assetflow {VERSION}, Python {sys.version}\n{' '.join(sys.argv)}\n\n{frames}"))
    return file.name


def failed_checks(
    asset: Asset, blocking: list[CheckResult], environment: str, partition: str | None = None
) -> AssetError:
    """One error for the checks that keep an asset, or one partition of it, from being published."""
    details = "\n".join(check.details for check in blocking if check.details)
    return asset.error(
        f"{plural(blocking)} failed, so {partition or 'it'} was not published: {found_by(blocking)}",
        hint=hint_of_checks(asset.name, blocking, environment),
        details=details or None,
    )


def refused_source(source: Source, blocking: list[CheckResult], environment: str) -> SourceError:
    """One error for the checks that keep a source from being read."""
    said = f"source {source.name}: {plural(blocking)} failed, so nothing was made of it: {found_by(blocking)}"
    return source.error(said, hint=hint_of_checks(source.name, blocking, environment))


def warning_of_source(name: str, check: CheckResult) -> str:
    """What a check that blocks nothing found in a source."""
    return f"source {name}: check {found_by([check])}"


def plural(checks: list[CheckResult]) -> str:
    return f"{len(checks)} check{'s' * (len(checks) != 1)}"


def found_by(checks: list[CheckResult]) -> str:
    return "; ".join(
        f"{check.name}: {check.error}"
        if check.error
        else f"{check.name}: {check.failures:,} failing row{'s' * (check.failures != 1)}"
        for check in checks
    )


def hint_of_checks(name: str, blocking: list[CheckResult], environment: str) -> str:
    if any(check.failures for check in blocking):
        return f"`assetflow check {name} --show-failures{flag_of(environment)}` shows the rows."
    return "A check that cannot run counts as failed: correct it."
