"""Which files a pattern means now, found with `stat` and `scandir` alone."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator

from assetflow.errors import SourceError, did_you_mean
from assetflow.source import FileStat
from assetflow.text import NOT_TEXT, as_shown, is_text

_MAGIC = frozenset("*?[")
COMPRESSED = (".gz", ".zst")
FORMATS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet"}
"""The format that a suffix stands for; a `.gz` or `.zst` after it does not count."""

_LEFTOVERS = ("_SUCCESS", "_metadata", "_common_metadata")
_LEFTOVER_BEGINS = ("_started_", "_committed_")
_LEFTOVER_ENDS = (".tmp", ".crc", "~")
_LEFTOVER_FOLDERS = ("_temporary", "_delta_log", "__pycache__")


def find_files(pattern: str, base: str, *, any_suffix: bool) -> dict[str, FileStat]:
    """The files that a pattern means, relative to the folder `base`: absolute path -> stat.

    In a folder only files with a known suffix count, unless `any_suffix`. SourceError when there are none.
    """
    full = os.path.normpath(os.path.join(base, pattern))
    try:
        found = dict(_find(full, any_suffix))
    except PermissionError as error:
        raise SourceError(
            f'no permission to read "{error.filename}"', hint="Give the user who runs assetflow read access."
        ) from error
    if not found:
        raise _nothing_matches(pattern, base, full)
    for path in found:
        if not path.isascii() and not is_text(path):
            raise SourceError(f'the name of the file "{as_shown(path)}" is not valid UTF-8', hint=NOT_TEXT)
    return found


def suffix_of(path: str) -> str:
    """The suffix that tells the format, in small letters: `.csv` for `x.CSV.gz`."""
    stem, suffix = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if suffix in COMPRESSED else suffix


def is_pattern(text: str) -> bool:
    """True where a path, or a part of one, may mean several files."""
    return not _MAGIC.isdisjoint(text)


def package_folder(package: str) -> str:
    """The folder of an installed package, found without importing it; SourceError when it is not installed."""
    # Imported here because only sources inside packages need it, and no command should wait for the others.
    from importlib.util import find_spec

    name, *inner = package.split(".")
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(
            f'the package "{package}", which holds the files of this source, is not installed',
            hint=f"Run: pip install {name.replace('_', '-')}",
        )
    return os.path.join(next(iter(spec.submodule_search_locations)), *inner)


def _find(full: str, any_suffix: bool) -> Iterator[tuple[str, FileStat]]:
    status = _status(full)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        yield full, _file_stat(full, status)
    elif status is not None:
        for path, file in _match(full, ["**"]):
            if any_suffix or suffix_of(path) in FORMATS:
                yield path, file
    elif is_pattern(full):
        parts = full.split(os.sep)
        first = next(position for position, part in enumerate(parts) if is_pattern(part))
        yield from _match(os.sep.join(parts[:first]) or os.sep, parts[first:])


def _match(folder: str, parts: list[str]) -> Iterator[tuple[str, FileStat]]:
    """Files below `folder` whose path matches the parts, one part a folder and the last one the file."""
    part, rest = parts[0], parts[1:]
    if part == "**" and rest:
        yield from _match(folder, rest)
    matches = re.compile(fnmatch.translate("*" if part == "**" else part)).match
    for entry in _entries(folder):
        if not matches(entry.name) or (entry.name[0] == "." and part[0] != "."):
            continue
        is_folder = entry.is_dir()
        if is_folder and entry.name not in _LEFTOVER_FOLDERS:
            if part == "**" and not entry.is_symlink():
                yield from _match(entry.path, parts)
            elif part != "**" and rest:
                yield from _match(entry.path, rest)
        elif not is_folder and not rest and not _is_leftover(entry.name):
            # A file may vanish between the listing and the look at it; then it is not there.
            status = _status(entry.path)
            if status is not None:
                yield entry.path, _file_stat(entry.path, status)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _file_stat(path: str, status: os.stat_result) -> FileStat:
    return FileStat(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _is_leftover(name: str) -> bool:
    return name in _LEFTOVERS or name.startswith(_LEFTOVER_BEGINS) or name.endswith(_LEFTOVER_ENDS)


def _nothing_matches(pattern: str, base: str, full: str) -> SourceError:
    parts = full.split(os.sep)
    depth = next((position for position, part in enumerate(parts) if is_pattern(part)), len(parts))
    while depth > 1 and not os.path.isdir(os.sep.join(parts[:depth])):
        depth -= 1
    folder = os.sep.join(parts[:depth]) or os.sep
    names = sorted(entry.name + "/" * entry.is_dir() for entry in _entries(folder) if entry.name[0] != ".")
    shown = os.path.relpath(folder, base) if folder.startswith(base) else folder
    held = f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}" if names else "nothing"
    near = did_you_mean(parts[depth], [name.rstrip("/") for name in names]) if depth < len(parts) else None
    inside = f"The folder {'.' if shown == '.' else shown + '/'} holds {held}."
    return SourceError(f'no file matches "{pattern}" (relative to {base})', hint=f"{near} {inside}" if near else inside)
