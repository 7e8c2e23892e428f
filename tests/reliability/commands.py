"""The commands that are killed and interfered with: one line each. `before` leads to where the command is given.

    edition N       the source has other rows, so that every table has to be made again
    remove PATTERN  files of the project are deleted
    anything else   a command of assetflow

A command that this version does not have yet is left out, and the table says so.
"""

from __future__ import annotations

from typing import NamedTuple

from assetflow.cli.main import COMMANDS as KNOWN


class Command(NamedTuple):
    """What is given, what has happened before, and what undoes it, so that the next run makes today's tables again.

    `first_aid` is what a user has to do who was told so before: only then the warehouse is looked at.
    """

    name: str
    line: str
    before: tuple[str, ...]
    undone_by: tuple[str, ...] = ()
    first_aid: tuple[str, ...] = ()
    ends_with: frozenset[int] = frozenset({0})
    may_mix: bool = False

    @property
    def is_known(self) -> bool:
        """True when this version has the command, and those that lead to it."""
        return all(line.split()[0] in {*KNOWN, "edition", "remove"} for line in (self.line, *self.before))


MADE = ("edition 1", "materialize")
TWICE = (*MADE, "edition 2", "materialize")
OFTEN = (*TWICE, "edition 3", "materialize", "edition 4", "materialize")
RELEASED = tuple(f"rollback {name} --release" for name in ("first", "second", "seen", "third", "fourth", "parted"))
REBUILT = ("doctor --rebuild",)

ALL = (
    Command("first run", "materialize", ("edition 1",)),
    Command("incremental run", "materialize", (*MADE, "edition 2")),
    # All has been made, in another environment: what is left is to publish it.
    Command("publish", "materialize", (*MADE, "edition 2", "materialize --env dev")),
    Command("rollback", "rollback first -1", TWICE, undone_by=RELEASED),
    Command("promote", "env promote dev", (*MADE, "env create dev", "edition 2", "materialize --env dev")),
    Command("gc", "gc --keep 1 --grace 0", OFTEN),
    Command("catalog patch", "materialize", (*MADE, "remove warehouse/prod.duckdb")),
    Command("publish each", "materialize --publish each", (*MADE, "edition 2"), may_mix=True),
    Command("env create", "env create dev", MADE),
    Command("doctor --rebuild", "doctor --rebuild", (*TWICE, "remove warehouse/ledger.db*"), first_aid=REBUILT),
    Command("check", "check", MADE),
    Command("verify", "verify --deep", MADE),
)
COMMANDS = tuple(command for command in ALL if command.is_known)
MISSING = tuple(command.name for command in ALL if not command.is_known)

AT_RANDOM = (
    "materialize -j 1", "materialize -j 1", "materialize -j 1", "materialize", "materialize -j 2",
    "materialize -j 2 --executor processes", "check",
)  # fmt: skip
"""What the kill loop gives; the source has a new edition each time."""
