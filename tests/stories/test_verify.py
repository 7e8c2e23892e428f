"""Verifying: what is damaged is found, what is sound is not complained about, skips are made again and compared."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from assetflow.materialization import ReadSet
from assetflow.running.projections import Projections
from tests.conftest import Shop


@pytest.fixture
def made(shop: Shop) -> Shop:
    shop.made()
    return shop


def a_file(shop: Shop, name: str = "sales") -> Path:
    project = shop.project()
    path = project.ledger.snapshot(project.current[name].snapshot).files[0].path
    project.ledger.close()
    found = shop.root / "warehouse" / path
    found.chmod(0o644)
    return found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[random.Random(1).randrange(len(content))] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_a_sound_warehouse(made: Shop) -> None:
    for arguments in ((), ("--deep",), ("--deep", "--budget", "50%"), ("--skips", "9")):
        printed = made.cli("verify", *arguments, "--json")
        assert (printed.code, printed.json["ok"], printed.json["problems"]) == (0, True, []), arguments
    assert made.cli("verify", "--skips", "9", "--json").json["skips_checked"] == 4
    assert "4 skips checked, 0 wrong" in made.cli("verify", "--skips", "9").out


@pytest.mark.parametrize(
    ("damage", "arguments", "kind"),
    [
        (Path.unlink, (), "file_missing"),
        (cut, (), "file_size"),
        (flip, ("--deep",), "file_damaged"),
    ],
)
def test_damage_is_found(made: Shop, damage: Callable[[Path], None], arguments: tuple[str, ...], kind: str) -> None:
    path = a_file(made)
    damage(path)
    printed = made.cli("verify", *arguments, "--json")
    assert printed.code == 1
    (problem,) = printed.json["problems"]
    assert (problem["kind"], problem["asset"]) == (kind, "sales")
    assert problem["path"].endswith(path.name)


def test_what_is_damaged_is_mended_by_a_full_refresh(made: Shop) -> None:
    flip(a_file(made))
    made.run("sales", full_refresh=True)
    assert made.cli("verify", "--deep").code == 0


def test_a_wrong_skip_is_found(made: Shop) -> None:
    with closing(sqlite3.connect(made.root / "warehouse/ledger.db")) as ledger, ledger:
        other = ledger.execute("SELECT snapshot, digest, paths FROM pointers WHERE asset = 'big'").fetchone()
        ledger.execute("UPDATE pointers SET snapshot = ?, digest = ?, paths = ? WHERE asset = 'sales'", other)
    printed = made.cli("verify", "--skips", "9", "--json")
    assert printed.code == 1
    assert {each["kind"] for each in printed.json["problems"]} >= {"record_damaged", "skip_wrong"}
    assert printed.json["skips_wrong"] > 0


def test_a_record_that_was_changed_is_found(made: Shop) -> None:
    with closing(sqlite3.connect(made.root / "warehouse/ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE snapshots SET files = replace(files, '.parquet', '.Parquet') WHERE asset = 'sales'")
    printed = made.cli("verify", "--json")
    assert printed.code == 1
    assert "sales" in {each["asset"] for each in printed.json["problems"]}


def test_a_share_is_a_percentage(made: Shop) -> None:
    assert made.cli("verify", "--deep", "--budget", "lots").code == 2
    assert made.cli("verify", "--budget", "5%").code == 2


def test_a_file_that_the_disk_refuses_has_no_digest_and_is_no_fault_of_ours(shop: Shop) -> None:
    shop.made()
    project = shop.project()
    snapshot = project.ledger.snapshot(project.ledger.current("prod")["sales"].snapshot)
    read = ReadSet(("amount", "city"), ordered=True)
    projections = Projections(project.warehouse, project.open_cursor)
    path = shop.root / "warehouse" / snapshot.files[0].path
    path.chmod(0o644)
    path.write_bytes(b"PAR1, once")
    assert projections.of(snapshot, read) is None
