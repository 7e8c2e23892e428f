"""Options that several commands share, and the completion of names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from assetflow.project.project import Project

F = TypeVar("F", bound=Callable[..., Any])


def project_option(function: F) -> F:
    """`-C DIR` after the command's name, as well as before it."""
    return click.option(
        "-C", "--project", "project", metavar="DIR", help="The folder of the project (default: the nearest one)."
    )(function)


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


def complete_selection(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of assets, sources and groups for the shell; keeps `+`, `@`, `2+` and what stands before a comma."""
    before, separator, name = split_last(incomplete)
    return [before + separator + known for known in known_names(context, groups=True) if known.startswith(name)]


def complete_asset(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of assets for the shell."""
    return [name for name in known_names(context) if name.startswith(incomplete)]


def complete_environment(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of environments for the shell."""
    opened = project_of(context)
    return [] if opened is None else [name for name in opened.ledger.environments() if name.startswith(incomplete)]


def split_last(text: str) -> tuple[str, str, str]:
    """`a,2+sal` is `a,2`, `+`, `sal`: the last name and what stands before it."""
    for position in range(len(text) - 1, -1, -1):
        if text[position] in "+@, ()":
            return text[:position], text[position], text[position + 1 :]
    return "", "", text


def known_names(context: click.Context, *, groups: bool = False) -> list[str]:
    """All names of the project; a project that cannot be read completes nothing rather than print an error."""
    from assetflow.errors import AssetflowError

    opened = project_of(context)
    try:
        definitions = opened.definitions if opened is not None else None
    except AssetflowError:
        return []
    if definitions is None:
        return []
    in_groups = {asset.group for asset in definitions.assets.values()} if groups else set()
    return sorted({*definitions.assets, *definitions.sources, *in_groups})


def project_of(context: click.Context) -> Project | None:
    """The project that somebody is typing about, if there is one."""
    from assetflow.errors import AssetflowError
    from assetflow.project.project import Project

    try:
        return Project.open(context.params.get("project") or context.find_root().obj)
    except AssetflowError:
        return None
