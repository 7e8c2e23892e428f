"""The script that delivers the shop day by day: a few of its nights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_a_few_nights_end_as_if_made_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "notebooks" / "nights.py", "--nights", "4", "--plot", tmp_path / "nights.svg"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tables after 4 nights" in done.stdout
    assert "not as if made at once: none" in done.stdout
    assert "processor time" in (tmp_path / "nights.svg").read_text(encoding="utf-8")
    assert "partitions of sales_by_day made for it: 2017-01-01\n" in done.stdout
    assert "tills: incremental, 1 of 4 files made\n" in done.stdout
    assert "points: incremental, keyed by household_id\n" in done.stdout
