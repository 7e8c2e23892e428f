"""What watches code while it loads keeps still when the interpreter ends."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import Shop

SCRIPT = """
import sys
from assetflow.project.project import Project

assert "big" in Project.open().definitions.assets

class Late:
    def __del__(self, open=open, null="/dev/null"):
        open(null).close()

late = Late()
# Modules that somebody holds are emptied in the end, those that were imported last at first.
sys.held = sys.modules["__main__"], sys.modules["assetflow.running.python.watching"]
"""


def test_what_is_opened_when_python_ends_is_no_error(shop: Shop) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=shop.root, capture_output=True, text=True, check=True)
    assert done.stderr == ""
