"""What is remembered of columns between commands is there for the next one, and nowhere before it is saved."""

from __future__ import annotations

from pathlib import Path

from assetflow.project.columns.cache import ColumnsCache


def test_what_is_saved_is_there_for_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "columns.db"
    first = ColumnsCache(str(path), "duckdb-2.0")
    assert first.get("sales") is None
    first.put("sales", "its lineage")
    assert first.get("sales") == "its lineage"
    assert not path.exists(), "asking makes no file"
    first.save()
    assert ColumnsCache(str(path), "duckdb-2.0").get("sales") == "its lineage"
    assert ColumnsCache(str(path), "duckdb-2.1").get("sales") is None
