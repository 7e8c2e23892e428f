"""Runs the parts and prints the table; exit 1 when anything is not as it must be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module

from tests.reliability.commands import COMMANDS, MISSING
from tests.reliability.tally import Tally

PARTS = ("kills", "boundaries", "faults", "sync", "signals", "crowd", "stubborn", "fuzz", "damage", "planted")
OVER_COMMANDS = {"boundaries", "faults", "sync"}
QUICK = 0.03


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts (default: all)")
    parser.add_argument("--quick", action="store_true", help="a small part of each")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of each: 1 is a whole run")
    parser.add_argument("--command", action="append", default=[], help="only this one of commands.py; may be repeated")
    given = parser.parse_args()
    commands = tuple(command for command in COMMANDS if not given.command or command.name in given.command)
    tally = Tally()
    if MISSING:
        tally.skipped.append(f"commands that this version does not have: {', '.join(MISSING)}")
    for name in given.parts or PARTS:
        tally.tell(name)
        part: Callable[..., None] = getattr(import_module(f"tests.reliability.{name}"), name)
        scale = QUICK if given.quick else given.scale
        part(tally, scale, **({"commands": commands} if name in OVER_COMMANDS else {}))
    sys.stdout.write(f"{tally.table()}\n")
    return 0 if tally.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
