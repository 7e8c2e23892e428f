"""Looks at what sources hold now: by stamp first, by bytes only where a stamp moved."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from assetflow.errors import SourceError
from assetflow.long_json import compact, parse
from assetflow.project.observing.derived import derived, keep_derived
from assetflow.project.observing.stat import settled, stamp_of
from assetflow.source import FileStat, Observed, Source, SourceFile
from assetflow.warehouse.disk.sha256 import hash_of_file

MOST_CONTENTS = 8


class Observer:
    """Remembers the hashes of source files in `cache/sources.json`, by path and stamp, and those they had before."""

    def __init__(self, root: str, cache: str) -> None:
        self.root = root
        self.cache = cache
        self.known: dict[str, list[Any]] = {}
        self.changed = False
        kept = derived(cache)
        if kept is not None:
            self.known = parse(kept)

    def observe(self, sources: Iterable[Source]) -> dict[str, Observed | SourceError]:
        """What each source holds now, or why that cannot be told."""
        found = {source.name: self.look(source) for source in sources}
        self.save()
        return found

    def look(self, source: Source) -> Observed | SourceError:
        try:
            stats = source.location.stat_files(self.root)
            files = tuple(SourceFile(stat, self.hash_of(stat)) for stat in stats)
        except SourceError as error:
            return source.error(f"source {source.name}: {error.message}", hint=error.hint)
        except OSError as error:
            return source.error(f"source {source.name} cannot be read: {error.strerror}: {error.filename}")
        return Observed(source, data_version(source, files, self.root), files)

    def sha256_of(self, path: str) -> str:
        """The hash of one file; OSError where it is not there."""
        return self.hash_of(FileStat(path, *stamp_of(path)))

    def hash_of(self, stat: FileStat) -> str:
        stamp = [stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode]
        known = self.known.get(stat.path)
        if known is not None and known[0] == stamp:
            return str(known[1])
        sha256 = hash_of_file(stat.path)
        before = [[one, size] for one, size in self.contents(stat.path) if one != sha256]
        entry = [settled(stamp), sha256, [[sha256, stat.size], *before][:MOST_CONTENTS]]
        if entry != known:
            self.known[stat.path] = entry
            self.changed = True
        return sha256

    def contents(self, path: str) -> list[tuple[str, int]]:
        """Hash and size of what was seen at a path, newest first: what it is now, and a few of what it was before."""
        known = self.known.get(path)
        if known is None:
            return []
        if len(known) < 3:  # as an earlier version of the program remembered it
            return [(str(known[1]), int(known[0][0]))]
        return [(str(sha256), int(size)) for sha256, size in known[2]]

    def save(self) -> None:
        if self.changed and os.path.isdir(os.path.dirname(self.cache)):
            keep_derived(self.cache, compact(self.known))
            self.changed = False


def data_version(source: Source, files: tuple[SourceFile, ...], root: str) -> str:
    """A hash of the bytes of all files and of how they are read.

    Where the files lie does not count, as long as no path can show in the rows: a renamed file holds what it held.
    It does where somebody is told the names, as seen from the project at `root`.
    Their order does: columns come in the order of the first file that has them.
    """
    declared = without_place(source.location.to_dict())
    content = [[*shown_of(file.stat.path, declared), file.sha256] for file in files]
    if source.by_name:
        content.append([os.path.relpath(file.stat.path, root) for file in files])
    return hashlib.sha256(json.dumps([declared, content], sort_keys=True).encode()).hexdigest()


def without_place(declared: Mapping[str, Any]) -> dict[str, Any]:
    """How files are read, wherever they lie. Where their names tell columns, the pattern says which part is which."""
    if declared.get("keys"):
        return dict(declared)
    return {key: value for key, value in declared.items() if key not in {"files", "package"}}


def shown_of(path: str, declared: Mapping[str, Any]) -> list[str]:
    """The parts of a path that say how it is read: key=value folders and the suffix, or all of it with `filename`."""
    of_path = declared.get("format") == "file" or declared.get("keys")
    if "filename" in (declared.get("options") or {}) or of_path:
        return [path]
    stem, suffix = os.path.splitext(path.lower())
    inner = os.path.splitext(stem)[1] if suffix in COMPRESSED else ""
    keys = [part for part in path.split(os.sep) if "=" in part] if "=" in path else []
    return [*keys, inner + suffix]


COMPRESSED = (".gz", ".zst")
