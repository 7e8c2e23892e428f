"""Puts bytes on the disk in an order that survives a power cut, and says in words when the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator

from assetflow.errors import WarehouseError

FREE_SPACE = "Free some space and run again; nothing was published, and what was published before is untouched."
NOT_ALLOWED = "Give yourself write permission for this folder, or name another one as `warehouse`."

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns what the system says about a failed write below `path` into a WarehouseError."""
    try:
        yield
    except OSError as error:
        raise explained(error, error.filename or path) from error
    except sqlite3.IntegrityError:
        # Not the disk's fault but ours.
        raise
    except sqlite3.DatabaseError as error:
        raise _explained_ledger(error, path) from error


def out_of_space(path: str) -> WarehouseError:
    return WarehouseError("no space left on the disk", path=path, hint=FREE_SPACE)


def says_out_of_space(message: str) -> bool:
    """True for the ways in which DuckDB says that a disk is full; with a full temporary folder it blames a setting."""
    said = ("No space left on device", "Disk quota exceeded", "File too large", "max_temp_directory_size")
    return any(part in message for part in said)


def make_folder(path: str) -> None:
    """Create a folder and its parents, durably; fine when it is there."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    make_folder(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
    sync_folder(parent)


def sync_file(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: str) -> None:
    """Make the names in a folder durable: files put into it, and their absence."""
    sync_file(path)


def sync_folders(paths: Iterable[str]) -> None:
    for path in sorted(set(paths)):
        sync_folder(path)


def write_file(path: str, text: str) -> None:
    """Replace a small file as a whole: a reader sees the old text or the new one."""
    new = f"{path}.{os.getpid()}.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def explained(error: OSError, path: str) -> WarehouseError:
    """What the system says about a failed write at `path`, in words and with the next step."""
    if error.errno in FULL:
        return out_of_space(path)
    if error.errno in REFUSED:
        reason = (error.strerror or "permission denied").lower()
        return WarehouseError(f"cannot write here: {reason}", path=path, hint=NOT_ALLOWED)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return WarehouseError("too many open files", path=path, hint="Raise the limit with `ulimit -n`, or use -j 1.")
    hint = "Check the disk, then run again."
    return WarehouseError(f"cannot write here: {error.strerror or error}", path=path, hint=hint)


def _explained_ledger(error: sqlite3.DatabaseError, path: str) -> WarehouseError:
    said = str(error)
    if "full" in said:
        return out_of_space(path)
    if "readonly" in said or "unable to open" in said:
        return WarehouseError(f"cannot write the ledger: {said}", path=path, hint=NOT_ALLOWED)
    if "disk I/O" in said:
        hint = "Look at its free space, your quota and its health, then run again; what was published is untouched."
        return WarehouseError("the disk refused to read or write the ledger", path=path, hint=hint)
    if "locked" in said:
        hint = "Another program holds the ledger open in a transaction; close it and run again."
        return WarehouseError("the ledger is locked", path=path, hint=hint)
    hint = "`assetflow doctor --rebuild` restores it from its journal; what is there now is kept beside it."
    return WarehouseError(f"the ledger cannot be read: {said}", path=path, hint=hint)
