"""What a terminal shows of a run whose functions print: their lines as they wrote them, and a progress bar once."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import Shop

BAR = """
import sys
import polars as pl
from assetflow import asset


@asset
def bar(sales: pl.DataFrame) -> pl.DataFrame:
    print("read", 1.25, "of 'till' at http://till/7 " + "word " * 60 + "end")
    for number in range(60):
        print(f"\\rtill {number}", end="", file=sys.stderr, flush=True)
    return sales


@asset
def next(bar: pl.DataFrame) -> pl.DataFrame:
    print("begins anew")
    return bar
"""


@pytest.fixture
def written(shop: Shop) -> str:
    """All that a run of the two wrote to a terminal of 80 columns."""
    shop.made()
    shop.python("bar", BAR)
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "assetflow", "materialize", "-j", "1"]
    with subprocess.Popen(command, cwd=shop.root, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
        os.close(theirs)
        found = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    assert process.returncode == 0, found
    return found.decode()


def read(terminal: int) -> bytes:
    """What was written to it; nothing when nobody has it open any more."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def shown(text: str) -> list[str]:
    """The lines of an endless terminal of 80 columns, after all that was drawn over."""
    lines, row, column = [""], 0, 0
    for each in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|.", text, re.DOTALL):
        if each == "\n":
            row += 1
        elif each == "\r":
            column = 0
        elif each.endswith("A") and len(each) > 1:
            row -= int(each[2:-1])
        elif each.endswith("K") and len(each) > 1:
            lines[row] = ""
        elif len(each) == 1:
            if column == 80:
                row, column = row + 1, 0
            lines.extend([""] * (row + 1 - len(lines)))
            lines[row] = lines[row][:column].ljust(column) + each + lines[row][column + 1 :]
            column += 1
        lines.extend([""] * (row + 1 - len(lines)))
    return lines


def test_a_progress_bar_is_left_as_it_was_last_drawn(written: str) -> None:
    assert [line for line in shown(written) if line.startswith("till")] == ["till 59"]
    assert "begins anew" in shown(written), "it is not glued to what was left open"


def test_lines_of_functions_are_neither_coloured_nor_broken(written: str) -> None:
    assert "read 1.25 of 'till' at http://till/7 " + "word " * 60 + "end" in written
