"""R22: bugs planted on purpose, each as a patch applied to a copy, and each caught by a test or a part of this suite.

A patch lies in `planted/`. Its first lines say what it does and, behind `caught by:`, what must fail with it: a test for
pytest, or `part NAME OPTIONS` of this suite. A bug that nothing catches is a hole in the tests, not in the product.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.reliability.stage import REPOSITORY
from tests.reliability.strace import reason_to_skip
from tests.reliability.tally import Tally

FOLDER = Path(__file__).parent / "planted"
NEEDS_STRACE = {"boundaries", "faults", "sync"}
COPIED = ("assetflow", "tests", "pyproject.toml", "README.md")


class Bug(NamedTuple):
    """A patch, and what must fail with it."""

    name: str
    path: Path
    caught_by: str

    @property
    def needs_strace(self) -> bool:
        return self.caught_by.split()[0] == "part" and self.caught_by.split()[1] in NEEDS_STRACE


def bugs() -> list[Bug]:
    found = []
    for path in sorted(FOLDER.glob("*.patch")):
        caught_by = re.search(r"^caught by: (.*)$", path.read_text(), re.MULTILINE)
        assert caught_by is not None, path
        found.append(Bug(path.stem, path, caught_by[1].strip()))
    return found


def planted(tally: Tally, scale: float) -> None:
    # What a test catches is quick, so it comes first.
    for bug in sorted(bugs(), key=lambda bug: bug.caught_by.startswith("part ")):
        if bug.needs_strace and (reason := reason_to_skip()):
            tally.skipped.append(f"planted bug {bug.name}: {reason}")
            continue
        said = caught(bug)
        tally.add("planted bugs")
        tally.add("planted bugs caught", said is not None)
        tally.tell(f"{bug.name}: {'caught' if said else 'NOT CAUGHT'}")
        if said is None:
            tally.problems.append(f"planted bug {bug.name} is not caught by {bug.caught_by}")


def caught(bug: Bug) -> str | None:
    """What failed in a copy with the bug, or None when nothing did."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        copy.mkdir()
        for name in COPIED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        applied = subprocess.run(
            ["patch", "-p1", "--forward", "--no-backup-if-mismatch", "-i", str(bug.path)], cwd=copy, capture_output=True, text=True
        )  # fmt: skip
        assert applied.returncode == 0, f"{bug.name} does not apply any more: {applied.stdout}{applied.stderr}"
        done = subprocess.run(command(bug), cwd=copy, capture_output=True, text=True, env=variables(copy))
        assert done.returncode in {0, 1}, f"{bug.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout if done.returncode == 1 else None


def command(bug: Bug) -> list[str]:
    if bug.caught_by.startswith("part "):
        return [sys.executable, "-m", "tests.reliability", "--first", *shlex.split(bug.caught_by)[1:]]
    return [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *bug.caught_by.split()]


def variables(copy: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSETFLOW_")}
    return {**kept, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
