"""Checks that the warehouse is what its ledger says: records, pointers and files; every byte of them, if asked to.

fast    the ledger is sound; what is published has its records; each file is there in its size; journal and manifests
        are there and as they were written
        each file of a source that is read in place has its size, at its path or at its link
deep    also: each file has the bytes that its name promises, decodes, and holds the rows that the digest is of;
        each row of the ledger is what the journal adds up to; each copy of the ledger is what was written
"""

from __future__ import annotations

import contextlib
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

from assetflow.errors import NewerWarehouseError, WarehouseError
from assetflow.materialization import Snapshot, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.links import path_of, places_of
from assetflow.warehouse.content.manifest import snapshot_id
from assetflow.warehouse.disk.sha256 import hash_of_file
from assetflow.warehouse.ledger import backups, journal
from assetflow.warehouse.ledger.connection import ledger_lock
from assetflow.warehouse.ledger.differences import Differing, differences
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Kind = Literal[
    "ledger_newer", "ledger_damaged", "record_missing", "record_damaged", "file_missing", "file_size", "file_damaged",
    "content_differs", "source_lost", "skip_wrong", "journal_damaged", "journal_ahead", "backup_damaged",
]  # fmt: skip


class Problem(NamedTuple):
    """Something that is not as it should be: with which table and snapshot, and in which file."""

    kind: Kind
    asset: str | None = None
    snapshot: str | None = None
    path: str | None = None
    detail: str = ""


class Verified(Struct, frozen=True):
    """What was looked at, and what is wrong with it."""

    files: int
    bytes: int
    problems: tuple[Problem, ...]


def verify(
    warehouse: Warehouse, *, deep: bool = False, budget: float = 1.0, open_cursor: Callable[[], Cursor] | None = None
) -> Verified:
    """Look at everything that is published in any environment, and at what is kept beside it.

    `budget` is the share of the bytes that a deep look reads, chosen at random each time.
    """
    try:
        return look(warehouse, deep=deep, budget=budget, open_cursor=open_cursor)
    except NewerWarehouseError as error:
        return Verified(0, 0, (Problem("ledger_newer", path=error.path, detail=error.message),))
    except WarehouseError as error:
        # A ledger so damaged that it cannot be read to the end.
        return Verified(0, 0, (Problem("ledger_damaged", path=error.path, detail=error.message),))


def look(warehouse: Warehouse, *, deep: bool, budget: float, open_cursor: Callable[[], Cursor] | None) -> Verified:
    problems = [*ledger_problems(warehouse), *journal_problems(warehouse, deep=deep)]
    current = current_snapshots(warehouse, problems)
    known = {**current, **older_snapshots(warehouse, problems)}
    problems += [problem for snapshot in known.values() for problem in record_problems(snapshot)]
    removed = {path for (path,) in warehouse.ledger.connection.read(SELECT_REMOVED)}
    files: dict[str, tuple[SnapshotFile, Snapshot]] = {}
    for snapshot in known.values():
        for file in snapshot.files:
            if not os.path.isabs(file.path) and (snapshot.id in current or file.path not in removed):
                files.setdefault(file.path, (file, snapshot))
    problems += [problem for file, owner in files.values() for problem in size_problems(warehouse, file, owner)]
    for snapshot in current.values():
        problems += in_place_problems(warehouse, snapshot, deep=deep)
    problems += sample_problems(warehouse, deep=deep)
    problems += backup_problems(warehouse, deep=deep)
    if deep:
        broken = {problem.path for problem in problems}
        chosen = sample([each for path, each in files.items() if path not in broken], budget)
        problems += [problem for file, owner in chosen for problem in byte_problems(warehouse, file, owner)]
        damaged = {problem.path for problem in problems}
        whole = {file.path for file, _ in chosen} - damaged
        for snapshot in current.values():
            if open_cursor is not None and snapshot.files and all(file.path in whole for file in snapshot.files):
                problems += content_problems(warehouse, snapshot, open_cursor())
        files = {file.path: (file, owner) for file, owner in chosen} | {
            path: each for path, each in files.items() if path in broken
        }
    return Verified(len(files), sum(file.bytes for file, _ in files.values()), tuple(problems))


SELECT_REMOVED = "SELECT path FROM condemned WHERE removed_at IS NOT NULL"
SELECT_POINTED = "SELECT env, asset, materialization, snapshot FROM pointers"
SELECT_KNOWN = "SELECT id FROM snapshots"


def ledger_problems(warehouse: Warehouse) -> Iterator[Problem]:
    """What SQLite finds wrong with the file itself."""
    for (said,) in warehouse.ledger.connection.read("PRAGMA integrity_check"):
        if said != "ok":
            yield Problem("ledger_damaged", path=warehouse.ledger.connection.path, detail=str(said))


def journal_problems(warehouse: Warehouse, *, deep: bool) -> Iterator[Problem]:
    """Whether the journal is whole, and the ledger knows all of it; every row of the ledger, if `deep`."""
    connection = warehouse.ledger.connection
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(WarehouseError):  # in a warehouse that may only be read nobody writes meanwhile
            stack.enter_context(ledger_lock(warehouse.root))
        waiting = connection.read("SELECT number, entry FROM journal ORDER BY number")
        tables = connection.read(SELECT_TABLES) if deep else []
        rows = {table: set(connection.read(f"SELECT * FROM {quote_identifier(table)}")) for (table,) in tables}
        written = journal.Journal(warehouse.root).last_written()
        known = max((number for number, _ in waiting), default=0)
        if written > known:
            said = f"it has {written} entries, of which the ledger knows {known}"
            yield Problem("journal_ahead", path=journal.FOLDER, detail=said)
        elif deep:
            yield from map(problem_of, differences(warehouse.root, rows, waiting))
            return
        entries = journal.read(warehouse.root, waiting)
        yield from (problem_of(entry) for entry in entries if isinstance(entry, journal.Damage))


def problem_of(found: Differing | journal.Damage) -> Problem:
    if isinstance(found, Differing):
        return Problem("record_damaged", found.asset, found.snapshot, detail=found.detail)
    return Problem("journal_damaged", path=found.path, detail=found.detail)


SELECT_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"


def current_snapshots(warehouse: Warehouse, problems: list[Problem]) -> dict[str, Snapshot]:
    """What environments point to; pointers to nothing are problems."""
    found = {}
    for env, asset, made, id in warehouse.ledger.connection.read(SELECT_POINTED):
        try:
            record = warehouse.ledger.materialization(made)
            snapshot = warehouse.ledger.snapshot(id)
        except WarehouseError as error:
            problems.append(Problem("record_missing", asset, id, detail=f"in {env}: {error.message}"))
            continue
        if record.snapshot != id:
            problems.append(Problem("record_damaged", asset, id, detail=f"{env} points past its materialization"))
        found[snapshot.id] = snapshot
    return found


def older_snapshots(warehouse: Warehouse, problems: list[Problem]) -> dict[str, Snapshot]:
    found = {}
    told = {problem.snapshot for problem in problems}
    for (id,) in warehouse.ledger.connection.read(SELECT_KNOWN):
        try:
            found[id] = warehouse.ledger.snapshot(id)
        except WarehouseError as error:
            if id not in told:
                problems.append(Problem("record_damaged", None, id, detail=error.message))
    return found


def record_problems(snapshot: Snapshot) -> Iterator[Problem]:
    if snapshot_id(snapshot) != snapshot.id:
        said = "its record is not what its name was taken of"
        yield Problem("record_damaged", snapshot.asset, snapshot.id, detail=said)


def size_problems(warehouse: Warehouse, file: SnapshotFile, owner: Snapshot) -> Iterator[Problem]:
    path = os.path.join(warehouse.root, file.path)
    try:
        size = os.stat(path).st_size
    except OSError:
        yield Problem("file_missing", owner.asset, owner.id, file.path, "it is not there")
        return
    if size != file.bytes:
        yield Problem("file_size", owner.asset, owner.id, file.path, f"{size:,} bytes where there were {file.bytes:,}")


def in_place_problems(warehouse: Warehouse, snapshot: Snapshot, *, deep: bool) -> Iterator[Problem]:
    """Whether files that are read where they lie, or their links, are there and, if `deep`, hold what was published."""
    for file in snapshot.files:
        if not os.path.isabs(file.path):
            continue
        if not places_of(warehouse.root, file):
            said = "neither it nor its link in the warehouse is what was published: written over, or gone"
            yield Problem("source_lost", snapshot.asset, snapshot.id, file.path, said)
        elif deep and path_of(warehouse.root, file) is None:
            said = "it was written over: who reads it without assetflow sees other rows than were published"
            yield Problem("source_lost", snapshot.asset, snapshot.id, file.path, said)


def sample_problems(warehouse: Warehouse, *, deep: bool) -> Iterator[Problem]:
    """Whether the failing rows that checks kept are there and, if `deep`, have the bytes of their names."""
    for asset, path in warehouse.ledger.connection.read(SELECT_SAMPLES):
        sealed = SEALED.search(path)
        try:
            with open(os.path.join(warehouse.root, path), "rb"):
                found = hash_of_file(os.path.join(warehouse.root, path)) if deep and sealed else None
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            said = "these failing rows are not there" if gone else str(error)
            yield Problem("file_missing" if gone else "file_damaged", asset, path=path, detail=said)
            continue
        if found is not None and sealed is not None and found != sealed[1]:
            yield Problem("file_damaged", asset, path=path, detail="its bytes are others than were written")


def backup_problems(warehouse: Warehouse, *, deep: bool) -> Iterator[Problem]:
    """Whether the copies of the ledger are there and, if `deep`, what was written."""
    for path, said in backups.damaged(warehouse.root, deep=deep):
        yield Problem("backup_damaged", path=path, detail=said)


SELECT_SAMPLES = "SELECT asset, sample FROM check_results WHERE sample IS NOT NULL"
SEALED = re.compile(r"\.([0-9a-f]{64})\.parquet$")


def sample(files: Iterable[tuple[SnapshotFile, Snapshot]], budget: float) -> list[tuple[SnapshotFile, Snapshot]]:
    """Some of the files at random, with so much of all bytes."""
    listed = list(files)
    if budget >= 1:
        return listed
    random.shuffle(listed)
    left = budget * sum(file.bytes for file, _ in listed)
    chosen = []
    for each in listed:
        if left <= 0:
            break
        chosen.append(each)
        left -= each[0].bytes
    return chosen


def byte_problems(warehouse: Warehouse, file: SnapshotFile, owner: Snapshot) -> Iterator[Problem]:
    try:
        found = hash_of_file(os.path.join(warehouse.root, file.path))
    except OSError as error:
        yield Problem("file_damaged", owner.asset, owner.id, file.path, str(error))
        return
    if found != file.sha256:
        yield Problem("file_damaged", owner.asset, owner.id, file.path, "its bytes are others than were written")


def content_problems(warehouse: Warehouse, snapshot: Snapshot, cursor: Cursor) -> Iterator[Problem]:
    """Decode the rows and compare their digest with what the snapshot says of itself."""
    from assetflow.duck import duckdb
    from assetflow.warehouse.content.anew import digest_anew
    from assetflow.warehouse.content.digest import is_comparable

    if not is_comparable(snapshot.digest):
        return
    try:
        digest = digest_anew(cursor, snapshot, warehouse.root)
    except duckdb.Error as error:
        yield Problem("file_damaged", snapshot.asset, snapshot.id, detail=str(error).splitlines()[0])
        return
    finally:
        cursor.close()
    if digest != snapshot.digest:
        said = "its rows are others than its digest is of"
        yield Problem("content_differs", snapshot.asset, snapshot.id, detail=said)
