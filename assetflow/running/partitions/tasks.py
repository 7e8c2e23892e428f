"""What a worker is handed to make some partitions, and what it hands back."""

from __future__ import annotations

from msgspec import Struct

from assetflow.partitions.slices import Key
from assetflow.running.built import Built
from assetflow.running.tasks.task import Task


class PartTask(Struct, frozen=True):
    """Some partitions of one asset. `task` is what would be done for all of it.

    `is_packed`: they have few rows, and are put into one file together.
    """

    task: Task
    keys: tuple[Key, ...]
    is_packed: bool = False


class PartBuilt(Struct, frozen=True):
    """What was made of one partition, or of several that share a file: `rows` are those of each."""

    keys: tuple[Key, ...]
    built: Built
    rows: tuple[int, ...]
