"""Packages that lie elsewhere than the installed ones: another one of the same repository, say, installed in place.

No version tells that they were edited, so their files count for who uses them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import NamedTuple

from assetflow.running.python.record import OURSELVES, is_installed
from assetflow.warehouse.disk.sha256 import hash_of_file


class Beside(NamedTuple):
    """The files of such a package, and one hash of them all."""

    files: tuple[str, ...]
    sha256: str


def find_beside(package: str, owns: Callable[[str], bool]) -> Beside | None:
    """What there is of a package by its first name; None for an installed one, and for code of the project."""
    spec = None if package in sys.stdlib_module_names else _spec(package)
    if spec is None or spec.origin is None:
        return None
    archive = getattr(spec.loader, "archive", None)
    place = os.path.abspath(archive or spec.origin)
    if not os.path.isfile(place) or is_installed(place) or place.startswith(OURSELVES) or owns(place):
        return None
    folder = os.path.dirname(place)
    is_package = spec.submodule_search_locations is not None and archive is None
    if _holds_installed(os.path.dirname(folder) if is_package else folder):
        return None
    files = tuple(_below(folder)) if is_package else (place,)
    told = [f"{os.path.relpath(file, folder)} {hash_of_file(file)}" for file in files]
    return Beside(files, hashlib.sha256("\n".join(told).encode()).hexdigest())


def _spec(package: str) -> ModuleSpec | None:
    loaded = getattr(sys.modules.get(package), "__spec__", None)
    if isinstance(loaded, ModuleSpec):
        return loaded
    try:
        return importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):  # there is none, or it answers for something that is no package
        return None


def _holds_installed(folder: str) -> bool:
    """True for a folder into which an installer put packages, with their versions beside them."""
    return any(name.endswith(".dist-info") for name in os.listdir(folder))


def _below(folder: str) -> list[str]:
    found = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(".py")]
    return sorted(found)
