"""`assetflow ls`: assets with kind, group, status, rows, age."""

from __future__ import annotations

from typing import Any

import click

from assetflow.asset import Asset
from assetflow.cli.options import (
    environment_option,
    exclude_option,
    json_option,
    open_to_read,
    project_option,
    select_option,
)
from assetflow.cli.screen import age, count, put, put_json, styled, table
from assetflow.source import Source


@click.command("ls")
@select_option
@exclude_option
@environment_option
@json_option
@project_option
def command(
    select: tuple[str, ...], exclude: tuple[str, ...], env: str | None, as_json: bool, project: str | None
) -> None:
    """List assets and sources: kind, group, status, rows, age."""
    opened = open_to_read(project, env)
    chosen = opened.select(select, exclude)
    statuses = opened.statuses()
    current = opened.ledger.current(opened.environment)
    definitions = opened.definitions
    listed = [
        describe(definitions.assets.get(name) or definitions.sources[name], statuses[name], current.get(name))
        for name in definitions.graph.order
        if name in chosen
    ]
    if as_json:
        put_json({"schema": "assetflow.ls/1", "assets": listed})
        return
    rows = [
        [each["name"], each["kind"], each["group"], each["status"], count(each["rows"]), age(each["materialized_at"])]
        for each in listed
    ]
    lines = table(["name", "kind", "group", "status", "rows", "age"], rows, right=["rows"])
    put(lines[0])
    for line, each in zip(lines[1:], listed, strict=True):
        put(line.replace(f" {each['status']} ", f" {styled(each['status'], each['status'])} ", 1))


def describe(thing: Asset | Source, status: str, current: Any) -> dict[str, Any]:
    """One element of `ls --json`."""
    is_asset = isinstance(thing, Asset)
    return {
        "name": thing.name,
        "kind": thing.kind if isinstance(thing, Asset) else "source",
        "group": thing.group,
        "tags": list(thing.tags),
        "owner": thing.owner,
        "path": thing.path,
        "upstreams": [*thing.upstreams, *thing.files] if isinstance(thing, Asset) else [],
        "status": status,
        "rows": current.rows if current else None,
        "materialized_at": current.published_at if current else None,
        "description": thing.description,
        "materialized": thing.materialized if isinstance(thing, Asset) else None,
        "enabled": thing.enabled if is_asset else True,  # type: ignore[union-attr]
    }
