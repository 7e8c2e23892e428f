"""What must hold of a warehouse whatever happened to it. Each function gives what is wrong, in words; nothing is good.

torn         tables of one environment that are not of one edition; a pointer without files; files with other bytes
lost         what was announced as published and is not in the ledger, or whose files are gone
unrecovered  the next run fails, or leaves something stale, or the catalog shows something else
"""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

import duckdb

from assetflow.materialization import Snapshot
from assetflow.warehouse.warehouse import Warehouse
from tests.reliability.stage import ROWS, TABLES, Done, Stage

FAULT = re.compile(r"Traceback \(most recent call last\)|assetflow itself failed|Fatal Python error|Segmentation fault")
LOCKED = re.compile(r"database is locked|ledger is locked|Could not set lock|Conflicting lock", re.IGNORECASE)


def torn(stage: Stage, *, is_complete: bool = False, may_mix: bool = False) -> list[str]:
    """What a reader would find wrong now.

    `is_complete`: there must be a whole set of tables of today's edition. `may_mix`: an asset failed, and what does
    not depend on it was published.
    """
    wrong = integrity(stage.warehouse / "ledger.db")
    if wrong:
        return wrong  # nothing that it says can be believed
    warehouse = Warehouse(str(stage.warehouse))
    try:
        for env in {*warehouse.ledger.environments(), stage.env}:
            found, editions = of_environment(stage, warehouse, env)
            wrong += found or ([] if may_mix else disagreeing(f"the ledger of {env}", editions))
            wrong += catalog_wrong(stage, env, is_complete=is_complete and env == stage.env, may_mix=may_mix)
    finally:
        warehouse.close()
    return wrong


def of_environment(stage: Stage, warehouse: Warehouse, env: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """What is wrong with the files of what is current, and otherwise which editions they are of."""
    wrong, editions = [], []
    current = warehouse.ledger.current(env)
    snapshots = warehouse.ledger.snapshots(one.snapshot for one in current.values())
    for name, one in current.items():
        if one.snapshot not in snapshots:
            wrong.append(f"{name} points to a snapshot that is not there")
            continue
        found = damaged(warehouse, snapshots[one.snapshot])
        wrong += found
        if not found and name in TABLES and snapshots[one.snapshot].files:
            editions.append(edition_of(stage, snapshots[one.snapshot]))
    return wrong, editions


def lost(stage: Stage, announced: Iterable[tuple[str, str]]) -> list[str]:
    warehouse = Warehouse(str(stage.warehouse))
    try:
        published = {(one.asset, one.snapshot) for one in warehouse.ledger.history(stage.env)}
        wrong = [f"{name}@{id[:8]} was announced and is not published" for name, id in set(announced) - published]
        for snapshot in warehouse.ledger.snapshots(id for _, id in announced).values():
            wrong += damaged(warehouse, snapshot)
    finally:
        warehouse.close()
    return wrong


def unrecovered(stage: Stage, undone_by: Iterable[str] = (), *, here: bool = False) -> tuple[list[str], Done]:
    """Run again, and look whether everything is as if nothing had happened. `here`: see `Stage.run_here`."""
    run = stage.run_here if here else stage.run
    for line in undone_by:
        run(line)  # refused where it was never done
    again = run("materialize")
    wrong = [] if again.code == 0 else [f"the next run ended with {again.code}: {again.err[-800:]}"]
    if not wrong:
        plan = run("plan --check")
        wrong += [] if plan.code == 0 else [f"something is stale after the next run: {plan.said[-800:]}"]
        wrong += torn(stage, is_complete=True)
    return wrong, again


def damaged(warehouse: Warehouse, snapshot: Snapshot) -> list[str]:
    wrong = []
    for file in snapshot.files:
        path = Path(warehouse.root) / file.path
        if not path.exists():
            wrong.append(f"{snapshot.asset}: {file.path} is gone")
        elif path.stat().st_size != file.bytes or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            wrong.append(f"{snapshot.asset}: {file.path} has other bytes")
    return wrong


def integrity(ledger: Path) -> list[str]:
    if not ledger.exists():
        return []
    # A copy, since looking at what a kill left behind already puts it in order.
    with tempfile.TemporaryDirectory() as folder:
        for path in ledger.parent.glob(f"{ledger.name}*"):
            shutil.copyfile(path, Path(folder) / path.name)
        return look_into(Path(folder) / ledger.name)


def look_into(ledger: Path) -> list[str]:
    try:
        return reported(ledger)
    except sqlite3.Error as error:
        return [f"the ledger cannot be read: {error}"]


def reported(ledger: Path) -> list[str]:
    with closing(sqlite3.connect(ledger)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        found += [f"a row of {row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")]
    return [f"the ledger is damaged: {each}" for each in found]


def edition_of(stage: Stage, snapshot: Snapshot) -> tuple[object, ...]:
    from assetflow.warehouse.content.scans import scan

    asked = f"SELECT count(*), min(edition), max(edition) FROM ({scan(snapshot, str(stage.warehouse))})"
    return tuple(memory().execute(asked).fetchall()[0])


@cache
def memory() -> duckdb.DuckDBPyConnection:
    """A database that reads files; files of a name have always the same bytes, which is looked at before."""
    atexit.register(memory.cache_clear)  # or DuckDB complains of what is left
    return duckdb.connect()


def catalog_wrong(stage: Stage, env: str, *, is_complete: bool, may_mix: bool) -> list[str]:
    path = stage.warehouse / f"{env}.duckdb"
    if not path.exists():
        return ["there is no catalog"] if is_complete else []
    found = read_catalog(path)
    if isinstance(found, str):
        return [found]
    if is_complete and set(found) != set(TABLES):
        return [f"the catalog has {sorted(found)}"]
    if is_complete and set(found.values()) != {(ROWS, stage.edition, stage.edition)}:
        return [f"the catalog shows {found}, and the edition is {stage.edition}"]
    return [] if may_mix else disagreeing(f"the catalog of {env}", list(found.values()))


def read_catalog(path: Path) -> dict[str, tuple[object, ...]] | str:
    """Rows and editions of each table as a client sees them, or what went wrong."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            named = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
            return {
                name: tuple(
                    connection.execute(f"SELECT count(*), min(edition), max(edition) FROM {name}").fetchall()[0]
                )
                for (name,) in named
                if name in TABLES
            }
    except duckdb.Error as error:
        return f"the catalog cannot be read: {error}"


def disagreeing(what: str, editions: list[tuple[object, ...]]) -> list[str]:
    return [f"{what} mixes {sorted(set(map(str, editions)))}"] if len(set(editions)) > 1 else []
