"""Every edit of edits/python.txt restales, or does not."""

from __future__ import annotations

import decimal
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

EDITS = Path(__file__).parent / "edits" / "python.txt"


def read_edits() -> Iterator[tuple[str, str, dict[str, str], dict[str, str]]]:
    """The section, the name, the files before and the files after of each edit."""
    section = name = file = ""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    files = before
    for line in [*EDITS.read_text("utf-8").splitlines(), "== "]:
        if line.startswith(("## ", "== ")):
            if name:
                yield section, name, before, before | after
            before, after, file, name = {}, {}, "", line[3:] if line.startswith("== ") else ""
            section, files = (line[3:], before) if line.startswith("## ") else (section, before)
        elif line == ">>":
            files = after
        elif line.startswith("-- "):
            file = line[3:]
            files[file] = ""
        elif file:
            files[file] += f"{line}\n"


@pytest.fixture(autouse=True)
def libraries_as_they_were() -> Iterator[None]:
    """Some edits set up libraries, as projects do."""
    with decimal.localcontext(), pl.Config():
        capwords = string.capwords
        yield
        string.capwords = capwords  # type: ignore[assignment]


@pytest.mark.parametrize(("section", "before", "after"), [pytest.param(s, b, a, id=n) for s, n, b, a in read_edits()])
def test_edit(section: str, before: dict[str, str], after: dict[str, str], project: Any) -> None:
    is_stale = project.version(before).digest != project.version(after).digest
    assert is_stale == (section == "must restale")


def test_there_are_enough_edits() -> None:
    sections = [section for section, *_ in read_edits()]
    assert sections.count("must not restale") >= 45
    assert sections.count("must restale") >= 120
