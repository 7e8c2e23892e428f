"""What SQL and functions are told of the partition they make: `$partition_start` and the like, and when it begins."""

from __future__ import annotations

from datetime import datetime

from assetflow.partitions import windows
from assetflow.partitions.key_columns import moment
from assetflow.partitions.partitioning import Partitioning
from assetflow.partitions.ranges import FIRST
from assetflow.partitions.slices import Key
from assetflow.partitions.windows import UTC_NAME
from assetflow.quoting import quote_literal


def variables(partitioning: Partitioning, key: Key) -> dict[str, str]:
    """What stands for `$partition`, `$partition_start` and the like in the SQL of one partition, as literals."""
    found = {"partition": quote_literal(named(partitioning, key))}
    at, label = key
    values = iter(label)
    for each in partitioning.dimensions:
        if each.grain:
            kind = "TIMESTAMP" if each.grain == "hour" else "DATE"
            kind = "TIMESTAMP WITH TIME ZONE" if each.zone != UTC_NAME else kind
            found["partition_start"], found["partition_end"] = moment(each, at, kind), moment(each, at + 1, kind)
        else:
            found[f"partition_{each.column.lower()}"] = quote_literal(next(values))
    return found


def named(partitioning: Partitioning, key: Key) -> str:
    """A key as SQL and functions are told it: the value itself, without quotes, where one column of values makes it."""
    _, label = key
    return label[0] if len(partitioning.dimensions) == len(label) == 1 else partitioning.shown(key)


def example_key(partitioning: Partitioning) -> Key:
    """Some key that there can be: what SQL means does not depend on which."""
    low = partitioning.line[0][0]
    first = low if low > FIRST else 0
    return first, tuple(each.values[0] if each.values else "" for each in partitioning.others)


def start_and_end(partitioning: Partitioning, key: Key) -> tuple[datetime | None, datetime | None]:
    """When a partition begins and ends, where time plays a part: of the clock in UTC, or with its zone."""
    dimension = partitioning.time
    if dimension is None or dimension.grain is None:
        return None, None
    ends = [windows.begins(dimension.grain, key[0] + more, dimension.zone) for more in (0, 1)]
    if dimension.zone == UTC_NAME:
        return ends[0].replace(tzinfo=None), ends[1].replace(tzinfo=None)
    return tuple(end.astimezone(windows.zone_named(dimension.zone)) for end in ends)  # type: ignore[return-value]
