"""`assetflow history`: every version that was published."""

from __future__ import annotations

import click

from assetflow.cli.options import complete_asset, environment_option, json_option, open_to_read, project_option
from assetflow.cli.screen import count, local_time, put, put_json, say, size, table


@click.command("history")
@click.argument("asset", required=False, shell_complete=complete_asset)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many versions.")
@environment_option
@json_option
@project_option
def command(asset: str | None, limit: int, env: str | None, as_json: bool, project: str | None) -> None:
    """List the versions that were published, newest first."""
    opened = open_to_read(project, env)
    versions = opened.ledger.history(opened.environment, asset, limit)
    if asset is not None and not versions and asset not in opened.definitions.sources:
        opened.asset(asset)
    if as_json:
        put_json(
            {
                "schema": "assetflow.history/1",
                "versions": [
                    {
                        "asset": version.asset,
                        "partition": version.partition,
                        "snapshot": version.snapshot,
                        "run_id": version.run_id,
                        "published_at": version.published_at,
                        "current": version.is_current,
                        "rows": version.rows,
                        "bytes": version.bytes,
                        "code_version": version.code,
                    }
                    for version in versions
                ],
            }
        )
        return
    if not versions:
        say(f"Nothing was published in {opened.environment} yet.")
        return
    rows = [
        [
            version.asset,
            local_time(version.published_at),
            "current" if version.is_current else "",
            count(version.rows),
            size(version.bytes),
            version.snapshot[:12],
            version.code[:12],
            version.run_id,
        ]
        for version in versions
    ]
    for line in table(
        ["asset", "published", "", "rows", "size", "snapshot", "code", "run"], rows, right=["rows", "size"]
    ):
        put(line)
