"""Names that would leave the warehouse, or mean something to a system or to SQL, are refused at the door."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetflow import names
from assetflow.errors import AssetflowError, WarehouseError
from assetflow.warehouse.disk.removal import remove_file, remove_folder
from assetflow.warehouse.warehouse import Warehouse
from tests.conftest import Shop

WRONG = (
    "", ".", "..", "../x", "..\\x", "a/b", "a\\b", "/etc/passwd", "a\0b", "a\nb", "%2e%2e", "a'; DROP TABLE x; --", 'a"b',
    "Sales", "1a", "_a", "a b", "é", "a\u202eb", "con", "nul", "com1", "x" * 129, "a.b", "-a", "~", "C:", "a:b", "$HOME",
)  # fmt: skip


@pytest.mark.parametrize("name", WRONG, ids=ascii)
def test_an_environment_of_that_name_is_refused_before_any_path_is_made(shop: Shop, name: str) -> None:
    if name == "":
        return  # no name: the default
    before = sorted(shop.root.rglob("*"))
    with pytest.raises((AssetflowError, ValueError)):
        shop.project(environment=name).plan()
    with pytest.raises(ValueError, match="cannot be the name of an environment"):
        Warehouse(str(shop.root / "warehouse")).catalog_path(name)
    assert sorted(shop.root.rglob("*")) == before


@pytest.mark.parametrize("name", WRONG, ids=ascii)
def test_an_asset_of_that_name_is_refused(empty_shop: Shop, name: str) -> None:
    empty_shop.write(
        "assets/a.py", f"from assetflow import asset\n\n@asset(name={name!r})\ndef a():\n    return None\n"
    )
    printed = empty_shop.cli("plan")
    assert printed.code == 2, printed.err
    assert "Traceback" not in printed.err
    assert "a.py" in printed.err


@pytest.mark.parametrize("name", WRONG, ids=ascii)
def test_the_id_of_a_run_becomes_no_path(tmp_path: Path, name: str) -> None:
    if names.is_run(name):
        return  # letters in both cases and digits first are fine
    with pytest.raises(ValueError, match="cannot be the id of a run"):
        Warehouse(str(tmp_path)).keep_sample(name, "sales", str(tmp_path / "x"))


@given(st.text())
def test_what_is_a_name_is_one_segment_of_a_path(text: str) -> None:
    for accepts in (names.is_asset, names.is_environment, names.is_run):
        if accepts(text):
            assert os.path.normpath(os.path.join("/w", text)) == f"/w/{text}"
            assert text.isascii() and text.replace("_", "").replace("-", "").isalnum()


# Deleting


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("kept")
    (tmp_path / "warehouse").mkdir()
    return folder


@pytest.mark.parametrize("path", ["../outside", "..", ".", "", "a/../../outside", "a/.."])
def test_nothing_outside_the_warehouse_is_deleted(outside: Path, path: str) -> None:
    root = str(outside.parent / "warehouse")
    for remove in (remove_file, remove_folder):
        with pytest.raises(WarehouseError, match="nothing was deleted"):
            remove(root, os.path.join(root, path))
    with pytest.raises(WarehouseError, match="nothing was deleted"):
        remove_file("/", str(outside / "precious"))
    assert (outside / "precious").read_text() == "kept"


def test_a_folder_that_was_replaced_by_a_link_is_not_followed(outside: Path) -> None:
    root = outside.parent / "warehouse"
    (outside / "folder" / "empty").mkdir(parents=True)
    (root / "staging").symlink_to(outside)
    (root / "linked").symlink_to(outside / "folder")
    with pytest.raises(WarehouseError, match="nothing was deleted"):
        remove_file(str(root), str(root / "staging" / "precious"))
    with pytest.raises(WarehouseError, match="nothing was deleted"):
        remove_folder(str(root), str(root / "staging" / "run"))
    remove_folder(str(root), str(root / "staging"))
    assert (outside / "precious").read_text() == "kept"
    remove_folder(str(root), str(root / "linked"))
    assert (outside / "folder" / "empty").is_dir()


def test_a_warehouse_that_was_replaced_by_a_link_to_everything_is_not_emptied(outside: Path) -> None:
    root = outside.parent / "everything"
    root.symlink_to("/")
    with pytest.raises(WarehouseError, match="nothing was deleted"):
        remove_file(str(root), f"{root}{outside}/precious")
    assert (outside / "precious").read_text() == "kept"


def test_what_lies_below_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    remove_file(str(tmp_path), str(tmp_path / "a" / "b" / "c"))
    remove_file(str(tmp_path), str(tmp_path / "a" / "b" / "c"))
    (tmp_path / "a" / "b" / "c").write_text("x")
    remove_folder(str(tmp_path), str(tmp_path / "a"))
    (tmp_path / "a" / "empty").mkdir(parents=True)
    remove_folder(str(tmp_path), str(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []
