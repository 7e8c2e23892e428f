"""Everything that the ledger was told, as an append-only text beside it: from this and the manifests it is made again.

    journal/000000000001.jsonl    a line a transaction: SHA-256 of the rest, then JSON; a new file every few megabytes
    manifests/<sha256>.json       what one batch of finished steps recorded; its line in the journal names it

An entry is numbered inside of its transaction and waits in the ledger until it is on the disk. So the journal never
knows more than the ledger, unless the ledger lost something: that is refused, and told to whoever wants to write.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from assetflow.errors import WarehouseError
from assetflow.warehouse.disk import durable
from assetflow.warehouse.ledger.rows import Gone, Told
from assetflow.warehouse.ledger.schema import FORMAT_VERSION

FOLDER = "journal"
MANIFESTS = "manifests"
SEGMENT = r"\d{12}\.jsonl"
MANIFEST = r"[0-9a-f]{64}\.json"
SEGMENT_BYTES = 4_000_000
OWN = frozenset({"journal", "condemned"})
"""Tables that are not journalled: what waits for the journal, and what a sweep finds out anew."""


class Journal:
    """The journal of the warehouse in folder `root`. Whoever calls it holds the lock of writers."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.path = ""
        self.size = 0
        self.number = -1

    def note(self, connection: sqlite3.Connection, kind: str, told: Told, gone: Gone = ()) -> None:
        """Number an entry in the transaction that changed these rows. It is written out after the commit."""
        last = last_in(connection)
        on_disk = self.last_written()
        if on_disk > (last or 0):
            raise lost_something(self.root)
        # A ledger that has no journal yet begins it with all that it knows.
        entry: dict[str, object] = {"number": (last or 0) + 1, "kind": kind, "format": FORMAT_VERSION}
        if last is None:
            entry["kind"] = "began"
            told, gone = dict.fromkeys(tables_of(connection), ("true", ())), ()
        rows = {table: rows_of(connection, table, *where) for table, where in told.items()}
        rows = {table: found for table, found in rows.items() if found["rows"]}
        if entry["kind"] in {"built", "began"}:
            entry["manifest"] = write_manifest(self.root, rows)
        else:
            entry.update({"gone": [[table, dict(had)] for table, had in gone], "rows": rows})
        connection.execute("DELETE FROM journal WHERE number <= ?", (on_disk,))
        connection.execute("INSERT INTO journal (number, entry) VALUES (?, ?)", (entry["number"], as_text(entry)))

    def write_out(self, connection: sqlite3.Connection) -> None:
        """Put on the disk what was committed. Where that fails it waits in the ledger for the next time."""
        waiting = connection.execute("SELECT number, entry FROM journal WHERE number > ?", (self.number,)).fetchall()
        if not waiting:
            return
        with contextlib.suppress(OSError):
            on_disk = self.last_written()
            lines = [sealed(entry) for number, entry in sorted(waiting) if number > on_disk]
            if lines:
                self.append(b"".join(lines), max(number for number, _ in waiting), on_disk + 1)

    def append(self, text: bytes, number: int, first: int) -> None:
        folder = os.path.join(self.root, FOLDER)
        if not self.path or self.size > SEGMENT_BYTES:
            durable.make_folder(folder)
            self.path, self.size = os.path.join(folder, f"{first:012}.jsonl"), 0
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            # What a process that died wrote half of stands behind the last whole line.
            os.ftruncate(descriptor, self.size)
            if os.pwrite(descriptor, text, self.size) != len(text):
                os.ftruncate(descriptor, self.size)
                return
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        if self.size == 0:
            durable.sync_folder(folder)
        self.size += len(text)
        self.number = number

    def last_written(self) -> int:
        """The number of the last entry on the disk, 0 for none."""
        if self.path:
            with contextlib.suppress(OSError):
                if os.stat(self.path).st_size == self.size and not self._has_next():
                    return self.number
        self.path, self.size, self.number = "", 0, 0
        found = segments(self.root)
        if found:
            self.path = found[-1]
            # Even when nothing of a segment can be read, its name says what came before.
            self.number = int(os.path.basename(self.path)[:12]) - 1
            with open(self.path, "rb") as file:
                text = file.read()
            self.size = text.rfind(b"\n") + 1
            # Mostly the last line tells; where it is damaged, one before it, and the damaged ones are counted.
            lines = text[: self.size].split(b"\n")[:-1]
            for after, line in enumerate(reversed(lines)):
                entry = unsealed(line + b"\n")
                if entry is not None:
                    self.number = int(entry["number"]) + after
                    return self.number
            self.number += len(lines)
        return self.number

    def _has_next(self) -> bool:
        return os.path.exists(os.path.join(self.root, FOLDER, f"{self.number + 1:012}.jsonl"))


# Reading


class Entry(Struct, frozen=True):
    """One transaction: rows that were put in place of older ones, after some were taken out."""

    number: int
    kind: str
    format: int
    rows: Mapping[str, Mapping[str, Any]]
    gone: Sequence[tuple[str, Mapping[str, object]]] = ()
    manifest: str | None = None


class Damage(Struct, frozen=True):
    """A part of the journal that cannot be read."""

    path: str
    detail: str


def read(root: str, waiting: Iterable[tuple[int, str]] = ()) -> Iterator[Entry | Damage]:
    """All entries in their order, those on the disk and then those that wait in the ledger, and what is damaged."""
    expected = 1
    pending = dict(waiting)
    for path in segments(root):
        shown = os.path.relpath(path, root)
        with open(path, "rb") as file:
            lines = file.readlines()
        for place, line in enumerate(lines, 1):
            content = unsealed(line)
            if content is None:
                if path == segments(root)[-1] and place == len(lines) and not line.endswith(b"\n"):
                    break  # half written by somebody who died: it waits in the ledger
                yield Damage(f"{shown}:{place}", "this line is not what was written")
                pending.pop(expected, None)
                expected += 1
                continue
            if content["number"] != expected:
                yield Damage(f"{shown}:{place}", f"entry {content['number']} stands where {expected} should")
            expected = int(content["number"]) + 1
            yield from entry_of(root, content)
    for number in sorted(pending):
        if number < expected:
            continue
        first_known = number if pending[number] else number + 1
        if first_known > expected:
            yield Damage(FOLDER, f"entries {expected} to {first_known - 1} are missing")
        expected = number + 1
        if pending[number]:
            yield from entry_of(root, json.loads(pending[number]))


def entry_of(root: str, content: Mapping[str, Any]) -> Iterator[Entry | Damage]:
    number, kind, format = int(content["number"]), str(content["kind"]), int(content["format"])
    manifest = content.get("manifest")
    if manifest is None:
        yield Entry(number, kind, format, content["rows"], [(table, had) for table, had in content["gone"]])
        return
    found = read_manifest(root, manifest)
    if isinstance(found, Damage):
        yield found
    else:
        yield Entry(number, kind, int(found["format"]), found["rows"], manifest=manifest)


def segments(root: str) -> list[str]:
    folder = os.path.join(root, FOLDER)
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if re.fullmatch(SEGMENT, name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def sealed(text: str) -> bytes:
    line = text.encode()
    return hashlib.sha256(line).hexdigest().encode() + b" " + line + b"\n"


def unsealed(line: bytes) -> dict[str, Any] | None:
    """What a line holds; None when it is not what was written."""
    seal, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or hashlib.sha256(text).hexdigest().encode() != seal:
        return None
    found: dict[str, Any] = json.loads(text)
    return found


# Manifests


def write_manifest(root: str, rows: Mapping[str, object]) -> str:
    """Keep rows in a file that is named by its content, durably; returns the name."""
    text = as_text({"schema": "assetflow.manifest/1", "format": FORMAT_VERSION, "rows": rows}).encode()
    name = hashlib.sha256(text).hexdigest()
    path = manifest_path(root, name)
    if not os.path.exists(path):
        durable.make_folder(os.path.dirname(path))
        new = f"{path}.new"
        with open(new, "wb") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        os.replace(new, path)
        durable.sync_folder(os.path.dirname(path))
    return name


def manifest_path(root: str, name: str) -> str:
    return os.path.join(root, MANIFESTS, f"{name}.json")


def read_manifest(root: str, name: str) -> dict[str, Any] | Damage:
    if re.fullmatch(MANIFEST, f"{name}.json") is None:
        return Damage(FOLDER, f"{name!r} is no name of a manifest")
    path = manifest_path(root, name)
    shown = os.path.relpath(path, root)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        return Damage(shown, "it is not there" if isinstance(error, FileNotFoundError) else str(error))
    if hashlib.sha256(text).hexdigest() != name:
        return Damage(shown, "its bytes are others than were written")
    found: dict[str, Any] = json.loads(text)
    return found


def manifests(root: str) -> Iterator[str]:
    """The names of all manifests."""
    for _, _, names in sorted(os.walk(os.path.join(root, MANIFESTS))):
        yield from sorted(name.removesuffix(".json") for name in names if re.fullmatch(MANIFEST, name))


# Rows


def rows_of(connection: sqlite3.Connection, table: str, where: str, parameters: Sequence[object]) -> dict[str, Any]:
    cursor = connection.execute(f"SELECT * FROM {table} WHERE {where}", parameters)
    columns = [column[0] for column in cursor.description]
    return {"columns": columns, "rows": [list(row) for row in cursor]}


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """The tables that are journalled."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return [name for (name,) in found if name not in OWN]


def last_in(connection: sqlite3.Connection) -> int | None:
    """The number of the last entry that the ledger knows."""
    (number,) = connection.execute("SELECT max(number) FROM journal").fetchone()
    return None if number is None else int(number)


def as_text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def lost_something(root: str) -> WarehouseError:
    return WarehouseError(
        "the ledger knows less than its journal: it was lost, or put back from an older copy",
        path=os.path.join(root, FOLDER),
        hint="`assetflow doctor --rebuild` restores it. Nothing was written.",
    )
