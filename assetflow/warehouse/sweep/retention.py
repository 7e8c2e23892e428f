"""Decides which versions are kept: what is current, the newest few of each table, those of the last days.

Nothing here looks at files or clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import NamedTuple

from msgspec import Struct


class Retention(Struct, frozen=True):
    """What is kept beside what is current.

    `versions`: the newest so many of each table in each environment, the current one among them. `days`: also
    whatever was current within so many days. `max_bytes`: versions that are not current give way, the oldest first,
    until all files together take no more. `grace_hours`: how long files stay that nothing needs any more.
    """

    versions: int = 3
    days: float = 0
    max_bytes: int | None = None
    grace_hours: float = 24


class Published(NamedTuple):
    """One publication: since when a table of an environment was this snapshot (None: withdrawn)."""

    env: str
    asset: str
    since: str
    snapshot: str | None


class Kept(NamedTuple):
    """A snapshot to keep; `until` it was current (None: it is)."""

    snapshot: str
    until: str | None


def kept_versions(oldest_first: Iterable[Published], versions: int, since: str | None) -> list[Kept]:
    """What is current, and what was: the newest of each table, and what was current after `since`. Current first,
    then the newest.
    """
    found: dict[str, Kept] = {}
    tables = sorted(oldest_first, key=lambda one: (one.env, one.asset))
    for _, publications in groupby(tables, key=lambda one: (one.env, one.asset)):
        for kept in _of_one_table(list(publications)[::-1], versions, since):
            before = found.get(kept.snapshot)
            if before is None or _later(kept, before):
                found[kept.snapshot] = kept
    return sorted(found.values(), key=lambda one: (one.until is None, one.until or ""), reverse=True)


def _of_one_table(newest_first: Sequence[Published], versions: int, since: str | None) -> Iterable[Kept]:
    seen: set[str | None] = set()
    until: str | None = None
    for publication in newest_first:
        seen.add(publication.snapshot)
        is_recent = until is None or (since is not None and until >= since)
        if publication.snapshot is not None and (is_recent or len(seen) <= versions):
            yield Kept(publication.snapshot, until)
        until = publication.since


def _later(one: Kept, other: Kept) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


def within(
    kept: Sequence[Kept],
    needed: AbstractSet[str],
    files: Mapping[str, Sequence[tuple[str, int]]],
    max_bytes: int | None,
) -> set[str]:
    """Those of the snapshots that fit into `max_bytes`, with all that are current or `needed`, however large.

    `files` gives path and size of the files of each snapshot; one that several share counts once.
    """
    chosen: set[str] = set(needed)
    sizes = dict(file for snapshot in needed for file in files.get(snapshot, ()))
    for one in kept:
        more = dict(files.get(one.snapshot, ()))
        total = sum({**sizes, **more}.values()) if max_bytes is not None else 0
        if one.until is not None and max_bytes is not None and total > max_bytes:
            break
        sizes.update(more)
        chosen.add(one.snapshot)
    return chosen
