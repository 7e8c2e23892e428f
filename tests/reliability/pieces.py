"""A whole run in pieces, some side by side, each in a process of its own: one that was interrupted goes on where it was.

build/reliability/3f5bcf01a2b4/boundaries-gc.json     the figures of a piece that is done, for this code
build/reliability/3f5bcf01a2b4/boundaries-gc.log      what it said meanwhile
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, NoReturn

from tests.reliability.commands import COMMANDS
from tests.reliability.stage import REPOSITORY
from tests.reliability.tally import Tally

TERMINATED = 143


class Piece(NamedTuple):
    """What `python -m tests.reliability` is given for it."""

    name: str
    words: tuple[str, ...]


def each(part: str, scale: float = 1.0, **others: float) -> tuple[Piece, ...]:
    """A piece for every command; `others` are of another scale."""
    named = [(command.name, command.name.replace("--", "").replace(" ", "_")) for command in COMMANDS]
    return tuple(
        Piece(f"{part}-{name}", (part, "--command", given, "--scale", str(others.get(name, scale))))
        for given, name in named
    )


def parted(part: str, into: int) -> tuple[Piece, ...]:
    """Pieces with other chances each, which are a whole together."""
    scale = str(1 / into)
    return tuple(Piece(f"{part}-{seed}", (part, "--seed", str(seed), "--scale", scale)) for seed in range(1, into + 1))


PIECES = (
    *parted("kills", 4),
    *(Piece(part, (part,)) for part in ("sync", "planted", "stubborn")),
    *parted("signals", 2),
    *parted("damage", 2),
    # The calls of `publish each` are those of an incremental run, more often.
    *each("boundaries", publish_each=0.2),
    Piece("crowd", ("crowd",)),
    Piece("fuzz", ("fuzz",)),
    # Each of the eight faults at one call in twenty: at every call they would take half a day.
    *each("faults", scale=0.05),
)
"""What is soon done comes first."""


def run_pieces(folder: Path, jobs: int) -> int:
    """Run what has no figures yet, and print the table of all."""
    folder /= code_digest()
    folder.mkdir(parents=True, exist_ok=True)
    started: list[subprocess.Popen[bytes]] = []

    def one(piece: Piece) -> None:
        if done(folder, piece).exists():
            return
        path = folder / f"{piece.name}.new"
        path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.reliability", *piece.words, "--figures", str(path)]
        with (folder / f"{piece.name}.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=REPOSITORY))
            code = started[-1].wait()
        if code in {0, 1} and not told_by(path).stopped:
            path.replace(done(folder, piece))
        sys.stderr.write(f"{piece.name}: {({0: 'good', 1: 'NOT GOOD'}).get(code, 'did not end')}\n")

    signal.signal(signal.SIGTERM, terminated)
    pool = ThreadPoolExecutor(jobs)
    try:
        for _ in pool.map(one, PIECES):
            pass
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.terminate()  # which does nothing to those that have ended
    tally = summed(folder)
    sys.stdout.write(f"{tally.table()}\n")
    return 0 if tally.is_good else 1


def summed(folder: Path) -> Tally:
    tally = Tally(began=None)
    for piece in PIECES:
        if done(folder, piece).exists():
            tally.add_up(done(folder, piece))
        else:
            tally.problems.append(f"{piece.name} did not end: {folder / piece.name}.log")
    return tally


def done(folder: Path, piece: Piece) -> Path:
    return folder / f"{piece.name}.json"


def told_by(path: Path) -> Tally:
    tally = Tally()
    tally.add_up(path)
    return tally


def code_digest() -> str:
    """What is tried, and what tries it: figures of other code are no figures."""
    digest = hashlib.sha256()
    for path in sorted(each for name in ("assetflow", "tests") for each in (REPOSITORY / name).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def terminated(number: int, frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)
