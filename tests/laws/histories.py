"""What a history should be, without a table: what happened to each key is noted, and asked about at every moment.

It shares nothing with the code under test, which remembers nothing but the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb

from assetflow.asset import Asset, History
from assetflow.materialization import Snapshot
from assetflow.running.history.keep import keep_history
from assetflow.running.tasks.kept_history import KeptHistory

TICK = timedelta(microseconds=1)
Row = Mapping[str, object]
Version = tuple[object, frozenset[tuple[str, object]], datetime, datetime | None]
"""Key, the other columns that are not NULL, since when, until when."""


class RefusedError(Exception):
    """A delivery that has no place in a history."""


@dataclass(slots=True)
class Content:
    """By content: another row for a key ends its version."""

    closes: bool
    versions: dict[object, list[tuple[dict[str, object], datetime, datetime | None]]] = field(default_factory=dict)

    def deliver(self, rows: Sequence[Row], now: datetime) -> None:
        keys = [row["id"] for row in rows]
        if len(set(keys)) < len(keys):
            raise RefusedError
        for row in rows:
            known = self.versions.setdefault(row["id"], [])
            is_open = bool(known) and known[-1][2] is None
            if not is_open or any(known[-1][0].get(name) != value for name, value in row.items()):
                moment = self.end(known, now)
                known.append((dict(row), moment, None))
        for key, known in self.versions.items():
            if self.closes and key not in keys and known[-1][2] is None:
                self.end(known, now)

    def end(self, known: list[tuple[dict[str, object], datetime, datetime | None]], now: datetime) -> datetime:
        """End the version that is open, if one is; the time that it is, which never goes back for a key."""
        if not known:
            return now
        row, began, ended = known[-1]
        moment = max(now, ended or began + TICK)
        known[-1] = (row, began, ended or moment)
        return moment

    def table(self) -> list[Version]:
        return [
            (key, content(row), began, ended) for key, known in self.versions.items() for row, began, ended in known
        ]


@dataclass(slots=True)
class Life:
    """What happened to one key: its rows by their own time, when it was gone, when it was back."""

    rows: dict[datetime, dict[str, object]] = field(default_factory=dict)
    gone: list[datetime] = field(default_factory=list)
    back: list[datetime] = field(default_factory=list)

    def is_there(self, moment: datetime) -> bool:
        events = [(at, 1) for at in (*self.rows, *self.back) if at <= moment]
        events += [(at, 0) for at in self.gone if at <= moment]
        return bool(events) and max(events)[1] == 1

    def row_at(self, moment: datetime) -> datetime:
        return max(at for at in self.rows if at <= moment)

    @property
    def moments(self) -> list[datetime]:
        return sorted({*self.rows, *self.gone, *self.back})


@dataclass(slots=True)
class Time:
    """By a time: what is there at a moment is the row with the latest time before it, unless the key was gone."""

    closes: bool
    lives: dict[object, Life] = field(default_factory=dict)

    def deliver(self, rows: Sequence[Row], now: datetime) -> None:
        apart = {tuple(sorted(row.items(), key=lambda item: item[0])) for row in rows}
        times = {(row["id"], row["at"]) for row in rows}
        if len(times) < len(apart) or any(row["at"] is None for row in rows):
            raise RefusedError
        for row in rows:
            life = self.lives.setdefault(row["id"], Life())
            at = row["at"]
            assert isinstance(at, datetime)
            life.rows[at] = {**life.rows.get(at, {}), **row}
        keys = {row["id"] for row in rows}
        for key, life in self.lives.items():
            latest = life.moments[-1]
            if key in keys and not life.is_there(latest):
                life.back.append(max(now, latest + TICK))
            elif key not in keys and self.closes and life.is_there(latest):
                life.gone.append(max(now, latest + TICK))

    def table(self) -> list[Version]:
        found: list[Version] = []
        for key, life in self.lives.items():
            spans: list[tuple[datetime, datetime, datetime | None]] = []
            for moment in life.moments:
                open_row = spans[-1][0] if spans and spans[-1][2] is None else None
                row = life.row_at(moment) if life.is_there(moment) else None
                if row == open_row:
                    continue
                if open_row is not None:
                    spans[-1] = (*spans[-1][:2], moment)
                if row is not None:
                    spans.append((row, moment, None))
            found += [(key, content(life.rows[row]), began, ended) for row, began, ended in spans]
        return found


def content(row: Row) -> frozenset[tuple[str, object]]:
    return frozenset((name, as_time(value)) for name, value in row.items() if value is not None and name != "id")


def as_time(value: object) -> object:
    """A day as the moment in which it begins: the type of a column may get as wide as that."""
    return datetime(value.year, value.month, value.day) if type(value) is date else value


# The code under test


class Table:
    """A history in a folder, delivered to without a project around it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, folder: Callable[[], str], history: History) -> None:
        self.cursor = cursor
        self.folder = folder
        self.asset = Asset("h", "sql", "assets/h.sql", 1, "main", "", unique_key=("id",), history=history)
        self.snapshot: Snapshot | None = None
        self.changed = True

    def deliver(self, sql: str, now: datetime) -> None:
        kept = KeptHistory(self.snapshot, {}, "/")
        added = keep_history(self.cursor, sql, self.asset, kept, f"{now.isoformat()}Z", self.folder(), ())
        staged = added.staged
        self.changed = self.snapshot is None or staged.files != self.snapshot.files
        self.snapshot = Snapshot("", "h", staged.digest, staged.columns, staged.files, staged.rows, staged.bytes)

    def table(self) -> list[Version]:
        if self.snapshot is None:
            return []
        paths = ", ".join(f"'{file.path}'" for file in self.snapshot.files)
        relation = self.cursor.sql(f"FROM read_parquet([{paths}])")
        found = []
        for values in relation.fetchall():
            row = dict(zip(relation.columns, values, strict=True))
            began, ended = row.pop("valid_from"), row.pop("valid_to")
            found.append((row["id"], content(row), began, ended))
        return found
