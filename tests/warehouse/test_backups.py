"""A run that publishes leaves one copy of the ledger a day, which is a ledger itself; the last few are kept."""

from __future__ import annotations

import shutil
from contextlib import closing

from assetflow.warehouse.ledger import Ledger
from tests.conftest import Shop


def test_a_copy_a_day_from_which_the_ledger_can_be_put_back(shop: Shop) -> None:
    shop.made()
    [copy] = sorted((shop.root / "warehouse" / "backups").iterdir())
    with closing(shop.project().ledger) as ledger:
        before = ledger.current("prod")
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (shop.root / "warehouse" / name).unlink(missing_ok=True)
    shutil.copyfile(copy, shop.root / "warehouse" / "ledger.db")
    with closing(shop.project().ledger) as ledger:
        assert ledger.current("prod") == before
    assert shop.run() == {}


def test_only_the_last_three_are_kept(shop: Shop) -> None:
    shop.made()
    with closing(Ledger(str(shop.root / "warehouse"))) as ledger:
        assert [ledger.back_up_daily(f"2030-01-0{day}") for day in (1, 2, 2, 3)] == [True, True, False, True]
    kept = sorted(path.name for path in (shop.root / "warehouse" / "backups").iterdir())
    assert kept == [f"ledger-2030-01-0{day}.db" for day in (1, 2, 3)]
