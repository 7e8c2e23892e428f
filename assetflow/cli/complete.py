"""What Tab offers: names, what selections are written with, columns, versions, runs. Nothing of it loads an engine.

Every command imports this: what only Tab needs is imported by who offers it.

sales+  big,tag:nightly  state:stale     for --select and --exclude
sales.amount                             for `lineage`
sales@40e79fd4  40e79fd4  dev            for versions
20261120-020000-ab12                     for `runs`
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING

import click

from assetflow.errors import AssetflowError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from assetflow.asset import Asset
    from assetflow.planning.unfinished import Unfinished
    from assetflow.project.project import Project
    from assetflow.source import Source
    from assetflow.warehouse.ledger.records import RunRecord, Version

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]

UNFINISHED = "open"
"""The type of what is offered to be gone on with: no space comes behind `tag:`."""
MOST = 100
"""Versions and runs that are offered."""


def forgiving(offer: Offer) -> Offer:
    """Offers nothing where a project cannot be read: nobody wants an error in the middle of a line."""

    @wraps(offer)
    def offered(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return offer(context, parameter, incomplete)
        except (AssetflowError, OSError):
            return []

    return offered


@forgiving
def complete_selection(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last name of a selection; keeps `+`, `@`, `2+` and what stands before a comma."""
    from assetflow.planning.grammar import METHODS
    from assetflow.planning.unfinished import unfinished

    text = unfinished(incomplete)
    if text is None:
        return []
    project = project_of(context)
    if text.method:
        found = words(project, text.method, text.typed)
    else:
        found = [*tables(project), *groups(project), *(paths(project) if "/" in text.typed else ())]
    whole = items(text.before + each for each in begun(found, text))
    if whole or text.method or text.quote:
        return whole
    methods = (f"{text.before}{each}:" for each in METHODS if each.startswith(text.typed))
    return [*whole, *items(methods, kind=UNFINISHED)]


@forgiving
def complete_table(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of assets and sources; behind `@`, versions of one."""
    project = project_of(context)
    name, at, when = incomplete.partition("@")
    if at:
        return versions(project, name, when, f"{name}@")
    return items(each for each in tables(project) if each.startswith(incomplete))


@forgiving
def complete_asset(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of assets alone."""
    project = project_of(context)
    return items(each for each in tables(project, sources=False) if each.startswith(incomplete))


@forgiving
def complete_column(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of assets and sources; behind a dot, columns of one."""
    project = project_of(context)
    known = tables(project)
    whole = [each for each in known if each.startswith(incomplete)]
    table = max((each for each in known if incomplete.startswith(f"{each}.")), key=len, default=None)
    if table is not None:
        whole += [f"{table}.{column}" for column in columns(project).get(table, ())]
    return items(each for each in whole if each.startswith(incomplete))


@forgiving
def complete_column_tag(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Tags that stand on columns."""
    from assetflow.project.columns.words import declared_tags

    found = declared_tags(project_of(context))
    return items(sorted({tag for tags in found.values() for tag in tags if tag.startswith(incomplete)}))


@forgiving
def complete_version(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Versions of the asset that stands before: snapshots, runs, environments."""
    # Behind an option without its value, click leaves arguments where they are.
    names = [context.params.get("asset"), *context.args, ""]
    name = next(each for each in names if each is not None).partition("@")[0]
    return versions(project_of(context), name, incomplete)


@forgiving
def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Runs, newest first."""
    found = project_of(context).ledger.runs(MOST)
    return [item(each.id, run_text(each)) for each in found if each.id.startswith(incomplete)]


@forgiving
def complete_environment(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of environments."""
    return items(each for each in project_of(context).ledger.environments() if each.startswith(incomplete))


def complete_folder(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, which the shell itself knows."""
    return [item(incomplete, kind="dir")]


# What there is --------------------------------------------------------------------------------------------------------


def project_of(context: click.Context) -> Project:
    """The project that somebody is typing about."""
    from assetflow.project.project import Project

    named = context.params.get("project") or context.find_root().params.get("project")
    # A shell hands over `~` as it was typed.
    return Project.open(os.path.expanduser(named) if named else None, environment=context.params.get("env"))


def tables(project: Project, *, sources: bool = True) -> list[str]:
    """Assets and sources by name; while the project is broken by an edit, what is published."""
    definitions = project.readable.definitions
    found = {*definitions.assets, *(definitions.sources if sources else ())}
    return sorted(found or project.current)


def declared(project: Project) -> list[Asset | Source]:
    definitions = project.readable.definitions
    return [*definitions.assets.values(), *definitions.sources.values()]


def groups(project: Project) -> list[str]:
    """Groups, and the groups that they are in."""
    return folders(each.group for each in declared(project))


def paths(project: Project) -> list[str]:
    """Files that declare something, and their folders."""
    return folders(each.path for each in declared(project))


def folders(texts: Iterable[str]) -> list[str]:
    """`a/b/c` is three: `a`, `a/b` and itself."""
    parts = [text.split("/") for text in texts if text]
    return sorted({"/".join(each[: end + 1]) for each in parts for end in range(len(each))})


def columns(project: Project) -> dict[str, tuple[str, ...]]:
    """The columns of what is published, and those that are declared."""
    from assetflow.project.foreseeing.statuses import published_columns

    definitions = project.readable.definitions
    promised = {name: tuple(asset.columns) for name, asset in definitions.assets.items()}
    pinned = {name: tuple(one.location.to_dict().get("columns", ())) for name, one in definitions.sources.items()}
    return {**promised, **pinned, **published_columns(project)}


def words(project: Project, method: str, typed: str) -> list[str]:
    """What can stand behind `tag:` and the like."""
    match method.casefold():
        case "name":
            return tables(project)
        case "source":
            return sorted(project.readable.definitions.sources)
        case "group":
            return groups(project)
        case "path":
            return paths(project)
        case "tag":
            return sorted({tag for each in declared(project) for tag in each.tags})
        case "owner":
            return sorted({each.owner for each in declared(project) if each.owner})
        case "kind":
            return ["sql", "python", "source"]
        case "state":
            return ["stale", "fresh", "new", "failed", "changed"]
        case "column":
            listed = [(table, column) for table, found in columns(project).items() for column in found]
            return sorted({f"{table}.{column}" if "." in typed else column for table, column in listed})
        case _:
            return []


def versions(project: Project, name: str, typed: str, before: str = "") -> list[CompletionItem]:
    """The versions of a table, newest first: by snapshot, by run, and where there are several, by environment."""
    listed = project.ledger.history(project.environment, name, MOST)
    found: dict[str, str] = {}
    for each in listed:
        found.setdefault(each.snapshot[:12], version_text(each))
        if typed:
            found.setdefault(each.run_id, version_text(each))
    environments = project.ledger.environments()
    if listed and len(environments) > 1:
        found.update({env: f"what is current in {env}" for env in environments})
    return [item(before + text, help_) for text, help_ in found.items() if text.startswith(typed)]


# How it is offered ----------------------------------------------------------------------------------------------------


def begun(names: Iterable[str], text: Unfinished) -> Iterator[str]:
    """The names that begin as typed, each once, as they are written in a selection."""
    from assetflow.planning.grammar import written

    for name in dict.fromkeys(names):
        if name.startswith(text.typed):
            quoted = text.quote + name.replace(text.quote, text.quote * 2) + text.quote if text.quote else None
            yield quoted or written(name)


def items(texts: Iterable[str], kind: str = "plain") -> list[CompletionItem]:
    return [item(text, kind=kind) for text in texts if text.isprintable()]


def item(text: str, help_: str | None = None, *, kind: str = "plain") -> CompletionItem:
    from click.shell_completion import CompletionItem

    from assetflow.text import printable

    return CompletionItem(text, type=kind, help=help_ and printable(help_))


def version_text(version: Version) -> str:
    from assetflow.cli.screen import local_time, plural

    rows = "" if version.rows is None else f", {plural(version.rows, 'row')}"
    return f"{local_time(version.published_at)}{rows}{', current' if version.is_current else ''}"


def run_text(run: RunRecord) -> str:
    from assetflow.cli.screen import local_time

    return f"{local_time(run.started_at)}, {run.status}{f', {run.selection}' if run.selection else ''}"
