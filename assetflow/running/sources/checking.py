"""Asks the checks of a source of what its files hold, before anything is made of it."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.check import Check, CheckResult, version_of
from assetflow.errors import SourceError
from assetflow.materialization import Column, SnapshotFile
from assetflow.source import Observed, Source

if TYPE_CHECKING:
    from assetflow.engines import Table
    from assetflow.planning.staleness import Made
    from assetflow.running.built import Built
    from assetflow.running.workshop import Workshop
    from assetflow.warehouse.ledger.ledger import Ledger


class Passed(Struct, frozen=True):
    """What passed the same checks when the source was recorded last: its files, and the columns they had."""

    files: tuple[SnapshotFile, ...]
    columns: tuple[Column, ...]


class SourceChecks(Struct, frozen=True):
    """The checks to ask of a source in a run, the other sources that they compare it with, and what passed before.

    `compared` has an error in place of a source that is not there.
    """

    checks: tuple[Check, ...]
    compared: Mapping[str, Observed | SourceError]
    passed: Passed | None
    run_id: str
    now: str


def asked_in_runs(source: Source, assets: Container[str]) -> tuple[Check, ...]:
    """All but those that compare it with an asset, which is made later, and maybe of this very source."""
    return tuple(check for check in source.checks if not any(name in assets for name in check.upstreams))


def has_passed(source: Source, assets: Container[str], ledger: Ledger, made: Made) -> bool:
    """True for a record of a source whose rows passed all that is asked of it now."""
    checks = asked_in_runs(source, assets)
    return not checks or ledger.materialization(made.id).checks == version_of(checks)


def sources_compared(sources: Iterable[Observed]) -> frozenset[str]:
    """The tables with which the checks of sources compare them."""
    return frozenset(name for one in sources for check in one.source.checks for name in check.upstreams)


def check_source(
    source: Source, built: Built, told: SourceChecks, folder: str, shop: Workshop
) -> tuple[CheckResult, ...]:
    """What the checks say of the rows that were read; failing ones are kept in `folder`."""
    from assetflow.running.checking import Subject, check_rows, rows_beyond
    from assetflow.warehouse.content.scans import scan_files

    root = shop.place.warehouse
    new = None
    if told.passed is not None and told.passed.columns == built.columns:
        new = rows_beyond(told.passed.files, built.files, built.columns, root)
    rows = scan_files(built.columns, [os.path.join(root, file.path) for file in built.files])
    others = {name: table_of_files(one, shop) for name, one in told.compared.items()}
    unread = {name: one for name, one in others.items() if isinstance(one, SourceError)}
    checks = tuple(check for check in told.checks if unread.keys().isdisjoint(check.upstreams))
    subject = Subject(source.name, rows, checks, folder, told.now, told.run_id, rows=built.rows, new=new)
    tables = tuple(one for one in others.values() if not isinstance(one, SourceError))
    found = iter(check_rows(subject, tables, shop))
    return tuple(next(found) if check in checks else not_compared(check, unread) for check in told.checks)


def table_of_files(observed: Observed | SourceError, shop: Workshop) -> Table | SourceError:
    """Another source as its files are now, which may have come together with those under check; why it cannot be."""
    from assetflow.duck import duckdb
    from assetflow.engines import Table

    if isinstance(observed, SourceError):
        return observed
    paths = tuple(file.stat.path for file in observed.files)
    location = observed.source.location
    try:
        with shop.session.cursor() as cursor:
            return Table(observed.source.name, location.read(cursor, paths, location.sniff(cursor, paths)))
    except (duckdb.Error, SourceError) as error:
        from assetflow.sources.files.explain import explain_read_error

        if isinstance(error, duckdb.InterruptException):
            raise
        return explain_read_error(error, observed.source, shop.place.root)


def not_compared(check: Check, unread: Mapping[str, SourceError]) -> CheckResult:
    """What a check says of which another source cannot be read."""
    errors = [unread[name] for name in check.upstreams if name in unread]
    said = "; ".join(f"{error.where}: {error.message}" if error.where else error.message for error in errors)
    return CheckResult(check.name, check.severity, 0, check.column, error=said)
