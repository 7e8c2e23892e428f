"""What was tried and what went wrong, and the table of it."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

RUNS = ("kills tried", "fault points tried", "signals sent", "runs side by side")
PUBLISHED = ("versions announced",)
COMMANDS = (*RUNS, "inputs made up")
MUTATED = ("mutations of files",)

ASKED = (
    "kills tried", "versions announced", "lost", "torn", "recoveries failed", "fault points tried", "tracebacks",
    "mixed snapshots seen by readers", "lock errors shown", "mutations found", "planted bugs caught",
)  # fmt: skip
"""What the table begins with: what a warehouse is asked for, in this order."""

TRIED = (
    "kills tried", "of these at system calls", "fault points tried", "sync points looked at", "signals sent",
    "runs side by side", "reads beside them", "versions announced", "inputs made up", "mutations of files",
    "damaging ones", "mutations found", "damaged caches and catalogs", "made again", "planted bugs",
    "planted bugs caught",
)  # fmt: skip
"""What was done, in numbers."""

OF = {
    "mutations found": "damaging ones",
    "made again": "damaged caches and catalogs",
    "planted bugs caught": "planted bugs",
}
"""What must be found, and among how many."""

WRONG: dict[str, tuple[str, ...]] = {
    "lost": PUBLISHED,
    "torn": RUNS,
    "recoveries failed": RUNS,
    "tracebacks": COMMANDS,
    "hangs": COMMANDS,
    "lock errors shown": ("fault points tried", "runs side by side"),
    "announced before synced": ("sync points looked at",),
    "processes left behind": ("signals sent",),
    "mixed snapshots seen by readers": ("reads beside them",),
    "failed reads": ("reads beside them",),
    "damage missed": MUTATED,
    "damage not undone": MUTATED,
    "false alarms": MUTATED,
}
"""What must not be found, and by what is looked for it: where nothing of that was done, 0 would be no figure."""


class Enough(BaseException):
    """The time is over, or somebody stops the run, or one thing that is wrong was all that was asked for."""


@dataclass
class Tally:
    """Counts, and the story of each thing that went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    seeds: set[int] = field(default_factory=set)
    seconds_before: float = 0.0
    ends_at_first: bool = False
    began: float | None = field(default_factory=time.monotonic)

    def add(self, what: str, number: int = 1) -> None:
        assert what in TRIED or what in WRONG, what
        self.counts[what] += number

    def wrong(self, what: str, where: str, said: list[str]) -> None:
        """Count each thing that is wrong, and remember where it happened."""
        for each in said:
            self.add(what)
            self.problems.append(f"{what}: {where}: {each}")
            self.tell(f"  !! {self.problems[-1]}")
            if self.ends_at_first:
                raise Enough

    def tell(self, text: str) -> None:
        sys.stderr.write(f"[{self.seconds_so_far:6.0f} s] {text}\n")
        sys.stderr.flush()

    @property
    def is_good(self) -> bool:
        return all(self.counts[found] == self.counts[among] for found, among in OF.items()) and not self.problems

    def table(self) -> str:
        others = [what for what in (*TRIED, *WRONG) if what not in ASKED]
        lines = [*map(self.row, ASKED), "", *(self.row(what) for what in others if what in WRONG or self.counts[what])]
        lines += [f"took {self.seconds / 60:.0f} minutes, with seeds {', '.join(map(str, sorted(self.seeds)))}"]
        lines += [f"stopped early: {each}; the figures are of what was done" for each in self.stopped]
        lines += [f"skipped: {each}" for each in dict.fromkeys(self.skipped)]
        lines += [f"problem: {each}" for each in self.problems[:50]]
        return "\n".join(lines)

    def row(self, what: str) -> str:
        found = self.counts[what]
        told = f"{what:<34} {found:>9,}"
        if what in WRONG:
            if found or any(self.counts[each] for each in WRONG[what]):
                return f"{told}  {'NOT GOOD' if found else 'ok'}"
        elif found or self.counts[OF.get(what, what)]:
            return f"{told}  of {self.counts[OF[what]]:,}" if what in OF else told
        return f"{what:<34} {'-':>9}  not looked for"

    @property
    def seconds(self) -> float:
        return self.seconds_before + self.seconds_so_far

    @property
    def seconds_so_far(self) -> float:
        return 0.0 if self.began is None else time.monotonic() - self.began

    def add_up(self, path: Path) -> None:
        """Take over what earlier pieces found."""
        if path.exists():
            told = json.loads(path.read_text())
            self.counts.update(told["counts"])
            self.problems += told["problems"]
            self.skipped += told["skipped"]
            self.stopped += told["stopped"]
            self.seeds |= set(told["seeds"])
            self.seconds_before += told["seconds"]

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        told = {
            "counts": dict(self.counts),
            "problems": self.problems,
            "skipped": self.skipped,
            "stopped": self.stopped,
            "seeds": sorted(self.seeds),
            "seconds": self.seconds,
        }
        new.write_text(json.dumps(told, indent=1))
        new.replace(path)
