"""What each asset cost the last time, in full and incrementally: advice, which may be lost.

Processor time, since the clock of a busy machine tells of other work; and what was tried in vain, so that it is not
tried every night. Without this file, or after damage, everything is tried.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from assetflow.warehouse.disk.removal import remove_file


class Cost(Struct, frozen=True):
    """Seconds of processor time, and how many rows of its upstreams were read for it."""

    seconds: float
    rows: int


class InVain(Struct, frozen=True):
    """An incremental refresh that led to nothing: what was tried, as a hash, and why that cannot be done."""

    what: str
    why: str


class Costs(Struct, frozen=True):
    """What an asset cost the last time, where that is known."""

    full: Cost | None = None
    incremental: Cost | None = None
    in_vain: InVain | None = None


UNKNOWN = Costs()


def read_costs(root: str) -> dict[str, Costs]:
    """What is known of the assets of a warehouse."""
    try:
        with open(path_of(root), encoding="utf-8") as file:
            known = json.load(file)
        return {str(name): costs(*each) for name, each in known.items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}


def costs(full: Sequence[float] | None, incremental: Sequence[float] | None, in_vain: Sequence[str] | None) -> Costs:
    """What was kept as JSON; TypeError or ValueError when it is none of ours."""
    found = [None if one is None else Cost(float(one[0]), int(one[1])) for one in (full, incremental)]
    return Costs(found[0], found[1], None if in_vain is None else InVain(*map(str, in_vain)))


def as_lists(known: Costs) -> list[Any]:
    """What is kept as JSON."""
    return [None if one is None else astuple(one) for one in astuple(known)]


def add_costs(root: str, new: Mapping[str, Costs]) -> None:
    """Note what assets cost this time. Of two runs at once the last one is remembered; who may not write forgets."""
    if not new:
        return
    known = read_costs(root)
    for name, now in new.items():
        before = known.get(name, UNKNOWN)
        known[name] = Costs(now.full or before.full, now.incremental or before.incremental, now.in_vain)
    path = path_of(root)
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            # `dump` would go through it in Python, ten times as slowly.
            file.write(json.dumps({name: as_lists(each) for name, each in known.items()}))
        os.replace(temporary, path)
    except OSError:  # a full disk: what there is of it goes
        with contextlib.suppress(OSError):
            remove_file(root, temporary)


def path_of(root: str) -> str:
    return os.path.join(root, "cache", "costs.json")
