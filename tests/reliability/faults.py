"""R3: each system call about the warehouse fails: a full disk, a bad disk, no permission, no more files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.reliability.commands import COMMANDS, Command
from tests.reliability.stage import Stage
from tests.reliability.strace import chosen, from_then_on, interfere, once, read, reason_to_skip, record
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
    reason = reason_to_skip()
    if reason is not None:
        tally.skipped.append(f"faults: {reason}")
        return
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            fail_everywhere(tally, scale, command, Path(folder), seed)


def fail_everywhere(tally: Tally, scale: float, command: Command, folder: Path, seed: int) -> None:
    stage, saved, log = Stage(folder / "project"), folder / "saved", folder / "log"
    stage.go(*command.before, here=True)
    stage.save(saved)
    for fault in FAULTS:
        stage.restore(saved)
        done, calls = record(stage, command.line, fault.calls, log)
        assert done.code in command.ends_with, (command, done)
        points = chosen(calls, scale, seed)
        tally.tell(f"{command.name}: {fault.name} at {len(points)} calls")
        for call in points:
            stage.restore(saved)
            what = f"error={fault.error}"
            injections = from_then_on(call, what, calls) if fault.persists else once(call, what)
            done = interfere(stage, command.line, fault.calls, injections, log)
            hit = next((each for each in read(log, stage) if each.is_injected), None)
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
