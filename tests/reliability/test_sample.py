"""A small fixed sample of `python -m tests.reliability`, so that the suite itself keeps working."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability import boundaries, crowd, damage, faults, fuzz, kills, planted, signals, stubborn, sync
from tests.reliability.commands import COMMANDS
from tests.reliability.stage import REPOSITORY, Stage
from tests.reliability.strace import Call, reason_to_skip
from tests.reliability.sync import points, unguarded, unsynced
from tests.reliability.tally import Tally
from tests.reliability.verdict import lost, torn, unrecovered

by_strace = pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip()))
INCREMENTAL = tuple(command for command in COMMANDS if command.name == "incremental run")


def good(part: Callable[..., None], *given: object, **more: object) -> Tally:
    tally = Tally()
    part(tally, *given, **more)
    assert tally.is_good, tally.table()
    return tally


def test_kills_at_random() -> None:
    assert good(kills.kills, 0.0, number=3).counts["kills tried"] == 3


@by_strace
def test_kills_at_system_calls() -> None:
    assert good(boundaries.boundaries, 0.0, INCREMENTAL).counts["kills tried"] == 3


@by_strace
def test_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "FAULTS", faults.FAULTS[:2])
    assert good(faults.faults, 0.0, INCREMENTAL).counts["fault points tried"] == 6


@by_strace
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_order_of_syncs_and_the_lock_of_the_ledger(command: object) -> None:
    good(sync.sync, 0.0, (command,))


def test_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "WAYS", signals.WAYS[:2])
    assert good(signals.signals, 0.0).counts["signals sent"] > 0


def test_a_crowd() -> None:
    counts = good(crowd.crowd, 0.0).counts
    assert counts["runs side by side"] > 0
    assert counts["reads beside them"] > 0


def test_stubborn_notebooks() -> None:
    good(stubborn.stubborn, 0.0)


def test_nonsense() -> None:
    good(fuzz.fuzz, 0.0, number=60)


def test_damaged_files() -> None:
    assert good(damage.damage, 0.0).counts["damaging ones"] > 40


@pytest.mark.parametrize("bug", planted.bugs(), ids=lambda bug: bug.name)
def test_a_planted_bug_still_applies(bug: planted.Bug) -> None:
    tried = subprocess.run(
        ["patch", "-p1", "--dry-run", "--forward", "-i", str(bug.path)], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert tried.returncode == 0, tried.stdout


def test_a_planted_bug_is_caught() -> None:
    [bug] = [bug for bug in planted.bugs() if bug.name == "half_written_kept"]
    assert planted.caught(bug)


# What the verdicts see


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path / "project")
    made.go("edition 1", "materialize")
    return made


def test_a_good_warehouse_has_nothing_wrong(stage: Stage) -> None:
    assert torn(stage, is_complete=True) == []
    assert unrecovered(stage)[0] == []


def test_a_damaged_file_is_seen(stage: Stage) -> None:
    file = next((stage.warehouse / "objects").rglob("*.parquet"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert any("other bytes" in each for each in torn(stage))


def test_what_was_announced_and_is_not_there_is_seen(stage: Stage) -> None:
    assert lost(stage, [("first", "0" * 20)]) == [f"first@{'0' * 8} was announced and is not published"]


def test_tables_that_do_not_agree_are_seen(stage: Stage) -> None:
    text = (stage.root / "assets/second.sql").read_text()
    (stage.root / "assets/second.sql").write_text(text.replace("edition FROM", "edition + 1 AS edition FROM"))
    stage.run("materialize --select second")
    assert any("mixes" in each for each in torn(stage))


def test_an_announcement_before_a_sync_is_seen() -> None:
    calls = [
        Call(1, 1, "write", 0, ("warehouse/staging/x",), 'write(3, "PAR1", 4) = 4'),
        Call(1, 1, "rename", 1, ("warehouse/staging/x", "warehouse/objects/ab/x"), "rename() = 0"),
        Call(1, 2, "write", 2, (), 'write(2, "{\\"event\\": \\"published\\"}") = 3'),
    ]
    [moment] = points(calls)
    assert len(unsynced(moment)) == 2, "neither its bytes nor its name"
    assert unguarded([Call(1, 1, "pwrite64", 0, ("warehouse/ledger.db",), "pwrite64() = 3")]) != []
