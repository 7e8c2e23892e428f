"""What the ledger answers: what is current, what was made, what happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from assetflow.check import CheckResult
from assetflow.errors import WarehouseError
from assetflow.materialization import Bounds, Materialization, Partition, ReadSet, Snapshot, SnapshotFile, Sums
from assetflow.warehouse.ledger import rows
from assetflow.warehouse.ledger.connection import Connection
from assetflow.warehouse.ledger.records import Current, LastStep, Mode, Parsed, RunRecord, Since, StepRecord, Version


class Answers:
    """The questions to the ledger of the warehouse in folder `root`. Opened when first asked; asking writes nothing."""

    def __init__(self, root: str) -> None:
        self._connection = Connection(root)

    @property
    def connection(self) -> Connection:
        """For what else is kept in the same file."""
        return self._connection

    def close(self) -> None:
        """Give the file back; the next question opens it again."""
        self._connection.close()

    # What is current

    def current(self, env: str) -> dict[str, Current]:
        """What is published in an environment, by asset."""
        return {row[0]: Current(*row) for row in self._connection.read(rows.SELECT_CURRENT, (env,))}

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

    def views_over(self, env: str, tables: Iterable[str]) -> dict[str, str]:
        """The published views that read one of these, with their materializations."""
        return dict(self._connection.read(rows.SELECT_VIEWS_OVER, {"env": env, "tables": rows.as_json(sorted(tables))}))

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
            raise unknown("materialization", id)
        return found[0]

    def materializations(self, ids: Iterable[str]) -> dict[str, Materialization]:
        """Those of the records that there are, by id."""
        wanted = rows.as_json(sorted(set(ids)))
        found = self._materializations("WHERE m.id IN (SELECT value FROM json_each(?))", (wanted,))
        return {one.id: one for one in found}

    def made_into(self, snapshot: str, digest: str) -> Materialization | None:
        """The newest record of having made this snapshot with this digest: a view of one text may show other rows."""
        # There is an index of assets, and none of snapshots.
        where = "WHERE m.asset = (SELECT asset FROM snapshots WHERE id = ?1) AND m.snapshot = ?1 AND m.digest = ?2"
        found = self._materializations(f"{where} ORDER BY m.number DESC LIMIT 1", (snapshot, digest))
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
        return {(file, key): Sums(count, int(total), int(mixed)) for file, key, count, total, mixed in found}

    def file_bounds(self, files: Iterable[str]) -> dict[str, dict[str, Bounds]]:
        """Between which values the columns of some files lie, by SHA-256 and column, where that is known."""
        found = self._connection.read(rows.SELECT_FILE_BOUNDS, (rows.as_json(sorted(set(files))),))
        return {file: rows.to_bounds(columns) for file, columns in found}

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

    def rejected(self, env: str, asset: str) -> tuple[Snapshot, str] | None:
        """What a check refused last, and in which run."""
        asked = "SELECT snapshot, run_id FROM rejected WHERE env = ? AND asset = ?"
        found = self._connection.read(asked, (env, asset))
        return (self.snapshot(found[0][0]), str(found[0][1])) if found else None

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
            raise unknown("snapshot", id)
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

    def refused_results(self, env: str, asset: str) -> tuple[CheckResult, ...]:
        """What the checks of an asset found in what it was made of when it failed last."""
        found = self._connection.read(rows.SELECT_REFUSED_RESULTS, {"env": env, "asset": asset})
        return tuple(CheckResult(*row) for row in found)

    def refused_of_source(self, env: str, source: str) -> tuple[CheckResult, ...]:
        """What the checks of a source found when a run asked them last, if it refused the source."""
        found = self._connection.read(rows.SELECT_REFUSED_OF_SOURCE, {"env": env, "source": source})
        results = tuple(CheckResult(*row) for row in found)
        return results if any(result.blocks for result in results) else ()

    def last_failed(self, env: str) -> frozenset[str]:
        """Assets that failed when they were last tried."""
        return frozenset(name for (name,) in self._connection.read(rows.SELECT_FAILED, {"env": env}))

    def last_error(self, env: str, asset: str) -> str | None:
        """What went wrong when this asset failed last."""
        found = self._connection.read(rows.SELECT_LAST_ERROR, {"env": env, "asset": asset})
        return found[0][0] if found else None


def _unchanged(newest_first: Sequence[tuple[str, str]]) -> str:
    """The time of the oldest version that is like the newest, with nothing else between."""
    value, since = newest_first[0]
    for older, published_at in newest_first[1:]:
        if older != value:
            break
        since = published_at
    return since


def unknown(what: str, id: str) -> WarehouseError:
    return WarehouseError(f"the ledger has no {what} {id}", hint="`assetflow history` shows what there is.")
