"""Where a project is found, and which of several settings wins. What is said of wrong ones is in bad_input/settings.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetflow.errors import ProjectError
from assetflow.project.settings import Settings, read_settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(toml: str = "", *, file: str = "assetflow.toml", **given: str | int | None) -> Settings:
    """The settings of a project in the working directory; upper-case names are variables, the others flags."""
    Path(file).write_text(toml)
    variables = {name: str(value) for name, value in given.items() if name.isupper()}
    flags = {name.replace("_", "-"): value for name, value in given.items() if name.islower()}
    return read_settings(overrides=flags, variables=variables)


def test_a_project_needs_no_settings(root: Path) -> None:
    found = settings()
    assert (found.root, found.assets_folder, found.warehouse) == (str(root), f"{root}/assets", f"{root}/warehouse")
    assert (found.environment, found.executor, found.tracked_packages) == ("prod", "threads", ())
    assert found.workers >= 1


def test_a_flag_wins_over_a_variable_and_that_over_the_file(root: Path) -> None:
    toml = 'environment = "from_file"\njobs = 2'
    assert settings(toml).environment == "from_file"
    assert settings(toml, ASSETFLOW_ENV="from_variable").environment == "from_variable"
    assert settings(toml, ASSETFLOW_ENV="from_variable", environment="from_flag").environment == "from_flag"
    assert settings(toml, ASSETFLOW_ENV="from_variable", environment=None).environment == "from_variable"
    assert settings(toml, ASSETFLOW_JOBS=3).workers == 3


@pytest.mark.parametrize(
    ("variable", "value", "attribute", "expected"),
    [
        ("ASSETFLOW_WAREHOUSE", "elsewhere", "warehouse", "ROOT/elsewhere"),
        ("ASSETFLOW_WAREHOUSE", "/data/warehouse", "warehouse", "/data/warehouse"),
        ("ASSETFLOW_EXECUTOR", "processes", "executor", "processes"),
        ("ASSETFLOW_THREADS", "2", "threads", 2),
        ("ASSETFLOW_MEMORY_LIMIT", "2.5 GiB", "memory_limit", "2.5 GiB"),
    ],
)
def test_variables(root: Path, variable: str, value: str, attribute: str, expected: str | int) -> None:
    found = getattr(settings(**{variable: value}), attribute)
    assert found == (expected.replace("ROOT", str(root)) if isinstance(expected, str) else expected)


def test_both_files_take_the_same_keys(root: Path) -> None:
    keys = 'warehouse = "w"\nmemory-limit = "1GB"\ntracked_packages = ["polars", "duckdb"]'
    found = settings(f"[tool.assetflow]\n{keys}", file="pyproject.toml")
    assert (found.file, found.warehouse, found.memory_limit) == ("pyproject.toml", f"{root}/w", "1GB")
    assert found.tracked_packages == ("duckdb", "polars")
    other = settings(keys)
    assert (other.file, other.warehouse, other.memory_limit) == ("assetflow.toml", f"{root}/w", "1GB")


def test_the_nearest_project_above_is_taken(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings('environment = "outer"')
    inner = root / "inner"
    (inner / "assets" / "deep").mkdir(parents=True)
    (inner / "pyproject.toml").write_text('[project]\nname = "no project of ours"')
    monkeypatch.chdir(inner / "assets" / "deep")
    assert read_settings(variables={}).root == str(root)
    (inner / "pyproject.toml").write_text('[tool.assetflow]\nenvironment = "inner"')
    assert read_settings(variables={}).environment == "inner"
    assert read_settings(str(root), variables={}).environment == "outer"
    assert read_settings(variables={"ASSETFLOW_PROJECT": str(root)}).environment == "outer"


def test_where_there_is_no_project(root: Path) -> None:
    with pytest.raises(ProjectError, match="there is no project in") as raised:
        read_settings(str(root), variables={})
    assert "assetflow init" in (raised.value.hint or "")
    with pytest.raises(ProjectError, match="there is no folder nowhere"):
        read_settings("nowhere", variables={})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ASSETFLOW_JOBS": "many"}, "ASSETFLOW_JOBS must be a whole number, not 'many'"),
        (
            {"ASSETFLOW_ENV": "Prod 1"},
            "ASSETFLOW_ENV is 'Prod 1': use lower-case letters, digits and _, a letter first",
        ),
        ({"ASSETFLOW_THREADS": "0"}, "ASSETFLOW_THREADS must be at least 1, not 0"),
        ({"executor": "thread"}, "executor is 'thread': there are inline, processes, threads\nDid you mean threads?"),
    ],
)
def test_a_wrong_value_is_blamed_on_who_gave_it(root: Path, given: dict[str, str], message: str) -> None:
    """The file says something else, and is right."""
    with pytest.raises(ProjectError) as raised:
        settings('environment = "prod"\njobs = 2\nthreads = 2\nexecutor = "inline"', **given)
    assert (str(raised.value), raised.value.path) == (message, None)


def test_a_file_that_is_no_text(root: Path) -> None:
    (root / "assetflow.toml").write_bytes(b"jobs = 2\n# caf\xe9\n")
    with pytest.raises(ProjectError) as raised:
        read_settings(variables={})
    assert str(raised.value) == "assetflow.toml:2: is not valid UTF-8\nSave the file as UTF-8."


def test_the_environment_has_two_variables_and_an_empty_one_says_nothing(root: Path) -> None:
    assert settings(ASSETFLOW_ENVIRONMENT="dev").environment == "dev"
    assert settings(ASSETFLOW_ENVIRONMENT="dev", ASSETFLOW_ENV="test").environment == "test"
    assert settings('environment = "dev"', ASSETFLOW_ENV="", ASSETFLOW_PROJECT="").environment == "dev"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ASSETFLOW_ENVIROMENT", "ASSETFLOW_ENVIRONMENT"),
        ("ASSETFLOW_JOB", "ASSETFLOW_JOBS"),
        ("ASSETFLOW_XYZZY", "Known: "),
    ],
)
def test_a_variable_that_nobody_reads_is_refused(root: Path, name: str, near: str) -> None:
    with pytest.raises(ProjectError, match=name) as raised:
        settings(**{name: "dev"})
    assert near in str(raised.value.hint)


def test_a_variable_of_the_user_is_let_be(root: Path) -> None:
    assert settings(ASSETFLOW_SECRET_TOKEN="x", ASSETFLOW_TEST_KILLS=3, ASSETFLOWS="y").environment == "prod"
