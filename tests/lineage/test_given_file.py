"""Reading the file that a function is given is no secret of its code; reading another one is."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

CODE = """
import json
from pathlib import Path

import polars as pl

from assetflow import asset


def helper(path):
    return path.read_text()


@asset(per="file")
def read(notes: Path) -> pl.DataFrame:
    {line}
    return pl.DataFrame({{"text": [str(text)]}})
"""


@pytest.mark.parametrize(
    ("line", "is_tracked"),
    [
        ("text = notes.read_text()", True),
        ("text = json.loads(notes.read_bytes())", True),
        ("text = open(notes).read()", True),
        ("with open(str(notes), encoding='utf-8') as file: text = file.read()", True),
        ("text = Path(notes).read_text()", True),
        ("text = pl.read_csv(notes).height", True),
        ("text = (notes.parent / 'other').read_text()", False),
        ("text = notes.with_name('other').read_text()", False),
        ("text = open('other').read()", False),
        ("text = open(notes).read() + open('other').read()", False),
        ("text = open(notes.name).read()", False),
        ("text = helper(notes)", False),
    ],
)
def test_what_is_tracked(empty_shop: Shop, line: str, *, is_tracked: bool) -> None:
    empty_shop.write("assetflow.toml", '[sources.notes]\nfiles = "notes/*.txt"\nformat = "file"\n')
    empty_shop.write("notes/a.txt", "a")
    empty_shop.python("read", CODE.format(line=line))
    asset = empty_shop.project().definitions.assets["read"]
    assert asset.rebuilds_always is not is_tracked, asset.notes
