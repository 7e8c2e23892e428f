"""A worker process that dies takes with it what it had under way, and nothing else."""

from __future__ import annotations

from tests.conftest import Shop


def test_what_begins_after_a_worker_died_is_made(empty_shop: Shop) -> None:
    empty_shop.write("assetflow.toml", 'executor = "processes"\n')
    empty_shop.python(
        "dying",
        """
        import os

        from assetflow import asset


        @asset
        def dying():
            os._exit(3)
        """,
    )
    empty_shop.sql("below", "FROM dying")
    empty_shop.sql("later", "SELECT 1 AS n")
    result = empty_shop.materialize()
    told = {each.asset: (each.outcome, str(each.error)) for each in result.assets}
    assert told["dying"][0] == "failed"
    assert "the worker that made dying died" in told["dying"][1]
    assert told["below"] == ("blocked", "its upstream dying failed")
    assert told["later"] == ("materialized", "None")
    assert empty_shop.rows("FROM later") == [(1,)]
