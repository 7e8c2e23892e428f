"""`assetflow ls`: assets with kind, group, status, rows, age."""

from __future__ import annotations

from typing import Any

import click

from assetflow.asset import Asset
from assetflow.cli.options import (
    environment_option,
    exclude_option,
    json_option,
    no_asset,
    open_to_read,
    project_option,
    select_option,
)
from assetflow.cli.screen import age, count, plural, put, put_json, say, styled, table
from assetflow.planning.step import Step
from assetflow.project.foreseeing.statuses import statuses as statuses_of
from assetflow.project.foreseeing.statuses import whole_plan
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
    plan = whole_plan(opened)
    statuses = statuses_of(opened, plan)
    stale = {step.asset: stale_partitions(step) for step in plan.steps if step.parts is not None}
    current = opened.ledger.current(opened.environment)
    definitions = opened.definitions
    listed = [
        describe(definitions.assets.get(name) or definitions.sources[name], statuses[name], current.get(name))
        for name in definitions.graph.order
        if name in chosen
    ]
    for each in listed:
        each["partitions"] = stale.get(each["name"])
        each["held"] = each["name"] in plan.held
    if as_json:
        put_json({"schema": "assetflow.ls/1", "assets": listed})
        return
    if not listed:
        say(f"T{no_asset(opened)[1:]}" if not definitions.graph.names else "Nothing is selected.")
        return
    shown = ["held" if each["held"] else each["status"] for each in listed]
    rows = [
        [each["name"], each["kind"], each["group"], status, count(each["rows"]), age(each["materialized_at"])]
        for each, status in zip(listed, shown, strict=True)
    ]
    lines = table(["name", "kind", "group", "status", "rows", "age"], rows, right=["rows"])
    put(lines[0])
    for line, each, status in zip(lines[1:], listed, shown, strict=True):
        style = "stale" if each["held"] else status
        put(line.replace(f" {status} ", f" {styled(status, style)} ", 1) + told(each))


def stale_partitions(step: Step) -> dict[str, int | None]:
    """How many partitions of an asset are stale, and how many were never made; None: as many as there are rows for."""
    if step.parts is None:
        return {}
    there = step.parts.fresh
    for keys, _ in step.parts.layers:
        there = there | keys
    wanted = {"stale": step.parts.keys & there, "missing": step.parts.keys - there}
    return {word: len(keys) if keys.is_finite else None for word, keys in wanted.items()}


def told(each: dict[str, Any]) -> str:
    """`  3 partitions stale, 2 never made`"""
    parts = each["partitions"] or {}
    words = {"stale": "stale", "missing": "never made"}
    said = [f"{plural(number, 'partition')} {words[word]}" for word, number in parts.items() if number]
    return styled(f"  {', '.join(said)}", "dim") if said else ""


def describe(thing: Asset | Source, status: str, current: Any) -> dict[str, Any]:
    """One element of `ls --json`."""
    asset = thing if isinstance(thing, Asset) else None
    return {
        "name": thing.name,
        "kind": asset.kind if asset else "source",
        "group": thing.group,
        "tags": list(thing.tags),
        "owner": thing.owner,
        "path": thing.path,
        "upstreams": [*asset.upstreams, *asset.files] if asset else [],
        "status": status,
        "rows": current.rows if current else None,
        "materialized_at": current.published_at if current else None,
        "description": thing.description,
        "materialized": asset.materialized if asset else None,
        "enabled": asset.enabled if asset else True,
    }
