"""The law of code versions, looked into by the machine: an edit that changes what a function gives changes its version.

The edits are made up: another constant, or a statement less, in any file of a small program.
"""

from __future__ import annotations

import ast
import decimal
import os
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).parent / "programs.txt"
MOST = int(os.environ.get("ASSETFLOW_TEST_EDITS", "60"))
"""How many edits are tried; 0 for all of them, which takes a minute."""

Files = dict[str, str]


@cache
def programs() -> dict[str, Files]:
    found: dict[str, Files] = {}
    for program in PROGRAMS.read_text("utf-8").split("\n== ")[1:]:
        name, *files = f"{program}\n".split("\n-- ")
        found[name.strip()] = {file.partition("\n")[0]: file.partition("\n")[2] for file in files}
    return found


def edits(text: str) -> Iterator[str]:
    """The text with one constant changed, or one statement left out."""
    for at, node in enumerate(ast.walk(ast.parse(text))):
        if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str | bytes):
            yield edited(text, at, None)
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            for number in range(len(statements) if isinstance(statements, list) else 0):
                yield edited(text, at, (field, number))


def edited(text: str, at: int, statement: tuple[str, int] | None) -> str:
    tree = ast.parse(text)
    node: Any = [*ast.walk(tree)][at]
    if statement is not None:
        getattr(node, statement[0])[statement[1]] = ast.Pass()
    elif isinstance(node.value, str):
        node.value += "z"
    elif isinstance(node.value, bytes):
        node.value += b"z"
    else:
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    return ast.unparse(ast.fix_missing_locations(tree))


def all_edits() -> list[tuple[str, str, str]]:
    """Program, file and new text."""
    return [
        (name, file, text)
        for name, files in programs().items()
        for file, old in files.items()
        for text in dict.fromkeys(edits(old))
    ]


def result(project: Any, files: Files) -> str | None:
    """What `made` gives; None where the program does not run."""
    try:
        return repr(project.load(files)())
    except Exception:  # an edit may break a program in any way
        return None


@pytest.fixture(autouse=True)
def decimals_as_they_were() -> Iterator[None]:
    """Some programs set up decimals, as projects do."""
    with decimal.localcontext():
        yield


def test_an_edit_that_changes_the_result_changes_the_version(project: Any) -> None:
    tried = all_edits()
    unseen = []
    seen = 0
    for name, file, text in random.Random(7).sample(tried, min(MOST, len(tried))) if MOST else tried:
        before = programs()[name]
        after = {**before, file: text}
        with decimal.localcontext():
            then = result(project, before)
            old = project.version(before)
        with decimal.localcontext():
            now = result(project, after)
            if now is None or now == then:
                continue
            new = project.version(after)
        seen += 1
        if new.digest == old.digest and not (new.notes or old.notes):
            unseen.append(f"{name}: {file}:\n{text}")
    assert not unseen
    assert seen >= min(MOST, len(tried)) // 4
