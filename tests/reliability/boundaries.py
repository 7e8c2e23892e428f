"""R2: kill -9 at every system call that changes a file of the warehouse, for each command.

The call at which the command is killed never happens. One that would have changed nothing, such as a sync or the making
of a folder that is there, leaves what the next call leaves, so it is no boundary of its own.
"""

from __future__ import annotations

from tests.reliability.commands import COMMANDS, Command
from tests.reliability.scenes import Scene, scenes
from tests.reliability.strace import CHANGES, Call, chosen, interfere, once
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, lost, torn, unrecovered

KILLED = 137
CHANGES_NOTHING = {"fsync", "fdatasync", "syncfs"}


def boundaries(tally: Tally, scale: float, commands: tuple[Command, ...] = COMMANDS, *, seed: int = 1) -> None:
    for scene in scenes(commands, tally, "kills at every system call"):
        kill_everywhere(tally, scale, scene, seed)


def kill_everywhere(tally: Tally, scale: float, scene: Scene, seed: int) -> None:
    command, stage = scene.command, scene.stage
    _, calls = scene.calls(CHANGES)
    points = chosen([call for call in calls if is_a_change(call)], scale, seed)
    threads = {call.thread for call in points}
    tally.tell(f"{command.name}: {len(points)} boundaries in {len(threads)} thread(s)")
    for call in points:
        scene.restore()
        done = interfere(stage, command.line, CHANGES, once(call, "signal=KILL"), scene.log)
        where = f"{command.name}, killed at {call.text[:160]}"
        tally.add("kills tried", done.code in (-9, KILLED))
        tally.add("of these at system calls", done.code in (-9, KILLED))
        tally.add("versions announced", len(done.announced))
        tally.wrong("tracebacks", where, FAULT.findall(done.said))
        for line in command.first_aid:
            stage.run_here(line)
        tally.wrong("torn", where, torn(stage, may_mix=command.may_mix))
        tally.wrong("lost", where, lost(stage, done.announced))
        wrong, again = unrecovered(stage, command.undone_by, here=True)
        tally.add("versions announced", len(again.announced))
        tally.wrong("recoveries failed", where, wrong)


def is_a_change(call: Call) -> bool:
    return not call.is_refused and call.name not in CHANGES_NOTHING
