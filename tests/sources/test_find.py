"""Which files a pattern means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assetflow.errors import DefinitionError, SourceError
from assetflow.sources.files import files

TREE = """
data/a.csv
data/b.csv
data/B.CSV
data/c.csv.gz
data/notes.txt
data/.hidden.csv
data/x.csv.tmp
data/.x.csv.crc
data/_SUCCESS
data/[old].csv
data/deep/d.csv
data/deep/deeper/e.csv
data/.git/f.csv
data/_temporary/g.csv
days/dt=2024-01-01/one.parquet
days/dt=2024-01-02/two.parquet
days/dt=2024-01-02/_SUCCESS
mixed/m.csv
mixed/m.json
empty/readme.md
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in TREE.split():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\n1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("data/a.csv", "a.csv"),
        ("./data/../data/a.csv", "a.csv"),
        ("data/*.csv", "[old].csv a.csv b.csv"),
        ("data/?.csv", "a.csv b.csv"),
        ("data/[ab].csv", "a.csv b.csv"),
        ("data/[!a].csv", "b.csv"),
        ("data/[old].csv", "[old].csv"),
        ("data/*.csv.gz", "c.csv.gz"),
        ("data/.h*.csv", ".hidden.csv"),
        ("data/*/*.csv", "d.csv"),
        ("data/**/*.csv", "[old].csv a.csv b.csv d.csv e.csv"),
        ("data/**/deeper/*.csv", "e.csv"),
        ("data/deep/**", "d.csv e.csv"),
        ("data", "B.CSV [old].csv a.csv b.csv c.csv.gz d.csv e.csv"),
        ("data/deep/", "d.csv e.csv"),
        ("days/*/*.parquet", "one.parquet two.parquet"),
        ("days/dt=2024-01-02/*", "two.parquet"),
        (["data/b.csv", "data/a.csv", "data/?.csv"], "a.csv b.csv"),
    ],
)
def test_what_a_pattern_means(root: Path, pattern: str | list[str], expected: str) -> None:
    found = files(pattern).stat_files(str(root))
    assert [os.path.basename(file.path) for file in found] == [
        name for path in sorted(root.rglob("*")) for name in expected.split() if path.name == name
    ]
    assert all(os.path.isabs(file.path) and file.path == os.path.normpath(file.path) for file in found)


def test_a_file_is_told_by_size_times_and_inode(root: Path) -> None:
    (file,) = files("data/a.csv").stat_files(str(root))
    status = (root / "data/a.csv").stat()
    assert (file.size, file.mtime_ns, file.inode) == (5, status.st_mtime_ns, status.st_ino)


def test_links_to_files_are_followed_but_not_round_in_circles(root: Path) -> None:
    (root / "data/deep/link.csv").symlink_to(root / "data/a.csv")
    (root / "data/deep/deeper/up").symlink_to(root / "data", target_is_directory=True)
    found = files("data/deep/**/*.csv").stat_files(str(root))
    assert [os.path.basename(file.path) for file in found] == ["d.csv", "e.csv", "link.csv"]


def test_a_dangling_link_is_no_file(root: Path) -> None:
    (root / "data/deep/gone.csv").symlink_to(root / "nowhere.csv")
    assert [os.path.basename(file.path) for file in files("data/deep/*").stat_files(str(root))] == ["d.csv"]


def test_a_declared_format_reads_files_of_any_suffix(root: Path) -> None:
    (root / "export").mkdir()
    (root / "export/data.dat").write_text("id\n1\n")
    assert len(files("export", format="csv").stat_files(str(root))) == 1
    with pytest.raises(SourceError, match="has no suffix that tells its format"):
        files("export/*").stat_files(str(root))


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("data/d.csv", 'no file matches "data/d.csv"', "Did you mean"),
        ("dta/a.csv", 'no file matches "dta/a.csv"', "Did you mean data?"),
        ("data/*.parquet", 'no file matches "data/*.parquet"', "The folder data/ holds"),
        ("data/nothing/*/x.csv", 'no file matches "data/nothing/*/x.csv"', "The folder data/ holds"),
        ("empty", 'no file matches "empty"', "The folder empty/ holds readme.md."),
        ("mixed/*", "files of one source have different formats", "Narrow the pattern"),
        ("empty/*.md", "has no suffix that tells its format", "Say format ="),
    ],
)
def test_no_files_is_an_error_that_shows_what_is_there(root: Path, pattern: str, message: str, hint: str) -> None:
    with pytest.raises(SourceError) as raised:
        files(pattern).stat_files(str(root))
    assert message in raised.value.message
    assert hint in (raised.value.hint or "")


def test_files_of_an_installed_package_are_found_without_importing_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "shop_data/data").mkdir(parents=True)
    (root / "shop_data/__init__.py").write_text("raise RuntimeError('imported')")
    (root / "shop_data/data/sales.csv").write_text("id\n1\n")
    monkeypatch.syspath_prepend(str(root))
    (file,) = files("data/*.csv", package="shop_data").stat_files("/elsewhere")
    (same,) = files("*.csv", package="shop_data.data").stat_files("/elsewhere")
    assert file.path == same.path == str(root / "shop_data/data/sales.csv")


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.data", "sys", "os", ".odd", "a-b"])
def test_a_missing_package_says_how_to_get_it(package: str) -> None:
    with pytest.raises(SourceError) as raised:
        files("data/*.csv", package=package).stat_files("/")
    assert f'"{package}"' in raised.value.message
    assert (raised.value.hint or "").startswith("Run: pip install ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"pattern": []}, "a source needs the files it is made of"),
        ({"pattern": " "}, "a source needs the files it is made of"),
        ({"pattern": "a.csv", "format": "cvs"}, 'unknown format "cvs"'),
        ({"pattern": "a.csv", "options": {"Types": {}}}, 'the reader option "Types" is not for `options`'),
        ({"pattern": "a.csv", "columns": {"id": 1}}, 'the type of column "id" is no text'),
    ],
)
def test_words_that_are_wrong(words: dict[str, object], message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        files(**words)  # type: ignore[arg-type]
    assert raised.value.message == message
    assert raised.value.hint
