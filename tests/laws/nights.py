"""`make refreshes`: random projects under random histories, each table compared with a rebuild after every step.

python -m tests.laws.nights [HISTORIES] [FIRST_SEED]

Prints by which rules the steps were refreshed, and why others were made in full: a tool that always rebuilds is right, too.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.conftest import Shop
from tests.laws.refreshes import history

CODE = ("never made", "code", "columns", "config")


def main(histories: int = 2000, first: int = 0) -> int:
    steps, wrong, began = Counter[tuple[str, str]](), 0, time.perf_counter()
    for seed in range(first, first + histories):
        with tempfile.TemporaryDirectory() as folder:
            try:
                steps += history(Shop(Path(folder)), seed)
            except AssertionError as error:
                wrong += 1
                print(f"history {seed} is wrong: {error}", flush=True)
        if (seed - first + 1) % 10 == 0 or seed == first + histories - 1:
            print(f"{seed - first + 1:,} histories in {time.perf_counter() - began:,.0f} s, wrong: {wrong}", flush=True)
            print(told(steps), flush=True)
    return 1 if wrong else 0


def told(steps: Counter[tuple[str, str]]) -> str:
    """How many steps were incremental, by rule, and for what reasons others were not."""
    modes = Counter[str]()
    for (mode, _), count in steps.items():
        modes[mode] += count
    share = modes["incremental"] / max(modes.total(), 1)
    lines = [f"  {modes.total():,} tables refreshed for what they read changed, {share:.0%} of them incrementally"]
    reasons = Counter[str]()
    for (mode, reason), count in steps.items():
        short = re.sub(
            r"\d+", "N", re.sub(r" by .*", "", reason) if mode == "incremental" else re.sub(r", line.*", "", reason)
        )
        reasons[f"{mode}: {short}"] += count
    return "\n".join([*lines, *(f"  {count:7,}  {reason}" for reason, count in reasons.most_common(25))])


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
