"""Removes files of the warehouse, and nothing else: known paths, below its folder, through no symbolic link."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator

from assetflow.errors import WarehouseError

OBJECT = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{64}\.parquet")
SAMPLE = re.compile(r"samples/[\w.-]+/[\w.-]+/[\w.-]+\.parquet")
STAGED = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}|scratch-[\w-]+")
"""A run's folder below staging/, or one in which something was tried out."""


def is_object(path: str) -> bool:
    return OBJECT.fullmatch(path) is not None


def remove_file(root: str, path: str) -> bool:
    """Remove one file by its relative path; False when it was not there."""
    if not (OBJECT.fullmatch(path) or SAMPLE.fullmatch(path)) or ".." in path.split("/"):
        raise WarehouseError("this is no file of the warehouse, so it is not removed", path=path)
    folder, _, name = path.rpartition("/")
    try:
        with opened(root, folder) as descriptor:
            os.unlink(name, dir_fd=descriptor)
    except FileNotFoundError:
        return False
    return True


def remove_staged(root: str, name: str) -> int | None:
    """Remove what a run that has died left in staging; the bytes that it took, None when somebody is at work in it."""
    if not STAGED.fullmatch(name):
        raise WarehouseError("this is no folder of a run, so it is not removed", path=os.path.join("staging", name))
    try:
        with held(root, name):
            size = size_of(os.path.join(root, "staging", name))
            with opened(root, "staging") as staging:
                shutil.rmtree(name, dir_fd=staging)
    except FileNotFoundError:
        return 0
    except BlockingIOError:
        return None
    return size


def is_held(root: str, name: str) -> bool:
    """True for a folder in staging in which somebody is at work."""
    try:
        with held(root, name):
            return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


@contextlib.contextmanager
def held(root: str, name: str) -> Iterator[None]:
    """Hold a folder in staging, as whoever tries something out in it does; BlockingIOError while somebody does."""
    with opened(root, f"staging/{name}") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def size_of(folder: str) -> int:
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(inside, name)).st_size
    return total


@contextlib.contextmanager
def opened(root: str, folder: str) -> Iterator[int]:
    """A folder below the warehouse, reached step by step; OSError where a symbolic link stands in for one."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folder.split("/"):
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
