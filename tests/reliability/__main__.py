"""Runs the parts and prints the table; exit 1 when anything is not as it must be.

A run may be long: `--pieces FOLDER` does it in pieces, and when it is given again goes on where it was interrupted.
`--minutes 10 --figures FILE --seed N` does as much as it can in that time, with chances of its own, and adds up.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import NoReturn

from assetflow.errors import says_interrupted
from tests.reliability.commands import COMMANDS, MISSING
from tests.reliability.pieces import run_pieces
from tests.reliability.stage import stop_all
from tests.reliability.tally import Enough, Tally

PARTS = ("kills", "boundaries", "faults", "sync", "signals", "crowd", "stubborn", "fuzz", "damage", "planted")
QUICK = 0.03
ENOUGH = (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts (default: all)")
    parser.add_argument("--quick", action="store_true", help="a small part of each")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of each: 1 is a whole run")
    parser.add_argument("--command", action="append", default=[], help="only this one of commands.py; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="where chances begin")
    parser.add_argument("--minutes", type=float, help="stop then, with the figures of what was done")
    parser.add_argument("--first", action="store_true", help="stop at the first thing that is wrong")
    parser.add_argument("--figures", type=Path, help="add up with what this file holds of earlier pieces")
    parser.add_argument("--pieces", type=Path, metavar="FOLDER", help="a whole run, whose pieces are kept there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many pieces side by side")
    given = parser.parse_args()
    if given.pieces:
        return run_pieces(given.pieces, given.jobs)
    commands = tuple(command for command in COMMANDS if not given.command or command.name in given.command)
    tally = Tally(seeds={given.seed}, ends_at_first=given.first)
    if given.figures:
        tally.add_up(given.figures)
    if MISSING:
        tally.skipped.append(f"commands that this version does not have: {', '.join(MISSING)}")
    for number in ENOUGH:
        signal.signal(number, enough)
    signal.setitimer(signal.ITIMER_REAL, given.minutes * 60 if given.minutes else 0)
    name = ""
    try:
        for name in given.parts or PARTS:
            tally.tell(name)
            part: Callable[..., None] = getattr(import_module(f"tests.reliability.{name}"), name)
            options = {"commands": commands, "seed": given.seed}
            known = signature(part).parameters
            part(
                tally,
                QUICK if given.quick else given.scale,
                **{each: options[each] for each in options if each in known},
            )
    except (Enough, RuntimeError) as error:
        # DuckDB turns a signal that meets one of its queries into an error of its own.
        if not (isinstance(error, Enough) or says_interrupted(error)):
            raise
        tally.stopped.append(f"in {name}, after {tally.seconds / 60:.0f} minutes")
    if given.figures:
        tally.save(given.figures)
    sys.stdout.write(f"{tally.table()}\n")
    return 0 if tally.is_good else 1


def enough(number: int, frame: object) -> NoReturn:
    for each in ENOUGH:
        signal.signal(each, signal.SIG_IGN)  # what is under way is cleaned up
    stop_all()
    raise Enough


if __name__ == "__main__":
    sys.exit(main())
