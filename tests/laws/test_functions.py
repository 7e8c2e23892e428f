"""The law of incremental Python: after any history, every table of a function is what it makes of everything.

`ASSETFLOW_TEST_HISTORIES=500 pytest tests/laws/test_functions.py` looks at 500 histories.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from assetflow.cli.main import run as main
from tests.conftest import Shop
from tests.laws.functions import NAMES, World

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "6"))
FIRST = int(os.environ.get("ASSETFLOW_TEST_FIRST", "0"))
STEPS = 8


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HISTORIES))
def test_what_functions_make_of_changes_is_what_they_make_of_everything(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)  # a busy machine must not make anything full
    monkeypatch.setattr("assetflow.running.refreshes.piecewise.FILES_OF_PART", 4)
    monkeypatch.setattr("assetflow.running.refreshes.piecewise.MOST_SMALL", 3)
    world = World(Shop(tmp_path), seed)
    told, modes = ["at first"], Counter[str]()
    for step in range(STEPS):
        if step % 3 == 2:
            fail_or_roll_back(world, told)
        result = world.shop.materialize()
        assert result.status in {"succeeded", "nothing_to_do"}, (told, result)
        assert not any(each.warnings for each in result.assets), (told, [each.warnings for each in result.assets])
        right, read = world.right(), world.shop.tables(NAMES)
        for name in NAMES:
            made = next((each for each in result.assets if each.asset == name), None)
            how = (made.outcome, made.mode, made.mode_reason) if made is not None else None
            assert Counter(read[name]) == right[name], (told, name, how)
            assert made is None or made.rows in {None, right[name].total()}, (told, name, how)
        if step:
            modes.update(f"{each.asset} {each.mode}" for each in result.assets if each.outcome == "materialized")
        assert world.shop.run() == {}, told
        told.append(world.edit())
    record_property("modes", dict(modes))


def fail_or_roll_back(world: World, told: list[str]) -> None:
    """A run in which one of the functions fails, or an older version that is published again and let go."""
    name, root = world.draw.choice(NAMES[:6]), str(world.shop.root)
    if world.draw.random() < 0.5:
        told.append(f"{name} fails")
        code = world.shop.read("assets/functions.py")
        world.shop.write("assets/functions.py", re.sub(rf"(def {name}\(.*\n)", r"\1    raise ValueError\n", code))
        outcomes = world.shop.run()
        assert outcomes.get(name, "failed") == "failed", (told, outcomes)
        world.shop.write("assets/functions.py", code)
    elif main(["rollback", name, "-1", "-C", root]) == 0:
        told.append(f"{name} rolled back")
        assert main(["rollback", name, "--release", "-C", root]) == 0
