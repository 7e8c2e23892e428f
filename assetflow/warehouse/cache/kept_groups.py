"""Groups that are kept beside a table for its next refresh: files that can be lost, found by what they were made of.

cache/kept/ASSET/CODE AND INPUTS.ENGINE VERSION.SHA-256.duckdb

They stand for the very snapshots that the table was made from, so that nothing is ever added twice, whatever failed,
was rolled back or made in another environment meanwhile.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence

from msgspec import Struct

from assetflow.materialization import Input
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.disk.sha256 import hash_of_file

NEWEST = 4
"""Files of an asset that stay: environments and branches may stand at different inputs."""
NOTHING = "nothing that it could be added to is kept yet"
OTHER_ENGINE = "what is kept is of another version of DuckDB"


class KeptGroups(Struct, frozen=True):
    """Where the groups are that are kept; or why there are none."""

    path: str | None
    why: str = NOTHING


NONE_KEPT = KeptGroups(None)


def made_from(code_version: str, inputs: Sequence[Input]) -> str:
    """What groups were made from, as a name: the code, and the exact snapshots of all inputs.

    A view has one snapshot for whatever it shows: which rows these were is in its digest.
    """
    said = repr((code_version, sorted((one.upstream, one.snapshot, one.digest) for one in inputs)))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def find_groups(root: str, asset: str, name: str) -> KeptGroups:
    """The groups of an asset that were made from this."""
    folder, other = folder_of(root, asset), False
    with contextlib.suppress(OSError):
        for file in sorted(os.listdir(folder)):
            if file.startswith(f"{name}.{engine()}."):
                return KeptGroups(os.path.join(folder, file))
            other = other or file.startswith(f"{name}.")
    return KeptGroups(None, OTHER_ENGINE if other else NOTHING)


def keep_groups(root: str, asset: str, name: str, staged: str) -> None:
    """Move a staged file to its place; where that cannot be, nothing is kept, and the next refresh is full."""
    folder = folder_of(root, asset)
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        os.replace(staged, os.path.join(folder, f"{name}.{engine()}.{hash_of_file(staged)}.duckdb"))
        files = [os.path.join(folder, file) for file in os.listdir(folder)]
        for path in sorted(files, key=os.path.getmtime, reverse=True)[NEWEST:]:
            remove_file(root, path)


def is_sound(path: str) -> bool:
    """False for a file that is not what was written."""
    try:
        return os.path.basename(path).split(".")[-2] == hash_of_file(path)
    except OSError:
        return False


def folder_of(root: str, asset: str) -> str:
    return os.path.join(root, "cache", "kept", hashlib.sha256(asset.encode()).hexdigest()[:24])


def engine() -> str:
    from assetflow.duck import duckdb

    return duckdb.__version__.replace(".", "-")
