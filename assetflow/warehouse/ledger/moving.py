"""Moves what is current in an environment: only what is still as its caller took it for, and is not held elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from assetflow.errors import WarehouseError
from assetflow.warehouse.ledger import rows
from assetflow.warehouse.ledger.answers import unknown


def refuse_overtaken(
    env: str, now: Mapping[str, str], moves: Mapping[str, str | None], expected: Mapping[str, str | None]
) -> None:
    unexpected = sorted(set(moves) - set(expected))
    if unexpected:
        raise ValueError(f"moves without an expectation: {', '.join(unexpected)}")
    # A publish that is tried again after its answer was lost finds its own work, which is not another run's.
    overtaken = sorted(
        asset
        for asset, was in expected.items()
        if now.get(asset) != was and not (asset in moves and now.get(asset) == moves[asset])
    )
    if overtaken:
        names = ", ".join(overtaken[:5]) + (f" and {len(overtaken) - 5} more" if len(overtaken) > 5 else "")
        raise WarehouseError(
            f"another run published {names} in {env} since this one began; nothing was published",
            hint="Run again: what was built is kept, and only what the other run changed is made anew.",
        )


def refuse_held(connection: sqlite3.Connection, env: str, changes: Mapping[str, str | None]) -> None:
    """What was rolled back moves to where it is held, or is withdrawn with its hold, and nowhere else."""
    held = dict(connection.execute("SELECT asset, materialization FROM pins WHERE env = ?", (env,)))
    wrong = sorted(asset for asset, made in changes.items() if made is not None and held.get(asset, made) != made)
    if wrong:
        raise WarehouseError(
            f"{', '.join(wrong)}: rolled back in {env} and held there; nothing was published",
            hint=f"Let go: assetflow rollback {wrong[0]} --release --env {env}",
        )
    gone = [(env, asset) for asset, made in changes.items() if made is None]
    connection.executemany("DELETE FROM pins WHERE env = ? AND asset = ?", gone)


def generation_of(connection: sqlite3.Connection, env: str) -> int:
    found = connection.execute("SELECT generation FROM environments WHERE name = ?", (env,)).fetchone()
    return int(found[0]) if found else 0


def move(connection: sqlite3.Connection, env: str, asset: str, made: str | None, published_at: str) -> None:
    if made is None:
        connection.execute("DELETE FROM pointers WHERE env = ? AND asset = ?", (env, asset))
        return
    moved = connection.execute(rows.MOVE_POINTER, {"env": env, "asset": asset, "id": made, "at": published_at})
    if moved.rowcount != 1:
        raise unknown(f"materialization of {asset}", made)
