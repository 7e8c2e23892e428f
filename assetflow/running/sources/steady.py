"""Whether a source stayed as it was observed while somebody read it: else rows would be filed under a wrong version."""

from __future__ import annotations

import os
from collections.abc import Container

from assetflow.errors import SourceError
from assetflow.source import Observed, SourceFile
from assetflow.warehouse.disk.sha256 import hash_of_file


def refuse_changed(observed: Observed) -> None:
    """SourceError when a file that was observed holds something else by now."""
    for file in observed.files:
        if not is_steady(file):
            raise changed(observed, file.stat.path)


def refuse_other_files(observed: Observed, root: str) -> None:
    """The same, and also when files have come or gone: for SQL that finds the files by itself."""
    then = {file.stat.path for file in observed.files}
    now = {stat.path for stat in observed.source.location.stat_files(root)}
    for path in sorted(then ^ now):
        raise changed(observed, path)
    refuse_changed(observed)


def is_steady(file: SourceFile) -> bool:
    try:
        stat = os.stat(file.stat.path)
        if (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) == file.stat[1:]:
            return True
        # Touched, or replaced by a copy: what counts are the bytes.
        return hash_of_file(file.stat.path) == file.sha256
    except FileNotFoundError:
        return False


def linked(observed: Observed, paths: Container[str]) -> Observed:
    """The same source after these of its files got second names, which changes nothing but when they were changed."""
    return observed._replace(
        files=tuple(as_linked(file) if file.stat.path in paths else file for file in observed.files)
    )


def as_linked(file: SourceFile) -> SourceFile:
    try:
        stat = os.stat(file.stat.path)
    except OSError:
        return file
    if stat.st_ctime_ns == file.stat.ctime_ns:
        return file
    same = (stat.st_size, stat.st_mtime_ns, stat.st_ino) == (file.stat.size, file.stat.mtime_ns, file.stat.inode)
    return file._replace(stat=file.stat._replace(ctime_ns=stat.st_ctime_ns)) if same else file


def changed(observed: Observed, path: str) -> SourceError:
    source = observed.source
    return source.error(f"source {source.name}: {path} changed while it was read", hint="Run the same command again.")
