"""What a person is told whose definitions, settings or data are wrong: whole screens, one file each in bad_input/."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetflow.errors import DefinitionError
from tests.conftest import ORDERS, Shop
from tests.project.screen import play

SCREENS = sorted((Path(__file__).parent / "bad_input").glob("*.txt"))


@pytest.mark.parametrize("path", SCREENS, ids=[path.stem for path in SCREENS])
def test_bad_input(
    path: Path, empty_shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty_shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    empty_shop.write("data/orders.csv", ORDERS)
    monkeypatch.chdir(empty_shop.root)
    expected = path.read_text(encoding="utf-8")
    assert play(expected, empty_shop.root, capsys) == expected
