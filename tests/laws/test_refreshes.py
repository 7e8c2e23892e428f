"""The law of refreshing: after any history, every table equals what plain DuckDB makes of everything from nothing.

`make refreshes` looks at 2,000 histories, and says how many steps were full and incremental.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Shop
from tests.laws.refreshes import history

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "12"))
FIRST = int(os.environ.get("ASSETFLOW_TEST_FIRST", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + HISTORIES))
def test_what_is_refreshed_is_what_a_rebuild_would_make(tmp_path: Path, seed: int) -> None:
    history(Shop(tmp_path), seed)
