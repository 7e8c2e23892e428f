"""Has the ledger record what was built, many at a time."""

from __future__ import annotations

import time

from assetflow.warehouse.ledger import records
from assetflow.warehouse.ledger.ledger import Ledger

SECONDS_UNRECORDED = 3.0
WORK_UNRECORDED = 0.5
"""Seconds of processor time: where a machine is busy, a second holds less work, and a transaction costs the same."""
MOST_UNRECORDED = 64


class Recording:
    """Tells the ledger what was built: a run that is killed loses half a second of work on small assets."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.unrecorded: list[records.Built] = []
        self.recorded_at = (time.perf_counter(), time.process_time())

    def add(self, built: records.Built) -> None:
        """Record this, now or with what follows."""
        self.unrecorded.append(built)
        passed, worked = (now - then for now, then in zip(clocks(), self.recorded_at, strict=True))
        if passed > SECONDS_UNRECORDED or worked > WORK_UNRECORDED or len(self.unrecorded) >= MOST_UNRECORDED:
            self.flush()

    def flush(self) -> None:
        """Record all that waits for it."""
        if self.unrecorded:
            self.recorded_at = clocks()
            self.ledger.record_built(self.unrecorded)
            self.unrecorded.clear()


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()
