"""A run that publishes leaves one copy of the ledger a day, which is a ledger itself; the last few are kept."""

from __future__ import annotations

import shutil
from contextlib import closing

from assetflow.warehouse.ledger.ledger import Ledger
from tests.conftest import Shop


def test_a_copy_a_day_from_which_the_ledger_can_be_put_back(shop: Shop) -> None:
    shop.made()
    [copy] = sorted((shop.root / "warehouse" / "backups").glob("*.db"))
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
    assert kept == [f"ledger-2030-01-0{day}.db{seal}" for day in (1, 2, 3) for seal in ("", ".sha256")]


def test_a_copy_that_was_damaged_or_lost_is_found(shop: Shop) -> None:
    shop.made()
    [copy] = sorted((shop.root / "warehouse" / "backups").glob("*.db"))
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    assert shop.cli("verify").code == 0, "only a deep look reads every byte"
    [problem] = shop.cli("verify", "--deep", "--json").json["problems"]
    assert (problem["kind"], problem["path"]) == ("backup_damaged", f"backups/{copy.name}")
    copy.unlink()
    [problem] = shop.cli("verify", "--json").json["problems"]
    assert problem["detail"] == "this copy of the ledger is not there"
    copy.with_name(f"{copy.name}.sha256").unlink()
    assert shop.cli("verify", "--deep").code == 0
