"""Deletes files and folders of the warehouse, and nothing that lies elsewhere: the one place that deletes."""

from __future__ import annotations

import contextlib
import os

from assetflow.errors import WarehouseError


def remove_file(root: str, path: str) -> None:
    """Delete a file below the folder `root`; fine when it is gone. A link is deleted, not what it points to."""
    refuse_outside(root, path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def remove_folder(root: str, path: str) -> None:
    """Delete a folder below the folder `root`, with all that is in it, as far as the system lets us."""
    refuse_outside(root, path)
    try:
        # What was kept has left a staging folder, so mostly there are no files in it, and it is gone in less time.
        remove_empty(path)
    except FileNotFoundError:
        return
    except OSError:
        import shutil

        # It does not follow links, neither below nor in place of the folder.
        shutil.rmtree(path, ignore_errors=True)


def remove_empty(path: str) -> None:
    """Delete a folder that holds nothing but empty folders; OSError where it holds more, or is a link."""
    try:
        os.rmdir(path)
    except OSError:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for name in os.listdir(folder):
                os.rmdir(name, dir_fd=folder)
        finally:
            os.close(folder)
        os.rmdir(path)


def refuse_outside(root: str, path: str) -> None:
    """WarehouseError for a path that, with all links followed, does not lie below `root`."""
    folder, name = os.path.split(path)
    if name not in NO_NAMES and is_plainly_below(root, folder):
        return
    real_root, real_folder = os.path.realpath(root), os.path.realpath(folder)
    is_below = real_folder == real_root or real_folder.startswith(real_root.rstrip(os.sep) + os.sep)
    if name in NO_NAMES or not is_below or real_root == os.sep:
        raise WarehouseError(
            f"this would be deleted and does not lie below {real_root}; nothing was deleted",
            path=path,
            hint="Look whether a folder of the warehouse was replaced by a link.",
        )


def is_plainly_below(root: str, folder: str) -> bool:
    """True where a folder lies below `root` by its name and no link is among these: following all takes longer."""
    at, first = os.path.split(root)
    if not folder.startswith(f"{root}{os.sep}"):
        return False
    for name in (first, *folder[len(root) + 1 :].split(os.sep)):
        at = os.path.join(at, name)
        if name in NO_NAMES or os.path.islink(at):
            return False
    return True


NO_NAMES = frozenset({"", ".", ".."})
"""What stands in place of the name of a file."""
