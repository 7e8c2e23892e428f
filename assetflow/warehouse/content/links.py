"""Second names for Parquet files of sources that are read where they lie, so that what is replaced can still be read.

A link takes no space as long as the file is there. Whoever writes into the file itself changes what the link shows,
too: so its bytes are looked at before it is believed. Where there can be no links (another disk), there are none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from assetflow.materialization import SnapshotFile
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.sha256 import hash_of_file

FOLDER = "links"


def link_of(root: str, sha256: str) -> str:
    return os.path.join(root, FOLDER, sha256[:2], f"{sha256}.parquet")


def keep_links(root: str, files: Iterable[SnapshotFile]) -> set[str]:
    """Give each file that lies outside of the warehouse a second name in it, where that is possible.

    Returns the paths of those that had none.
    """
    given = set()
    for file in files:
        link = link_of(root, file.sha256)
        if os.path.isabs(file.path) and not os.path.exists(link):
            with contextlib.suppress(OSError):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.link(os.path.realpath(file.path), link)
                given.add(file.path)
    return given


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
