"""The transactional record of what was made, checked and published: one SQLite file.

    start_run -> record_built (each finished step) -> publish (one transaction for the run) -> finish_run

Publishing is compare-and-swap: the caller says what it took for current when it planned, and nothing moves when that
is no longer so. Nothing here reads a clock: times come in as text, `2026-11-20T02:00:00.123456Z`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from assetflow.check import CheckResult
from assetflow.errors import WarehouseError
from assetflow.materialization import (
    FileSums,
    Materialization,
    Partition,
    Proof,
    ReadSet,
    Snapshot,
    SnapshotFile,
    Sums,
)
from assetflow.warehouse.ledger import rows
from assetflow.warehouse.ledger.claims import claim_for
from assetflow.warehouse.ledger.connection import Connection
from assetflow.warehouse.ledger.records import (
    Built,
    Current,
    LastStep,
    Mode,
    Parsed,
    RunRecord,
    RunStatus,
    Since,
    StepRecord,
    Version,
)
from assetflow.warehouse.ledger.rows import Gone, Told, among


class Ledger:
    """The ledger of the warehouse in folder `root`. Opened when first asked; on the disk when first told."""

    def __init__(self, root: str) -> None:
        self._connection = Connection(root)

    @property
    def connection(self) -> Connection:
        """For what else is kept in the same file."""
        return self._connection

    def back_up_daily(self, today: str) -> bool:
        """Make today's copy (`2026-11-21`), unless there is one; the last few are kept in `backups/`."""
        return self._connection.back_up_daily(today)

    def copy_to(self, path: str) -> None:
        """Copy it as it is now to a new file."""
        self._connection.copy_to(path)

    def close(self) -> None:
        """Give the file back; the next question opens it again."""
        self._connection.close()

    # What is current

    def current(self, env: str) -> dict[str, Current]:
        """What is published in an environment, by asset."""
        return {row[0]: Current._make(row) for row in self._connection.read(rows.SELECT_CURRENT, (env,))}

    def generation(self, env: str) -> int:
        """How often something was published in an environment; the catalog shows which of them it holds."""
        found = self._connection.read("SELECT generation FROM environments WHERE name = ?", (env,))
        return int(found[0][0]) if found else 0

    def published_at(self, env: str) -> str | None:
        """When something was published last."""
        found = self._connection.read("SELECT published_at FROM environments WHERE name = ?", (env,))
        return str(found[0][0]) if found else None

    def published_since(self, env: str, generation: int) -> dict[str, str | None]:
        """Assets that moved after a generation, with the materialization that is current now (None: withdrawn)."""
        found = self._connection.read(rows.SELECT_MOVED, {"env": env, "generation": generation})
        return dict(found)

    def environments(self) -> tuple[str, ...]:
        return tuple(name for (name,) in self._connection.read("SELECT name FROM environments ORDER BY name"))

    def held(self, env: str) -> frozenset[str]:
        """Assets that were rolled back, and are not to be moved."""
        return frozenset(asset for (asset,) in self._connection.read("SELECT asset FROM pins WHERE env = ?", (env,)))

    # What was made

    def materialization(self, id: str) -> Materialization:
        """One record by its id; WarehouseError when there is none."""
        found = self._materializations("WHERE m.id = ?", (id,))
        if not found:
            raise _unknown("materialization", id)
        return found[0]

    def materializations(self, ids: Iterable[str]) -> dict[str, Materialization]:
        """Those of the records that there are, by id."""
        wanted = rows.as_json(sorted(set(ids)))
        found = self._materializations("WHERE m.id IN (SELECT value FROM json_each(?))", (wanted,))
        return {one.id: one for one in found}

    def made_into(self, snapshot: str, digest: str) -> Materialization | None:
        """The newest record of having made this snapshot, by its digest, too: a view of one text shows other rows."""
        found = self._materializations(
            "WHERE m.snapshot = ? AND m.digest = ? ORDER BY m.number DESC LIMIT 1", (snapshot, digest)
        )
        return found[0] if found else None

    def find(self, asset: str, partition: Partition, fingerprint_hash: str) -> Materialization | None:
        """The newest materialization made from exactly this, in any environment."""
        where = "WHERE m.asset = ? AND m.partition = ? AND m.fingerprint_hash = ? ORDER BY m.number DESC LIMIT 1"
        found = self._materializations(where, (asset, partition or "", fingerprint_hash))
        return found[0] if found else None

    def find_read(self, asset: str, partition: Partition, read_hash: str) -> Materialization | None:
        """The newest materialization by this code of the same rows of the columns that it reads, in any environment."""
        where = "WHERE m.asset = ? AND m.partition = ? AND m.read_hash = ? ORDER BY m.number DESC LIMIT 1"
        found = self._materializations(where, (asset, partition or "", read_hash))
        return found[0] if found else None

    def was_made(self, asset: str) -> bool:
        """True when an asset was ever made, in any environment."""
        return bool(self._connection.read("SELECT 1 FROM materializations WHERE asset = ? LIMIT 1", (asset,)))

    def built_parts(self, asset: str, fingerprint_hash: str) -> dict[str, str]:
        """The partitions of an asset that were built from exactly this, and the snapshot of each."""
        return dict(self._connection.read(rows.SELECT_BUILT_PARTS, (asset, fingerprint_hash)))

    def projection(self, snapshot: str, read: ReadSet) -> str | None:
        """The digest of some columns of a snapshot, if somebody computed it."""
        key = (snapshot, rows.from_columns(read.columns), read.ordered)
        found = self._connection.read(rows.SELECT_PROJECTION, key)
        return str(found[0][0]) if found else None

    def file_sums(self, files: Iterable[str]) -> dict[tuple[str, str], Sums]:
        """What is known of some files, by SHA-256 and key of the columns."""
        found = self._connection.read(rows.SELECT_FILE_SUMS, (rows.as_json(sorted(set(files))),))
        return {(file, key): Sums(count, int(low), int(high)) for file, key, count, low, high in found}

    def parsed(self, source: str) -> Parsed | None:
        """What was parsed of a source when it was last looked at, and in which parts; None: never."""
        found = self._connection.read(rows.SELECT_SNIFFED, (source,))
        if not found:
            return None
        reading, types, tags = found[0]
        parts = tuple(
            (tuple(json.loads(held)), SnapshotFile(*json.loads(file)))
            for held, file in self._connection.read(rows.SELECT_PARTS, (reading, types))
        )
        return Parsed(source, reading, tuple(json.loads(tags)), json.loads(types), parts)

    def shadow(self, asset: str, code: str) -> bool | None:
        """Whether an incremental refresh by this code was right; None where none was compared with a full one."""
        found = self._connection.read(rows.SELECT_SHADOW, (asset, code))
        return bool(found[0][0]) if found else None

    def seconds_of(self, asset: str, mode: Mode) -> float | None:
        """How long it took to make an asset in full, or incrementally, the last time."""
        found = self._connection.read(rows.SELECT_SECONDS, (asset, mode))
        return float(found[0][0]) if found else None

    def snapshot(self, id: str) -> Snapshot:
        """One snapshot by its id; WarehouseError when there is none or its record is damaged."""
        found = self.snapshots([id])
        if id not in found:
            raise _unknown("snapshot", id)
        return found[id]

    def snapshots(self, ids: Iterable[str]) -> dict[str, Snapshot]:
        """Those of the snapshots that there are, by id."""
        wanted = rows.as_json(sorted(set(ids)))
        found = self._connection.read(rows.SELECT_SNAPSHOTS, (wanted,))
        return {row[0]: rows.to_snapshot(row) for row in found}

    def _materializations(self, where: str, parameters: Sequence[object]) -> list[Materialization]:
        found = self._connection.read(f"{rows.SELECT_MATERIALIZATIONS} {where}", parameters)
        ids = rows.as_json([row[0] for row in found])
        inputs = rows.to_inputs(self._connection.read(rows.SELECT_INPUTS, (ids,)) if found else [])
        layers = rows.to_layers(self._connection.read(rows.SELECT_LAYERS, (ids,)) if found else [])
        return [rows.to_materialization(row, inputs.get(row[0], ()), layers.get(row[0], ())) for row in found]

    # What happened

    def runs(self, limit: int = 20) -> tuple[RunRecord, ...]:
        """The newest runs, newest first."""
        found = self._connection.read(f"{rows.SELECT_RUNS} ORDER BY number DESC LIMIT ?", (limit,))
        return tuple(RunRecord(*row) for row in found)

    def run(self, run_id: str) -> RunRecord | None:
        found = self._connection.read(f"{rows.SELECT_RUNS} WHERE id = ?", (run_id,))
        return RunRecord(*found[0]) if found else None

    def steps(self, run_id: str) -> tuple[StepRecord, ...]:
        """What became of each asset of a run, in the order in which they ended."""
        return tuple(rows.to_step(row) for row in self._connection.read(rows.SELECT_STEPS, (run_id,)))

    def partitions_made(self, asset: str, runs: Iterable[str]) -> list[tuple[str, str, str]]:
        """Run, outcome and key of each partition of an asset that these runs dealt with."""
        return self._connection.read(rows.SELECT_PARTITIONS_MADE, (asset, rows.as_json(sorted(set(runs)))))

    def last_step(self, env: str, asset: str, partition: str) -> LastStep | None:
        """What became of one partition when it was dealt with last in an environment; None: it never was."""
        found = self._connection.read(rows.SELECT_LAST_MADE, (env, asset, partition))
        return rows.to_last_step(found[0]) if found else None

    def history(self, env: str, asset: str | None = None, limit: int | None = None) -> tuple[Version, ...]:
        """Every time that an asset (None: any) was published in an environment, newest first."""
        parameters = {"env": env, "asset": asset, "limit": -1 if limit is None else limit}
        return tuple(rows.to_version(row) for row in self._connection.read(rows.SELECT_VERSIONS, parameters))

    def whys(self, versions: Iterable[Version]) -> tuple[str, ...]:
        """Why each was published: what made it stale then, or the command that only moved what is current."""
        told: dict[tuple[str, str, Partition], str] = {}
        commands: dict[str, str] = {}
        versions = tuple(versions)
        runs = rows.as_json(sorted({version.run_id for version in versions}))
        for run, command, asset, partition, reasons in self._connection.read(rows.SELECT_WHYS, (runs,)):
            if asset is None:
                commands[run] = command
            elif found := rows.to_reasons(reasons):
                told[run, asset, partition or None] = found[0].detail
        return tuple(
            told.get((each.run_id, each.asset, each.partition)) or commands.get(each.run_id, "") for each in versions
        )

    def since(self, env: str, asset: str) -> Since | None:
        """Since when the content of an asset, and the code that made it, are what they are; None: never published."""
        versions = self.history(env, asset)
        if not versions or not versions[0].is_current:
            return None
        content = _unchanged([(version.digest, version.published_at) for version in versions])
        return Since(content, _unchanged([(version.code, version.published_at) for version in versions]))

    def check_results(self, env: str, asset: str) -> tuple[CheckResult, ...]:
        """What the checks of an asset found when they ran last."""
        found = self._connection.read(rows.SELECT_CHECK_RESULTS, {"env": env, "asset": asset})
        return tuple(CheckResult(*row) for row in found)

    def last_failed(self, env: str) -> frozenset[str]:
        """Assets that failed when they were last tried."""
        return frozenset(name for (name,) in self._connection.read(rows.SELECT_FAILED, {"env": env}))

    def last_error(self, env: str, asset: str) -> str | None:
        """What went wrong when this asset failed last."""
        found = self._connection.read(rows.SELECT_LAST_ERROR, {"env": env, "asset": asset})
        return found[0][0] if found else None

    # What is told

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
                if one.parsed is not None:
                    _record_parsed(connection, one.parsed)
            if finished:
                self._note(connection, "built", told_of(finished))

    def record_parts(self, parsed: Parsed, sums: Iterable[FileSums]) -> None:
        """Keep parts that belong to nothing that was published."""
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_FILE_SUMS, from_file_sums(sums))
            _record_parsed(connection, parsed)

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

    def rejected(self, env: str, asset: str) -> tuple[Snapshot, str] | None:
        """What a check refused last, and in which run."""
        asked = "SELECT snapshot, run_id FROM rejected WHERE env = ? AND asset = ?"
        found = self._connection.read(asked, (env, asset))
        return (self.snapshot(found[0][0]), str(found[0][1])) if found else None

    def record_projection(self, snapshot: str, read: ReadSet, digest: str) -> None:
        """Keep the digest of some columns of a snapshot, so that nobody computes it again."""
        with self._connection.writing() as connection:
            connection.executemany(rows.INSERT_PROJECTION, from_projections(snapshot, [(read, digest)]))
            self._note(connection, "digests", {"projections": ("snapshot = ?", (snapshot,))})

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
            _refuse_overtaken(env, now, moves, expected)
            generation = _generation(connection, env)
            changes = {asset: made for asset, made in moves.items() if now.get(asset) != made}
            if not changes:
                if first is not None:
                    self._note_published(connection, env, generation, {})
                return generation
            _refuse_held(connection, env, changes)
            claim_for(connection, self._connection.root, filter(None, changes.values()))
            generation += 1
            for asset, made in changes.items():
                _move(connection, env, asset, made, published_at)
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


def of_steps(run_id: str, steps: Sequence[StepRecord]) -> tuple[str, tuple[object, ...]]:
    """The rows of steps: a condition, and its parameters."""
    of_assets, names = among("asset", (step.asset for step in steps))
    return f"run_id = ? AND {of_assets}", (run_id, *names)


def told_of(built: Sequence[Built]) -> Told:
    """The rows that tell of finished steps."""
    made = [one.materialization for one in built]
    parsed = [one.parsed for one in built if one.parsed is not None]
    of_runs, runs = among("run_id", (one.run_id for one in made))
    of_assets, assets = among("asset", (one.asset for one in made))
    of_readings, readings = among("reading", (one.reading for one in parsed))
    of_tags, tags = among("tags", (rows.as_json(held) for one in parsed for held, _ in one.parts))
    return {
        "snapshots": among("id", (one.snapshot.id for one in built)),
        "materializations": among("id", (one.id for one in made)),
        "inputs": among("materialization", (one.id for one in made)),
        "layers": among("materialization", (one.id for one in made)),
        "check_results": (f"{of_runs} AND {of_assets}", (*runs, *assets)),
        "projections": among("snapshot", (one.snapshot.id for one in built)),
        "file_sums": among("file", (sums.file for one in built for sums in one.sums)),
        "sniffed": among("source", (one.source for one in parsed)),
        "parts": (f"{of_readings} AND {of_tags}", (*readings, *tags)),
    }


def from_projections(snapshot: str, projections: Iterable[tuple[ReadSet, str]]) -> list[tuple[object, ...]]:
    return [(snapshot, rows.from_columns(read.columns), read.ordered, digest) for read, digest in projections]


def from_file_sums(found: Iterable[FileSums]) -> list[tuple[object, ...]]:
    return [(one.file, one.key, one.sums.rows, str(one.sums.low), str(one.sums.high)) for one in found]


def _record_parsed(connection: sqlite3.Connection, parsed: Parsed) -> None:
    types = rows.as_json(dict(parsed.types))
    connection.execute(rows.INSERT_SNIFFED, (parsed.source, parsed.reading, types, rows.as_json(parsed.tags)))
    told = [(parsed.reading, types, rows.as_json(tags), rows.as_json(file)) for tags, file in parsed.parts]
    connection.executemany(rows.INSERT_PART, told)


def _refuse_overtaken(
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


def _refuse_held(connection: sqlite3.Connection, env: str, changes: Mapping[str, str | None]) -> None:
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


def _generation(connection: sqlite3.Connection, env: str) -> int:
    found = connection.execute("SELECT generation FROM environments WHERE name = ?", (env,)).fetchone()
    return int(found[0]) if found else 0


def _move(connection: sqlite3.Connection, env: str, asset: str, made: str | None, published_at: str) -> None:
    if made is None:
        connection.execute("DELETE FROM pointers WHERE env = ? AND asset = ?", (env, asset))
        return
    moved = connection.execute(rows.MOVE_POINTER, {"env": env, "asset": asset, "id": made, "at": published_at})
    if moved.rowcount != 1:
        raise _unknown(f"materialization of {asset}", made)


def _unchanged(newest_first: Sequence[tuple[str, str]]) -> str:
    """The time of the oldest version that is like the newest, with nothing else between."""
    value, since = newest_first[0]
    for older, published_at in newest_first[1:]:
        if older != value:
            break
        since = published_at
    return since


def _unknown(what: str, id: str) -> WarehouseError:
    return WarehouseError(f"the ledger has no {what} {id}", hint="`assetflow history` shows what there is.")
