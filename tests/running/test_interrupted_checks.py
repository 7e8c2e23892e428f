"""A check that is interrupted tells nothing of the rows: the run ends, and goes on as if it had not begun."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import pytest

from assetflow.check import Check
from assetflow.errors import Interrupted
from assetflow.running.checking import Subject, run_check


class Stopped:
    """A connection whose queries are interrupted."""

    def execute(self, sql: str) -> None:
        raise duckdb.InterruptException(f"INTERRUPT Error: Interrupted! {sql}")


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_an_interrupted_check_has_not_failed(severity: Any) -> None:
    check = Check("slow", "SELECT * FROM {table} WHERE n < 0", severity)
    subject = Subject("orders", "SELECT 1 AS n", (check,), "", "2026-11-20T02:00:00Z", "a run")
    stopped = cast("Any", Stopped())
    with pytest.raises(Interrupted):
        run_check(check, 0, subject, (), stopped, stopped)
