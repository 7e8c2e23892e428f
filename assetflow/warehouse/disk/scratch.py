"""A place in the warehouse where tables are made only to be looked at."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator

from assetflow.warehouse.disk.removal import remove_folder


@contextlib.contextmanager
def scratch_anywhere(warehouse: str) -> Iterator[str]:
    """The same; among the temporary files of the system where the warehouse may only be read."""
    if can_be_written(warehouse):
        with scratch_folder(warehouse) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="assetflow-") as folder:
            yield folder


def can_be_written(warehouse: str) -> bool:
    """True for a warehouse in which something can be made to be looked at."""
    try:
        os.makedirs(os.path.join(warehouse, "staging"), exist_ok=True)
    except OSError:
        return False
    return os.access(os.path.join(warehouse, "staging"), os.W_OK)


@contextlib.contextmanager
def scratch_folder(warehouse: str) -> Iterator[str]:
    """A folder below the warehouse's staging/, gone afterwards; held meanwhile, so that nobody sweeps it away."""
    staging = os.path.join(warehouse, "staging")
    os.makedirs(staging, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="scratch-", dir=staging)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        remove_folder(staging, folder)
        os.close(descriptor)
