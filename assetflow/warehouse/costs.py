"""What each asset cost the last time, in full and incrementally: advice, which may be lost.

Processor time, since the clock of a busy machine tells of other work. Without this file, or after damage, everything
is tried incrementally.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Literal, NamedTuple

Mode = Literal["full", "incremental"]


class Cost(NamedTuple):
    """Seconds of processor time, and how many rows of its upstreams were read for it."""

    seconds: float
    rows: int


class Costs(NamedTuple):
    """What an asset cost the last time, where that is known."""

    full: Cost | None = None
    incremental: Cost | None = None


UNKNOWN = Costs()


def read_costs(root: str) -> dict[str, Costs]:
    """What is known of the assets of a warehouse."""
    try:
        with open(path_of(root), encoding="utf-8") as file:
            known = json.load(file)
        return {
            str(name): Costs(*(None if one is None else cost(*one) for one in each)) for name, each in known.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def cost(seconds: float, rows: int) -> Cost:
    return Cost(float(seconds), int(rows))


def add_costs(root: str, new: Mapping[tuple[str, Mode], Cost]) -> None:
    """Note what assets cost this time. Of two runs at once the last one is remembered; who may not write forgets."""
    if not new:
        return
    known = read_costs(root)
    for (name, mode), one in new.items():
        before = known.get(name, UNKNOWN)
        known[name] = before._replace(full=one) if mode == "full" else before._replace(incremental=one)
    path = path_of(root)
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(known, file)
        os.replace(temporary, path)


def path_of(root: str) -> str:
    return os.path.join(root, "cache", "costs.json")
