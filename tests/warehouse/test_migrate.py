"""A warehouse of an older version opens, is brought to the present format, and works on; a copy of its ledger stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assetflow.errors import WarehouseError
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.ledger.schema import FORMAT_VERSION, TABLES
from tests.conftest import Shop

LEDGERS = Path(__file__).parent / "ledgers"


def old_ledger(root: Path, version: int) -> Path:
    root.mkdir(exist_ok=True)
    path = root / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((LEDGERS / f"version{version}.sql").read_text(encoding="utf-8"))
    return path


def columns(path: Path) -> dict[str, set[str]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} for name in tables}


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_an_older_ledger_gets_the_tables_of_today_and_loses_nothing(tmp_path: Path, version: int) -> None:
    path = old_ledger(tmp_path / "warehouse", version)
    with closing(Ledger(str(path.parent))) as ledger:
        current = ledger.current("prod")
        assert current
        assert all(ledger.materialization(one.materialization).asset == name for name, one in current.items())
        assert ledger.history("prod")
    fresh = tmp_path / "fresh.db"
    with closing(sqlite3.connect(fresh)) as connection:
        connection.executescript(TABLES)
    assert columns(path) == columns(fresh)
    copy = path.parent / f"ledger.format{version}.db"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)


def test_an_older_ledger_that_is_written_first_is_migrated_too(tmp_path: Path) -> None:
    path = old_ledger(tmp_path / "warehouse", 1)
    with closing(Ledger(str(path.parent))) as ledger:
        ledger.record_proofs("prod", "", [], "2026-11-21T00:00:00.000000Z")
        assert ledger.current("prod")


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = old_ledger(tmp_path / "warehouse", 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE proofs (in_the_way TEXT)")
    before = columns(path)
    with closing(Ledger(str(path.parent))) as ledger, pytest.raises(WarehouseError):
        ledger.current("prod")
    assert columns(path) == before


def test_a_project_goes_on_with_an_older_warehouse(shop: Shop) -> None:
    old_ledger(shop.root / "warehouse", 1)
    assert shop.made() == ["big", "by_city", "people", "sales"]
    assert shop.run() == {}
