"""Makes the ledger again from its journal and the manifests.

the journal, entry by entry  ->  rows in tables of today's shape  ->  what manifests tell beside it
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from assetflow.errors import BusyError, WarehouseError
from assetflow.quoting import quote_identifier
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.filesystem import journal_mode
from assetflow.warehouse.disk.locks import holders, short_lock
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.ledger import journal
from assetflow.warehouse.ledger.backups import FOLDER as BACKUPS
from assetflow.warehouse.ledger.connection import FILE, Connection, create, ledger_lock, refuse_newer
from assetflow.warehouse.ledger.journal import Damage, Entry
from assetflow.warehouse.ledger.migrate import ADDED, columns_of
from assetflow.warehouse.ledger.schema import APPLICATION_ID, FORMAT_VERSION

SIDES = ("-wal", "-shm", "")
"""What belongs to a ledger; the file itself is moved last."""


class Rebuilt(Struct, frozen=True):
    """What was restored: entries of the journal, rows by table; what could not be read; where the old ledger is now."""

    entries: int
    rows: Mapping[str, int]
    damaged: tuple[Damage, ...]
    missing_files: int
    old: str | None = None
    origin: Literal["journal", "ledger"] = "journal"

    @property
    def needs_new_journal(self) -> bool:
        """True where the journal does not tell all that the ledger now says."""
        return bool(self.damaged) or self.entries == 0


def mend(root: str, now: str) -> Rebuilt:
    """Restore the ledger from its journal, or a damaged journal from a ledger that is sound."""
    refuse_newer(format_in(os.path.join(root, FILE)), os.path.join(root, FILE))
    told = list(journal.read(root, waiting_in(os.path.join(root, FILE))))
    newest = max((found.format for found in told if isinstance(found, Entry)), default=0)
    refuse_newer(newest, os.path.join(root, journal.FOLDER))
    damaged = [found for found in told if isinstance(found, Damage)]
    if damaged and is_sound(root):
        refuse_at_work(root)
        renew_journal(root, now)
        return Rebuilt(0, {}, tuple(damaged), 0, origin="ledger")
    return rebuild(root, now)


def is_sound(root: str) -> bool:
    """True when nothing can be found wrong with a ledger without its journal."""
    if not os.path.exists(os.path.join(root, FILE)):
        return False
    from assetflow.warehouse.ledger.ledger import Ledger

    ledger = Ledger(root)
    try:
        reports = ledger.connection.read("PRAGMA integrity_check")
        known = [number for (number,) in ledger.connection.read("SELECT max(number) FROM journal")]
        snapshots = ledger.snapshots(id for (id,) in ledger.connection.read("SELECT id FROM snapshots"))
        made = ledger.materializations(id for (id,) in ledger.connection.read("SELECT id FROM materializations"))
        broken = ledger.connection.read("PRAGMA foreign_key_check")
    except WarehouseError:
        return False
    finally:
        ledger.close()
    knows_all = known != [None] and known[0] >= last_number(root)
    return reports == [("ok",)] and knows_all and not broken and all(one.snapshot in snapshots for one in made.values())


def refuse_at_work(root: str) -> None:
    for holder in holders(root):
        raise BusyError(f"run {holder.run_id} is at work", hint="Wait until it has finished.")


def rebuild(root: str, now: str) -> Rebuilt:
    """Put a ledger in place that says what the journal and the manifests say; the old one is kept in backups/.

    WarehouseError when there is nothing to make it from, BusyError while a run is at work.
    """
    if not journal.segments(root) and next(journal.manifests(root), None) is None:
        hint = (
            "Put a copy back (backups/ledger-DATE.db as ledger.db), or move the warehouse away and materialize again."
        )
        raise WarehouseError("there is no journal to restore the ledger from", path=root, hint=hint)
    refuse_at_work(root)
    with durable.writing(root), short_lock(root, "gc"), ledger_lock(root):
        new = os.path.join(root, f"{FILE}.new")
        rebuilt = write_anew(new, root, now)
        durable.sync_file(new)
        old = put_aside(root, now)
        os.replace(new, os.path.join(root, FILE))
        durable.sync_folder(root)
        if rebuilt.needs_new_journal:
            put_journal_aside(root, now)
    if rebuilt.needs_new_journal:
        begin_journal(root)
    else:
        finish_journal(root)
    return replace(rebuilt, old=old)


def write_anew(new: str, root: str, now: str) -> Rebuilt:
    """Make a ledger in the file `new` out of the journal and the manifests."""
    for side in SIDES:
        remove_file(root, new + side)
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
        create(connection, "DELETE")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        waiting = waiting_in(os.path.join(root, FILE))
        entries, damaged = fold(connection, root, waiting)
        add_manifests(connection, root)
        missing = note_missing(connection, root, now)
        counted = {table: count(connection, table) for table in journal.tables_of(connection)}
        rebuilt = Rebuilt(entries, counted, tuple(damaged), missing)
        if not rebuilt.needs_new_journal:
            written = last_number(root)
            kept = [(number, entry) for number, entry in waiting if number > written] or [(entries, "")]
            connection.executemany("INSERT INTO journal (number, entry) VALUES (?, ?)", kept)
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA journal_mode = {journal_mode(root)}")
    return rebuilt


def fold(
    connection: sqlite3.Connection, root: str, waiting: Iterable[tuple[int, str]] = ()
) -> tuple[int, list[Damage]]:
    """Carry out the journal in empty tables; the number of its last entry, and what could not be read."""
    last, damaged = 0, []
    shapes = {table: columns_of(connection, table) for table in journal.tables_of(connection)}
    for found in journal.read(root, waiting):
        if isinstance(found, Damage):
            damaged.append(found)
            continue
        last = found.number
        if found.format > FORMAT_VERSION:
            said = f"this journal was written by a newer assetflow: its format is {found.format}"
            raise WarehouseError(said, path=os.path.join(root, journal.FOLDER), hint="Upgrade assetflow.")
        carry_out(connection, found, shapes)
    return max(last, last_number(root)), damaged


def last_number(root: str) -> int:
    return journal.Journal(root).last_written()


def carry_out(connection: sqlite3.Connection, entry: Entry, shapes: Mapping[str, list[str]]) -> None:
    for table, had in entry.gone:
        if table in shapes:
            where = " AND ".join(f"{quote_identifier(column)} = ?" for column in had)
            connection.execute(f"DELETE FROM {table} WHERE {where}", tuple(had.values()))
    for table, told in entry.rows.items():
        if table in shapes:
            insert(connection, table, told, shapes[table], entry.format, "INSERT OR REPLACE")


def insert(
    connection: sqlite3.Connection, table: str, told: Mapping[str, Any], shape: list[str], format: int, verb: str
) -> None:
    """Put rows into a table; columns that came later than the rows get what migration gives them."""
    given = [name for name in told["columns"] if name in shape]
    places = [told["columns"].index(name) for name in given]
    added = {
        column: value
        for number in range(format + 1, FORMAT_VERSION + 1)
        for column, value in ADDED.get(number, {}).get(table, {}).items()
        if column not in given
    }
    row = ", ".join(f"? AS {quote_identifier(name)}" for name in given)
    sql = (
        f"{verb} INTO {table} ({', '.join(map(quote_identifier, [*given, *added]))}) "
        f"SELECT {', '.join([*map(quote_identifier, given), *added.values()])} FROM (SELECT {row})"
    )
    connection.executemany(sql, [[values[place] for place in places] for values in told["rows"]])


def add_manifests(connection: sqlite3.Connection, root: str) -> None:
    """Add what manifests tell that no line of the journal names any more."""
    shapes = {table: columns_of(connection, table) for table in journal.tables_of(connection)}
    for name in journal.manifests(root):
        found = journal.read_manifest(root, name)
        if isinstance(found, Damage):
            continue
        for table, told in found["rows"].items():
            # What is current is never guessed, and numbers are given anew.
            if table in shapes and table not in GUESSES:
                shape = [column for column in shapes[table] if column != "number"]
                insert(connection, table, told, shape, int(found["format"]), "INSERT OR IGNORE")


GUESSES = frozenset(
    {"runs", "pointers", "publications", "environments", "pins", "bases", "steps", "proofs", "rejected"}
)
"""What a manifest that is not in the journal cannot be believed about."""


def note_missing(connection: sqlite3.Connection, root: str, now: str) -> int:
    """Note as removed what is not there of versions that are not current: sweeping is not journalled."""
    current = {path for (paths,) in connection.execute("SELECT paths FROM pointers") for path in paths.split("\n")}
    gone = {
        (path, size)
        for (files,) in connection.execute("SELECT files FROM snapshots")
        for path, _, _, size, *_ in json.loads(files)
        if not os.path.isabs(path) and path not in current and not os.path.exists(os.path.join(root, path))
    }
    connection.executemany(
        "INSERT OR IGNORE INTO condemned (path, bytes, condemned_at, after_run, removed_at) VALUES (?,?,?,0,?)",
        [(path, size, now, now) for path, size in sorted(gone)],
    )
    return len(gone)


def put_aside(root: str, now: str) -> str | None:
    """Keep the old ledger, with what belongs to it, in backups/; its new path relative to the warehouse."""
    path = os.path.join(root, FILE)
    durable.make_folder(os.path.join(root, BACKUPS))
    kept = os.path.join(BACKUPS, f"ledger-before-{now[:19].replace(':', '')}.db")
    found = False
    for side in SIDES:
        with contextlib.suppress(FileNotFoundError):
            os.replace(path + side, os.path.join(root, kept) + side)
            found = True
    durable.sync_folder(os.path.join(root, BACKUPS))
    return kept if found else None


def put_journal_aside(root: str, now: str) -> None:
    """Keep a damaged journal in backups/; its manifests stay where they are."""
    with contextlib.suppress(FileNotFoundError):
        folder = os.path.join(root, journal.FOLDER)
        os.rename(folder, os.path.join(root, BACKUPS, f"journal-before-{now[:19].replace(':', '')}"))
        durable.sync_folder(root)


def begin_journal(root: str) -> None:
    """Begin a journal with all that the ledger knows."""
    connection = Connection(root)
    with connection.writing() as writing:
        writing.execute("DELETE FROM journal")
        connection.note(writing, "began", {})
    connection.close()


def finish_journal(root: str) -> None:
    """Put on the disk what waits in the ledger."""
    connection = Connection(root)
    with connection.writing():
        pass  # every commit does
    connection.close()


def renew_journal(root: str, now: str) -> None:
    """Put a damaged journal aside, and begin another one from a ledger that is sound."""
    with durable.writing(root), short_lock(root, "gc"), ledger_lock(root):
        durable.make_folder(os.path.join(root, BACKUPS))
        put_journal_aside(root, now)
    begin_journal(root)


def waiting_in(path: str) -> list[tuple[int, str]]:
    """Entries that an old ledger has and the journal perhaps has not, as far as they can be read."""
    if not os.path.exists(path):
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quoted(path)}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT number, entry FROM journal ORDER BY number").fetchall()
            return [(number, entry) for number, entry in found if entry and is_entry(number, entry)]
    except sqlite3.Error:
        return []


def format_in(path: str) -> int:
    """The format of a ledger of ours, 0 where that cannot be told."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quoted(path)}?mode=ro", uri=True)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        return 0
    return int(version) if application == APPLICATION_ID else 0


def is_entry(number: object, entry: object) -> bool:
    try:
        return bool(json.loads(str(entry))["number"] == number)
    except (ValueError, KeyError, TypeError):
        return False


def quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def count(connection: sqlite3.Connection, table: str) -> int:
    (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)
