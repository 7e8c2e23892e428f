"""The transactional record of what was made, checked and published: one SQLite file.

    start_run -> record_built (each finished step) -> publish (one transaction for the run) -> finish_run

Publishing is compare-and-swap: the caller says what it took for current when it planned, and nothing moves when that
is no longer so. Nothing here reads a clock: times come in as text, `2026-11-20T02:00:00.123456Z`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from assetflow.check import CheckResult
from assetflow.materialization import FileSums, Partition, Proof, ReadSet, Snapshot
from assetflow.warehouse.ledger import rows
from assetflow.warehouse.ledger.answers import Answers
from assetflow.warehouse.ledger.claims import claim_for
from assetflow.warehouse.ledger.moving import generation_of, move, refuse_held, refuse_overtaken
from assetflow.warehouse.ledger.records import Built, Parsed, RunRecord, RunStatus, StepRecord
from assetflow.warehouse.ledger.rows import Gone, Told, among
from assetflow.warehouse.ledger.told import (
    from_file_bounds,
    from_file_sums,
    from_projections,
    of_steps,
    told_of,
    write_parsed,
)


class Ledger(Answers):
    """The ledger of the warehouse in folder `root`. On the disk when it is first told something."""

    def start_run(self, run: RunRecord) -> None:
        with self._connection.writing() as connection:
            connection.execute(rows.INSERT_RUN, rows.from_run(run))
            self._note(connection, "started", {"runs": ("id = ?", (run.id,))})

    def record_built(self, built: Iterable[Built]) -> None:
        """Keep what finished steps made, checked and not yet published. Telling the same twice changes nothing."""
        finished = list(built)
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_SNAPSHOT, [rows.from_snapshot(one.snapshot) for one in finished])
            made = [one.materialization for one in finished]
            connection.executemany(rows.INSERT_MATERIALIZATION, [rows.from_materialization(one) for one in made])
            connection.executemany(rows.INSERT_INPUT, [row for one in made for row in rows.from_inputs(one)])
            connection.executemany(rows.INSERT_LAYER, [row for one in made for row in rows.from_layers(one)])
            for one in finished:
                record = one.materialization
                results = rows.from_checks(record.run_id, record.asset, record.partition, one.check_results)
                connection.executemany(rows.INSERT_CHECK_RESULT, results)
                connection.executemany(rows.INSERT_PROJECTION, from_projections(one.snapshot.id, one.projections))
                connection.executemany(rows.INSERT_FILE_SUMS, from_file_sums(one.sums))
                connection.executemany(rows.INSERT_FILE_BOUNDS, from_file_bounds(one.bounds))
                if one.parsed is not None:
                    write_parsed(connection, one.parsed)
            if finished:
                self._note(connection, "built", told_of(finished))

    def publish(
        self,
        env: str,
        run_id: str,
        moves: Mapping[str, str | None],
        expected: Mapping[str, str | None],
        published_at: str,
        first: Callable[[sqlite3.Connection], None] | None = None,
    ) -> int:
        """Make materializations current, all or none, and return the environment's new generation.

        `moves` maps assets to the materializations that become current (None: the asset is withdrawn); `expected`
        maps assets, the moved ones and those they were made from, to what was current when the run began (None:
        nothing). WarehouseError when something else is current by now, or a moved asset is held elsewhere. Moves that
        are done already are no moves. `first` is done in the same transaction.
        """
        with self._connection.writing() as connection:
            if first is not None:
                first(connection)
            now = dict(connection.execute("SELECT asset, materialization FROM pointers WHERE env = ?", (env,)))
            refuse_overtaken(env, now, moves, expected)
            generation = generation_of(connection, env)
            changes = {asset: made for asset, made in moves.items() if now.get(asset) != made}
            if not changes:
                if first is not None:
                    self._note_published(connection, env, generation, {})
                return generation
            refuse_held(connection, env, changes)
            claim_for(connection, self._connection.root, filter(None, changes.values()))
            generation += 1
            for asset, made in changes.items():
                move(connection, env, asset, made, published_at)
            published = [(env, asset, made, generation, published_at, run_id) for asset, made in changes.items()]
            connection.executemany(rows.INSERT_PUBLICATION, published)
            connection.execute(rows.INSERT_ENVIRONMENT, (env, generation, published_at))
            self._note_published(connection, env, generation, changes)
        return generation

    def finish_run(self, run_id: str, status: RunStatus, steps: Iterable[StepRecord], finished_at: str) -> None:
        ended = list(steps)
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_STEP, [rows.from_step(run_id, step) for step in ended])
            connection.execute(rows.FINISH_RUN, (status, finished_at, run_id))
            self._note(connection, "finished", {"runs": ("id = ?", (run_id,)), "steps": of_steps(run_id, ended)})

    def record_parts(self, parsed: Parsed, sums: Iterable[FileSums]) -> None:
        """Keep parts that belong to nothing that was published."""
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_FILE_SUMS, from_file_sums(sums))
            write_parsed(connection, parsed)

    def record_shadow(self, asset: str, code: str, run_id: str, *, is_right: bool) -> None:
        """Keep that an incremental refresh was compared with a full one."""
        with self._connection.writing() as connection:
            connection.execute(rows.INSERT_SHADOW, (asset, code, is_right, run_id))
            self._note(connection, "compared", {"shadows": ("asset = ? AND code = ?", (asset, code))})

    def record_rejected(self, env: str, run_id: str, snapshot: Snapshot) -> None:
        """Keep what a check refused; that of an earlier run is forgotten."""
        with self._connection.writing() as connection:
            connection.execute(rows.INSERT_SNAPSHOT, rows.from_snapshot(snapshot))
            told = (env, snapshot.asset, snapshot.id, run_id)
            connection.execute("INSERT OR REPLACE INTO rejected (env, asset, snapshot, run_id) VALUES (?,?,?,?)", told)
            refused = ("env = ? AND asset = ?", (env, snapshot.asset))
            self._note(connection, "rejected", {"snapshots": ("id = ?", (snapshot.id,)), "rejected": refused})

    def record_projection(self, snapshot: str, read: ReadSet, digest: str, sums: Iterable[FileSums] = ()) -> None:
        """Keep the digest of some columns of a snapshot, and what it is made of: then nobody computes it again."""
        of_files = list(sums)
        told: Told = {
            "projections": ("snapshot = ?", (snapshot,)),
            "file_sums": among("file", (one.file for one in of_files)),
        }
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_PROJECTION, from_projections(snapshot, [(read, digest)]))
            connection.executemany(rows.INSERT_FILE_SUMS, from_file_sums(of_files))
            self._note(connection, "digests", told)

    def record_proofs(self, env: str, run_id: str, proofs: Sequence[Proof], proven_at: str) -> None:
        """Keep why assets are fresh, for those that are still current as they are."""
        told = [rows.from_proof(env, run_id, proven_at, proof) for proof in proofs]
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_PROOF, told)
            connection.executemany(rows.MARK_PROVEN, told)
            of_assets, names = among("asset", (proof.asset for proof in proofs))
            shown = (f"env = ? AND {of_assets}", (env, *names))
            new = (f"env = ? AND proven_at = ? AND {of_assets}", (env, proven_at, *names))
            self._note(connection, "proven", {"proofs": new, "pointers": shown})

    def record_checks(
        self, run_id: str, asset: str, results: Sequence[CheckResult], partition: Partition = None
    ) -> None:
        """Keep what checks found on something that is published already, or that they keep from being so."""
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_CHECK_RESULT, rows.from_checks(run_id, asset, partition, results))
            self._note(connection, "checked", {"check_results": ("run_id = ? AND asset = ?", (run_id, asset))})

    def back_up_daily(self, today: str) -> bool:
        """Make today's copy (`2026-11-21`), unless there is one; the last few are kept in `backups/`."""
        return self._connection.back_up_daily(today)

    def copy_to(self, path: str) -> None:
        """Copy it as it is now to a new file."""
        self._connection.copy_to(path)

    def _note_published(
        self, connection: sqlite3.Connection, env: str, generation: int, changes: Mapping[str, str | None]
    ) -> None:
        of_assets, names = among("asset", changes)
        told: Told = {
            "publications": (f"env = ? AND generation = ? AND {of_assets}", (env, generation, *names)),
            "environments": ("name = ?", (env,)),
            "pointers": (f"env = ? AND {of_assets}", (env, *names)),
            "pins": ("env = ?", (env,)),
            "bases": ("env = ?", (env,)),
        }
        withdrawn = [("pointers", {"env": env, "asset": asset}) for asset, made in changes.items() if made is None]
        self._note(connection, "published", told, [*withdrawn, ("pins", {"env": env})])

    def _note(self, connection: sqlite3.Connection, kind: str, told: Told, gone: Gone = ()) -> None:
        self._connection.note(connection, kind, told, gone)
