"""Removes what nothing needs any more, in two phases and at most by reachability: no time stamp of a file counts.

    reachable     what somebody needs (reachable.py)
    condemned     present and not reachable: noted in the ledger, with the time
    removed       condemned for longer than the grace period, and claimed by nobody since

Files are removed inside of ledger transactions (see claims.py), so that no run can begin to use one in between. A file
that some other snapshot shares is reachable as long as that snapshot is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assetflow.errors import WarehouseError
from assetflow.warehouse.content.links import sweep_links
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.locks import holders, short_lock
from assetflow.warehouse.disk.reserve import keep_reserve, release_reserve
from assetflow.warehouse.ledger.connection import Connection
from assetflow.warehouse.sweep import below
from assetflow.warehouse.sweep.leases import leased, sweep_leases
from assetflow.warehouse.sweep.reachable import Amount, Reach, Survey, listed, text_of
from assetflow.warehouse.sweep.retention import Retention

AT_ONCE = 200
"""Files a transaction: few enough for the space that is set aside for a full disk."""
UNKNOWN_HOURS = 7 * 24
"""How long files stay that the ledger does not know: it may be the ledger that is wrong."""

SELECT_USED = """
SELECT paths FROM pointers UNION ALL SELECT paths FROM snapshots WHERE id IN (SELECT value FROM json_each(?))
"""
SELECT_SAMPLES = """
SELECT sample FROM (
    SELECT c.sample, row_number() OVER (PARTITION BY c.asset, c.name ORDER BY r.number DESC) AS place
    FROM check_results c JOIN runs r ON r.id = c.run_id WHERE c.sample IS NOT NULL
) WHERE place > ?
"""
FORGET_SAMPLE = "UPDATE check_results SET sample = NULL WHERE sample = ? RETURNING run_id, asset"
CONDEMN = """
INSERT INTO condemned (path, bytes, condemned_at, after_run)
SELECT ?, ?, ?, coalesce(max(number), 0) FROM runs WHERE true
ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, condemned_at = excluded.condemned_at,
    after_run = excluded.after_run, removed_at = NULL
"""


NONE = Amount()


@dataclass(slots=True)
class Swept:
    """What was removed, or would be; what waits for its grace period to pass; what is kept.

    `unknown` are files that the ledger does not know, `foreign` names that are not ours, which stay; `staging` the
    runs that died and left something; `at_work` those because of which some files have to wait.
    """

    removed: Amount = NONE
    condemned: Amount = NONE
    waiting: Amount = NONE
    kept: Amount = NONE
    staging: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    at_work: tuple[str, ...] = ()
    samples: int = 0


def sweep(connection: Connection, retention: Retention, now: datetime, *, dry_run: bool = False) -> Swept:
    """Condemn what nothing needs, and remove what has been condemned for long enough.

    WarehouseError when the ledger is missing or knows less than the journal: then it cannot tell what is needed.
    """
    if dry_run:
        return Sweep(connection, retention, now, dry_run=True).run()
    try:
        swept = Sweep(connection, retention, now).run()
    except WarehouseError:
        # The ledger has to grow before it can shrink, and on a full disk only this makes room for that.
        connection.close()
        if not release_reserve(connection.root):
            raise
        swept = Sweep(connection, retention, now).run()
    keep_reserve(connection.root)
    return swept


class Sweep:
    """One sweep over a warehouse."""

    def __init__(self, connection: Connection, retention: Retention, now: datetime, *, dry_run: bool = False) -> None:
        self.connection = connection
        self.root = connection.root
        self.retention = retention
        self.now = now
        self.reach = Reach(connection, retention, now)
        self.dry_run = dry_run
        self.swept = Swept()

    def run(self) -> Swept:
        if self.dry_run:
            self.look_and_remove()
            return self.swept
        with short_lock(self.root, "gc"), durable.writing(self.root):
            # What runs left behind needs no line in the ledger to go, and makes room for the rest.
            self.sweep_staging()
            self.look_and_remove()
            self.sweep_samples()
            sweep_leases(self.root)
            sweep_links(self.root, self.reach.linked())
        return self.swept

    def look_and_remove(self) -> None:
        if self.dry_run:
            self.swept.staging = tuple(name for name in self.left_in_staging() if not below.is_held(self.root, name))
        survey = self.reach.survey()
        self.swept.kept, self.swept.foreign = survey.kept, survey.foreign
        self.swept.unknown = tuple(sorted(survey.unknown))
        self.absolve([path for path in survey.condemned if path in survey.reachable])
        new = [path for path in survey.idle if path not in survey.condemned]
        # While a run is at work, what the ledger does not know yet may be about to be recorded.
        at_work = tuple(holder.run_id for holder in holders(self.root))
        if at_work:
            new = [path for path in new if path not in survey.unknown]
        self.swept.at_work = at_work
        # Large ones first: on a full disk they make room.
        ordered = sorted(survey.idle, key=lambda path: (-survey.idle[path], path))
        for chunk in chunks([path for path in ordered if path in survey.condemned or path in set(new)]):
            self.condemn([path for path in chunk if path not in survey.condemned], survey)
            self.remove([path for path in chunk if self.is_due(path, survey)], survey)

    # Two phases

    def absolve(self, paths: Sequence[str]) -> None:
        """Forget that these were condemned: somebody needs them again, and their time begins anew some day."""
        if paths and not self.dry_run:
            with self.connection.writing() as connection:
                connection.executemany("DELETE FROM condemned WHERE path = ?", [(path,) for path in paths])

    def condemn(self, paths: Sequence[str], survey: Survey) -> None:
        self.swept.condemned += Amount(len(paths), sum(survey.idle[path] for path in paths))
        if not paths or self.dry_run:
            return
        at = text_of(self.now)
        with self.connection.writing() as connection:
            connection.executemany(CONDEMN, [(path, survey.idle[path], at) for path in paths])

    def is_due(self, path: str, survey: Survey) -> bool:
        """True when the grace period has passed; for what is condemned now, when there is none."""
        hours = self.retention.grace_hours
        if path in survey.unknown and hours > 0:
            hours = max(hours, UNKNOWN_HOURS)
        at = survey.condemned[path][0] if path in survey.condemned else text_of(self.now)
        if at <= text_of(self.now - timedelta(hours=hours)):
            return True
        self.swept.waiting += Amount(1, survey.idle[path])
        return False

    def remove(self, paths: Sequence[str], survey: Survey) -> None:
        """Remove what is still condemned, in one transaction."""
        if not paths:
            return
        if self.dry_run:
            self.swept.removed += Amount(len(paths), sum(survey.idle[path] for path in paths))
            return
        with self.connection.writing() as connection:
            found = connection.execute("SELECT path, after_run FROM condemned WHERE removed_at IS NULL")
            still = dict(found.fetchall())
            reading = leased(self.root)
            used = connection.execute(SELECT_USED, (json.dumps(sorted(reading or ())),))
            pointed = {path for (paths,) in used for path in paths.split("\n")}
            oldest = self.oldest_at_work()
            for path in paths:
                if path not in still or path in pointed:
                    continue
                if reading is None or (oldest is not None and still[path] >= oldest):
                    self.swept.waiting += Amount(1, survey.idle[path])
                    continue
                below.remove_file(self.root, path)
                connection.execute("UPDATE condemned SET removed_at = ? WHERE path = ?", (text_of(self.now), path))
                self.swept.removed += Amount(1, survey.idle[path])

    def oldest_at_work(self) -> int | None:
        """The number of the oldest run at work. What was condemned after it began, it may have looked at before."""
        numbers = [
            number
            for holder in holders(self.root)
            for (number,) in self.connection.read("SELECT number FROM runs WHERE id = ?", (holder.run_id,))
        ]
        return min(numbers, default=None)

    # What runs leave behind

    def left_in_staging(self) -> Iterator[str]:
        at_work = {holder.run_id for holder in holders(self.root)}
        for entry in listed(os.path.join(self.root, "staging")):
            if below.STAGED.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False) and entry.name not in at_work:
                yield entry.name

    def sweep_staging(self) -> None:
        gone = []
        for name in self.left_in_staging():
            size = below.remove_staged(self.root, name)
            if size is not None:
                gone.append(name)
                self.swept.removed += Amount(0, size)
        self.swept.staging = tuple(gone)

    def sweep_samples(self) -> None:
        """Remove failing rows that checks kept, beyond those of the newest runs."""
        found = [path for (path,) in self.connection.read(SELECT_SAMPLES, (max(self.retention.versions, 1),))]
        for chunk in chunks(found):
            with self.connection.writing() as connection:
                for path in chunk:
                    self.swept.samples += below.remove_file(self.root, path)
                    found = connection.execute(FORGET_SAMPLE, (path,)).fetchall()
                    for run_id, asset in dict.fromkeys(found):
                        whose = ("run_id = ? AND asset = ?", (run_id, asset))
                        self.connection.note(connection, "checked", {"check_results": whose})


def chunks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), AT_ONCE):
        yield paths[start : start + AT_ONCE]
