"""R4: what is announced has been synced: files and their names first, then the ledger; nothing rests in the page cache.

The system calls of each command are replayed on a model of a disk that forgets whatever was not synced: a file's bytes
need an fsync of the file, and its name one of its folder. At the first `published`, all of `objects/` and the ledger
must be there, and the ledger's journal; each file in `objects/` and each manifest must have been before the ledger's
last commit, which points to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.reliability.commands import COMMANDS, Command
from tests.reliability.scenes import scenes
from tests.reliability.strace import CHANGES, LOCKS, Call
from tests.reliability.tally import Tally

CALLS = f"{CHANGES},{LOCKS},openat,close"
ANNOUNCED = 'event\\": \\"published'
WRITES = {"write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "copy_file_range", "sendfile"}
SYNCS = {"fsync", "fdatasync"}
LOGS = re.compile(r"warehouse/(ledger\.db-wal$|journal/)")
LEDGER = ("warehouse/ledger.db", "warehouse/ledger.db-wal")


class Moment(NamedTuple):
    """What a power cut would take, at a point of the protocol."""

    call: Call
    unsynced_files: frozenset[str]
    unsynced_names: frozenset[str]


def sync(tally: Tally, scale: float, commands: tuple[Command, ...] = COMMANDS) -> None:
    for scene in scenes(commands, tally, "the order of syncs"):
        name = scene.command.name
        announced, calls = scene.calls(CALLS)
        moments = list(points(calls))
        tally.add("sync points looked at", len(moments))
        tally.add("versions announced", len(announced))
        tally.wrong("announced before synced", name, [each for moment in moments for each in unsynced(moment)])
        tally.wrong("announced before synced", name, unguarded(calls))
        tally.tell(f"{name}: {len(moments)} points")


def points(calls: Iterable[Call]) -> Iterator[Moment]:
    """The commits of the ledger and the announcements, with what was not synced then."""
    files: set[str] = set()
    names: set[str] = set()
    for call in calls:
        if is_announcement(call) or (call.name in SYNCS and call.paths[:1] == LEDGER[1:]):
            yield Moment(call, frozenset(files), frozenset(names))
        if call.is_refused or not call.paths:
            continue
        path = call.paths[0]
        if call.name in WRITES:
            files.add(path)
        elif call.name in SYNCS:
            files.discard(path)
            names = {name for name in names if os.path.dirname(name) != path}
        elif call.name.startswith("rename") and len(call.paths) > 1:
            target = call.paths[-1]
            if path in files:
                files.add(target)
            files.discard(path)
            names.add(target)
        elif call.name.startswith("mkdir") or (
            call.name == "openat" and "O_CREAT" in call.text and "O_EXCL" in call.text
        ):
            names.add(path)
        elif call.name.startswith("unlink"):
            files.discard(path)
            names.discard(path)


def unsynced(moment: Moment) -> list[str]:
    """What must not be forgotten then, and would be."""
    kept = re.compile(r"warehouse/(objects|manifests)(/|$)")
    files = [path for path in moment.unsynced_files if kept.match(path)]
    names = [path for path in moment.unsynced_names if kept.match(path)]
    if is_announcement(moment.call):
        files += [path for path in moment.unsynced_files if LOGS.match(path)]
    return [f"{path} is not synced at {moment.call.text[:120]}" for path in (*files, *names)]


def unguarded(calls: Iterable[Call]) -> list[str]:
    """Writes to the ledger by a process that does not hold its lock at that moment."""
    held = False
    wrong = []
    for call in calls:
        if call.paths[:1] == ("warehouse/locks/ledger.lock",):
            held = (call.name == "flock" and "LOCK_EX" in call.text and not call.is_refused) or (
                held and call.name != "close"
            )
        elif call.name in WRITES and call.paths[:1] in {LEDGER[:1], LEDGER[1:]} and not held:
            wrong.append(f"the ledger is written without its lock: {call.text[:120]}")
    return wrong[:3]


def is_announcement(call: Call) -> bool:
    return call.name == "write" and ANNOUNCED in call.text
