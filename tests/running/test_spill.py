"""What does not fit into memory goes to the warehouse's disk, not to wherever the command was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetflow.running.workshop import Workplace


def test_rows_that_do_not_fit_into_memory_are_written_below_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, elsewhere = tmp_path / "warehouse", tmp_path / "elsewhere"
    warehouse.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with Workplace(str(tmp_path), str(tmp_path), str(warehouse), memory_limit="60MB").open_session() as session:
        session.cursor().execute(
            "CREATE TABLE large AS SELECT range AS x, range::VARCHAR AS text FROM range(6_000_000)"
        )
        assert list((warehouse / "spill").iterdir())
        assert not list(elsewhere.iterdir())
    assert not (warehouse / "spill").exists()
