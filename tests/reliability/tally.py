"""What was tried and what went wrong, and the table of it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

ROWS = {
    "kills tried": None,
    "versions announced": None,
    "lost": 0,
    "torn": 0,
    "recoveries failed": 0,
    "fault points tried": None,
    "tracebacks": 0,
    "hangs": 0,
    "sync points looked at": None,
    "announced before synced": 0,
    "signals sent": None,
    "processes left behind": 0,
    "runs side by side": None,
    "reads beside them": None,
    "mixed snapshots seen by readers": 0,
    "failed reads": 0,
    "lock errors shown": 0,
    "inputs made up": None,
    "mutations of files": None,
    "damaging ones": None,
    "damaging ones found": None,
    "damage missed": 0,
    "damage not undone": 0,
    "false alarms": 0,
    "planted bugs": None,
    "planted bugs caught": None,
}
"""Everything that is counted, and what it must come to, where that is fixed."""


@dataclass
class Tally:
    """Counts, and the story of each thing that went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, what: str, number: int = 1) -> None:
        assert what in ROWS, what
        self.counts[what] += number

    def wrong(self, what: str, where: str, said: list[str]) -> None:
        """Count each thing that is wrong, and remember where it happened."""
        for each in said:
            self.add(what)
            self.problems.append(f"{what}: {where}: {each}")
            self.tell(f"  !! {self.problems[-1]}")

    def tell(self, text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - self.began:6.0f} s] {text}\n")
        sys.stderr.flush()

    @property
    def is_good(self) -> bool:
        caught = self.counts["planted bugs caught"] == self.counts["planted bugs"]
        return caught and not self.problems

    def table(self) -> str:
        lines = []
        for what, goal in ROWS.items():
            if what in self.counts or goal == 0:
                verdict = "" if goal is None else "ok" if self.counts[what] == goal else "NOT GOOD"
                lines.append(f"{what:<34} {self.counts[what]:>9,}  {verdict}".rstrip())
        lines += [f"skipped: {each}" for each in self.skipped]
        lines += [f"problem: {each}" for each in self.problems[:50]]
        return "\n".join(lines)
