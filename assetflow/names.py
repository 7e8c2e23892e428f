"""What may be the name of an asset, an environment or a run: the one place that decides it.

Names become parts of paths and identifiers of SQL, so they are letters, digits and `_`; case never tells two apart.
The value of a partition is text of the user's data and becomes neither, so it may be anything.
"""

from __future__ import annotations

import re

ASSET = r"[a-z][a-z0-9_]{0,127}"
ENVIRONMENT = r"[a-z][a-z0-9_]{0,62}"
USUAL = "prod"
"""The environment of which commands speak that name none."""
RUN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"

DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Files of these names cannot be made on Windows, whatever their suffix."""


def is_asset(name: str) -> bool:
    """True for what an asset, a check or a source may be called."""
    return re.fullmatch(ASSET, name) is not None and name not in DEVICES


def is_environment(name: str) -> bool:
    return re.fullmatch(ENVIRONMENT, name) is not None and name not in DEVICES


def flag_of(environment: str) -> str:
    """What a command that is told to a user says beside the rest, to speak of this environment."""
    return "" if environment == USUAL else f" --env {environment}"


def is_run(id: str) -> bool:
    """True for the id of a run: it names a folder while the run is under way."""
    return re.fullmatch(RUN, id) is not None and id.lower() not in DEVICES


def environment(name: str) -> str:
    """The name of an environment, which is about to become part of a path; ValueError when it may not."""
    if not is_environment(name):
        raise ValueError(f"{name!r} cannot be the name of an environment")
    return name


def run(id: str) -> str:
    """The id of a run, which is about to become part of a path; ValueError when it may not."""
    if not is_run(id):
        raise ValueError(f"{id!r} cannot be the id of a run")
    return id
