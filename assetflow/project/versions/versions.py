"""Finds the version of a table that somebody means, and compares versions.

current            what is published now          -1, -2             so many versions before
SNAPSHOT           its id, or how it begins       RUN                what that run published
dev                what is current in dev
"2 days ago"       what was current then          2026-11-20 14:30   the same, on the clock of this machine
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assetflow.errors import UsageError
from assetflow.project.versions.missing import not_there
from assetflow.warehouse.ledger.records import Version

if TYPE_CHECKING:
    from assetflow.materialization import Snapshot
    from assetflow.project.project import Project
    from assetflow.warehouse.content.difference import Difference

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
AGO = re.compile(r"(\d+)\s*((?:second|minute|hour|day|week)s?|s|min|h|d)\s+ago", re.IGNORECASE)
"""In words, and as commands print it: `3 min ago`."""


def find_version(project: Project, name: str, when: str) -> Version:
    """The version of an asset or a source that `when` means; UsageError when there is none."""
    versions = project.ledger.history(project.environment, name)
    if when in project.ledger.environments():
        versions, when = project.ledger.history(when, name, 1), "current"
    if not versions:
        if name not in project.definitions.sources:
            project.asset(name)
        raise not_there(name, project.environment, project.ledger.environments(), may_draft=False)
    found = among(versions, when, datetime.now(UTC))
    if found is None:
        hint = f"`assetflow history {name}` lists them: a snapshot, a run, -1, or a time like '2 days ago'."
        if len(versions) == 1 and re.fullmatch(r"-\d+", when.strip()):
            hint = "It was published once; there is nothing before that."
        raise UsageError(f"{name} has no version {when!r}", hint=hint)
    return found


def table_and_version(text: str) -> tuple[str, str | None]:
    """`sales@-1` as the table and the version that are meant; None where no version is named."""
    name, at, when = text.partition("@")
    if at and not (name and when.strip()):
        raise UsageError(f"{text!r} names no version of a table", hint="Write it like sales@-1, or 'sales@2 days ago'.")
    return (name.lower(), when.strip().strip('"')) if at else (text, None)


def ends_meant(asset: str, versions: Sequence[str]) -> tuple[str, str, str]:
    """The table and the two versions of it that `diff` compares: `sales -2`, `sales@-2 dev`, `sales@-2 sales@dev`.

    What is left out is the one before, and the current one.
    """
    name, begin = table_and_version(asset)
    given = [] if begin is None else [begin]
    for text in versions:
        of, when = table_and_version(text)
        if when is not None and of != name.lower():
            raise UsageError(
                f"{text} is a version of {of}, and {name} is compared", hint="`diff` compares versions of one table."
            )
        given.append("current" if text.lower() == name.lower() else when or text)
    if len(given) > 2:
        raise UsageError(f"{', '.join(given)}: too many versions", hint="`diff` compares two.")
    before, after = (*given, *("-1", "current")[len(given) :])
    return name, before, after


def among(versions: Sequence[Version], when: str, now: datetime) -> Version | None:
    """The version that is meant, of those of one table, newest first. UsageError when two could be."""
    text = when.strip()
    if text == "current":
        return versions[0]
    if re.fullmatch(r"-\d+", text):
        back = int(text[1:])
        return versions[back] if back < len(versions) else None
    moment = time_meant(text, now)
    if moment is not None:
        told = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return next((version for version in versions if version.published_at <= told), None)
    by_run = next((version for version in versions if version.run_id == text), None)
    if by_run is not None:
        return by_run
    begin_so = [version for version in versions if text and version.snapshot.startswith(text)]
    if len({version.snapshot for version in begin_so}) > 1:
        raise UsageError(f"several versions begin with {text!r}", hint="Write more of the snapshot's id.")
    return begin_so[0] if begin_so else None


def time_meant(text: str, now: datetime) -> datetime | None:
    """The moment that a text names, in UTC; a time without a zone is on the clock of this machine."""
    try:
        moment = moment_named(text, now)
        return None if moment is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or before the first or after the last one that there is
        return None


def moment_named(text: str, now: datetime) -> datetime | None:
    ago = AGO.fullmatch(text)
    if ago is not None:
        return now - timedelta(seconds=int(ago[1]) * UNITS[ago[2][0].lower()])
    if text.lower() == "just now":
        return now
    if text.lower() == "yesterday":
        return now - timedelta(days=1)
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    moment = datetime.fromisoformat(text)
    # A day means what was current at its end.
    return moment + timedelta(days=1, microseconds=-1) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else moment


def compare_versions(project: Project, name: str, before: Version, after: Version, samples: int) -> Difference:
    """How two versions of a table differ; UsageError when the files of one are gone or it is a view."""
    snapshots = project.ledger.snapshots([before.snapshot, after.snapshot])
    return compare_snapshots(project, name, snapshots[before.snapshot], snapshots[after.snapshot], samples)


def compare_snapshots(project: Project, name: str, one: Snapshot, other: Snapshot, samples: int) -> Difference:
    """The same for what they hold."""
    from assetflow.warehouse.content.difference import difference

    before, after = (readable(project, name, snapshot) for snapshot in (one, other))
    cursor = project.open_cursor()
    try:
        return difference(cursor, project.settings.warehouse, before, after, key_of(project, name), samples)
    finally:
        cursor.close()


def key_of(project: Project, name: str) -> tuple[str, ...]:
    """What tells the rows of a table apart: its declared key, or the columns that one of its checks says are unique."""
    from assetflow.checks.columns import unique_columns

    definitions = project.readable.definitions
    asset = definitions.assets.get(name)
    if asset is not None and asset.row_key:
        return asset.row_key
    found = asset or definitions.sources.get(name)
    return next((columns for check in found.checks if (columns := unique_columns(check))), ()) if found else ()


def readable(project: Project, name: str, snapshot: Snapshot) -> Snapshot:
    """A snapshot in files that can be read; UsageError for what cannot be compared: a view, or what was removed."""
    if snapshot.sql is not None:
        raise UsageError(f"{name} was a view, which keeps no rows", hint="Compare the tables that it reads.")
    found = project.found(snapshot)
    if found is None:
        raise UsageError(f"the files of {name}@{snapshot.id[:12]} are gone, so it cannot be compared")
    return found
