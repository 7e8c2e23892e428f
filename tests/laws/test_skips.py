"""The law of skipping: whatever is left alone is what a rebuild would make.

Random tables over random sources, in SQL and in Python, under random edits of data and code. After each run every table,
whether it was made, skipped, restored or not even looked at, is compared with what comes of nothing. `make skips` runs
histories until 10,000 tables that were left alone are compared.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Shop
from tests.laws.worlds import history

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "10"))
STEPS = 6


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_is_left_alone_is_what_a_rebuild_would_make(tmp_path: Path, seed: int) -> None:
    tally = history(Shop(tmp_path), seed, STEPS)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.made
