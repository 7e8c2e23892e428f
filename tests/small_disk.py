"""A real disk of a few kilobytes or megabytes, for one shell script: full disks behave like nothing else."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.conftest import Shop


def on_small_disk(shop: Shop, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in the project, whose warehouse lies on a new disk of that size. Skips where none can be had."""
    if shutil.which("unshare") is None:
        pytest.skip("only Linux can mount a small disk for one process")
    mounted = f"mkdir warehouse && mount -t tmpfs -o size={size} none warehouse || exit 77\n{script}"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted],
        cwd=shop.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    return done
