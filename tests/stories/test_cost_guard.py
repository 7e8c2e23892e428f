"""When full is cheaper, do full: what an asset cost the last time, in processor time, decides, and may be lost."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from assetflow.warehouse.cache.costs import Cost, Costs, add_costs, read_costs
from tests.conftest import Shop
from tests.stories.test_refresh import deliver, modes, nights

__all__ = ["nights"]

SAID = "that took 9 s of processor time the last time, and a full refresh 1 s"


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """One time in twenty what was dearer is tried again."""
    monkeypatch.setattr("assetflow.running.tasks.worth.ONE_IN", 10**18)


def costs(shop: Shop) -> dict[str, Costs]:
    return read_costs(str(shop.root / "warehouse"))


def dear(shop: Shop, rows: int) -> None:
    add_costs(str(shop.root / "warehouse"), {"sales": Costs(Cost(1.0, 6), Cost(9.0, rows))})


def test_what_each_way_costs_is_noted(nights: Shop) -> None:
    full = costs(nights)["sales"].full
    assert full is not None
    assert full.rows == 8, "six orders, and two products"
    deliver(nights, 4)
    nights.run()
    assert costs(nights)["sales"].incremental is None, "it was made twice, to be compared"
    deliver(nights, 5)
    nights.run()
    incrementally = costs(nights)["sales"].incremental
    assert incrementally is not None
    assert incrementally.rows == 2


def test_what_cost_more_than_a_full_refresh_is_made_in_full(nights: Shop) -> None:
    dear(nights, rows=2)
    deliver(nights, 4)
    assert f"full: {SAID}" in nights.cli("plan").out
    assert modes(nights)["sales"] == ("full", SAID)


def test_a_night_that_brings_much_less_is_tried_again(nights: Shop) -> None:
    dear(nights, rows=2000)
    deliver(nights, 4)
    assert modes(nights)["sales"][0] == "incremental"


def test_what_has_to_be_incremental_is_whatever_it_costs(nights: Shop) -> None:
    nights.sql("sales", '/* @asset\nincremental = "require"\n*/\n' + nights.read("assets/sales.sql"))
    dear(nights, rows=2)
    deliver(nights, 4)
    assert modes(nights)["sales"][0] == "incremental"


def test_plan_tells_how_many_rows_a_step_is_about(nights: Shop) -> None:
    deliver(nights, 4)
    nights.run("sales")
    steps = {step["asset"]: step for step in nights.cli("plan", "--json").json["steps"]}
    assert [steps["daily"][f"rows_{name}"] for name in ("changed", "there", "held")] == [2, 8, 3]
    assert 'by rule: merged by "day", 2 of 8 rows' in nights.cli("plan").out
    deliver(nights, 5)
    steps = {step["asset"]: step for step in nights.cli("plan", "--json").json["steps"]}
    assert steps["sales"]["rows_changed"] is None, "a CSV file has to be read for that"
    assert steps["daily"]["rows_changed"] is None, "sales is made first"
    assert steps["daily"]["rows_held"] == 3


def modes_of_full_refresh(shop: Shop) -> dict[str, str | None]:
    return {each.asset: each.mode for each in shop.materialize(full_refresh=True).assets}


MEANS = """SELECT name, means.mean FROM (SELECT name, avg(amount) AS mean FROM sales GROUP BY name) AS means
JOIN products USING (name)"""


def test_what_is_tried_in_vain_is_not_tried_every_night(nights: Shop) -> None:
    nights.sql("means", MEANS)
    nights.made()
    deliver(nights, 4)
    assert modes(nights)["means"] == ("full", "rows would have to be found by column mean, a DOUBLE")
    in_vain = costs(nights)["means"].in_vain
    assert in_vain is not None
    noted = {"means": Costs(in_vain=replace(in_vain, why="as the last time"))}
    add_costs(str(nights.root / "warehouse"), noted)
    deliver(nights, 5)
    steps = {step["asset"]: step for step in nights.cli("plan", "--json").json["steps"]}
    assert (steps["means"]["mode"], steps["means"]["mode_reason"]) == ("full", "as the last time"), "plan foresees it"
    assert steps["daily"]["mode"] == "incremental"
    told = nights.cli("explain", "means", "--json").json["refreshes"]
    assert {each["upstream"]: each["rule"] for each in told}["sales"] == "as the last time", "so does explain"
    assert modes(nights)["means"] == ("full", "as the last time")
    assert modes_of_full_refresh(nights)["means"] == "full"
    deliver(nights, 6)
    assert modes(nights)["means"][1] == "rows would have to be found by column mean, a DOUBLE", "tried again after that"
    nights.sql("means", MEANS.replace("avg(amount)", "max(amount)"))
    nights.made()
    deliver(nights, 7)
    assert modes(nights)["means"][0] == "incremental", "other code is tried"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"sales": [1, 2]}',
        '{"sales": [[9, "x"], null, null]}',
        '{"sales": [null, [], ["x"]]}',
        "\x00\x00",
    ],
)
def test_what_was_noted_can_be_lost_or_damaged(nights: Shop, damage: str) -> None:
    dear(nights, rows=2)
    (nights.root / "warehouse" / "cache" / "costs.json").write_text(damage)
    deliver(nights, 4)
    assert modes(nights)["sales"][0] == "incremental"
    assert json.loads((nights.root / "warehouse" / "cache" / "costs.json").read_text()).keys() >= {"next_three"}
