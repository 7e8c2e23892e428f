"""`assetflow rollback`: publish an older version again, and hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assetflow.cli.complete import complete_asset, complete_version
from assetflow.cli.options import environment_option, json_option, open_project, project_option
from assetflow.cli.screen import local_time, put_json, say, show_warning
from assetflow.errors import UsageError

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.project.versions.environments import Moved
    from assetflow.warehouse.ledger.records import Version


@click.command("rollback", context_settings={"ignore_unknown_options": True})
@click.argument("asset", shell_complete=complete_asset)
@click.argument("when", required=False, shell_complete=complete_version)
@click.option(
    "--downstream/--only", default=True, show_default=True,
    help="Take what is made from it back as well, or leave that to be made again.",
)  # fmt: skip
@click.option("--release", is_flag=True, help="Let go of an asset that was rolled back: the next run makes it again.")
@environment_option
@json_option
@project_option
def command(
    asset: str, when: str | None, downstream: bool, release: bool, env: str | None, as_json: bool, project: str | None
) -> None:
    """Publish an older version of an asset again, and hold it there until it is released.

    WHEN is a snapshot (`assetflow history`), a run, -1 for the one before, or a time: "2 days ago".
    """
    from assetflow.project.versions.environments import roll_back
    from assetflow.project.versions.versions import find_version

    opened = open_project(project, env)
    if release:
        let_go(opened, asset, as_json=as_json)
        return
    if when is None:
        raise UsageError("to which version?", hint=f"`assetflow history {asset}` lists them; -1 is the one before.")
    version = find_version(opened, asset, when)
    if asset not in opened.definitions.assets:
        raise UsageError(f"{asset} is no asset, and cannot be rolled back")
    moved = roll_back(opened, version, downstream=downstream)
    if as_json:
        put_json(document(version, moved))
    else:
        show(version, moved)


def document(version: Version, moved: Moved) -> dict[str, Any]:
    return {
        "schema": "assetflow.rollback/1",
        "asset": version.asset,
        "released": False,
        "snapshot": version.snapshot,
        "run_id": moved.run_id,
        "moved": sorted(moved.moves),
        "stale": list(moved.stale),
        "held": list(moved.held),
        "warnings": list(moved.warnings),
    }


def show(version: Version, moved: Moved) -> None:
    asset = version.asset
    say(f"{asset} is what it was: {version.snapshot[:12]}, published {local_time(version.published_at)}")
    others = sorted(set(moved.moves) - {asset})
    if others:
        say(f"with it: {', '.join(others)}")
    if moved.stale:
        say(f"made again by the next run, unless what they read stayed the same: {', '.join(moved.stale)}")
    if moved.held:
        say(f"rolled back by itself, and left there: {', '.join(moved.held)}")
    for warning in moved.warnings:
        show_warning(warning)
    say(f"It is held there; `assetflow rollback {asset} --release` lets it go.")


def let_go(project: Project, asset: str, *, as_json: bool) -> None:
    """Hold an asset no longer."""
    from assetflow.warehouse.ledger.environments import release

    if not release(project.ledger.connection, project.environment, asset):
        raise UsageError(f"{asset} is not held in {project.environment}", hint="Only what was rolled back is.")
    if as_json:
        put_json({"schema": "assetflow.rollback/1", "asset": asset, "released": True})
        return
    say(f"{asset} is let go: the next run makes it what its code and its upstreams say")
