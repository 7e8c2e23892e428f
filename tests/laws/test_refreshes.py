"""The law of refreshing: after any history, every table equals what plain DuckDB makes of everything from nothing.

`make refreshes` looks at 2,000 histories, and says how many steps were full and incremental.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Shop
from tests.laws.refreshes import ASSETS, World

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "12"))
STEPS = 8
FIRST = int(os.environ.get("ASSETFLOW_TEST_FIRST", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HISTORIES))
def test_what_is_refreshed_is_what_a_rebuild_would_make(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    world = World(Shop(tmp_path), seed)
    told, modes = ["at first"], Counter[str]()
    for step in range(STEPS):
        result = world.shop.materialize()
        assert result.status in {"succeeded", "nothing_to_do"}, (told, world.queries, result)
        assert not any(each.warnings for each in result.assets), (told, [each.warnings for each in result.assets])
        right = world.from_nothing()
        for name in ASSETS:
            made = next((each for each in result.assets if each.asset == name), None)
            how = (made.outcome, made.mode, made.mode_reason) if made is not None else None
            assert Counter(world.shop.rows(f"FROM {name}")) == right[name], (told, name, world.queries, how)
        if step:
            modes.update(str(each.mode) for each in result.assets if each.outcome == "materialized")
        assert world.shop.run() == {}, (told, world.queries)
        told.append(world.edit())
    record_property("modes", dict(modes))
