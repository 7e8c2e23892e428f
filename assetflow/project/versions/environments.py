"""Makes, compares, promotes and drops environments, and rolls assets back: pointers move, and nothing is made."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.errors import UsageError, WarehouseError, did_you_mean
from assetflow.names import is_environment
from assetflow.running.clock import now
from assetflow.warehouse.disk.removal import remove_file
from assetflow.warehouse.ledger import environments as kept
from assetflow.warehouse.ledger.records import RunRecord, Version
from assetflow.warehouse.views import Published

if TYPE_CHECKING:
    from assetflow.project.project import Project


class Moved(Struct, frozen=True):
    """What a command moved in an environment: assets by the materialization that is current now (None: withdrawn).

    `stale` are assets below that could not go along, which the next run makes again if what they read changed; `held`
    are those that were rolled back themselves and stay where they are.
    """

    env: str
    run_id: str | None
    moves: Mapping[str, str | None]
    stale: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class EnvironmentDifference(Struct, frozen=True):
    """How two environments differ: assets that only one has, that hold other rows, that hold the same."""

    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    different: tuple[str, ...]
    same: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "only_first": list(self.only_first),
            "only_second": list(self.only_second),
            "different": list(self.different),
            "same": list(self.same),
        }


def create(project: Project, name: str, source: str, *, replace: bool = False) -> Moved:
    """Make an environment that points to what another one points to; no data is copied.

    With `replace`, one that is there is brought to the same state. UsageError for a name that cannot be, or is taken.
    """
    check_name(name)
    known(project, source)
    connection = project.ledger.connection
    if name in project.ledger.environments() and not replace:
        raise UsageError(
            f"there is an environment {name} already", hint=f"Bring it to the state of {source} with --replace."
        )
    if name == source:
        raise UsageError(f"{name} cannot be made from itself")
    with at_work(project, name, f"env create {name} --from {source}") as run_id:
        wanted = kept.pointers(connection, source)
        current = kept.pointers(connection, name)
        moves: dict[str, str | None] = {asset: made for asset, made in wanted.items() if current.get(asset) != made}
        moves.update({asset: None for asset in current if asset not in wanted})
        generation = project.ledger.generation(source)
        take_over = partial(kept.take_over, env=name, source=source, generation=generation)
        warnings = publish(project, name, run_id, moves, current, take_over)
        kept.take_proofs(connection, name, source)
    return Moved(name, run_id, moves, held=tuple(sorted(project.ledger.held(name))), warnings=warnings)


def compare(project: Project, one: str, other: str) -> EnvironmentDifference:
    """Which assets hold other rows in two environments."""
    known(project, one)
    known(project, other)
    first, second = project.ledger.current(one), project.ledger.current(other)
    both = sorted(first.keys() & second.keys())
    alike = [name for name in both if first[name].digest == second[name].digest]
    return EnvironmentDifference(
        tuple(sorted(first.keys() - second.keys())),
        tuple(sorted(second.keys() - first.keys())),
        tuple(name for name in both if name not in alike),
        tuple(alike),
    )


def promote(project: Project, name: str, target: str) -> Moved:
    """Point `target` to what `name` changed since it was made from it; nothing is built.

    WarehouseError, naming the assets, when the target moved underneath.
    """
    known(project, name)
    check_name(target)
    if name == target:
        raise UsageError(f"{name} cannot be promoted to itself")
    connection = project.ledger.connection
    with at_work(project, target, f"env promote {name} --to {target}") as run_id:
        base = kept.base_of(connection, name, target)
        ours, theirs = kept.pointers(connection, name), kept.pointers(connection, target)
        moves: dict[str, str | None] = {
            asset: made for asset, made in ours.items() if made != theirs.get(asset) and made != base.get(asset)
        }
        moves.update({asset: None for asset, made in base.items() if made and asset not in ours and asset in theirs})
        refuse_held(project, moves, name, target)
        refuse_moved(project, moves, base, theirs, ours, name, target)
        warnings = publish(project, target, run_id, moves, theirs)
        kept.take_proofs(connection, target, name)
    return Moved(target, run_id, moves, warnings=warnings)


def refuse_held(project: Project, moves: Mapping[str, str | None], name: str, target: str) -> None:
    """Refuse to undo a rollback."""
    held = sorted(moves.keys() & project.ledger.held(target))
    if held:
        raise WarehouseError(
            f"{', '.join(held)}: rolled back in {target} and held there; nothing was promoted",
            hint=f"Let go, then promote {name}: assetflow rollback {held[0]} --release --env {target}",
        )


def refuse_moved(
    project: Project, moves: Mapping[str, str | None], base: Mapping[str, str | None], theirs: Mapping[str, str],
    ours: Mapping[str, str], name: str, target: str,
) -> None:  # fmt: skip
    """Refuse to overwrite what somebody else published meanwhile, or to publish what was made from something older."""
    made = project.ledger.materializations(each for each in moves.values() if each is not None)
    read = {one.upstream for record in made.values() for one in record.inputs} - moves.keys()
    moved = sorted(
        asset
        for asset in {*moves, *read}
        if theirs.get(asset) != base.get(asset) and theirs.get(asset) != ours.get(asset)
    )
    if moved:
        listed = ", ".join(moved[:5]) + (f" and {len(moved) - 5} more" if len(moved) > 5 else "")
        raise WarehouseError(
            f"{target} moved on since {name} was made from it: {listed}; nothing was promoted",
            hint=f"Bring {name} up to date, which makes nothing twice: assetflow env create {name} --from {target} "
            f"--replace, then assetflow materialize --env {name}.",
        )


def drop(project: Project, name: str) -> None:
    """Forget an environment, and remove its catalog. UsageError for the one of the settings."""
    known(project, name)
    if name in {project.settings.environment, "prod"}:
        raise UsageError(f"{name} is the environment of the project, and is not dropped")
    with project.warehouse.running(name, "drop", now()):
        kept.drop(project.ledger.connection, name)
        cache = os.path.join(project.settings.warehouse, "cache", f"{name}.catalog.json")
        for path in (project.warehouse.catalog_path(name), cache):
            remove_file(project.settings.warehouse, path)


def roll_back(project: Project, version: Version, *, downstream: bool) -> Moved:
    """Point an asset to an older version again, and hold it there.

    With `downstream`, what is made from it goes back with it, where a version exists that was made from just that.
    What was rolled back by itself stays where it is held.
    """
    env, asset = project.environment, version.asset
    refuse_gone(project, version)
    with at_work(project, env, f"rollback {asset} {version.snapshot[:12]}") as run_id:
        current = kept.pointers(project.ledger.connection, env)
        below = [name for name in project.definitions.graph.descendants([asset]) if name in current]
        held = project.ledger.held(env) & set(below)
        found, stale = with_downstream(project, version, set(below) - held) if downstream else ({}, [])
        wanted = {asset: version.materialization, **found}
        moves: dict[str, str | None] = {name: made for name, made in wanted.items() if current.get(name) != made}
        # Held in the transaction that moves it: a run that comes between would undo it.
        hold = partial(kept.pin, env=env, asset=asset, made=version.materialization, at=now())
        warnings = publish(project, env, run_id, moves, current, hold)
    return Moved(env, run_id, moves, tuple(stale), tuple(sorted(held)), warnings)


def with_downstream(project: Project, version: Version, below: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """For what is made from an asset the version that was made from what will be current, and what has none."""
    current = project.ledger.current(project.environment)
    there = {name: Published(one.snapshot, one.digest) for name, one in current.items()}
    there[version.asset] = Published(version.snapshot, version.digest)
    moves: dict[str, str] = {}
    stale = []
    for name in project.definitions.graph.order:
        if name not in below:
            continue
        versions = project.ledger.history(project.environment, name)
        found = next((one for one in versions if fits(project, one, there)), None)
        if found is None:
            stale.append(name)
        else:
            moves[name] = found.materialization
            there[name] = Published(found.snapshot, found.digest)
    return moves, stale


def fits(project: Project, version: Version, there: Mapping[str, Published]) -> bool:
    """True for a version that was made from what is there, and is still there itself."""
    made = project.ledger.materialization(version.materialization)
    if not all(project.warehouse.views.stands(one, there.get(one.upstream)) for one in made.inputs):
        return False
    return project.warehouse.has_files(project.ledger.snapshot(version.snapshot))


def refuse_gone(project: Project, version: Version) -> None:
    snapshot = project.ledger.snapshot(version.snapshot)
    made = project.ledger.materialization(version.materialization)
    is_view = snapshot.sql is not None
    behind = project.warehouse.views.tables_behind(made.inputs) if is_view else [snapshot]
    if any(project.found(each) is None for each in behind):
        raise UsageError(
            f"the files of {version.asset}@{version.snapshot[:12]} are gone",
            hint=f"`assetflow history {version.asset}` lists the versions.",
        )


def publish(
    project: Project,
    env: str,
    run_id: str,
    moves: Mapping[str, str | None],
    current: Mapping[str, str],
    first: Callable[[sqlite3.Connection], None] | None = None,
) -> tuple[str, ...]:
    """Move pointers in one transaction, then bring the catalog after them; what hindered the latter, as warnings."""
    expected = {asset: current.get(asset) for asset in moves}
    project.ledger.publish(env, run_id, moves, expected, now(), first)
    if not moves:
        return ()
    try:
        project.warehouse.patch_catalog(env)
    except WarehouseError as error:
        return (f"the catalog could not be written, which the next run repairs: {error}",)
    return ()


@contextmanager
def at_work(project: Project, env: str, what: str) -> Iterator[str]:
    """Hold an environment, and write the command down as a run."""
    from assetflow.project.run import new_run_id

    run_id, started_at = new_run_id(), now()
    with project.warehouse.running(env, run_id, started_at):
        project.ledger.start_run(RunRecord(run_id, env, started_at, selection=what))
        try:
            yield run_id
        except BaseException:
            project.ledger.finish_run(run_id, "failed", (), now())
            raise
        project.ledger.finish_run(run_id, "succeeded", (), now())


def check_name(name: str) -> None:
    if not is_environment(name):
        raise UsageError(
            f"{name!r} cannot be the name of an environment",
            hint="Use lower-case letters, digits and _, a letter first, 63 characters at most.",
        )


def known(project: Project, name: str) -> None:
    there = project.ledger.environments()
    if name not in there:
        hint = did_you_mean(name, there) or (f"There are {', '.join(there)}." if there else "None was published yet.")
        raise UsageError(f"there is no environment {name}", hint=hint)
