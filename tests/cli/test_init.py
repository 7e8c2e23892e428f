"""`assetflow init`: what it makes works, and it overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assetflow.project.project import Project
from tests.conftest import Printed


def assetflow(folder: Path, *arguments: str) -> Printed:
    command = [sys.executable, "-m", "assetflow", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return Printed(done.returncode, done.stdout, done.stderr)


def test_what_it_makes_is_materialized_and_then_fresh(tmp_path: Path) -> None:
    printed = assetflow(tmp_path, "init", "my bar")
    assert printed.code == 0
    assert "cd 'my bar'\n  assetflow materialize" in printed.err
    bar = tmp_path / "my bar"
    made = {str(path.relative_to(tmp_path)) for path in bar.rglob("*") if path.is_file()}
    assert sorted(printed.out.splitlines()) == sorted(made)
    run = assetflow(bar, "materialize", "--json")
    assert run.code == 0, run.err
    assert {each["asset"]: each["outcome"] for each in run.json["assets"]} == dict.fromkeys(
        ["sales", "revenue_by_day", "regulars"], "materialized"
    )
    assert assetflow(bar, "materialize", "--json").json["status"] == "nothing_to_do"
    assert assetflow(bar, "check").code == 0
    rows = assetflow(bar, "query", "SELECT name, days, revenue FROM regulars ORDER BY name", "--json").json["rows"]
    assert rows == [["Ines", 4, 13.1], ["Mira", 3, 14.0], ["Tomás", 4, 17.6]]


def test_every_asset_of_it_is_described_and_checked(tmp_path: Path) -> None:
    assetflow(tmp_path, "init")
    definitions = Project.open(str(tmp_path)).definitions
    assert all(asset.description and asset.checks for asset in definitions.assets.values())
    assert all(source.description for source in definitions.sources.values())


def test_other_files_stay_and_do_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    printed = assetflow(tmp_path, "init", ".")
    assert printed.code == 0
    assert ".gitignore was left as it is: add the line /warehouse/ to it." in printed.err
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text() == "*.log\n"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("mine")
    printed = assetflow(tmp_path, "init")
    assert (printed.code, printed.out) == (2, "")
    assert "data/orders.csv is there already" in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "orders.csv").read_text() == "mine"


def test_a_folder_that_is_a_project_already(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.assetflow]\n")
    printed = assetflow(tmp_path, "init")
    assert printed.code == 2
    assert "there is a project here already: pyproject.toml declares it" in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert assetflow(tmp_path, "init", "file").code == 2
    assert "cannot be written" in assetflow(tmp_path, "init", "file/below").err
