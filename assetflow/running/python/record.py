"""What one Python file of a project read while it was loading: all that its definitions depend on."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable

from msgspec import Struct, field

EVERY_VARIABLE = "*"
"""Stands among `Record.variables` for a look at the whole environment."""


class Record(Struct):
    """What one project file read while it was loading.

    `given` are those of its `files` that were opened to be read while nothing else was loading: what its own objects
    may have been made of. `sha256` is of the text that was executed, `stats` are paths that it only asked about,
    `listings` folders whose names it read, `folders` those in which a module could appear, `importable` those that
    stand on the import path; `cwd` is the working folder, where it counts; `uncacheable` says what no later look could
    compare.
    """

    path: str
    sha256: str | None = None
    modules: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    stats: set[str] = field(default_factory=set)
    listings: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    importable: set[str] = field(default_factory=set)
    variables: dict[str, str | None] = field(default_factory=dict)
    cwd: str | None = None
    uncacheable: str | None = None


def hash_of_value(value: str) -> str:
    """A hash of an environment variable's value: the value itself may be a secret."""
    return hashlib.sha256(value.encode()).hexdigest()


OURSELVES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))) + os.sep
"""Our own package may lie in the project, when it is installed from a clone; loaded twice, it hears no declaration."""

_STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep, os.path.dirname(os.__file__) + os.sep


def is_installed(path: str) -> bool:
    """True for the standard library and installed packages: their versions stand for what is in them.

    The folder of the interpreter does not count as a whole, as a project may be a virtual environment itself.
    """
    return "site-packages" in path or "dist-packages" in path or (path + os.sep).startswith(_STANDARD)


def import_path(known: Iterable[str] = ()) -> list[str]:
    """Where modules are imported from besides the interpreter, its installed packages and the folders `known`."""
    known = {*known, os.path.dirname(sys.executable)}
    places = [os.path.abspath(place) for place in sys.path]
    return [place for place in places if place not in known and not is_installed(place) and os.path.exists(place)]
