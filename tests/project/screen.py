"""Plays a screen file: writes the files it shows, runs the commands it shows, and says what came out, as the file does.

    An unknown key names the nearest one.          <- the first line says what the screen is about

    >>> assets/sales.sql                           <- a file, up to the next empty line
    /* @asset
    ownr = "ann"
    */
    SELECT * FROM orders

    $ assetflow plan                               <- a command, and all that it prints
    error: assets/sales.sql:2: unknown key 'ownr' for the asset sales
      Did you mean owner?
    (exit 2)

`<<<` in place of `>>>` takes a file away. Times, run ids and the project's folder are replaced by words.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from assetflow.cli.main import run

CHANGING = (
    (re.compile(r"\b\d+ s ago\b"), "just now"),
    (re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}"), "RUN"),
    (re.compile(r" *\b(just now|\d+ (s|min) ago)\b"), " AGO"),
    (re.compile(r" *\b\d+(\.\d+)? (ms|s)\b"), " TIME"),
    (re.compile(r" +$", re.MULTILINE), ""),
)


def play(screen: str, root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The same screen, with what the commands really print."""
    return "\n\n".join(play_block(block, root, capsys) for block in screen.rstrip("\n").split("\n\n")) + "\n"


def play_block(block: str, root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    first, _, rest = block.partition("\n")
    sign, _, what = first.partition(" ")
    if sign == ">>>":
        file = root / what
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(rest + "\n", encoding="utf-8")
    elif sign == "<<<":
        (root / what).unlink()
    elif sign == "$":
        return f"{first}\n{printed(what, root, capsys)}"
    return block


def printed(command: str, root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a person sees who types the command; empty lines are left out, since they separate blocks."""
    program, *arguments = shlex.split(command)
    assert program == "assetflow"
    code = run(arguments)
    captured = capsys.readouterr()
    text = (captured.out + captured.err).replace(f"{root}/", "").replace(str(root), "PROJECT")
    text = text.replace(sys.prefix, "PYTHON")
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    lines = [line for line in text.splitlines() if line]
    return "\n".join([*lines, f"(exit {code})"])
