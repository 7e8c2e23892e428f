"""Environments as the ledger keeps them: what each points to, what it was made from, and what is held where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assetflow.warehouse.connection import Connection

SELECT_ENVIRONMENTS = """
SELECT e.name, e.generation, e.published_at, (SELECT count(*) FROM pointers p WHERE p.env = e.name), b.target
FROM environments e LEFT JOIN bases b ON b.env = e.name ORDER BY e.name
"""
SELECT_POINTERS = "SELECT asset, materialization FROM pointers WHERE env = ?"
SELECT_AT = """
SELECT p.asset, p.materialization FROM publications p
WHERE p.env = :env AND p.number = (
    SELECT max(q.number) FROM publications q
    WHERE q.env = p.env AND q.asset = p.asset AND q.partition = p.partition AND q.generation <= :generation)
AND p.materialization IS NOT NULL
"""
SELECT_GENERATION_THEN = """
SELECT coalesce(max(generation), 0) FROM publications
WHERE env = :target AND published_at <= (SELECT min(published_at) FROM publications WHERE env = :env)
"""
COPY_FINGERPRINTS = """
UPDATE pointers SET fingerprint_hash = s.fingerprint_hash, checks = s.checks FROM pointers s
WHERE pointers.env = :env AND s.env = :source AND s.asset = pointers.asset AND s.partition = pointers.partition
AND s.materialization = pointers.materialization
"""


@dataclass(frozen=True, slots=True)
class Environment:
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


def base_of(connection: Connection, env: str, target: str) -> tuple[int, dict[str, str]]:
    """The generation of `target` that an environment stands on, and what was current in it then.

    One that was not made from the other stands on what that was when it published for the first time.
    """
    told = connection.read("SELECT generation FROM bases WHERE env = ? AND target = ?", (env, target))
    found = told or connection.read(SELECT_GENERATION_THEN, {"env": env, "target": target})
    generation = int(found[0][0]) if found else 0
    return generation, dict(connection.read(SELECT_AT, {"env": target, "generation": generation}))


def set_base(connection: Connection, env: str, target: str, generation: int) -> None:
    """Note that an environment stands on a generation of another one, and takes what is proven there for proven."""
    with connection.writing() as writing:
        writing.execute("INSERT OR REPLACE INTO bases VALUES (?, ?, ?)", (env, target, generation))
        writing.execute(COPY_FINGERPRINTS, {"env": env, "source": target})


def drop(connection: Connection, env: str) -> None:
    """Forget an environment; what it pointed to stays as long as something else needs it."""
    with connection.writing() as writing:
        for table in ("pointers", "publications", "proofs", "pins", "bases", "rejected"):
            writing.execute(f"DELETE FROM {table} WHERE env = ?", (env,))
        writing.execute("DELETE FROM environments WHERE name = ?", (env,))


# What is held where it is


def pin(connection: Connection, env: str, moved: Mapping[str, str], at: str) -> None:
    with connection.writing() as writing:
        told = [(env, asset, made, at) for asset, made in moved.items()]
        writing.executemany("INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?)", told)


def release(connection: Connection, env: str, asset: str) -> bool:
    """Let an asset go; False when it was not held."""
    with connection.writing() as writing:
        return writing.execute("DELETE FROM pins WHERE env = ? AND asset = ?", (env, asset)).rowcount > 0
