"""What a stopped run read of a source, and did not publish, is not taken for what was read before."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.mark.parametrize(
    ("now", "said"),
    [("day,x,extra\n2024-01-01,1,7\n2024-01-02,2,7\n", "BIGINT"), ("day,x\n2024-01-01,1.5\n2024-01-02,2\n", "DOUBLE")],
    ids=["another column", "another type"],
)
def test_a_plan_after_a_stopped_run_sees_the_new_columns(empty_shop: Shop, now: str, said: str) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "raw.csv"\n')
    shop.write("raw.csv", "day,x\n2024-01-01,1\n2024-01-02,2\n")
    shop.sql("kept", '/* @asset\npartition = "day(day)"\n*/\nSELECT * FROM raw')
    shop.sql("total", "SELECT sum(x) AS x FROM raw")
    shop.materialize()
    shop.write("raw.csv", now)
    project = shop.project()
    running = project.run(project.plan())
    next(event for event in running if event.event == "finished")
    running.close()
    planned = shop.cli("plan", "--json").json["steps"]
    assert "kept" in [step["asset"] for step in planned]
    assert shop.run()["kept"] == "materialized"
    assert shop.rows("SELECT column_type FROM (DESCRIBE kept)")[-1] == (said,)
