"""R3: each system call about the warehouse fails: a full disk, a bad disk, no permission, no more files."""

from __future__ import annotations

from typing import NamedTuple

from tests.reliability.commands import COMMANDS, Command
from tests.reliability.scenes import Scene, scenes
from tests.reliability.strace import chosen, from_then_on, interfere, once, read
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT, LOCKED, lost, torn, unrecovered

WRITES = "write,pwrite64,writev,ftruncate,fallocate,fsync,fdatasync,rename,renameat,mkdir,mkdirat,openat"
NAMES = "openat,rename,renameat,mkdir,mkdirat,unlink,unlinkat,rmdir,chmod,fchmod,fchmodat"


class Fault(NamedTuple):
    """What the system says, to which calls, and whether it goes on saying so."""

    error: str
    calls: str
    persists: bool = False

    @property
    def name(self) -> str:
        return self.error + (" from then on" if self.persists else "")


FAULTS = tuple(
    Fault(error, calls, persists)
    for error, calls in (("ENOSPC", WRITES), ("EIO", WRITES), ("EACCES", NAMES), ("EMFILE", "openat"))
    for persists in (False, True)
)


def faults(tally: Tally, scale: float, commands: tuple[Command, ...] = COMMANDS, *, seed: int = 1) -> None:
    for scene in scenes(commands, tally, "faults"):
        fail_everywhere(tally, scale, scene, seed)


def fail_everywhere(tally: Tally, scale: float, scene: Scene, seed: int) -> None:
    command, stage = scene.command, scene.stage
    for fault in FAULTS:
        _, calls = scene.calls(fault.calls)
        points = chosen(calls, scale, seed)
        tally.tell(f"{command.name}: {fault.name} at {len(points)} calls")
        for call in points:
            scene.restore()
            what = f"error={fault.error}"
            injections = from_then_on(call, what, calls) if fault.persists else once(call, what)
            done = interfere(stage, command.line, fault.calls, injections, scene.log)
            hit = next((each for each in read(scene.log, stage) if each.is_injected), None)
            where = f"{command.name}, {fault.name} at {(hit or call).text[:160]}"
            tally.add("fault points tried")
            tally.add("versions announced", len(done.announced))
            # Where Python itself may open no file any more, or its own output is refused, what it says is its own.
            is_ours = hit is not None and any(path.startswith("warehouse") for path in hit.paths)
            faulty = FAULT.findall(done.said) if is_ours else []
            tally.wrong("tracebacks", where, [f"{each}: {done.said[-1500:]}" for each in faulty[:1]])
            tally.wrong("hangs", where, ["it did not end"] if "[it did not end]" in done.err else [])
            tally.wrong("lock errors shown", where, LOCKED.findall(done.said))
            # Where an asset could not be made, what does not depend on it is published all the same.
            failed = done.code == 1 and '"event": "failed"' in done.err
            for line in command.first_aid:
                stage.run_here(line)
            tally.wrong("torn", where, torn(stage, may_mix=failed or command.may_mix))
            tally.wrong("lost", where, lost(stage, done.announced))
            wrong, again = unrecovered(stage, command.undone_by, here=True)
            tally.add("versions announced", len(again.announced))
            tally.wrong("recoveries failed", where, wrong)
