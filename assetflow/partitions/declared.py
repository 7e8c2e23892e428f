"""What is kept of a declaration, as values: how a table is cut, what of it every partition depends on, and in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from assetflow.partitions import windows
from assetflow.partitions.partitioning import Dimension, Link, Partitioning
from assetflow.partitions.quotes import quoted
from assetflow.partitions.ranges import FIRST, LAST
from assetflow.partitions.windows import UTC_NAME

UPSTREAMS = "upstreams"
BOUNDS = ("start", "end", "values")


def partitioning(declared: Mapping[str, Any]) -> Partitioning:
    """The value of a declaration that `declaration_of` has seen."""
    return _partitioning(json.dumps(declared, sort_keys=True))


@cache
def _partitioning(text: str) -> Partitioning:
    declared = json.loads(text)
    dimensions = tuple(
        Dimension(
            each["column"],
            each.get("time"),
            each.get("zone", UTC_NAME),
            each.get("start", FIRST),
            each.get("end", LAST),
            tuple(each["values"]) if "values" in each else None,
        )
        for each in declared["by"]
    )
    time = next((each.column for each in dimensions if each.grain), dimensions[0].column)
    links = {name: _link(each, time) for name, each in declared.get(UPSTREAMS, {}).items()}
    return Partitioning(dimensions, links)


def _link(said: Mapping[str, Any], time: str) -> Link:
    columns = dict(said.get("columns", {}))
    if "column" in said:
        columns[time] = said["column"]
    low, high = said.get("range", (0, 0))
    return Link(bool(said.get("all")), tuple(sorted(columns.items())), low, high)


def identity(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What of a declaration every partition depends on: all but which ones there are."""
    by = [{key: value for key, value in each.items() if key not in BOUNDS} for each in declared["by"]]
    return {**declared, "by": by}


def told(declared: Mapping[str, Any]) -> str:
    """A declaration in words: `day of ts from 2024-01-01 in Europe/Berlin`."""
    return " and ".join(map(_dimension_told, partitioning(declared).dimensions))


def _dimension_told(each: Dimension) -> str:
    if each.grain is None:
        return f"{each.column} ({', '.join(map(quoted, each.values))})" if each.values is not None else each.column
    said = f"{each.grain} of {each.column}"
    said += f" from {windows.shown(each.grain, each.low, each.zone)}" if each.low > FIRST else ""
    said += f" to {windows.shown(each.grain, each.high - 1, each.zone)}" if each.high < LAST else ""
    return said + (f" in {each.zone}" if each.zone != UTC_NAME else "")
