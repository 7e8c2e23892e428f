"""What one Python file of a project read while it was loading: all that its definitions depend on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

EVERY_VARIABLE = "*"
"""Stands among `Record.variables` for a look at the whole environment."""


@dataclass(slots=True)
class Record:
    """What one project file read while it was loading.

    `sha256` is of the text that was executed, `stats` are paths that it only asked about, `listings` folders whose
    names it read, `folders` those in which a module could appear; `uncacheable` says what no later look could compare.
    """

    path: str
    sha256: str | None = None
    modules: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    stats: set[str] = field(default_factory=set)
    listings: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    variables: dict[str, str | None] = field(default_factory=dict)
    uncacheable: str | None = None


def hash_of_value(value: str) -> str:
    """A hash of an environment variable's value: the value itself may be a secret."""
    return hashlib.sha256(value.encode()).hexdigest()
