"""Keeps staged files for good, each under the hash of its bytes: objects/<ab>/<sha256>.parquet."""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec.structs import replace

from assetflow.materialization import SnapshotFile
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.sha256 import hash_of_file


def keep(root: str, files: Sequence[SnapshotFile]) -> tuple[SnapshotFile, ...]:
    """Move staged files to their place for good; the paths returned are relative to `root`.

    Each file is synced before it gets its name, and each folder once afterwards. A file that lies there already has
    the same bytes, since its name is their hash. What was kept before, under a path that is relative, stays.
    """
    with durable.writing(root):
        kept = tuple(_keep_file(root, file) if os.path.isabs(file.path) else file for file in files)
        new = (one for one, file in zip(kept, files, strict=True) if os.path.isabs(file.path))
        durable.sync_folders(os.path.dirname(os.path.join(root, file.path)) for file in new)
    return kept


def kept_path(file: SnapshotFile) -> str:
    """Where a file is kept, or will be, relative to the warehouse."""
    return f"objects/{file.sha256[:2]}/{file.sha256}.parquet" if os.path.isabs(file.path) else file.path


def _keep_file(root: str, file: SnapshotFile) -> SnapshotFile:
    relative = kept_path(file)
    target = os.path.join(root, relative)
    durable.make_folder(os.path.dirname(target))
    if _has_size(target, file.bytes) and hash_of_file(target) == file.sha256:
        remove_file(root, file.path)
    else:
        os.chmod(file.path, 0o444)
        durable.sync_file(file.path)
        os.replace(file.path, target)
    return replace(file, path=relative)


def _has_size(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False
