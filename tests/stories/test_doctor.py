"""A ledger that is lost or damaged: said so, with what to do; restored from its journal, row by row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assetflow.warehouse.disk.locks import run_lock
from assetflow.warehouse.ledger.journal import OWN, sealed
from assetflow.warehouse.ledger.schema import FORMAT_VERSION
from tests.conftest import Shop, make_shop

Rows = dict[str, set[tuple[object, ...]]]


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A warehouse that went through everything that a ledger is told of."""
    shop = make_shop(tmp_path_factory.mktemp("life"))
    shop.sql("by_customer", '/* @asset\npartition = "customer"\n*/\nSELECT customer, id FROM orders')
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    shop.replace("data/orders.csv", "bob", "bert")  # which by_city does not read
    shop.run()
    assert shop.cli("env", "create", "dev").code == 0
    assert shop.cli("env", "create", "other").code == 0
    shop.sql("people", "/* @asset\nchecks = [{ unique = ['id'] }]\n*/\nSELECT 1 AS id, 'bob' AS name")
    shop.made(env="dev")
    assert shop.cli("env", "promote", "dev").code == 0
    assert shop.cli("env", "drop", "other").code == 0
    shop.sql(
        "people", "/* @asset\nchecks = [{ unique = ['id'] }]\n*/\nFROM (VALUES (1, 'bob'), (1, 'bob')) t(id, name)"
    )
    assert shop.run()["people"] == "failed"
    shop.sql("people", "/* @asset\nchecks = [{ unique = ['id'] }]\n*/\nSELECT 1 AS id, 'bob' AS name")
    assert shop.cli("rollback", "sales", "-1").code == 0
    assert shop.cli("rollback", "sales", "--release").code == 0
    assert shop.cli("rollback", "sales", "-1").code == 0
    shop.remove("assets/big.py")
    shop.run()
    shutil.copytree(shop.root, f"{shop.root}-saved")
    return shop


@pytest.fixture
def lived(life: Shop) -> Shop:
    """The same, as it was before a test spoiled it."""
    shutil.rmtree(life.root)
    shutil.copytree(f"{life.root}-saved", life.root)
    return life


def ledger(shop: Shop) -> Path:
    return shop.root / "warehouse/ledger.db"


def rows(shop: Shop) -> Rows:
    """Everything in the ledger that its journal tells of."""
    with closing(sqlite3.connect(ledger(shop))) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in names if name not in OWN}


def lose(shop: Shop) -> None:
    for path in ledger(shop).parent.glob("ledger.db*"):
        path.unlink()


def spoil(shop: Shop) -> None:
    lose(shop)
    ledger(shop).write_text("once a ledger", encoding="utf-8")


def put_back_an_older_one(shop: Shop) -> None:
    lose(shop)
    shutil.copyfile(shop.root / "older.db", ledger(shop))


def kinds(shop: Shop, *arguments: str) -> set[str]:
    return {each["kind"] for each in shop.cli("verify", *arguments, "--json").json["problems"]}


def test_the_journal_adds_up_to_the_ledger_whatever_was_done(lived: Shop) -> None:
    held = rows(lived)
    empty = {name for name, found in held.items() if not found}
    assert empty <= {"shadows"}, "the story is to tell of every table"
    printed = lived.cli("verify", "--deep", "--json")
    assert printed.json["problems"] == []


@pytest.mark.parametrize("loss", [lose, spoil, put_back_an_older_one])
def test_what_was_lost_is_restored_row_by_row(lived: Shop, loss) -> None:
    before = rows(lived)
    with (
        closing(sqlite3.connect(ledger(lived))) as connection,
        closing(sqlite3.connect(lived.root / "older.db")) as copy,
    ):
        connection.backup(copy)
    lived.sql("more", "SELECT 2 AS b")
    assert lived.made() == ["more"]
    newest = rows(lived)
    assert newest != before
    loss(lived)
    if loss is lose:
        shown = lived.cli("ls")
        assert (shown.code, "doctor --rebuild" in shown.err) == (1, True), (
            "nothing is shown as if it had never been made"
        )
    refused = lived.cli("materialize", "--full-refresh")
    assert refused.code == 1, "nothing is built on a ledger that lost something"
    assert "Traceback" not in refused.err
    assert lived.cli("gc", "--grace", "0").code == 1
    looked = lived.cli("doctor")
    assert looked.code == 1
    assert "assetflow doctor --rebuild" in looked.out
    restored = lived.cli("doctor", "--rebuild")
    assert restored.code == 0, restored.out + restored.err
    assert "The ledger was restored" in restored.out
    assert rows(lived) == newest
    assert lived.cli("verify", "--deep").code == 0
    assert lived.run() == {}
    assert lived.cli("doctor").out.startswith("Nothing is wrong")


def test_the_first_ledger_of_a_format_without_a_journal_gets_one(lived: Shop) -> None:
    with closing(sqlite3.connect(ledger(lived))) as connection, connection:
        connection.execute("DROP TABLE journal")
        connection.execute("PRAGMA user_version = 3")
    shutil.rmtree(lived.root / "warehouse/journal")
    shutil.rmtree(lived.root / "warehouse/manifests")
    lived.sql("more", "SELECT 2 AS b")
    assert lived.made() == ["more"]
    before = rows(lived)
    lose(lived)
    assert lived.cli("doctor", "--rebuild").code == 0
    assert rows(lived) == before


def test_a_journal_that_was_damaged_is_written_anew_from_a_sound_ledger(lived: Shop) -> None:
    before = rows(lived)
    [journal] = (lived.root / "warehouse/journal").iterdir()
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3] + lines[4:]))
    assert kinds(lived) == {"journal_damaged"}
    printed = lived.cli("doctor", "--rebuild", "--json")
    assert (printed.code, printed.json["rebuilt"]["from"]) == (0, "ledger")
    assert rows(lived) == before
    assert kinds(lived, "--deep") == set()
    lose(lived)
    assert lived.cli("doctor", "--rebuild").code == 0
    assert rows(lived) == before


def test_a_row_that_was_changed_is_found_and_put_right(lived: Shop) -> None:
    before = rows(lived)
    with closing(sqlite3.connect(ledger(lived))) as connection, connection:
        connection.execute("UPDATE projections SET digest = 'another'")
        connection.execute("DELETE FROM publications WHERE number = 3")
    assert kinds(lived, "--deep") == {"record_damaged"}
    assert lived.cli("doctor", "--rebuild").code == 0
    assert rows(lived) == before


def test_with_the_manifests_alone_what_was_made_is_found_again(shop: Shop) -> None:
    shop.made()
    lose(shop)
    shutil.rmtree(shop.root / "warehouse/journal")
    assert shop.cli("doctor", "--rebuild").code == 0
    assert set(shop.run().values()) == {"restored"}
    assert shop.cli("verify", "--deep").code == 0


def test_a_line_that_was_written_half_is_finished_by_the_next_run(shop: Shop) -> None:
    shop.made()
    [journal] = (shop.root / "warehouse/journal").iterdir()
    text = journal.read_bytes()
    for how in ("in the middle", "before it began"):
        journal.write_bytes(text[:-20] if how == "in the middle" else text[: text[:-1].rindex(b"\n") + 1])
        assert kinds(shop, "--deep") == set(), "it waits in the ledger"
        lose_and_rebuild_a_copy(shop)
        assert shop.made("sales", full_refresh=True) == ["sales"]
        assert journal.read_bytes().startswith(text)
        assert kinds(shop, "--deep") == set()
        text = journal.read_bytes()


def lose_and_rebuild_a_copy(shop: Shop) -> None:
    """Even then nothing is lost: what waits in the old ledger is carried over."""
    before = rows(shop)
    copy = Shop(Path(shutil.copytree(shop.root, f"{shop.root}-copy")))
    copy.write("assetflow.toml", shop.read("assetflow.toml"))
    assert copy.cli("doctor", "--rebuild").code == 0
    assert rows(copy) == before
    shutil.rmtree(copy.root)


def test_where_the_journal_cannot_be_written_it_waits(shop: Shop) -> None:
    (shop.root / "warehouse").mkdir()
    in_the_way = shop.write("warehouse/journal", "in the way")
    shop.made()
    in_the_way.unlink()
    assert kinds(shop, "--deep") == set()
    shop.replace("assets/sales.sql", "> 5", "> 15")
    shop.made()
    before = rows(shop)
    lose(shop)
    assert shop.cli("doctor", "--rebuild").code == 0
    assert rows(shop) == before


def test_versions_that_were_swept_are_known_to_be_gone_afterwards(shop: Shop) -> None:
    for amount in (6, 7, 8):
        shop.sql("sales", f"SELECT id, customer, city, amount FROM orders WHERE amount > {amount} - 3 AND {amount} > 1")
        shop.replace("data/orders.csv", "4,cy", f"4,cy{amount}")
        shop.made()
    shop.cli("gc", "--grace", "0", "--keep", "1")
    lose(shop)
    printed = shop.cli("doctor", "--rebuild", "--json")
    assert (printed.code, printed.json["rebuilt"]["missing_files"] > 0) == (0, True)
    assert kinds(shop, "--deep") == set()


def test_nothing_is_rebuilt_under_a_run_or_out_of_nothing(shop: Shop) -> None:
    assert shop.cli("doctor", "--rebuild").code == 1
    shop.made()
    with run_lock(str(shop.root / "warehouse"), "prod", "20261120-020000-abcdef", "2026-11-20T02:00:00Z"):
        assert shop.cli("doctor", "--rebuild").code == 4
    assert shop.cli("doctor").out.startswith("Nothing is wrong")


def test_what_is_not_wrong_is_only_told(shop: Shop) -> None:
    shop.made()
    (shop.root / "warehouse/prod.duckdb").unlink()
    (shop.root / "warehouse/staging/20261120-020000-abcdef").mkdir(parents=True)
    printed = shop.cli("doctor", "--json")
    assert (printed.code, printed.json["ok"]) == (0, True)
    assert {each["kind"] for each in printed.json["findings"]} == {"catalog_behind", "left_behind"}


@pytest.mark.parametrize("where", ["the ledger", "the journal alone"])
def test_what_a_newer_version_wrote_is_not_restored_by_an_older_one(lived: Shop, where: str) -> None:
    warehouse = lived.root / "warehouse"
    if where == "the ledger":
        with closing(sqlite3.connect(warehouse / "ledger.db")) as connection:
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    else:
        lose(lived)
        [*_, last] = sorted((warehouse / "journal").iterdir())
        newer = {"number": len(last.read_bytes().splitlines()) + 1, "kind": "told", "format": FORMAT_VERSION + 1}
        with last.open("ab") as file:
            file.write(sealed(json.dumps({**newer, "rows": {}, "gone": []})))
    before = {path: path.read_bytes() for path in warehouse.rglob("*") if path.is_file()}
    printed = lived.cli("doctor", "--rebuild")
    assert printed.code == 1
    assert "this was written by a newer assetflow" in printed.err
    assert "Upgrade assetflow" in printed.err
    assert {path: path.read_bytes() for path in before} == before
    if where == "the ledger":
        assert "ledger_newer" in (told := lived.cli("doctor").out)
        assert "--rebuild" not in told
        assert "Upgrade assetflow" in lived.cli("verify").out
