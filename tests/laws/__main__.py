"""`make skips`: histories until so many tables that were left alone have been compared; prints what came of it.

python -m tests.laws [COMPARED] [FIRST_SEED]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.conftest import Shop
from tests.laws.worlds import Tally, history

STEPS = 30


def main(wanted: int = 10_000, seed: int = 100_000) -> int:
    total, histories = Tally(), 0
    while total.left_alone < wanted and len(total.wrong) < 10:
        with tempfile.TemporaryDirectory() as folder:
            found = history(Shop(Path(folder)), seed + histories, STEPS)
        total.add(found)
        histories += 1
        for wrong in found.wrong:
            print(wrong, flush=True)
        if histories % 10 == 0 or total.left_alone >= wanted:
            print(
                f"{histories:,} histories: {total.left_alone:,} skips compared ({total.touched:,} of them after an edit of "
                f"what they are made from), {total.made:,} tables made; wrong: {len(total.wrong)}",
                flush=True,
            )
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
