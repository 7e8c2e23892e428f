"""`assetflow history`: every version that was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from assetflow.cli.complete import complete_table
from assetflow.cli.options import environment_option, json_option, open_to_read, project_option
from assetflow.cli.screen import count, local_time, put, put_json, say, size, table

if TYPE_CHECKING:
    from assetflow.partitions.slices import Slice
    from assetflow.project.explaining.partition_history import PartsOfRun
    from assetflow.project.project import Project
    from assetflow.warehouse.ledger.records import Version

RANGES = 3
"""Ranges of partitions that a line names."""


@click.command("history")
@click.argument("asset", required=False, shell_complete=complete_table)
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most so many versions."
)
@click.option("--partition", metavar="A..B", help="Only versions in which one of these partitions was made.")
@environment_option
@json_option
@project_option
def command(
    asset: str | None, limit: int, partition: str | None, env: str | None, as_json: bool, project: str | None
) -> None:
    """List the versions that were published, newest first."""
    opened = open_to_read(project, env)
    versions = opened.ledger.history(opened.environment, asset, limit if partition is None else None)
    if asset is not None and not versions and asset not in opened.definitions.sources:
        opened.asset(asset)
    made = partitions_made(opened, versions)
    if partition is not None:
        wanted = wanted_of(opened, asset, partition) if versions else {}
        versions = tuple(each for each in versions if is_about(each, made, wanted))[:limit]
    listed = list(zip(versions, opened.ledger.whys(versions), strict=True))
    if as_json:
        documents = [document(version, why, made.get((version.asset, version.run_id))) for version, why in listed]
        put_json({"schema": "assetflow.history/1", "versions": documents})
        return
    if not versions:
        say(f"{nothing(asset, partition)} was published in {opened.environment} yet.")
        return
    header = ["asset", "published", "", "rows", "size", "snapshot", "code", "run", "why"]
    rows = [cells(version, why) for version, why in listed]
    if made:
        header.append("partitions made")
        for row, version in zip(rows, versions, strict=True):
            row.append(made_text(made.get((version.asset, version.run_id))))
    for line in table(header, rows, right=["rows", "size"]):
        put(line)


def nothing(asset: str | None, partition: str | None) -> str:
    """`No version of sales`, for a sentence that ends with where it was looked for."""
    what = "Nothing" if asset is None else f"No version of {asset}"
    return what if partition is None else f"{what} with partition {partition}"


def document(version: Version, why: str, parts: PartsOfRun | None) -> dict[str, object]:
    """One element of `history --json`."""
    return {
        "asset": version.asset,
        "partition": version.partition,
        "snapshot": version.snapshot,
        "run_id": version.run_id,
        "published_at": version.published_at,
        "current": version.is_current,
        "rows": version.rows,
        "bytes": version.bytes,
        "code_version": version.code,
        "why": why,
        **({} if parts is None else {"partitions": parts.to_dict()}),
    }


def cells(version: Version, why: str) -> list[str]:
    return [
        version.asset,
        local_time(version.published_at),
        "current" if version.is_current else "",
        count(version.rows),
        size(version.bytes),
        version.snapshot[:12],
        version.code[:12],
        version.run_id,
        why.partition("\n")[0],
    ]


def partitions_made(opened: Project, versions: Sequence[Version]) -> dict[tuple[str, str], PartsOfRun]:
    """The partitions that the run of each version made, by asset and run."""
    runs: dict[str, list[str]] = {}
    for version in versions:
        asset = opened.definitions.assets.get(version.asset)
        if asset is not None and asset.partition:
            runs.setdefault(version.asset, []).append(version.run_id)
    if not runs:
        return {}
    from assetflow.project.explaining.partition_history import parts_of_runs

    return {
        (name, run_id): parts
        for name, ids in runs.items()
        for run_id, parts in parts_of_runs(opened, opened.asset(name), ids).items()
    }


def wanted_of(opened: Project, asset: str | None, text: str) -> Mapping[str, Slice]:
    assets = opened.definitions.assets
    return opened.partitions_named(text, [opened.asset(asset).name] if asset is not None else list(assets))


def is_about(version: Version, made: Mapping[tuple[str, str], PartsOfRun], wanted: Mapping[str, Slice]) -> bool:
    """True for a version whose run made one of the partitions that are wanted."""
    parts = made.get((version.asset, version.run_id))
    return parts is not None and version.asset in wanted and bool(parts.keys & wanted[version.asset])


def made_text(parts: PartsOfRun | None) -> str:
    """`2024-01-01..2024-01-05, 2024-01-07 (6)`"""
    if parts is None:
        return ""
    ranges = [*parts.materialized, *parts.restored]
    more = f" and {len(ranges) - RANGES} more" if len(ranges) > RANGES else ""
    failed = f"; failed: {', '.join(parts.failed[:RANGES])}" if parts.failed else ""
    return f"{', '.join(ranges[:RANGES])}{more} ({count(parts.count)}){failed}" if ranges else failed[2:]
