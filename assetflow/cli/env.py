"""`assetflow env`: named sets of what is current. Making one copies no data; promoting one builds nothing."""

from __future__ import annotations

import click

from assetflow.cli.complete import complete_environment
from assetflow.cli.options import json_option, open_project, project_option
from assetflow.cli.screen import local_time, plural, put, put_json, say, show_warning, styled, table
from assetflow.project.versions import environments
from assetflow.warehouse.ledger import environments as kept


@click.group("env")
@project_option
@click.pass_context
def command(context: click.Context, project: str | None) -> None:
    """List, create, compare, promote and drop environments."""
    # As before the name of any command: one that stands behind `list` wins.
    context.find_root().obj = project or context.find_root().obj


@command.command("list")
@json_option
@project_option
def list_(as_json: bool, project: str | None) -> None:
    """List environments, with how much each publishes."""
    opened = open_project(project, None)
    found = kept.environments(opened.ledger.connection)
    if as_json:
        listed = [
            {
                "name": each.name,
                "tables": each.tables,
                "generation": each.generation,
                "published_at": each.published_at,
                "base": each.base,
                "default": each.name == opened.environment,
            }
            for each in found
        ]
        put_json({"schema": "assetflow.env.list/1", "environments": listed})
        return
    if not found:
        say("Nothing was published yet.")
        return
    rows = [
        [each.name, str(each.tables), local_time(each.published_at), each.base or "",
         "default" if each.name == opened.environment else ""]
        for each in found
    ]  # fmt: skip
    for line in table(["environment", "tables", "published", "made from", ""], rows):
        put(line)


@command.command("create")
@click.argument("name")
@click.option(
    "--from", "source", metavar="ENV", shell_complete=complete_environment,
    help="The environment to begin with (default: that of the project).",
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Bring an environment that is there to the same state.")
@json_option
@project_option
def create(name: str, source: str | None, replace: bool, as_json: bool, project: str | None) -> None:
    """Make an environment that holds what another one holds, without copying data."""
    opened = open_project(project, None)
    begun = source or opened.environment
    moved = environments.create(opened, name, begun, replace=replace)
    if as_json:
        put_json(document("create", moved, base=begun))
        return
    shared = len(opened.ledger.current(name))
    say(f"{styled(name, 'bold', err=True)} holds {plural(shared, 'table')} of {begun}; nothing was copied")
    if moved.held:
        say(f"rolled back there and held here, too: {', '.join(moved.held)}")
    warn(moved)


@command.command("diff")
@click.argument("one", shell_complete=complete_environment)
@click.argument("other", shell_complete=complete_environment)
@json_option
@project_option
def diff(one: str, other: str, as_json: bool, project: str | None) -> None:
    """Show which tables hold other rows in two environments."""
    opened = open_project(project, None)
    found = environments.compare(opened, one, other)
    if as_json:
        put_json({"schema": "assetflow.env.diff/1", "first": one, "second": other, **found.to_dict()})
        return
    for name in found.different:
        put(f"{styled('~', 'stale')} {name}")
    for name in found.only_first:
        put(f"{styled('-', 'failed')} {name}  only in {one}")
    for name in found.only_second:
        put(f"{styled('+', 'fresh')} {name}  only in {other}")
    put(f"{len(found.different)} different, {len(found.same)} the same")
    if found.different:
        say(f"`assetflow diff {found.different[0]} {one} {other}` shows the rows.")


@command.command("promote")
@click.argument("name", shell_complete=complete_environment)
@click.option(
    "--to", "target", metavar="ENV", shell_complete=complete_environment,
    help="Where to (default: the environment of the project).",
)  # fmt: skip
@json_option
@project_option
def promote(name: str, target: str | None, as_json: bool, project: str | None) -> None:
    """Publish in another environment what changed in this one. Nothing is built."""
    opened = open_project(project, None)
    moved = environments.promote(opened, name, target or opened.environment)
    if as_json:
        put_json(document("promote", moved, base=name))
        return
    for asset, made in sorted(moved.moves.items()):
        put(f"{asset}  {'withdrawn' if made is None else 'published'}")
    said = plural(len(moved.moves), "table") if moved.moves else "nothing"
    say(f"{said} promoted from {name} to {moved.env}" if moved.moves else f"{moved.env} holds all that {name} changed")
    warn(moved)


@command.command("drop")
@click.argument("name", shell_complete=complete_environment)
@json_option
@project_option
def drop(name: str, as_json: bool, project: str | None) -> None:
    """Forget an environment. Its data stays as long as something else needs it; `gc` removes the rest."""
    environments.drop(open_project(project, None), name)
    if as_json:
        put_json({"schema": "assetflow.env.drop/1", "environment": name})
        return
    say(f"{name} is dropped; `assetflow gc` removes what nothing needs any more")


def warn(moved: environments.Moved) -> None:
    for warning in moved.warnings:
        show_warning(warning)


def document(what: str, moved: environments.Moved, *, base: str) -> dict[str, object]:
    return {
        "schema": f"assetflow.env.{what}/1",
        "environment": moved.env,
        "from": base,
        "run_id": moved.run_id,
        "published": sorted(asset for asset, made in moved.moves.items() if made is not None),
        "withdrawn": sorted(asset for asset, made in moved.moves.items() if made is None),
        "held": list(moved.held),
        "warnings": list(moved.warnings),
    }
