"""Where columns of the shop come from, down to the columns of the Parquet files, as checked by hand against its SQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TREES = (Path(__file__).parent / "column_lineage.txt").read_text(encoding="utf-8").strip().split("\n\n")


@pytest.mark.xdist_group("shop")
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.splitlines()[0])
def test_a_column_comes_from_where_its_query_says(built_shop: Path, tree: str) -> None:
    column = tree.splitlines()[0]
    command = [sys.executable, "-m", "assetflow", "lineage", column, "--up"]
    printed = subprocess.run(command, cwd=built_shop, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == tree
