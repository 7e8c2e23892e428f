"""Whatever happens, every partitioned table holds what its query makes of all rows at once, and a second run makes
nothing."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.conftest import Shop
from tests.laws.partition_worlds import World

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_PARTITION_HISTORIES", "3"))


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_partitions_together_are_the_query_at_once(tmp_path: Path, seed: int) -> None:
    world = World(Shop(tmp_path), random.Random(seed))
    world.begin()
    world.materialize()
    world.check()
    for _ in range(4):
        for _ in range(world.chance.randint(1, 3)):
            world.change()
        world.run()
        world.check()
    assert world.partitions > 0
