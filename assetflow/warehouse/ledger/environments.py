"""Environments as the ledger keeps them: what each points to, what it was made from, and what is held where it is."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from assetflow.warehouse.ledger.connection import Connection

SELECT_ENVIRONMENTS = """
SELECT e.name, e.generation, e.published_at, (SELECT count(*) FROM pointers p WHERE p.env = e.name), b.target
FROM environments e LEFT JOIN bases b ON b.env = e.name ORDER BY e.name
"""
SELECT_POINTERS = "SELECT asset, materialization FROM pointers WHERE env = ?"
SELECT_TIMELINE = "SELECT env, asset, materialization FROM publications WHERE env IN (?, ?) ORDER BY number"
COPY_PINS = """
INSERT INTO pins SELECT :env, asset, materialization, pinned_at FROM pins WHERE env = :source
"""
COPY_FINGERPRINTS = """
UPDATE pointers SET fingerprint_hash = s.fingerprint_hash, checks = s.checks FROM pointers s
WHERE pointers.env = :env AND s.env = :source AND s.asset = pointers.asset AND s.partition = pointers.partition
AND s.materialization = pointers.materialization
"""


class Environment(Struct, frozen=True):
    """A named set of what is current; `base` is the environment that it was made from."""

    name: str
    generation: int
    published_at: str
    tables: int
    base: str | None


def environments(connection: Connection) -> tuple[Environment, ...]:
    return tuple(Environment(*row) for row in connection.read(SELECT_ENVIRONMENTS))


def pointers(connection: Connection, env: str) -> dict[str, str]:
    """What is current, by asset: the materialization."""
    return dict(connection.read(SELECT_POINTERS, (env,)))


def base_of(connection: Connection, env: str, target: str) -> dict[str, str | None]:
    """What `env` took over from `target`, asset by asset: where a change of either one since then began.

    That is what both held when they last held the same; before they ever did, what `target` held when `env` began. What
    `env` never held it took over from nobody, so that it cannot have dropped it either.
    """
    ours: dict[str, str | None] = {}
    theirs: dict[str, str | None] = {}
    base: dict[str, str | None] = {}
    for name, asset, made in connection.read(SELECT_TIMELINE, (env, target)):
        if name == env and not ours:
            base = dict(theirs)
        (ours if name == env else theirs)[asset] = made
        if ours and ours.get(asset) == theirs.get(asset):
            base[asset] = made
    return {asset: made for asset, made in base.items() if asset in ours}


def take_over(connection: sqlite3.Connection, env: str, source: str, generation: int) -> None:
    """Within a transaction: note what an environment is made from, and hold in it what is held there."""
    connection.execute("INSERT OR REPLACE INTO bases VALUES (?, ?, ?)", (env, source, generation))
    connection.execute("DELETE FROM pins WHERE env = ?", (env,))
    connection.execute(COPY_PINS, {"env": env, "source": source})


def take_proofs(connection: Connection, env: str, source: str) -> None:
    """Take what is proven fresh in another environment for proven, where both hold the same."""
    with connection.writing() as writing:
        writing.execute(COPY_FINGERPRINTS, {"env": env, "source": source})
        connection.note(writing, "proven", {"pointers": ("env = ?", (env,))})


def drop(connection: Connection, env: str) -> None:
    """Forget an environment; what it pointed to stays as long as something else needs it."""
    with connection.writing() as writing:
        gone: list[tuple[str, dict[str, object]]] = []
        for table in ("pointers", "publications", "proofs", "pins", "bases", "rejected"):
            writing.execute(f"DELETE FROM {table} WHERE env = ?", (env,))
            gone.append((table, {"env": env}))
        writing.execute("DELETE FROM bases WHERE target = ?", (env,))
        gone.append(("bases", {"target": env}))
        writing.execute("DELETE FROM environments WHERE name = ?", (env,))
        connection.note(writing, "dropped", {}, [*gone, ("environments", {"name": env})])


# What is held where it is


def pin(connection: sqlite3.Connection, env: str, asset: str, made: str, at: str) -> None:
    """Within a transaction: hold an asset at a materialization."""
    connection.execute("INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?)", (env, asset, made, at))


def release(connection: Connection, env: str, asset: str) -> bool:
    """Let an asset go; False when it was not held."""
    with connection.writing() as writing:
        was_held = writing.execute("DELETE FROM pins WHERE env = ? AND asset = ?", (env, asset)).rowcount > 0
        connection.note(writing, "released", {}, [("pins", {"env": env, "asset": asset})])
        return was_held
