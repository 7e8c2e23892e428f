"""A disk that refuses or is full: said in words with the next step; what was published stays, the next run goes on."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Printed, Shop
from tests.small_disk import on_small_disk

SMALL = "SELECT i AS id, hash(i) AS noise FROM range(3) t(i)"
LARGE = "SELECT i AS id, hash(i) AS noise FROM range(200_000) t(i)"

NO_SPACE = """\
1/1 numbers                           failed     PART: no space left on the disk

error: PART: no space left on the disk
  Free some space and run again; nothing was published, and what was published before is untouched.

1 failed in TIME
"""

NO_LEDGER = """\
error: warehouse/ledger.db: the disk refused to read or write the ledger
  Look at its free space, your quota and its health, then run again; what was published is untouched.
"""


def test_a_warehouse_that_is_a_file(empty_shop: Shop) -> None:
    empty_shop.sql("numbers", SMALL)
    notes = empty_shop.write("warehouse", "somebody's notes\n")
    printed = limited(empty_shop, "materialize", limit=lambda: None)
    assert printed.code == 1
    assert printed.err == (
        "error: warehouse: this is no folder, so there can be no warehouse in it\n"
        "  Move it away, or name another folder as `warehouse`.\n"
    )
    assert notes.read_text() == "somebody's notes\n"


def test_a_warehouse_that_may_not_be_written_can_still_be_read(empty_shop: Shop) -> None:
    empty_shop.sql("numbers", SMALL)
    empty_shop.made()
    empty_shop.sql("numbers", LARGE)
    folders = [Path(folder) for folder, _, _ in os.walk(empty_shop.root / "warehouse")]
    with_rights(folders, folder_mode=0o555, file_mode=0o444)
    try:
        printed = limited(empty_shop, "materialize", limit=without_superuser_rights)
        assert printed.code == 1
        assert printed.err == (
            "error: warehouse/locks/env-prod.lock: cannot write here: permission denied\n"
            "  Give yourself write permission for this folder, or name another one as `warehouse`.\n"
        )
        count = ("query", "SELECT count(*) AS n FROM numbers", "--format", "csv")
        assert limited(empty_shop, *count, limit=without_superuser_rights).out == "n\n3\n"
        assert limited(empty_shop, "plan", "--check", limit=without_superuser_rights).code == 3
    finally:
        with_rights(folders, folder_mode=0o755, file_mode=0o644)
    assert empty_shop.made() == ["numbers"]


@pytest.mark.parametrize(("largest", "said"), [(1_000_000, NO_SPACE), (20_000, NO_LEDGER)])
def test_a_quota_that_is_used_up(empty_shop: Shop, largest: int, said: str) -> None:
    empty_shop.sql("numbers", SMALL)
    empty_shop.made()
    empty_shop.sql("numbers", LARGE)
    printed = limited(
        empty_shop, "materialize", limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    )
    assert printed == Printed(1, "", said)
    assert empty_shop.rows("SELECT count(*) FROM numbers") == [(3,)]
    assert empty_shop.made() == ["numbers"]
    assert empty_shop.rows("SELECT count(*) FROM numbers") == [(200_000,)]


def test_a_full_disk(empty_shop: Shop) -> None:
    """On a real one of 900 kB, which is then made larger."""
    empty_shop.sql("numbers", SMALL)
    empty_shop.write("large.sql", LARGE)
    assetflow = f"{sys.executable} -m assetflow"
    query = f"{assetflow} query 'SELECT count(*) AS n FROM numbers' --format csv"
    script = f"""
        {assetflow} materialize --quiet
        cp large.sql assets/numbers.sql
        {assetflow} materialize
        echo "exit $?"
        {query}
        mount -o remount,size=20m warehouse
        {assetflow} materialize --quiet
        {query}
    """
    done = on_small_disk(empty_shop, "900k", script)
    assert plain(done.stderr, empty_shop) == NO_SPACE
    assert done.stdout == "exit 1\nn\n3\nn\n200000\n"


def limited(shop: Shop, *arguments: str, limit: Callable[[], object]) -> Printed:
    """Run the command in a process whose rights or files are limited first."""
    done = subprocess.run(
        [sys.executable, "-m", "assetflow", *arguments],
        cwd=shop.root, capture_output=True, text=True, check=False, preexec_fn=limit,
    )  # fmt: skip
    return Printed(done.returncode, done.stdout, plain(done.stderr, shop))


def plain(text: str, shop: Shop) -> str:
    """Without what differs from run to run."""
    text = text.replace(f"{shop.root}/", "")
    text = re.sub(r"warehouse/staging/\S+\.parquet", "PART", text)
    return re.sub(r"\d+(\.\d+)? m?s\b", "TIME", text)


def with_rights(folders: list[Path], *, folder_mode: int, file_mode: int) -> None:
    for folder in folders:
        folder.chmod(folder_mode)
        for file in filter(Path.is_file, folder.iterdir()):
            file.chmod(file_mode)


def without_superuser_rights() -> None:
    """Root may write anywhere: take that right from the process. For other users this does nothing."""
    drop_from_bounding_set, write_anywhere, read_anywhere = 24, 1, 2
    for capability in (write_anywhere, read_anywhere):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)
