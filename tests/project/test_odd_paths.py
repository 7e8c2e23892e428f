"""Paths as people have them: sub-folders, links, quotes, other alphabets, names that are no text at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from assetflow.errors import AssetflowError, ProjectError
from assetflow.project.project import Project
from tests.conftest import Shop, make_shop

NO_TEXT = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize("name", ["with space", 'it\'s "quoted"', "größe 数据", "a;b&c$d", "%25", "-dash", "[glob]*"])
def test_a_project_in_a_folder_called(name: str, tmp_path: Path) -> None:
    root = tmp_path / name
    root.mkdir()
    shop = make_shop(root)
    assert shop.made() == ["big", "by_city", "people", "sales"]
    assert shop.plan().steps == ()
    assert shop.rows("SELECT count(*) FROM by_city") == [(2,)]


def test_a_project_is_found_from_below_and_through_a_link(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.made()
    link = shop.root.parent / "link"
    link.symlink_to(shop.root)
    for folder in (shop.root / "assets", link, link / "assets"):
        monkeypatch.chdir(folder)
        assert Project.open().plan().steps == ()
        assert sorted(Project.open().plan().fresh) == ["big", "by_city", "people", "sales"]


def test_a_folder_below_a_project_is_not_taken_for_it(shop: Shop) -> None:
    with pytest.raises(ProjectError, match="there is no project in") as raised:
        Project.open(str(shop.root / "assets"))
    assert f"It lies in the project {shop.root}" in str(raised.value)


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ProjectError, match="the working directory is gone"):
        Project.open()


def test_a_source_file_whose_name_is_no_text(shop: Shop) -> None:
    shop.write(f"data/{NO_TEXT}.csv", "x\n1\n")
    shop.sql("odd", "FROM 'data/caf*.csv'")
    with pytest.raises(AssetflowError, match=r'the name of the file ".*caf\\xe9.csv" is not valid UTF-8'):
        shop.plan("odd")
    assert shop.made("sales") == ["sales"]


def test_a_project_whose_folder_is_no_text(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(shop.root, tmp_path / NO_TEXT)
    with pytest.raises(ProjectError, match=r"the name of the folder .*caf\\xe9 is not valid UTF-8"):
        Project.open(str(tmp_path / NO_TEXT))


@pytest.mark.parametrize("name", ["sales.sql", "folder"])
def test_a_link_in_assets_that_leads_nowhere_withdraws_nothing(shop: Shop, name: str) -> None:
    shop.made()
    (shop.root / "assets" / name).unlink(missing_ok=True)
    (shop.root / "assets" / name).symlink_to("/nowhere")
    with pytest.raises(AssetflowError, match="this link leads to /nowhere, which is not there"):
        shop.plan()
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]


def test_a_link_in_assets_that_leads_to_a_folder_above_it(shop: Shop) -> None:
    shop.write("assets/deep/there.sql", "SELECT 1 AS a")
    (shop.root / "assets" / "deep" / "again").symlink_to("../../assets")
    with pytest.raises(AssetflowError, match="in which it stands itself") as raised:
        shop.plan()
    assert raised.value.where == "assets/deep/again"


def test_assets_that_are_links(shop: Shop, tmp_path: Path) -> None:
    shop.made()
    shop.root.joinpath("assets").rename(tmp_path / "elsewhere")
    shop.root.joinpath("assets").symlink_to(tmp_path / "elsewhere")
    assert shop.made() == []
    shop.sql("by_city", "SELECT city, max(amount) AS most FROM sales GROUP BY city")
    assert shop.made() == ["by_city"]
