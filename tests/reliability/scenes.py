"""The scenes that strace looks at: for each command, a project as it stands before it, saved so that it can be had again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.reliability.commands import Command
from tests.reliability.stage import Stage
from tests.reliability.strace import Call, reason_to_skip, record
from tests.reliability.tally import Tally


class Scene(NamedTuple):
    """A command and its project; `log` is where strace writes."""

    command: Command
    stage: Stage
    saved: Path
    log: Path

    def restore(self) -> None:
        """The project as it stands before the command."""
        self.stage.restore(self.saved)

    def calls(self, of: str) -> tuple[list[tuple[str, str]], list[Call]]:
        """What the command announces when nothing hinders it, and the calls of these names that it makes."""
        self.restore()
        done, calls = record(self.stage, self.command.line, of, self.log)
        assert done.code in self.command.ends_with, (self.command, done)
        return done.announced, calls


def scenes(commands: Iterable[Command], tally: Tally, part: str) -> Iterator[Scene]:
    """None where nothing can be traced; then `part` is skipped, and that is told."""
    reason = reason_to_skip()
    if reason is not None:
        tally.skipped.append(f"{part}: {reason}")
        return
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            scene = Scene(command, Stage(Path(folder) / "project"), Path(folder) / "saved", Path(folder) / "log")
            scene.stage.go(*command.before, here=True)
            scene.stage.save(scene.saved)
            yield scene
