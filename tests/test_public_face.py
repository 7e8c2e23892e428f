"""What users type, script and import is there, documented, and cheap to ask about."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import click
import pytest

import assetflow
from assetflow.cli.main import COMMANDS, cli
from assetflow.project.loading.options import ASSET_OPTIONS
from assetflow.project.settings import KEYS, VARIABLES

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
REFERENCE = (REPOSITORY / "docs" / "reference.md").read_text(encoding="utf-8")


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def test_the_public_names_are_there() -> None:
    for name in assetflow.__all__:
        assert getattr(assetflow, name) is not None
    assert dir(assetflow) == sorted(assetflow.__all__)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'assetflow' has no attribute 'materialise'"):
        _ = assetflow.materialise  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(set(assetflow.__all__) - {"__version__"}))
def test_a_public_name_says_what_it_is(name: str) -> None:
    assert (getattr(assetflow, name).__doc__ or "").strip()
    assert re.search(rf"\b{name}\b", README + REFERENCE)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does(name: str) -> None:
    made = command(name)
    assert made.help, "for `--help` of the command"
    assert COMMANDS[name].endswith("."), "for the list of all commands"
    assert all(option.help for option in made.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"completion", "init"}))
def test_a_command_takes_the_project(name: str) -> None:
    made = command(name)
    if isinstance(made, click.Group):
        for each in made.commands.values():
            assert {"-C", "--project", "--json"} <= {flag for option in each.params for flag in option.opts}
        return
    flags = flags_of(name)
    assert {"-C", "--project"} <= flags
    assert "--json" in flags


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("ls", "-s --select"),
        ("plan", "-s --select --check"),
        (
            "materialize",
            "-s --select -x --exclude --env --full-refresh --dry-run -j --fail-fast --partition --log-format --quiet",
        ),
        ("lineage", "--up --down --format"),
        ("show", "--limit"),
        ("query", "--format --output"),
        ("check", "-s --select --show-failures"),
    ],
)
def test_the_options_that_scripts_use(name: str, flags: str) -> None:
    assert set(flags.split()) <= flags_of(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_speaks_of_every_command(name: str) -> None:
    assert re.search(rf"`{name}[ `]", README)


@pytest.mark.parametrize("key", [*KEYS, *VARIABLES, *sorted(ASSET_OPTIONS)])
def test_the_reference_speaks_of_every_setting(key: str) -> None:
    assert re.search(rf"\b{re.escape(key)}\b", REFERENCE)


def test_every_module_says_what_it_is_for() -> None:
    without = [
        str(path.relative_to(REPOSITORY))
        for path in sorted((REPOSITORY / "assetflow").rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert without == []


def flags_of(name: str) -> set[str]:
    options: list[Any] = [option for option in command(name).params if isinstance(option, click.Option)]
    return {flag for option in options for flag in (*option.opts, *option.secondary_opts)}
