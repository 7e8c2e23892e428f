"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assetflow.cli.complete import complete_environment, complete_folder, complete_selection

if TYPE_CHECKING:
    from assetflow.project.project import Project

F = TypeVar("F", bound=Callable[..., Any])


def project_option(function: F) -> F:
    """`-C DIR` after the command's name, as well as before it."""
    return click.option(
        "-C", "--project", "project", metavar="DIR", shell_complete=complete_folder,
        help="The folder of the project (default: the nearest one).",
    )(function)  # fmt: skip


def environment_option(function: F) -> F:
    return click.option(
        "--env", metavar="ENV", shell_complete=complete_environment, help="The environment (default: prod)."
    )(function)


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(function)


def select_option(function: F) -> F:
    return click.option(
        "-s", "--select", "select", multiple=True, metavar="SEL", shell_complete=complete_selection,
        help="Which assets: sales+, 2+sales, tag:nightly, group:x,not tag:y. Several are a union.",
    )(function)  # fmt: skip


def exclude_option(function: F) -> F:
    return click.option(
        "-x", "--exclude", "exclude", multiple=True, metavar="SEL", shell_complete=complete_selection,
        help="Which assets to leave out.",
    )(function)  # fmt: skip


def open_project(project: str | None, env: str | None = None, **overrides: Any) -> Project:
    """The project that the flags name; a flag after the command wins over one before it."""
    from assetflow.project.project import Project

    context = click.get_current_context()
    return Project.open(project or context.find_root().obj, environment=env, **overrides)


def open_to_read(project: str | None, env: str | None = None) -> Project:
    """The same for a command that shows what is published: other clients see the same, even if a run was killed."""
    opened = open_project(project, env)
    opened.repair_catalog()  # where it cannot be written, the next run says so
    return opened


def no_asset(project: Project) -> str:
    """What to do in a project without assets."""
    import os

    folder = os.path.relpath(project.settings.assets_folder, project.settings.root)
    return f"there is no asset yet. Add SQL or Python files to {folder}/."


def warn_of_broken(project: Project) -> None:
    """Say that the project is broken, to somebody who looks at what is published all the same."""
    from assetflow.cli.screen import show_warning

    if project.readable.problem is not None:
        show_warning(f"{project.readable.problem}\nWhat was published is shown all the same.")
