"""A place in the warehouse where tables are made only to be looked at."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator

from assetflow.warehouse.disk.removal import remove_folder


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
