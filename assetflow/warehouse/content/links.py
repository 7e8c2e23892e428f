"""Second names for Parquet files of sources that are read where they lie, so that what is replaced can still be read.

A link takes no space as long as the file is there, and stays where the file is moved, replaced or deleted. Whoever
writes into the file itself changes what the link shows, too: so its bytes are looked at before it is believed. Where
there can be no links (another disk), there are none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from assetflow.materialization import Snapshot, SnapshotFile
from assetflow.source import SourceFile
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.sha256 import hash_of_file

FOLDER = "links"

HashOf = Callable[[str], str]
"""Gives the SHA-256 of a file; OSError where it is not there."""


def link_of(root: str, sha256: str) -> str:
    return f"{root}/{FOLDER}/{sha256[:2]}/{sha256}.parquet"


def keep_links(root: str, files: Iterable[SourceFile]) -> set[str]:
    """Give each file of a source a second name in the warehouse, where that is possible.

    A name that another file has by now is taken from it: that one may have been written into. Returns the paths of
    those that had none.
    """
    given = set()
    for file in files:
        link = link_of(root, file.sha256)
        if _inode_of(link) != file.stat.inode:
            with contextlib.suppress(OSError):
                _link(os.path.realpath(file.stat.path), link)
                given.add(file.stat.path)
    return given


def _inode_of(path: str) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def _link(path: str, link: str) -> None:
    os.makedirs(os.path.dirname(link), exist_ok=True)
    new = f"{link}.{os.getpid()}"
    os.link(path, new)
    os.replace(new, link)


def through_links(root: str, snapshot: Snapshot) -> Snapshot:
    """A snapshot for who reads it later, and cannot look at bytes: through links, where there are any of this size."""
    if not any(os.path.isabs(file.path) for file in snapshot.files):
        return snapshot
    return replace(snapshot, files=tuple([_through_link(root, file) for file in snapshot.files]))


def _through_link(root: str, file: SnapshotFile) -> SnapshotFile:
    if not os.path.isabs(file.path):
        return file
    link = link_of(root, file.sha256)
    return replace(file, path=link) if _size_of(link) == file.bytes else file


def with_its_bytes(root: str, snapshot: Snapshot, hash_of: HashOf = hash_of_file) -> Snapshot | None:
    """A snapshot in files of which those outside of the warehouse hold what was recorded; None where one is lost."""
    files = []
    for file in snapshot.files:
        path = path_of(root, file, hash_of) if os.path.isabs(file.path) else file.path
        if path is None:
            return None
        files.append(replace(file, path=path))
    return replace(snapshot, files=tuple(files))


def path_of(root: str, file: SnapshotFile, hash_of: HashOf = hash_of_file) -> str | None:
    """Where the bytes of a file outside of the warehouse are: at its link, which stays, or else at its own path."""
    for path in places_of(root, file):
        with contextlib.suppress(OSError):
            if hash_of(path) == file.sha256:
                return path
    return None


def places_of(root: str, file: SnapshotFile) -> list[str]:
    """The link and the path of such a file, as far as something of its size lies there."""
    return [path for path in (link_of(root, file.sha256), file.path) if _size_of(path) == file.bytes]


def _size_of(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def found_again(root: str, file: SnapshotFile) -> str | None:
    """Where the bytes of a file that was replaced can still be read; None where they are gone."""
    link = link_of(root, file.sha256)
    try:
        return link if hash_of_file(link) == file.sha256 else None
    except OSError:
        return None


def sweep_links(root: str, needed: Iterable[str]) -> int:
    """Remove the links whose files (by SHA-256) nothing needs any more; returns how many."""
    wanted = {link_of(root, sha256) for sha256 in needed}
    removed = 0
    for folder, _, names in os.walk(os.path.join(root, FOLDER)):
        for name in names:
            path = os.path.join(folder, name)
            if path not in wanted:
                remove_file(root, path)
                removed += 1
    return removed
